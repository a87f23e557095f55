//! Places in real files: block scalars are indented, so that a snippet's columns are not the file's.

use sequor_compiler::diagnostic::{Diagnostic, SourceFile, Span};
use sequor_compiler::snippet;
use sequor_compiler::snippet::expression::{Expression, Kind};
use sequor_compiler::yaml::{Scalar, ScalarValue, Style, TextMap};

use crate::common::{ANYWHERE, faults};

/// A file with a block scalar whose lines are indented by four blanks, under two lines of YAML.
fn block(text: &str) -> (Scalar, Span) {
    let header = "- op: print\n  message: |\n";
    let mut source = header.to_owned();
    let mut anchors = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        source.push_str("    ");
        anchors.push((u32::try_from(at).unwrap(), u32::try_from(source.len()).unwrap()));
        source.push_str(line);
        at += line.len();
    }
    let end = u32::try_from(source.len()).unwrap();
    let file = SourceFile::new("flows/a.yaml", source);
    let span = Span { file, start: u32::try_from(header.len() - 2).unwrap(), end };
    (Scalar { text: text.to_owned(), value: ScalarValue::Text, style: Style::Literal, map: TextMap { anchors } }, span)
}

fn python(text: &str) -> (Expression, Vec<Diagnostic>) {
    let (scalar, span) = block(text);
    snippet::python(&scalar, &span, ANYWHERE)
}

#[test]
fn columns_are_the_files() {
    assert_eq!(
        faults(&python("x = 1\nreturn x + yy\n").1),
        ["P604 4:16 `yy`: `yy` is not defined [for the variable `yy` write `var('yy')`; text needs quotes]"]
    );
    assert_eq!(faults(&python("x = (\n  1,\nreturn x\n").1), ["P601 3:9 `(`: Python syntax: `(` is never closed"]);
    assert!(faults(&python("var('a')\n  + zz.b\n").1)[0].starts_with("P604 4:9 `zz`"));
    let (scalar, span) = block("a\n{{ var('x') }} {{ y }}\n");
    assert!(faults(&snippet::text(&scalar, &span, ANYWHERE).1)[0].starts_with("J502 4:23 `y`"));
}

#[test]
fn templates_in_python_strings_have_their_place() {
    assert!(faults(&python("x = []\nx.append('''\n  a {{ var('b') | nope }}\n''')\nreturn x\n").1)[0].starts_with("J503 5:23 `nope`"));
    assert!(faults(&python("x = []\nx.append('\\t\\t{{ var(\"b\") | nope }}')\nreturn x\n").1)[0].starts_with("J503 4:33 `nope`"));
    assert!(faults(&python("print(\"{{ var(\"b\") | nope }}\")\n").1)[0].starts_with("J503 3:26 `nope`"));
}

#[test]
fn kept_source_knows_its_indentation() {
    let (e, _) = python("print(1,\n  2)\n");
    let Kind::Python { code, .. } = &e.kind else { panic!("{e:?}") };
    assert_eq!(code.indent, 4);
    assert_eq!(e.span.file.position(e.span.start), (3, 5));
}
