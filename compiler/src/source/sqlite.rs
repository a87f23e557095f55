//! Sources of `type: sqlite`.

use crate::diagnostic::Diagnostic;
use crate::snippet::expression::{Expression, Kind as Expr};
use crate::syntax::BEFORE_REPLY;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::value::text_of_key;

pub static KEYS: Table = Table::of_source(
    "a sqlite source",
    "An SQLite database file.",
    &[
        Key::dynamic("path", Kind::Text, "the file; a relative path starts at the project folder")
            .aliases(&["conn_str"])
            .mistaken(&["file", "database", "db", "filename"])
            .required(),
        Key::later("pool", "connections at once"),
        Key::later("statement_timeout", "ends a statement"),
        Key::later("session", "statements for each new connection"),
    ],
);

#[derive(Debug)]
pub struct Sqlite {
    pub path: Expression,
}

pub(super) fn read(fields: &Fields<'_>, faults: &mut Vec<Diagnostic>) -> Option<Sqlite> {
    let mut path = text_of_key(fields, "path", BEFORE_REPLY, faults)?;
    // SQLAlchemy's form; an absolute path has a fourth slash.
    if let Expr::Text(text) = &mut path.kind
        && let Some(rest) = text.strip_prefix("sqlite:///")
    {
        *text = rest.to_owned();
    }
    Some(Sqlite { path })
}
