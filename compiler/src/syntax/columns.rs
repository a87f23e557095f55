//! The columns of a table, in the forms that flows write: name → type, a list, a `{columns: …}` model, or `auto`.

use sequor_plan_format::ColumnType;

use super::key::{Key, Kind, Table};
use crate::diagnostic::{Diagnostic, Fix, Span, did_you_mean};
use crate::snippet::expression::Named;
use crate::syntax::fields::{Fields, scalar, wrong_kind};
use crate::yaml::{self, Node};

/// `None`: found in the first rows.
pub type Columns = Option<Vec<Column>>;

#[derive(Debug)]
pub struct Column {
    pub name: Named,
    pub kind: ColumnType,
}

/// The keys of a column in a list.
pub static COLUMN: Table = Table::new(
    "a column",
    "A column of a table.",
    &[
        Key::new("name", Kind::Text, "the column's name").required(),
        Key::new("type", Kind::Any, "the type: its name, or a mapping as below").required(),
        Key::new("precision", Kind::Integer, "how many digits a numeric has, 1 to 1000"),
        Key::new("scale", Kind::Integer, "how many of them are behind the point"),
        Key::new("length", Kind::Integer, "how many characters a varchar has at most"),
    ],
);

/// The keys of a type that is written as a mapping.
pub static TYPE: Table = Table::new(
    "a column type",
    "A type with its precision.",
    &[
        Key::new("name", Kind::Text, "the type's name").aliases(&["type"]).required(),
        Key::new("precision", Kind::Integer, "how many digits a numeric has, 1 to 1000"),
        Key::new("scale", Kind::Integer, "how many of them are behind the point"),
        Key::new("length", Kind::Integer, "how many characters a varchar has at most"),
    ],
);

/// The keys of `model`.
pub static MODEL: Table =
    Table::new("'model'", "A table's columns.", &[Key::new("columns", Kind::Columns, "the columns with their types, or auto").required()]);

pub fn read(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<Columns> {
    match &node.kind {
        yaml::Kind::Scalar(s) if s.text.trim() == "auto" => Some(None),
        yaml::Kind::Scalar(_) => {
            faults.push(wrong_kind(node, "'columns'", "a mapping of names to types, a list of {name, type}, or auto"));
            None
        }
        yaml::Kind::Sequence(items) if items.is_empty() => {
            faults.push(no_columns(node));
            None
        }
        yaml::Kind::Sequence(items) if items.iter().all(|n| scalar(n).is_some()) => {
            let names: Vec<String> = items.iter().filter_map(scalar).map(|s| format!("{}: text", s.text)).collect();
            let fault = Diagnostic::error("S106", node.span.clone(), "these columns have no types");
            faults.push(
                fault.help(format!("write each with its type, such as {{{}}}; or auto, which finds them in the rows", names.join(", "))),
            );
            None
        }
        yaml::Kind::Sequence(items) => {
            let columns: Vec<Option<Column>> = items.iter().map(|n| list_entry(n, faults)).collect();
            unique(columns.into_iter().flatten().collect(), faults)
        }
        yaml::Kind::Mapping(entries) => match entries.as_slice() {
            [only] if only.key == "columns" && scalar(&only.value).is_none_or(|s| s.text == "auto") => read(&only.value, faults),
            [] => {
                faults.push(no_columns(node));
                None
            }
            entries => {
                let columns = entries.iter().enumerate().filter_map(|(i, e)| {
                    // `numeric(10,2)` without quotes is two entries of a map in braces.
                    if let Some(rest) = entries.get(i + 1).filter(|rest| is_cut(&e.value, rest)) {
                        faults.push(cut_type(e, rest));
                        return None;
                    }
                    if i > 0 && is_cut(&entries[i - 1].value, e) {
                        return None;
                    }
                    let kind = kind(&e.value, faults)?;
                    Some(Column { name: Named { name: e.key.clone(), span: e.key_span.clone() }, kind })
                });
                Some(Some(columns.collect()))
            }
        },
    }
}

/// Whether a type with a comma in its brackets was cut in two.
fn is_cut(kind: &Node, rest: &yaml::Entry) -> bool {
    let open = scalar(kind).is_some_and(|s| s.text.contains('(') && !s.text.contains(')'));
    open && rest.key.ends_with(')') && scalar(&rest.value).is_some_and(|s| s.value == yaml::ScalarValue::Null)
}

fn cut_type(entry: &yaml::Entry, rest: &yaml::Entry) -> Diagnostic {
    let kind = format!("{},{}", scalar(&entry.value).map_or("", |s| s.text.as_str()), rest.key);
    let span = Span { end: rest.key_span.end, ..entry.value.span.clone() };
    let message = format!("the comma in '{kind}' ends the entry, as this map is in braces");
    let mut fault = Diagnostic::error("S107", span.clone(), message).help(format!("write it in quotes: \"{kind}\""));
    let written = span.file.text.get(span.start as usize..span.end as usize).unwrap_or_default();
    fault.fix = Some(Fix { description: "write the type in quotes".to_owned(), edits: vec![(span.clone(), format!("\"{written}\""))] });
    fault
}

fn no_columns(node: &Node) -> Diagnostic {
    Diagnostic::error("S106", node.span.clone(), "'columns' names no column").help("name the columns, or write auto")
}

fn list_entry(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<Column> {
    // `- id: text` is a mapping of one name to its type.
    if let yaml::Kind::Mapping(entries) = &node.kind
        && let [only] = entries.as_slice()
        && COLUMN.key(&only.key).is_none()
    {
        let kind = kind(&only.value, faults)?;
        return Some(Column { name: Named { name: only.key.clone(), span: only.key_span.clone() }, kind });
    }
    let fields = Fields::read(node, &node.span, &[&COLUMN], faults)?;
    let (name, span) = fields.literal("name", faults)?;
    let kind_node = fields.node("type")?;
    let kind = if scalar(kind_node).is_some() { sized(&fields, "type", kind_node, faults)? } else { kind(kind_node, faults)? };
    Some(Column { name: Named { name: name.to_owned(), span: span.clone() }, kind })
}

/// A type: its name, or a mapping with its precision.
fn kind(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<ColumnType> {
    match &node.kind {
        yaml::Kind::Scalar(s) => parse(&s.text, node, faults),
        yaml::Kind::Mapping(_) => {
            let fields = Fields::read(node, &node.span, &[&TYPE], faults)?;
            let name = fields.node("name")?;
            sized(&fields, "name", name, faults)
        }
        yaml::Kind::Sequence(_) => {
            faults.push(wrong_kind(node, "a column type", "the type's name"));
            None
        }
    }
}

/// A type's name with `precision`, `scale` or `length` beside it.
fn sized(fields: &Fields<'_>, key: &str, node: &Node, faults: &mut Vec<Diagnostic>) -> Option<ColumnType> {
    let (name, _) = fields.literal(key, faults)?;
    let precision = fields.integer("precision", 1, faults);
    let scale = fields.integer("scale", 0, faults);
    let length = fields.integer("length", 1, faults);
    let text = match (precision, scale, length) {
        (Some(p), Some(s), _) => format!("{name}({p},{s})"),
        (Some(p), None, _) => format!("{name}({p})"),
        (None, None, Some(l)) => format!("{name}({l})"),
        (None, _, _) => name.to_owned(),
    };
    parse(&text, node, faults)
}

fn parse(text: &str, node: &Node, faults: &mut Vec<Diagnostic>) -> Option<ColumnType> {
    match text.parse() {
        Ok(kind) => Some(kind),
        Err(error) => {
            const NAMES: [&str; 16] = [
                "text",
                "varchar",
                "smallint",
                "integer",
                "bigint",
                "numeric",
                "real",
                "double",
                "boolean",
                "date",
                "time",
                "timestamp",
                "timestamptz",
                "json",
                "uuid",
                "binary",
            ];
            let message = format!("unknown column type '{text}'");
            let near = did_you_mean(text, NAMES);
            let help = match near {
                Some(near) => format!("did you mean '{near}'?"),
                None => error.to_string().split_once("; ").map_or_else(String::new, |(_, known)| known.to_owned()),
            };
            faults.push(Diagnostic::error("S107", node.span.clone(), message).help(help));
            // The column is there, so that what reads it is right.
            near.and_then(|near| near.parse().ok())
        }
    }
}

fn unique(columns: Vec<Column>, faults: &mut Vec<Diagnostic>) -> Option<Columns> {
    for (i, column) in columns.iter().enumerate() {
        if let Some(first) = columns[..i].iter().find(|c| c.name.name == column.name.name) {
            faults.push(
                Diagnostic::error("S105", column.name.span.clone(), format!("column '{}' is declared twice", column.name.name))
                    .also(first.name.span.clone(), "the first one")
                    .help("keep one of the two"),
            );
        }
    }
    Some(Some(columns))
}
