//! Q717: placeholders of other tools (`?`, `:name`, `$1`, `%s`). Nothing binds them here: SQLite takes NULL for them without a word, PostgreSQL refuses.

use super::lex::{Kind, Token};
use super::{Dialect, Place};
use crate::diagnostic::Diagnostic;

/// The first placeholder of a statement.
pub(super) fn check(place: &Place<'_>, tokens: &[Token], dialect: Dialect) -> Option<Diagnostic> {
    let first = tokens.first()?;
    let word = place.word(first).to_ascii_uppercase();
    // Functions, and statements that are prepared, have parameters of their own; what is not closed is a fault of its own.
    if matches!(word.as_str(), "CREATE" | "PREPARE" | "DO") || tokens.iter().any(|t| matches!(t.kind, Kind::Unclosed | Kind::Tag)) {
        return None;
    }
    let (start, end) = (0..tokens.len()).find_map(|i| at(place, tokens, i, dialect))?;
    let shown = place.text(start, end);
    let outcome = match dialect {
        Dialect::Sqlite if shown.starts_with('%') => "SQLite refuses it",
        Dialect::Sqlite => "SQLite takes NULL for it",
        Dialect::Postgres => "PostgreSQL refuses it",
    };
    let fault = Diagnostic::error("Q717", place.span_of(start, end), format!("nothing gives `{shown}` a value: {outcome}"));
    Some(
        fault.help(
            "put the value in with a template: `{{ var('n') }}` for a number, `'{{ var('t') | replace(\"'\", \"''\") }}'` for a text",
        ),
    )
}

/// The stretch of a placeholder that begins with that token.
fn at(place: &Place<'_>, tokens: &[Token], i: usize, dialect: Dialect) -> Option<(usize, usize)> {
    let token = tokens.get(i).filter(|t| t.kind == Kind::Symbol)?;
    let behind = tokens.get(i + 1).filter(|t| t.start == token.end);
    let before = i.checked_sub(1).and_then(|b| tokens.get(b));
    let touches = before.is_some_and(|b| b.end == token.start);
    // A value stands behind an operator, a bracket, a comma or a keyword, not behind another value.
    let operand = before.is_none_or(|b| match b.kind {
        Kind::Open | Kind::Symbol => true,
        Kind::Word => !touches && is_before_a_value(&place.word(b).to_ascii_uppercase()),
        Kind::Number | Kind::Text | Kind::Name | Kind::Template | Kind::Tag | Kind::Close | Kind::Semicolon | Kind::Go | Kind::Unclosed => {
            false
        }
    });
    let named = behind.filter(|t| t.kind == Kind::Word);
    let numbered = behind.filter(|t| t.kind == Kind::Number);
    match (place.word(token), dialect) {
        ("?", Dialect::Sqlite) if operand => Some((token.start, numbered.map_or(token.end, |t| t.end))),
        ("$", Dialect::Postgres) if operand => numbered.map(|t| (token.start, t.end)),
        ("@" | "$", Dialect::Sqlite) if operand => named.or(numbered).map(|t| (token.start, t.end)),
        // `a::text` and `a[1:2]` are no placeholders.
        (":", _) if operand && !(touches && before.is_some_and(|b| place.word(b) == ":")) => named.map(|t| (token.start, t.end)),
        ("%", _) if operand => match behind? {
            s if s.kind == Kind::Word && place.word(s) == "s" => Some((token.start, s.end)),
            open if open.kind == Kind::Open => {
                let [name, close, s] = tokens.get(i + 2..i + 5)? else { return None };
                let fits = name.kind == Kind::Word && close.kind == Kind::Close && place.word(s) == "s" && s.start == close.end;
                fits.then_some((token.start, s.end))
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_before_a_value(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "SELECT",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "LIKE",
        "ILIKE",
        "BETWEEN",
        "IN",
        "THEN",
        "ELSE",
        "WHEN",
        "LIMIT",
        "OFFSET",
        "VALUES",
        "IS",
        "BY",
        "ON",
        "HAVING",
        "RETURNING",
    ];
    WORDS.contains(&word)
}
