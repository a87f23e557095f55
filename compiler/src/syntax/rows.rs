//! What a loop goes over: `source` with `table` or `query`, or `items`. Shared by `for_each` and `http_request.for_each`.

use super::table::{self, Keys};
use super::value::{self, Scalars};
use super::{BEFORE_REPLY, Reader, Rows};
use crate::diagnostic::{Diagnostic, Span};
use crate::snippet::expression::Kind;
use crate::syntax::fields::{Fields, wrong_kind};

/// Reads the rows of a loop; `at` is where missing keys are reported.
pub fn read(fields: &Fields<'_>, at: &Span, what: &str, reader: &mut Reader<'_>) -> Option<Rows> {
    let mut given = ["table", "query", "items"].into_iter().filter_map(|k| fields.filled(k));
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => {
            let message = format!("'{}' and '{}' both say what the loop goes over", first.entry.key, second.entry.key);
            reader.faults.push(
                Diagnostic::error("S105", second.entry.key_span.clone(), message)
                    .also(first.entry.key_span.clone(), "the other one")
                    .help("keep one of the two"),
            );
            None
        }
        (Some(field), None) => match field.key.name {
            "table" => table::read(fields, &Keys::PLAIN, at, BEFORE_REPLY, reader).map(|t| Rows::Table(Box::new(t))),
            "query" => {
                let source = table::source(fields, "source", at, &mut reader.faults)?;
                let sql = crate::op::sql_query(fields, "query", &source, reader)?;
                Some(Rows::Query { source, sql })
            }
            _ => {
                let items = value::of_key(fields, "items", Scalars::Data, BEFORE_REPLY, &mut reader.faults)?;
                if let (Some(node), Kind::Text(_) | Kind::Int(_) | Kind::Float(_) | Kind::Number(_) | Kind::Bool(_)) =
                    (fields.node("items"), &items.kind)
                {
                    reader.faults.push(
                        wrong_kind(node, "'items'", "a list or a map")
                            .help("write the list: [a, b]; for a computed one `items: \"{{ … }}\"`, or Python as `items_expression`"),
                    );
                }
                Some(Rows::Items(items))
            }
        },
        (None, _) if ["table", "query", "items"].into_iter().any(|key| fields.is_misspelt(key)) => None,
        (None, _) => {
            reader.faults.push(
                Diagnostic::error("S104", at.clone(), format!("{what} does not say what it goes over"))
                    .help("give 'source' and 'table', or 'source' and 'query', or 'items' (or 'items_expression')"),
            );
            None
        }
    }
}
