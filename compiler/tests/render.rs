//! How faults look.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use sequor_compiler::diagnostic::{Counts, Diagnostic, Fix, SourceFile, Span, sort};
use sequor_compiler::render::{Format, render};

fn span(text: &str, start: u32, end: u32) -> Span {
    Span { file: SourceFile::new("flows/sync.yaml", text), start, end }
}

fn unknown_key() -> Diagnostic {
    let at = span("steps:\n  - op: print\n    mesage: Hi\n", 25, 31);
    Diagnostic::error("S103", at.clone(), "unknown key `mesage`")
        .label("not a key of `print`")
        .help("did you mean `message`?")
        .fix(Fix { description: "rename it".to_owned(), edits: vec![(at, "message".to_owned())] })
}

#[test]
fn full_shows_the_source() {
    let expected = "\
error[S103]: unknown key `mesage`
 --> flows/sync.yaml:3:5
  |
3 |     mesage: Hi
  |     ^^^^^^ not a key of `print`
  |
  = help: did you mean `message`?

1 error, 0 warnings (1 fixable)
";
    assert_eq!(render(Format::Full, &[unknown_key()], false), expected);
}

#[test]
fn full_shows_places_in_several_files() {
    let first = Span { file: SourceFile::new("flows/a.yaml", "flow: b\n"), start: 6, end: 7 };
    let second = Span { file: SourceFile::new("flows/b.yaml", "flow: a\n"), start: 6, end: 7 };
    let fault = Diagnostic::error("R203", first, "flows call each other in a circle").label("a calls b").also(second, "b calls a");
    let expected = "\
error[R203]: flows call each other in a circle
 --> flows/a.yaml:1:7
  |
1 | flow: b
  |       ^ a calls b
  |
 ::: flows/b.yaml:1:7
  |
1 | flow: a
  |       - b calls a

1 error, 0 warnings (0 fixable)
";
    assert_eq!(render(Format::Full, &[fault], false), expected);
}

#[test]
fn tabs_and_wide_characters_stay_in_line() {
    let text = "a: \"日本\t\" x\n";
    let at = u32::try_from(text.find('x').unwrap()).unwrap();
    let out = render(Format::Full, &[Diagnostic::error("Y001", span(text, at, at + 1), "m").label("here")], false);
    let lines: Vec<&str> = out.lines().collect();
    // Two columns each for the two wide characters, four for the tab.
    assert_eq!(lines[3], "1 | a: \"日本    \" x");
    assert_eq!(lines[4].find('^'), Some("1 | a: \"".len() + 2 * 2 + 4 + 2));
    assert!(out.contains("flows/sync.yaml:1:10\n"), "{out}");
}

#[test]
fn long_lines_are_cut_around_the_fault() {
    let text = format!("a: [{}nope, {}]\n", "abc, ".repeat(4000), "d, ".repeat(4000));
    let at = u32::try_from(text.find("nope").unwrap()).unwrap();
    let out = render(Format::Full, &[Diagnostic::error("Y004", span(&text, at, at + 4), "m")], false);
    assert!(out.contains(&format!("flows/sync.yaml:1:{}\n", at + 1)), "{out}");
    assert!(out.contains("nope") && out.contains("^^^^"));
    assert!(out.lines().all(|l| l.chars().count() < 200), "{out}");
}

#[test]
fn long_places_are_shown_by_their_first_line() {
    let text = format!("steps:\n{}", "  - op: print\n".repeat(500));
    let out = render(Format::Full, &[Diagnostic::error("S104", span(&text, 0, u32::try_from(text.len()).unwrap()), "m")], false);
    assert!(out.lines().count() < 10, "{out}");
}

#[test]
fn concise_is_one_line_each() {
    let warning = Diagnostic::warning("V402", span("a\nb\n", 2, 3), "perhaps\nundefined");
    let out = render(Format::Concise, &[Diagnostic::of_project("R211", "no source"), unknown_key(), warning], false);
    let expected = "\
error[R211]: no source
flows/sync.yaml:3:5: error[S103]: unknown key `mesage` — did you mean `message`?
flows/sync.yaml:2:1: warning[V402]: perhaps undefined
2 errors, 1 warning (1 fixable)
";
    assert_eq!(out, expected);
}

#[test]
fn color_only_where_asked_for() {
    for format in [Format::Full, Format::Concise] {
        assert!(render(format, &[unknown_key()], true).contains('\u{1b}'));
        assert!(!render(format, &[unknown_key()], false).contains('\u{1b}'));
    }
    let hostile = Diagnostic::of_project("S101", "unknown op `\u{1b}[31mred`").help("\u{1b}[0m");
    for format in [Format::Full, Format::Concise] {
        assert!(!render(format, std::slice::from_ref(&hostile), false).contains('\u{1b}'), "control characters of a file are not printed");
    }
}

#[test]
fn json_has_the_documented_fields() {
    let json: serde_json::Value =
        serde_json::from_str(&render(Format::Json, &[unknown_key(), Diagnostic::of_project("R211", "no source")], true)).unwrap();
    let keys = |v: &serde_json::Value| v.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&json), ["version", "diagnostics", "summary"]);
    assert_eq!(json["version"], 1);
    let first = &json["diagnostics"][0];
    assert_eq!(
        keys(first),
        ["code", "name", "severity", "message", "help", "file", "line", "column", "end_line", "end_column", "labels", "fix"]
    );
    assert_eq!(first["name"], "unknown-key");
    assert_eq!((&first["line"], &first["column"], &first["end_column"]), (&3.into(), &5.into(), &11.into()));
    assert_eq!(first["labels"][0]["text"], "not a key of `print`");
    assert_eq!(first["fix"]["edits"][0]["replacement"], "message");
    let second = &json["diagnostics"][1];
    assert!(second["file"].is_null() && second["line"].is_null() && second["fix"].is_null());
    assert_eq!(json["summary"], serde_json::json!({"errors": 2, "warnings": 0, "hints": 0, "fixable": 1}));
}

#[test]
fn nothing_to_report_is_said_in_one_line() {
    assert_eq!(render(Format::Full, &[], false), "0 errors, 0 warnings (0 fixable)\n");
}

#[test]
fn no_span_is_too_odd_to_draw() {
    let texts = ["", "\n", "é", "a\r\nb\r\n", "日本\n\n\n", "\u{FEFF}x", "a\rb"];
    for text in texts {
        for start in [0, 1, 2, 5, 1000, u32::MAX] {
            for end in [0, 1, 3, 4, 1000, u32::MAX] {
                let fault = Diagnostic::error("Y001", span(text, start, end), "m").label("l").also(span(text, end, start), "other");
                for format in [Format::Full, Format::Concise, Format::Json] {
                    assert!(render(format, std::slice::from_ref(&fault), true).len() > 10);
                }
            }
        }
    }
}

#[test]
fn faults_are_sorted_and_each_is_there_once() {
    let text = "a\nb\n";
    let file = SourceFile::new("b.yaml", text);
    let at = |start: u32| Span { file: file.clone(), start, end: start + 1 };
    let mut faults = vec![
        Diagnostic::warning("V402", at(2), "later"),
        Diagnostic::error("S103", at(0), "first"),
        Diagnostic::error("S103", at(0), "first"),
        Diagnostic::error("S103", span(text, 0, 1), "in a file behind"),
        Diagnostic::of_project("R211", "everywhere"),
        Diagnostic::hint("R204", at(0), "hint"),
    ];
    sort(&mut faults);
    let messages: Vec<&str> = faults.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(messages, ["everywhere", "first", "hint", "later", "in a file behind"]);
    assert_eq!(Counts::of(&faults), Counts { errors: 3, warnings: 1, hints: 1, fixable: 0 });
}

#[test]
fn a_secret_is_not_drawn() {
    let text = "auth: {token: kJ8mQ2x, nme: é}\n";
    let file = SourceFile::new("sources/api.yaml", text);
    let place = |start, end| Span { file: file.clone(), start, end };
    let secret = Diagnostic::error("X001", place(14, 21), "the value of 'token' is a secret");
    let beside = Diagnostic::error("S103", place(23, 26), "unknown key 'nme'");
    let expected = "\
error[X001]: the value of 'token' is a secret
 --> sources/api.yaml:1:15
  |
1 | auth: {token: *******, nme: é}
  |               ^^^^^^^

error[S103]: unknown key 'nme'
 --> sources/api.yaml:1:24
  |
1 | auth: {token: *******, nme: é}
  |                        ^^^

2 errors, 0 warnings (0 fixable)
";
    assert_eq!(render(Format::Full, &[secret, beside], false), expected);
    for format in [Format::Concise, Format::Json] {
        let secret = Diagnostic::error("X001", place(14, 21), "the value of 'token' is a secret");
        assert!(!render(format, &[secret], false).contains("kJ8mQ2x"));
    }
}
