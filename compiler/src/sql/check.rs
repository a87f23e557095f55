//! Q701 and Q704. A fault must be certain, because a correct statement that is refused cannot be run at all. What is reported:
//!
//! - text, a quoted name, a comment or a dollar quote that is never closed; parentheses that do not match;
//! - a statement that starts with something no statement starts with, and looks like a known one (`SELCT`);
//! - clauses that cannot follow each other in any engine: see [`clauses`];
//! - a SELECT, WITH, VALUES, INSERT, UPDATE, DELETE or CREATE TABLE that sqlparser refuses, if it is made of what sqlparser is known to understand: see
//!   [`words`] and [`is_plain`]. For such statements both engines and sqlparser have been compared.
//!
//! A template may stand for anything, from a name to a whole clause, so from the first template on a statement is not looked at: what is reported then
//! lies before it and is wrong whatever follows. Templates inside quotes change nothing about the statement's form.

mod clauses;
mod missing;
mod parse;
mod words;

use super::lex::{Kind, Token};
use super::{Dialect, Place};
use crate::diagnostic::{Diagnostic, did_you_mean};

pub(super) use parse::tree;

/// The first fault of syntax in a statement. `is_read`: [`tree`] understands it.
pub(super) fn syntax(place: &Place<'_>, tokens: &[Token], dialect: Dialect, is_read: bool) -> Option<Diagnostic> {
    // Tags choose between texts, of which one may open what another closes.
    if tokens.iter().any(|t| t.kind == Kind::Tag) {
        return None;
    }
    unclosed(place, tokens)
        .or_else(|| parentheses(place, tokens))
        .or_else(|| first_word(place, tokens))
        .or_else(|| clauses::check(place, tokens))
        .or_else(|| missing::check(place, tokens, dialect))
        .or_else(|| if is_read { None } else { parse::check(place, tokens, dialect) })
}

fn unclosed(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    let token = tokens.iter().find(|t| t.kind == Kind::Unclosed)?;
    let text = place.word(token);
    if let Some(fault) = apostrophe(place, tokens).filter(|_| text.starts_with('\'')) {
        return Some(fault);
    }
    let opener = if text.starts_with("/*") {
        "/*"
    } else if let Some(tag) = text.strip_prefix('$') {
        text.get(..=1 + tag.find('$')?)?
    } else {
        text.get(..1 + usize::from(text.starts_with(['e', 'E'])))?
    };
    let what = match opener.chars().last()? {
        '*' => "comment",
        '\'' | '$' => "text",
        _ => "quoted name",
    };
    let here = place.span_of(token.start, token.start + opener.len());
    let fault = Diagnostic::error("Q701", here, format!("this {what} is never closed")).label("opened here");
    Some(match opener {
        "/*" => fault.help("close it with `*/`"),
        "[" => fault.help("close it with `]`"),
        "'" => fault.help("close it with `'`; a `'` inside text is written twice (`''`)"),
        other => fault.help(format!("close it with `{}`", other.trim_start_matches(['e', 'E']))),
    })
}

/// `'Men's shoes'`: the first text that ends in the middle of a word.
fn apostrophe(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    let pair = tokens.windows(2).find(|pair| {
        let letter = |text: &str, last: bool| {
            let c = if last { text.chars().next_back() } else { text.chars().next() };
            c.is_some_and(char::is_alphabetic)
        };
        pair[0].kind == Kind::Text
            && pair[1].kind == Kind::Word
            && pair[0].end == pair[1].start
            && letter(place.text(pair[0].start, pair[0].end - 1), true)
            && letter(place.word(&pair[1]), false)
    })?;
    let at = place.span_of(pair[0].end - 1, pair[0].end);
    Some(Diagnostic::error("Q701", at, "this `'` ends the text in the middle of a word").help("write a `'` inside of text twice: `''`"))
}

fn parentheses(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    let mut open = Vec::new();
    for token in tokens {
        match token.kind {
            Kind::Template => return None,
            Kind::Open => open.push(token),
            Kind::Close if open.pop().is_none() => {
                return Some(
                    Diagnostic::error("Q701", place.of_token(token), "this `)` closes nothing").help("remove it, or open it before"),
                );
            }
            _ => {}
        }
    }
    let token = open.pop()?;
    Some(Diagnostic::error("Q701", place.of_token(token), "this `(` is never closed").label("opened here").help("close it with `)`"))
}

fn first_word(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    let first = tokens.first()?;
    match first.kind {
        Kind::Word => {
            let word = place.word(first).to_ascii_uppercase();
            if words::STARTS.contains(&word.as_str()) {
                return None;
            }
            if words::CLAUSES.contains(&word.as_str()) {
                let message = format!("no SQL statement starts with `{}`", place.word(first));
                let fault = Diagnostic::error("Q701", place.of_token(first), message);
                return Some(fault.help("if this belongs to the statement before, remove the `;` between them"));
            }
            let meant = did_you_mean(&word, words::COMMON_STARTS.iter().copied())?;
            let fault = Diagnostic::error("Q701", place.of_token(first), format!("no SQL statement starts with `{}`", place.word(first)));
            Some(fault.help(format!("did you mean `{meant}`?")))
        }
        Kind::Symbol if !matches!(place.word(first), "," | "." | "*" | "+" | "-" | "=" | "<" | ">" | "|") => None,
        Kind::Number | Kind::Text | Kind::Name | Kind::Symbol => {
            let fault = Diagnostic::error("Q701", place.of_token(first), "a SQL statement starts with a keyword, such as SELECT");
            Some(fault.help("add the keyword; if this belongs to the statement before, remove the `;` between them"))
        }
        Kind::Template | Kind::Tag | Kind::Open | Kind::Close | Kind::Semicolon | Kind::Go | Kind::Unclosed => None,
    }
}

/// Q704 for a statement that gives no rows. One that sends rows back (`INSERT … RETURNING`) is a query.
pub(super) fn is_query(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    let first = tokens.first()?;
    let verb = verb(place, tokens)?;
    let word = place.word(verb).to_ascii_uppercase();
    let changes_rows = ["INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"].contains(&word.as_str());
    let gives_rows = if changes_rows {
        // A template may hold the RETURNING.
        tokens.iter().any(|t| matches!(t.kind, Kind::Template | Kind::Tag) || place.word(t).eq_ignore_ascii_case("returning"))
    } else {
        !words::GIVE_NO_ROWS.contains(&word.as_str())
    };
    if gives_rows {
        return None;
    }
    let here = place.span_of(first.start, verb.end);
    Some(
        Diagnostic::error("Q704", here, format!("a query is expected, and {word} gives no rows"))
            .help("write a SELECT here, and run this statement in an `execute` op before it"),
    )
}

/// The word that says what a statement does: its first, or the one after the WITH clause.
fn verb<'t>(place: &Place<'_>, tokens: &'t [Token]) -> Option<&'t Token> {
    let first = tokens.iter().find(|t| t.kind != Kind::Open)?;
    if first.kind != Kind::Word {
        return None;
    }
    if !place.word(first).eq_ignore_ascii_case("with") {
        return Some(first);
    }
    let mut depth = 0_usize;
    tokens.iter().find(|t| {
        match t.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        let word = place.word(t).to_ascii_uppercase();
        depth == 0
            && t.kind == Kind::Word
            && ["SELECT", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"].contains(&word.as_str())
    })
}
