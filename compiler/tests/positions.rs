//! Faults in snippets stand at their line and column, in every style that YAML has for a text.
//!
//! A marker that is a fault is put at each place of a snippet, the snippet is written in each style, and what the compiler says is compared with
//! where the marker stands in the file's text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use sequor_compiler::diagnostic::SourceFile;
use sequor_compiler::project::File;
use sequor_compiler::{Options, Project, compile};

/// The faulty word. It is written as it is in every style.
const MARKER: &str = "nope";

/// A kind of snippet: key, what a piece around the marker looks like, the code of its fault.
struct Snippet {
    key: &'static str,
    /// How the text begins and ends.
    around: (&'static str, &'static str),
    /// Between pieces.
    between: &'static str,
    marked: &'static str,
    fillers: &'static [&'static str],
    code: &'static str,
}

const SNIPPETS: &[Snippet] = &[
    Snippet {
        key: "message",
        around: ("a", "z"),
        between: " ",
        marked: "{{ nope }}",
        fillers: &["é", "{{ var('x') }}", "日本 it's", "\"q\"", "👩 b", "{# note #}"],
        code: "J502",
    },
    Snippet {
        key: "message",
        around: ("a", "z"),
        between: " ",
        marked: "{{ 1 nope }}",
        fillers: &["é", "{{ var('x') }}", "it's", "\"q\""],
        code: "J501",
    },
    Snippet {
        key: "message",
        around: ("a", "z"),
        between: " ",
        marked: "{{ var('x') | nope }}",
        fillers: &["{% if var('x') %}y{% endif %}", "''", "👩"],
        code: "J503",
    },
    Snippet {
        key: "message_expression",
        around: ("max(0", ")"),
        between: ", ",
        marked: "nope",
        fillers: &["'é'", "\"it's\"", "len('日本')", "var('x')['👩']", "f\"{var('x')}\""],
        code: "P604",
    },
    Snippet {
        key: "message_expression",
        around: ("max(0", ")"),
        between: ", ",
        marked: "1 nope",
        fillers: &["'é'", "\"it's\"", "'👩'"],
        code: "P601",
    },
    Snippet {
        key: "message_expression",
        around: ("max(0", ")"),
        between: ", ",
        marked: "\"é {{ var(nope) }}\"",
        fillers: &["'é'", "\"it's {{ var('x') }}\"", "'👩'"],
        code: "J502",
    },
    Snippet {
        key: "message_expression",
        around: ("max(0", ")"),
        between: ", ",
        marked: "{'a': 1, 'b': context.nope}",
        fillers: &["'é'", "\"it's\""],
        code: "P608",
    },
];

const STYLES: &[&str] = &[
    "plain",
    "plain lines",
    "single",
    "single lines",
    "double",
    "double lines",
    "double escapes",
    "double cut lines",
    "literal",
    "literal strip",
    "literal keep",
    "literal indented",
    "folded",
    "folded strip",
    "flow single",
    "flow double",
    "flow lines",
];

/// The YAML of a value in a style; `None` where the style cannot hold it.
fn write(style: &str, pieces: &[String], between: &str) -> Option<String> {
    let one_line = pieces.join(between);
    let separator = between.trim_end();
    let lines = |indent: &str| pieces.join(&format!("{separator}\n{indent}"));
    let double = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    Some(match style {
        "plain" | "plain lines" => {
            // YAML's own signs.
            if one_line.contains(": ") || one_line.contains(" #") || one_line.starts_with(['{', '"', '\'']) {
                return None;
            }
            if style == "plain" { one_line } else { lines("      ") }
        }
        "single" => format!("'{}'", one_line.replace('\'', "''")),
        "single lines" => format!("'{}'", lines("      ").replace('\'', "''")),
        "double" => format!("\"{}\"", double(&one_line)),
        "double lines" => format!("\"{}\"", lines("      ").lines().map(double).collect::<Vec<_>>().join("\n")),
        // A folded line break is one blank, an escaped one is none.
        "double cut lines" => {
            format!("\"{}\"", pieces.iter().map(|p| double(p)).collect::<Vec<_>>().join(&format!("{separator} \\\n      ")))
        }
        "double escapes" => {
            let escaped: String = double(&one_line)
                .chars()
                .map(|c| match c {
                    'é' => "\\u00e9".to_owned(),
                    '日' => "\\u65E5".to_owned(),
                    '👩' => "\\U0001F469".to_owned(),
                    '0' => "\\x30".to_owned(),
                    c => c.to_string(),
                })
                .collect();
            format!("\"\\t\\n {escaped}\"").replace("\\t\\n ", "\\x20")
        }
        "literal" => format!("|\n      {}", lines("      ")),
        "literal strip" => format!("|-\n      {one_line}"),
        "literal keep" => format!("|+\n\n      {}\n\n", lines("        ")),
        "literal indented" => format!("|2\n      {}", lines("      ")),
        "folded" => format!(">\n      {}", lines("      ")),
        "folded strip" => format!(">-\n      {}", lines("      ")),
        "flow single" => format!("'{}'", one_line.replace('\'', "''")),
        "flow double" => format!("\"{}\"", double(&one_line)),
        "flow lines" => format!("'{}'", lines("        ").replace('\'', "''")),
        other => panic!("{other}"),
    })
}

fn flow(snippet: &Snippet, style: &str, pieces: &[String]) -> Option<String> {
    let value = write(style, pieces, snippet.between)?;
    let key = snippet.key;
    Some(if style.starts_with("flow") {
        format!("steps:\n  - {{op: print, level: info, # é\n     id: \"日\", {key}: {value}, title: é}}\n")
    } else {
        format!("steps:\n  - op: print\n    title: é\n    {key}: {value}\n    id: \"x\"\n")
    })
}

/// Line and column of the marker, from 1, counted in characters.
fn place(text: &str) -> (u32, u32) {
    let at = text.find(MARKER).unwrap();
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
}

fn project(text: &str) -> Project {
    Project {
        settings: SourceFile::new("project.yaml", "name: places\nvariables: {x: {👩: 1}}\n"),
        flows: vec![File { name: "a".to_owned(), file: SourceFile::new("flows/a.yaml", text) }],
        sources: Vec::new(),
        environments: Vec::new(),
        choice: None,
        options: Options::default(),
        faults: Vec::new(),
    }
}

#[test]
fn faults_stand_where_they_are_written() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for snippet in SNIPPETS {
        for style in STYLES {
            for at in 0..=snippet.fillers.len() {
                let mut pieces = vec![snippet.around.0.to_owned()];
                pieces.extend(snippet.fillers.iter().map(|f| (*f).to_owned()));
                pieces.insert(at + 1, snippet.marked.to_owned());
                // The end belongs to the last piece.
                let last = pieces.len() - 1;
                pieces[last].push_str(snippet.around.1);
                let Some(text) = flow(snippet, style, &pieces) else { continue };
                for text in [text.clone(), text.replace('\n', "\r\n"), format!("\u{FEFF}{text}")] {
                    let compiled = compile(&project(&text), &["a"]).unwrap();
                    let found: Vec<String> = compiled
                        .diagnostics
                        .iter()
                        .map(|d| {
                            let span = d.span.as_ref().unwrap();
                            let (line, column) = span.file.position(span.start);
                            let (end_line, end_column) = span.file.position(span.end);
                            format!("{} {line}:{column}-{end_line}:{end_column}", d.code)
                        })
                        .collect();
                    let (line, column) = place(&text);
                    let expected = format!("{} {line}:{column}-{line}:{}", snippet.code, column + 4);
                    checked += 1;
                    if found != [expected.clone()] {
                        wrong.push(format!("{style}: expected {expected}, found {found:?} in\n{text}"));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {checked} are wrong, such as\n{}",
        wrong.len(),
        wrong.iter().take(6).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(checked > 1000, "only {checked} places were checked");
}
