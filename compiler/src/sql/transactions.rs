//! Q716: statements that begin or end a transaction, or refuse to run in one, where an `execute` makes one of all its statements.

use super::lex::{self, Kind, Token};
use super::split;
use super::{Dialect, Place};
use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::Scalar;

/// Looks at the statements of an `execute` that are one transaction.
pub fn check(scalar: &Scalar, span: &Span, dialect: Dialect) -> Vec<Diagnostic> {
    let place = Place { scalar, span };
    let tokens = lex::tokens(&scalar.text, dialect);
    split::split(&scalar.text, &tokens, dialect).iter().filter_map(|statement| of_statement(&place, statement, dialect)).collect()
}

fn of_statement(place: &Place<'_>, tokens: &[Token], dialect: Dialect) -> Option<Diagnostic> {
    let word = |i: usize| tokens.get(i).filter(|t| t.kind == Kind::Word).map(|t| place.word(t).to_ascii_uppercase()).unwrap_or_default();
    let (first, second) = (word(0), word(1));
    let postgres = dialect == Dialect::Postgres;
    let (length, help) = match (first.as_str(), second.as_str()) {
        ("ROLLBACK", "TO") => return None,
        ("BEGIN" | "COMMIT" | "ROLLBACK" | "END" | "ABORT", _) | ("START", "TRANSACTION") => {
            (1 + usize::from(second == "TRANSACTION"), "take it out: the statements of an execute are one transaction already")
        }
        ("VACUUM", _) => (1, "put it into an execute of its own with `transaction: false`"),
        ("CREATE" | "DROP", "DATABASE" | "TABLESPACE") | ("ALTER", "SYSTEM") if postgres => {
            (2, "put it into an execute of its own with `transaction: false`")
        }
        ("CREATE" | "DROP", "INDEX") if postgres && word(2) == "CONCURRENTLY" => {
            (3, "put it into an execute of its own with `transaction: false`")
        }
        ("CREATE", "UNIQUE") if postgres && word(3) == "CONCURRENTLY" => (4, "put it into an execute of its own with `transaction: false`"),
        _ => return None,
    };
    let (start, end) = (tokens.first()?, tokens.get(length - 1)?);
    let text = place.text(start.start, end.end).to_ascii_uppercase();
    let message = match first.as_str() {
        "BEGIN" | "COMMIT" | "ROLLBACK" | "END" | "ABORT" | "START" => {
            format!("`{text}` inside of a transaction that the step makes and ends itself")
        }
        _ => format!("`{text}` cannot run inside of a transaction, and the statements of this step are one"),
    };
    Some(Diagnostic::error("Q716", place.span_of(start.start, end.end), message).help(help))
}
