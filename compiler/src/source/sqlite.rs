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
        Key::dynamic("path", Kind::Text, "the database file, made where it is missing; a relative path starts at the project folder (at the working folder for sequor-executor). sqlite:///PATH is understood")
            .aliases(&["conn_str"])
            .mistaken(&["file", "database", "db", "filename"])
            .required(),
        Key::later("pool", "how many connections there are at most"),
        Key::later("statement_timeout", "the longest time that a statement may take"),
        Key::later("session", "statements that each new connection runs first"),
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
    if let Expr::Text(text) = &path.kind
        && text.rsplit('/').next() == Some(":memory:")
    {
        let fault = Diagnostic::error("S107", path.span.clone(), "a database in memory would be empty for every step");
        faults.push(fault.help("give the path of a file, which is made where it is missing"));
    }
    Some(Sqlite { path })
}
