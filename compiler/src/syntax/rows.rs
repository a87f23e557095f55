//! What a loop goes over: `source` with `table` or `query`, or `items`. Shared by `for_each` and `http_request.for_each`.

use super::table::{self, Keys};
use super::value::{self, Scalars};
use super::{BEFORE_REPLY, Reader, Rows};
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::fields::Fields;

/// Reads the rows of a loop; `at` is where missing keys are reported.
pub fn read(fields: &Fields<'_>, at: &Span, what: &str, reader: &mut Reader<'_>) -> Option<Rows> {
    let given: Vec<&str> = ["table", "query", "items"].into_iter().filter(|k| fields.has(k)).collect();
    match given.as_slice() {
        ["table"] => table::read(fields, &Keys::PLAIN, at, BEFORE_REPLY, reader).map(Rows::Table),
        ["query"] => {
            let source = table::source(fields, "source", at, &mut reader.faults)?;
            let sql = crate::op::sql_query(fields, "query", &source, reader)?;
            Some(Rows::Query { source, sql })
        }
        ["items"] => value::of_key(fields, "items", Scalars::Data, BEFORE_REPLY, &mut reader.faults).map(Rows::Items),
        [] => {
            reader.faults.push(
                Diagnostic::error("S104", at.clone(), format!("{what} does not say what it goes over"))
                    .help("give 'source' and 'table', or 'source' and 'query', or 'items' (or 'items_expression')"),
            );
            None
        }
        [first, second, ..] => {
            let (first, second) = (fields.get(first)?, fields.get(second)?);
            reader.faults.push(value::twice(first.entry, second.entry));
            None
        }
    }
}
