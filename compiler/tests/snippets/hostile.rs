//! Text that tries to break the parsers: nesting, chains, noise.

use crate::common::*;

const MANY: usize = 50_000;

#[test]
fn deep_python_is_refused() {
    let cases = [
        "(".repeat(MANY),
        format!("{}1{}", "(".repeat(MANY), ")".repeat(MANY)),
        format!("{}1{}", "[".repeat(201), "]".repeat(201)),
        format!("{}1{}", "{'a':".repeat(MANY), "}".repeat(MANY)),
        format!("x{}", "+x".repeat(MANY)),
        format!("x{}", ".a".repeat(MANY)),
        format!("x{}", "()".repeat(MANY)) + "(" + &"(".repeat(300),
        format!("{}x", "-".repeat(MANY)),
        format!("{}x", "not ".repeat(MANY)),
        format!("{}x", "lambda: ".repeat(MANY)),
        format!("{}x", "a if b else ".repeat(MANY)),
        format!("{}x", "a**".repeat(MANY)),
        format!("{}x", "await ".repeat(MANY)),
        format!("f\"{}x{}\"", "{(".repeat(MANY), ")}".repeat(MANY)),
        (0..150).map(|i| format!("{}if x:\n", " ".repeat(i))).collect::<String>() + &" ".repeat(150) + "return 1",
        format!("'{}'", "a".repeat(1 << 20)),
    ];
    for case in cases {
        let (_, found) = python(&case, ANYWHERE);
        assert_eq!(found.len(), 1, "{}…", &case[..40]);
        assert_eq!(found[0].code, "P620", "{}…: {:?}", &case[..40], found[0].message);
    }
}

#[test]
fn long_but_flat_python_is_fine() {
    let cases = [
        format!("[{}]", "1, ".repeat(MANY)),
        format!("[{}]", "-1 + 2, ".repeat(MANY)),
        format!("[{}]", "{'a': [1, (2)]}, ".repeat(5000)),
        format!("x = 0\n{}return x", "x = x + 1\n".repeat(5000)),
        format!("{}1", "var('a') == 'b' or ".repeat(100)),
        "a".repeat(0) + &"'a' ".repeat(MANY),
    ];
    for case in cases {
        let (_, found) = python(&case, ANYWHERE);
        assert!(found.is_empty(), "{}…: {:?}", &case[..30], faults(&found[..1]));
    }
}

#[test]
fn calls_of_calls_are_bounded() {
    let (_, found) = python(&format!("var('x'){}", "()".repeat(MANY)), ANYWHERE);
    assert_eq!(found[0].code, "P620");
}

#[test]
fn deep_templates_are_refused() {
    let cases = [
        format!("{{{{ {}1{} }}}}", "(".repeat(MANY), ")".repeat(MANY)),
        format!("{{{{ {}1 }}}}", "[".repeat(MANY)),
        format!("{{{{ x{} }}}}", "+1".repeat(MANY)),
        format!("{{{{ {}1 }}}}", "not ".repeat(MANY)),
        format!("{{{{ {}1 }}}}", "- ".repeat(MANY)),
        format!("{{{{ {}1 }}}}", "1 if 2 else ".repeat(MANY)),
        format!("{{{{ 1{} }}}}", "|upper".repeat(MANY)),
        format!("{{{{ 1{} }}}}", ".a".repeat(MANY)),
        format!("{{{{ 1{} }}}}", "[1]".repeat(MANY)),
        format!("{{{{ var{} }}}}", "()".repeat(MANY)),
        format!("{{% set {}a = 1 %}}", "(".repeat(MANY)),
        format!("{{% if 1 %}}{}", "{% elif 1 %}".repeat(MANY)),
        "{% if 1 %}".repeat(MANY),
        "{% for a in 1 %}".repeat(MANY),
        format!("{{{{ 1 }}}}{}", "a".repeat(1 << 20)),
    ];
    for case in cases {
        let (_, found) = text(&case, ANYWHERE);
        assert_eq!(found.len(), 1, "{}…", &case[..40]);
        assert_eq!(found[0].code, "J501", "{}…", &case[..40]);
    }
}

#[test]
fn long_but_flat_templates_are_fine() {
    for case in
        ["{{ var('x') }} and ".repeat(5000), format!("{{{{ [{}] }}}}", "1, ".repeat(5000)), "{% if var('a') %}b{% endif %}".repeat(2000)]
    {
        let (_, found) = text(&case, ANYWHERE);
        assert!(found.is_empty(), "{:?}", faults(&found[..1]));
    }
}

/// A native tree fits the plan, however deep the text is.
#[test]
fn native_trees_are_shallow() {
    for levels in [10, 40, 60, 63, 64, 65, 90, 150] {
        let nested = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let chain = format!("var('x'){}", " + 1".repeat(levels));
        for source in [nested, chain] {
            let (e, found) = python(&source, ANYWHERE);
            assert!(found.is_empty());
            assert!(e.depth() <= 64, "{levels}");
            let (e, _) = text(&format!("{{{{ {source} }}}}"), ANYWHERE);
            assert!(e.depth() <= 64, "{levels}");
        }
    }
}

/// No text, however odd, panics, and every fault lies within its text.
#[test]
fn noise_is_survived() {
    const TOKENS: &[&str] = &[
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-",
        "+",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        "'''",
        "\"\"\"",
        "\\",
        "\n",
        "\n  ",
        " ",
        "\t",
        "\r\n",
        ",",
        ":",
        ".",
        "=",
        "==",
        "<",
        "|",
        "~",
        "*",
        "**",
        "/",
        "//",
        "%",
        "@",
        "!",
        ";",
        "`",
        "$",
        "?",
        "\u{1}",
        "\0",
        "é",
        "日本",
        "\u{feff}",
        "\u{2028}",
        "😀",
        "0",
        "1",
        "1.5",
        "1e999",
        "0x",
        "99999999999999999999999",
        "var",
        "'x'",
        "var('x')",
        "context",
        "response",
        ".json()",
        "['a']",
        "if",
        "else",
        "elif",
        "for",
        "in",
        "not",
        "and",
        "or",
        "is",
        "lambda",
        "return",
        "def evaluate(context):",
        "def",
        "import",
        "from",
        "json",
        "os",
        "class",
        "try:",
        "except",
        "with",
        "as",
        "while",
        "pass",
        "yield",
        "await",
        "async",
        "f'",
        "f\"{",
        "{x!r:>10}",
        "rb'",
        "x",
        "y",
        "x = 1",
        "# c",
        "// c",
        "upper",
        "set",
        "endif",
        "endfor",
        "raw",
        "endraw",
        "macro",
        "loop",
        "query_value(",
        "int",
        "global x",
        "match x:",
        "case",
        "_",
        "type",
        "None",
        "True",
        "del x",
        "{{ var('x') }}",
        "\"{{ var('x') }}\"",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for _ in 0..6000 {
        let source: String =
            (0..next(24)).map(|_| TOKENS[next(TOKENS.len())]).flat_map(|t| [t, if t.len() % 2 == 0 { " " } else { "" }]).collect();
        let place = if next(2) == 0 { ANYWHERE } else { REQUEST };
        for (e, found) in [text(&source, place), python(&source, place)] {
            assert!(e.depth() <= 65, "{source}");
            for fault in &found {
                let span = fault.span.as_ref().unwrap();
                assert!(span.start <= span.end && span.end as usize <= source.len(), "{source:?}: {fault:?}");
                assert!(
                    source.is_char_boundary(span.start as usize) && source.is_char_boundary(span.end as usize),
                    "{source:?}: {fault:?}"
                );
            }
        }
    }
}

/// Rules that follow names come to an end.
#[test]
fn names_that_stand_for_each_other_are_survived() {
    for source in [
        "a = a['x']\nreturn a[-1]",
        "a = b['x']\nb = a['y']\nreturn a[-1][0]",
        "def evaluate(evaluate):\n  evaluate = evaluate\n  return evaluate[0]",
    ] {
        let (_, found) = python(source, ANYWHERE);
        assert!(found.iter().all(|f| f.code != "P613"), "{source}: {:?}", faults(&found));
    }
}
