//! YAML values to expressions: scalars as YAML types them, texts through the Jinja parser, lists and maps part by part.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Span};
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::snippet::{self, Place};
use crate::syntax::fields::{EXPRESSION, Field, Fields, scalar, wrong_kind};
use crate::yaml::{self, Entry, Node, Scalar, ScalarValue, Style, TextMap};

/// The text that stands for null where a value is data.
const NULL_TEXT: &str = "__NULL__";

/// How scalars are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalars {
    /// As YAML types them.
    Typed,
    /// As typed, and the text `__NULL__` is null.
    Data,
    /// As data, for variables: what they are is known only where they are used, so forms that are read differently than they look are reported.
    Variable,
    /// Numbers stay as they are written (`1.10` is not `1.1`), and the text `__NULL__` is null: for what is sent as text anyway.
    Written,
    /// Everything is text as written.
    Text,
}

/// The value of a key that may be Jinja or `KEY_expression`; `None` where the key is absent or empty.
pub fn of_key(fields: &Fields<'_>, name: &str, scalars: Scalars, place: Place, faults: &mut Vec<Diagnostic>) -> Option<Expression> {
    let field = fields.filled(name)?;
    Some(of_field(field, scalars, place, faults))
}

/// The same for a key that must be a scalar.
pub fn text_of_key(fields: &Fields<'_>, name: &str, place: Place, faults: &mut Vec<Diagnostic>) -> Option<Expression> {
    let field = fields.filled(name)?;
    if !field.python && scalar(&field.entry.value).is_none() {
        faults.push(wrong_kind(&field.entry.value, &format!("'{name}'"), "text"));
        return None;
    }
    Some(of_field(field, Scalars::Text, place, faults))
}

/// The value of a key that is a condition. Plain text is none: it says neither true nor false, however much it looks like Python.
pub fn condition(fields: &Fields<'_>, name: &str, place: Place, faults: &mut Vec<Diagnostic>) -> Option<Expression> {
    let field = fields.filled(name)?;
    let node = &field.entry.value;
    if field.python {
        return Some(python(node, place, faults));
    }
    let text = match &node.kind {
        yaml::Kind::Scalar(s) if s.value != ScalarValue::Text || is_template(&s.text) => {
            return Some(of_node(node, Scalars::Typed, place, faults));
        }
        yaml::Kind::Scalar(s) => s.text.trim(),
        yaml::Kind::Sequence(_) | yaml::Kind::Mapping(_) => "",
    };
    for truth in [true, false] {
        if text.eq_ignore_ascii_case(&truth.to_string()) {
            return Some(Expression::new(node.span.clone(), Kind::Bool(truth)));
        }
    }
    let looks_computed = text.contains(['(', '=', '<', '>', '[']) && !text.contains('\n') && text.chars().count() < 80;
    let (code, template) = if looks_computed { (text, format!("{{{{ {text} }}}}")) } else { ("…", "{{ … }}".to_owned()) };
    let help = format!("write `{0}{EXPRESSION}: {1}` or `{0}: {2}`", field.key.name, in_quotes(code), in_quotes(&template));
    faults.push(wrong_kind(node, "a condition", "true or false, or a template / Python").help(help));
    None
}

/// A text as YAML, in the quotes that it does not have itself.
fn in_quotes(text: &str) -> String {
    let quote = if text.contains('"') { '\'' } else { '"' };
    format!("{quote}{text}{quote}")
}

fn of_field(field: &Field<'_>, scalars: Scalars, place: Place, faults: &mut Vec<Diagnostic>) -> Expression {
    if field.python { python(&field.entry.value, place, faults) } else { of_node(&field.entry.value, scalars, place, faults) }
}

/// Any YAML value. The depth of a node is bounded by the YAML reader.
pub fn of_node(node: &Node, scalars: Scalars, place: Place, faults: &mut Vec<Diagnostic>) -> Expression {
    let kind = match &node.kind {
        yaml::Kind::Scalar(s) => {
            if scalars == Scalars::Variable {
                faults.extend(yaml::ambiguous(node));
            }
            return of_scalar(s, &node.span, scalars, place, faults);
        }
        yaml::Kind::Sequence(items) => Kind::List(items.iter().map(|n| of_node(n, scalars, place, faults)).collect()),
        yaml::Kind::Mapping(entries) => Kind::Dict(of_entries(entries, scalars, place, faults)),
    };
    Expression::new(node.span.clone(), kind)
}

/// The entries of a map that is a value: `NAME_expression` gives `NAME`, and names may hold Jinja.
fn of_entries(entries: &[Entry], scalars: Scalars, place: Place, faults: &mut Vec<Diagnostic>) -> Vec<DictItem> {
    let mut given: HashMap<&str, &Entry> = HashMap::with_capacity(entries.len());
    let mut items = Vec::with_capacity(entries.len());
    for entry in entries {
        let (name, is_python) = split_name(entry);
        if let Some(first) = given.insert(name, entry) {
            faults.push(twice(first, entry));
            continue;
        }
        let key = of_map_key(name, entry, place, faults);
        let value = if is_python { python(&entry.value, place, faults) } else { of_node(&entry.value, scalars, place, faults) };
        items.push(DictItem::Pair(key, value));
    }
    items
}

fn of_scalar(scalar: &Scalar, span: &Span, scalars: Scalars, place: Place, faults: &mut Vec<Diagnostic>) -> Expression {
    let literal = |kind| Expression::new(span.clone(), kind);
    let written = || literal(Kind::Text(scalar.text.clone()));
    match (&scalar.value, scalars) {
        (ScalarValue::Text, Scalars::Data | Scalars::Variable | Scalars::Written) if scalar.text == NULL_TEXT => literal(Kind::Null),
        (ScalarValue::Text, _) => template(scalar, span, place, faults),
        (_, Scalars::Text) => written(),
        (ScalarValue::Null, _) => literal(Kind::Null),
        (ScalarValue::Bool(b), _) => literal(Kind::Bool(*b)),
        (_, Scalars::Written) => written(),
        (ScalarValue::Int(i), _) => literal(Kind::Int(*i)),
        (ScalarValue::Float(f), _) if f.is_nan() => {
            faults.push(
                Diagnostic::error("S106", span.clone(), "'.nan' is no value that a flow can use")
                    .help("write null where there is no number"),
            );
            literal(Kind::Null)
        }
        (ScalarValue::Float(f), _) => literal(Kind::Float(*f)),
        (ScalarValue::Number(n), _) => literal(Kind::Number(n.clone())),
    }
}

/// A text that may hold Jinja.
pub fn template(scalar: &Scalar, span: &Span, place: Place, faults: &mut Vec<Diagnostic>) -> Expression {
    let (expression, found) = snippet::text(scalar, span, place);
    faults.extend(found);
    expression
}

/// The Python of a `KEY_expression`.
pub fn python(node: &Node, place: Place, faults: &mut Vec<Diagnostic>) -> Expression {
    let Some(scalar) = scalar(node) else {
        faults.push(
            wrong_kind(node, "an expression", "Python text")
                .help("write the Python after '|', indented, or take '_expression' off the key"),
        );
        return Expression::new(node.span.clone(), Kind::Null);
    };
    if scalar.value != ScalarValue::Text {
        // YAML has typed it already: `true` is a boolean and not an unknown Python name.
        return of_scalar(scalar, &node.span, Scalars::Typed, place, faults);
    }
    faults.extend(yaml::folded_code(node, yaml::Language::Python));
    let (expression, found) = snippet::python(scalar, &node.span, place);
    faults.extend(found);
    expression
}

/// The entries of a map whose names may each be written `NAME_expression`: the name, where it stands, its value.
pub fn entries<'a>(
    node: &'a Node,
    what: &str,
    scalars: Scalars,
    place: Place,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(&'a str, &'a Entry, Expression)> {
    let yaml::Kind::Mapping(found) = &node.kind else {
        faults.push(wrong_kind(node, what, "a mapping of names to values"));
        return Vec::new();
    };
    let mut given: Vec<(&str, &Entry, Expression)> = Vec::new();
    let mut names: HashMap<&str, &Entry> = HashMap::with_capacity(found.len());
    for entry in found {
        let (name, python_text) = split_name(entry);
        let value = if python_text { python(&entry.value, place, faults) } else { of_node(&entry.value, scalars, place, faults) };
        match names.get(name) {
            Some(first) => faults.push(twice(first, entry)),
            None => {
                names.insert(name, entry);
                given.push((name, entry, value));
            }
        }
    }
    given
}

/// The fault of `x` beside `x_expression`.
pub fn twice(first: &Entry, second: &Entry) -> Diagnostic {
    Diagnostic::error("S105", second.key_span.clone(), format!("'{}' and '{}' give the same value twice", first.key, second.key))
        .also(first.key_span.clone(), "the other one")
        .help("keep one of the two")
}

/// An entry's name without `_expression`, and whether it had it. A value that is no scalar is never Python, so its name stays whole.
#[must_use]
pub fn split_name(entry: &Entry) -> (&str, bool) {
    match entry.key.strip_suffix(EXPRESSION) {
        Some(name) if !name.is_empty() && scalar(&entry.value).is_some() => (name, true),
        _ => (&entry.key, false),
    }
}

/// The key of an entry under that name; it may hold Jinja too.
fn of_map_key(name: &str, entry: &Entry, place: Place, faults: &mut Vec<Diagnostic>) -> Expression {
    if !is_template(name) {
        return Expression::new(entry.key_span.clone(), Kind::Text(name.to_owned()));
    }
    template(&key_scalar(name, entry), &entry.key_span, place, faults)
}

#[must_use]
pub fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// A key as a scalar. Its place is exact unless the key has escapes.
fn key_scalar(name: &str, entry: &Entry) -> Scalar {
    let start = entry.key_span.start;
    let quoted = entry.key_span.file.text.as_bytes().get(start as usize).is_some_and(|b| matches!(b, b'"' | b'\''));
    Scalar {
        text: name.to_owned(),
        value: ScalarValue::Text,
        style: if quoted { Style::DoubleQuoted } else { Style::Plain },
        map: TextMap { anchors: vec![(0, start + u32::from(quoted))] },
    }
}

/// A stretch of a scalar as a scalar of its own, with its place in the file.
#[must_use]
pub fn slice(scalar: &Scalar, start: u32, end: u32) -> Scalar {
    Scalar {
        text: scalar.text.get(start as usize..end as usize).unwrap_or_default().to_owned(),
        value: ScalarValue::Text,
        style: scalar.style,
        map: scalar.map.slice(start, end),
    }
}
