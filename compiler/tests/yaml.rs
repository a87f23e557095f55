//! YAML files and what is reported about them: `fixtures/yaml/err/NAME.yaml` gives `NAME.txt`, files in `fixtures/yaml/ok` give nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

mod common;

use common::{Random, files, fixtures, matches_expected};
use sequor_compiler::diagnostic::{Diagnostic, SourceFile, sort};
use sequor_compiler::render::{Format, render};
use sequor_compiler::yaml::{Kind, Language, Node, Scalar, ScalarValue, Style, ambiguous, folded_code, is_cut_short, parse};

fn parsed(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let (node, mut faults) = parse(&SourceFile::new("file.yaml", text));
    sort(&mut faults);
    (node, faults)
}

fn codes(text: &str) -> Vec<&'static str> {
    parsed(text).1.iter().map(|d| d.code).collect()
}

fn get<'n>(node: &'n Node, key: &str) -> &'n Node {
    let Kind::Mapping(entries) = &node.kind else { panic!("no mapping: {node:?}") };
    &entries.iter().find(|e| e.key == key).unwrap_or_else(|| panic!("no {key}")).value
}

fn scalar(node: &Node) -> &Scalar {
    let Kind::Scalar(scalar) = &node.kind else { panic!("no scalar: {node:?}") };
    scalar
}

#[test]
fn faults_are_reported_as_expected() {
    let mut wrong = Vec::new();
    for path in files(&fixtures("yaml/err"), "yaml") {
        let text = std::fs::read_to_string(&path).unwrap();
        let (_, faults) = parsed(&text);
        assert!(!faults.is_empty(), "{} has no fault", path.display());
        wrong.extend(matches_expected(&path, &render(Format::Concise, &faults, false)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sound_files_have_no_faults() {
    for path in files(&fixtures("yaml/ok"), "yaml") {
        let (node, faults) = parsed(&std::fs::read_to_string(&path).unwrap());
        assert!(faults.is_empty(), "{}:\n{}", path.display(), render(Format::Full, &faults, false));
        assert!(node.is_some(), "{}", path.display());
    }
}

#[test]
fn what_stands_before_a_fault_is_read() {
    let (node, faults) = parsed("steps:\n  - op: print\n    message: a\n  - op: print\n    message: 'it's'\n  - op: print\n");
    assert!(is_cut_short(&faults));
    let Kind::Sequence(steps) = &get(&node.unwrap(), "steps").kind.clone() else { panic!() };
    assert_eq!(steps.len(), 1, "the unfinished step is left out");
    assert_eq!(scalar(get(&steps[0], "message")).text, "a");

    let (node, faults) = parsed("a: {{ x }}/y\nb: 1\nb: 2\n");
    let node = node.unwrap();
    assert!(!is_cut_short(&faults));
    assert_eq!(scalar(get(&node, "a")).text, "{{ x }}/y");
    assert_eq!(scalar(get(&node, "b")).value, ScalarValue::Int(1), "the first of two keys counts");
}

#[test]
fn merged_keys_give_way_to_written_ones() {
    let (node, faults) = parsed("a: &a {x: 1, y: 2}\nb: &b {x: 3, z: 4}\nc:\n  first: 0\n  <<: [*a, *b]\n  y: 5\n");
    assert!(faults.is_empty());
    let node = node.unwrap();
    let Kind::Mapping(entries) = &get(&node, "c").kind else { panic!() };
    let shown: Vec<String> = entries.iter().map(|e| format!("{}={}", e.key, scalar(&e.value).text)).collect();
    assert_eq!(shown, ["first=0", "x=1", "z=4", "y=5"]);
}

#[test]
fn spans_point_into_block_text_through_indentation() {
    let text = "a:\r\n  code: |\r\n    one\r\n\r\n      two\r\n  next: 1\r\n";
    let (node, faults) = parsed(text);
    assert!(faults.is_empty());
    let node = node.unwrap();
    let code = get(get(&node, "a"), "code");
    let scalar = scalar(code);
    assert_eq!(scalar.text, "one\n\n  two\n");
    let at = u32::try_from(scalar.text.find("two").unwrap()).unwrap();
    let span = scalar.span_of(&code.span, at, at + 3);
    assert_eq!(span.file.position(span.start), (5, 7));
    assert_eq!(&text[span.start as usize..span.end as usize], "two");
    let line = scalar.span_of(&code.span, 0, 4);
    assert_eq!(span.file.position(line.end).0, 3, "a span does not run into the next line");
}

#[test]
fn spans_point_into_quoted_text_through_escapes() {
    let text = r#"a: "x\ty\u00e9z \"q\"""#;
    let (node, _) = parsed(text);
    let node = node.unwrap();
    let value = get(&node, "a");
    let scalar = scalar(value);
    assert_eq!(scalar.text, "x\tyéz \"q\"");
    let piece = |part: &str| {
        let start = scalar.text.find(part).unwrap();
        let span = scalar.span_of(&value.span, u32::try_from(start).unwrap(), u32::try_from(start + part.len()).unwrap());
        text[span.start as usize..span.end as usize].to_owned()
    };
    assert_eq!(piece("y"), "y");
    assert_eq!(piece("é"), "\\u00e9");
    assert_eq!(piece("z"), "z");
    assert_eq!(piece("\"q\""), "\\\"q\\\"");
}

/// Each character of a scalar was written where the map says: itself, an escape for it, or the line break that became a blank.
fn check_map(node: &Node, text: &str) {
    match &node.kind {
        Kind::Scalar(scalar) => {
            for (i, c) in scalar.text.char_indices() {
                let at = scalar.map.file_offset(u32::try_from(i).unwrap()) as usize;
                let written = text.get(at..).and_then(|t| t.chars().next());
                let escape = match scalar.style {
                    Style::DoubleQuoted => '\\',
                    Style::SingleQuoted => '\'',
                    Style::Plain | Style::Literal | Style::Folded => c,
                };
                let broken = matches!(c, ' ' | '\n') && matches!(written, Some('\n' | '\r') | None);
                assert!(
                    written == Some(c) || written == Some(escape) || broken,
                    "{c:?} at {i} of {:?} maps to {written:?} in {text:?}",
                    scalar.text
                );
            }
            let end = scalar.map.file_offset(u32::try_from(scalar.text.len()).unwrap()) as usize;
            assert!(end <= text.len());
        }
        Kind::Sequence(items) => items.iter().for_each(|n| check_map(n, text)),
        Kind::Mapping(entries) => entries.iter().for_each(|e| check_map(&e.value, text)),
    }
}

#[test]
fn every_character_of_a_text_is_mapped_to_where_it_was_written() {
    let mut random = Random(7);
    let mut seen = 0;
    for _ in 0..4000 {
        let text = random_scalar(&mut random);
        let (node, faults) = parsed(&text);
        if faults.is_empty() {
            check_map(&node.unwrap(), &text);
            seen += 1;
        }
    }
    assert!(seen > 2000, "only {seen} files were sound");
}

/// `key: VALUE` with a scalar of some style over some lines.
fn random_scalar(random: &mut Random) -> String {
    const WORDS: [&str; 8] = ["a", "bc", "dé", "日本", "'", "x y", "12", "👩"];
    const ESCAPES: [&str; 6] = ["\\n", "\\\"", "\\u00e9", "\\x41", "\\t", "\\uD83D\\uDE00"];
    let newline = random.pick(&["\n", "\n", "\r\n"]);
    let style = random.below(5);
    let indent = 2 + random.below(3);
    let mut out = String::from(random.pick(&["", "\u{FEFF}"]));
    out += "key: ";
    out += ["", "'", "\"", "|", ">"][style];
    if style >= 3 {
        out += random.pick(&["", "-", "+"]);
        out += newline;
    }
    for line in 0..1 + random.below(6) {
        if style >= 3 || line > 0 {
            if random.below(4) == 0 {
                out += &" ".repeat(random.below(indent));
                out += newline;
                continue;
            }
            out += &" ".repeat(indent);
            // The first line of a block decides its indentation.
            if style >= 3 && line > 0 {
                out += random.pick(&["", "", "  ", "\t"]);
            }
        }
        for _ in 0..1 + random.below(4) {
            let word = if style == 2 && random.below(3) == 0 { random.pick(&ESCAPES) } else { random.pick(&WORDS) };
            out += &if style == 1 { word.replace('\'', "''") } else { word.to_owned() };
            out += random.pick(&["", " ", "  "]);
        }
        if style == 2 && random.below(4) == 0 {
            out += "\\";
        }
        out += newline;
    }
    if matches!(style, 1 | 2) {
        out.truncate(out.trim_end_matches(['\n', '\r', '\\']).len());
        out += ["'", "\""][style - 1];
        out += newline;
    }
    out + random.pick(&["", "next: 1\n"])
}

#[test]
fn no_text_makes_the_parser_or_the_drawing_panic() {
    const PIECES: [&str; 34] = [
        "a", ":", ": ", "- ", "\n", "  ", "\t", "{", "}", "[", "]", ",", "\"", "'", "|", ">", "&a ", "*a", "!!str ", "!x ", "{{", "}}",
        "{%", "%}", "#", "?", "<<: ", "---\n", "\\", "\r\n", "é", "\u{200B}", "\u{FEFF}", "%",
    ];
    let mut random = Random(3);
    for _ in 0..8000 {
        let text: String = (0..random.below(30)).map(|_| random.pick(&PIECES)).collect();
        let (node, faults) = parsed(&text);
        for format in [Format::Full, Format::Concise, Format::Json] {
            assert!(!render(format, &faults, true).is_empty());
        }
        if let Some(node) = node {
            check_map_exists(&node);
        }
    }
}

fn check_map_exists(node: &Node) {
    assert!(node.span.start <= node.span.end && node.span.end as usize <= node.span.file.text.len());
}

#[test]
fn hostile_files_end_in_a_report() {
    let deep = |open: &str| codes(&open.repeat(10_000));
    assert!(deep("[").contains(&"Y010"));
    assert!(deep("{a: ").contains(&"Y010"));
    assert!(deep("- ").contains(&"Y010"));
    assert!(deep("? ").contains(&"Y010"));
    let mut steps = String::new();
    for i in 0..200 {
        steps += &format!("{}a:\n", " ".repeat(i));
    }
    assert!(codes(&steps).contains(&"Y010"));
    // Depth that only aliases give.
    let mut chain = String::from("a0: &a0 x\n");
    for i in 1..200 {
        chain += &format!("a{i}: &a{i} [*a{}]\n", i - 1);
    }
    assert!(codes(&chain).contains(&"Y010"));
    assert_eq!(codes(&"x".repeat(17 << 20)), ["Y010"]);
}

#[test]
fn large_files_are_read() {
    let line = "- {op: print, message: \"row of a large file, in quotes\", level: info}\n";
    let (node, faults) = parsed(&line.repeat((2 << 20) / line.len()));
    assert!(faults.is_empty());
    assert!(node.is_some());
    let faults = codes(&format!("a: [{}]", "*b, ".repeat(100_000)));
    assert!(!faults.is_empty() && faults.len() <= 100, "{}", faults.len());
}

#[test]
fn ambiguous_scalars_are_few() {
    let is = |text: &str| ambiguous(get(&parsed(&format!("a: {text}")).0.unwrap(), "a")).is_some();
    for text in ["yes", "No", "ON", "off", "012", "00", "1.10", "2024-01-15"] {
        assert!(is(text), "{text}");
    }
    for text in [
        "\"yes\"",
        "'012'",
        "12",
        "0",
        "3.5",
        "3.0",
        "1.2.3",
        "true",
        "y",
        "null",
        "yesterday",
        "0x10",
        "-1",
        "2024-01-15T10:00:00Z",
        "customers",
        "10",
    ] {
        assert!(!is(text), "{text}");
    }
}

#[test]
fn folded_code_is_reported_where_lines_matter() {
    let is = |text: &str, language| folded_code(get(&parsed(text).0.unwrap(), "a"), language).is_some();
    assert!(is("a: >\n  x = 1\n  return x\n", Language::Python));
    assert!(is("a: > # note\n  select 1 -- one\n  from t\n", Language::Sql));
    assert!(!is("a: |\n  x = 1\n  return x\n", Language::Python));
    assert!(!is("a: >\n  response.json()['data']\n", Language::Python));
    assert!(!is("a: >\n  select 1\n  from t\n", Language::Sql));
    let (node, _) = parsed("a: >-\n  x = 1\n  return x\n");
    let fault = folded_code(get(&node.unwrap(), "a"), Language::Python).unwrap();
    assert_eq!(fault.span.as_ref().map(|s| s.file.position(s.start)), Some((1, 4)));
}
