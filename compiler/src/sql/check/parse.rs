//! The part of Q701 that asks sqlparser.

use std::ops::ControlFlow;

use sqlparser::ast::Statement;
use sqlparser::dialect::{Dialect as ParserDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Tokenizer};

use super::super::lex::{Kind, Token, template_end};
use super::super::{Dialect, Place};
use super::words;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Longer statements are left to the engine.
const MAX_BYTES: usize = 64 << 10;
/// The time that sqlparser takes can double with each level.
const MAX_PARENTHESES: usize = 12;

pub(super) fn check(place: &Place<'_>, tokens: &[Token], dialect: Dialect) -> Option<Diagnostic> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    if last.end - first.start > MAX_BYTES
        || !words::is_checked(place, tokens, dialect)
        || !is_plain(place, tokens, dialect)
        || too_deep(tokens)
    {
        return None;
    }
    // PostgreSQL has empty selections.
    if place.word(last).eq_ignore_ascii_case("select") {
        return None;
    }
    let template = tokens.iter().find(|t| t.kind == Kind::Template).map(|t| t.start);
    let mut fault = None;
    // Whatever a template stands for, what comes before it must fail in the same way.
    for filler in [Filler::Name, Filler::Number, Filler::Nothing] {
        let text = filled(place, tokens, &filler);
        let found = refusal(&text, dialect)?;
        let at = first.start + found.at;
        if template.is_some_and(|t| at >= t) {
            return None;
        }
        fault.get_or_insert((at, found));
        if template.is_none() {
            break;
        }
    }
    let (at, refusal) = fault?;
    Some(report(place, tokens, at, &refusal))
}

/// The tree of a statement, where sqlparser understands it. Its places count from the start of `lead`, the text before the statement.
pub(in super::super) fn tree(place: &Place<'_>, lead: &str, tokens: &[Token], dialect: Dialect) -> Option<Box<Statement>> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    let is_whole = tokens.iter().all(|t| !matches!(t.kind, Kind::Unclosed | Kind::Tag));
    if last.end - first.start > MAX_BYTES || too_deep(tokens) || !is_whole {
        return None;
    }
    // Comments before the statement may hold anything; only their lines count.
    let blank: String = lead.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    let statement = blank + &filled(place, tokens, &Filler::Name);
    let dialect = parser_dialect(dialect);
    let tokens = Tokenizer::new(dialect, &statement).tokenize_with_location().ok()?;
    let mut statements = Parser::new(dialect).with_tokens_with_locations(tokens).parse_statements().ok()?;
    let only = statements.pop()?;
    statements.is_empty().then(|| Box::new(only))
}

fn parser_dialect(dialect: Dialect) -> &'static dyn ParserDialect {
    match dialect {
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
    }
}

/// Only characters that sqlparser reads as the engines do.
fn is_plain(place: &Place<'_>, tokens: &[Token], dialect: Dialect) -> bool {
    let last_end = tokens.last().map_or(0, |t| t.end);
    tokens.iter().enumerate().all(|(i, token)| match token.kind {
        Kind::Symbol => {
            let symbol = place.word(token);
            let text = place.text(token.start, last_end);
            // `!=-` is an operator of its own in PostgreSQL.
            let not_equal = text.starts_with("!=") && !text[2..].starts_with(['-', '+', '!', '*', '/', '%', '<', '>', '|']);
            let cast = dialect == Dialect::Postgres && symbol == ":";
            // `FROM parent*`
            let behind_word = i > 0 && tokens[i - 1].kind == Kind::Word && tokens[i - 1].end == token.start;
            if symbol == "*" && behind_word {
                return false;
            }
            matches!(symbol, "," | "." | "*" | "+" | "-" | "/" | "%" | "=" | "<" | ">" | "|") || not_equal || cast
        }
        Kind::Word => !words::is_special(place, tokens, i, dialect),
        // Not `X'…'`, `inet '…'` or two texts that make one.
        Kind::Text => {
            let behind = i.checked_sub(1).map(|i| &tokens[i]);
            let separate = behind.is_none_or(|t| match t.kind {
                Kind::Word => t.end < token.start && words::text_may_follow(place.word(t)),
                _ => t.kind != Kind::Text,
            });
            place.word(token).starts_with('\'') && separate
        }
        Kind::Name => {
            let name = place.word(token);
            !name.starts_with('[') || name[1..].starts_with(|c: char| c.is_alphabetic() || c == '_')
        }
        // `((SELECT …) …)`, `(row).column`
        Kind::Open => tokens.get(i + 1).is_none_or(|t| t.kind != Kind::Open || tokens.get(i + 2).is_none_or(|t| !is_query_word(place, t))),
        Kind::Close => tokens.get(i + 1).is_none_or(|t| place.word(t) != "."),
        Kind::Number | Kind::Template => true,
        Kind::Tag | Kind::Semicolon | Kind::Go | Kind::Unclosed => false,
    })
}

fn is_query_word(place: &Place<'_>, token: &Token) -> bool {
    matches!(place.word(token).to_ascii_uppercase().as_str(), "SELECT" | "WITH" | "VALUES")
}

fn too_deep(tokens: &[Token]) -> bool {
    let deepest = tokens.iter().try_fold(0_usize, |depth, t| match t.kind {
        Kind::Open if depth == MAX_PARENTHESES => ControlFlow::Break(()),
        Kind::Open => ControlFlow::Continue(depth + 1),
        Kind::Close => ControlFlow::Continue(depth.saturating_sub(1)),
        _ => ControlFlow::Continue(depth),
    });
    deepest.is_break()
}

enum Filler {
    Name,
    Number,
    Nothing,
}

/// The statement with as many other bytes in place of each template.
fn filled(place: &Place<'_>, tokens: &[Token], filler: &Filler) -> String {
    let (start, end) = (tokens.first().map_or(0, |t| t.start), tokens.last().map_or(0, |t| t.end));
    let mut bytes = place.text(start, end).as_bytes().to_vec();
    for token in tokens {
        let range = token.start - start..token.end - start;
        match token.kind {
            Kind::Template => fill(
                &mut bytes[range],
                match filler {
                    Filler::Name => b'x',
                    Filler::Number => b'1',
                    Filler::Nothing => b' ',
                },
            ),
            Kind::Text | Kind::Name => fill_templates_in(&mut bytes[range]),
            _ => {}
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn fill(bytes: &mut [u8], with: u8) {
    bytes.iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = with);
}

fn fill_templates_in(bytes: &mut [u8]) {
    let mut i = 0;
    while i + 1 < bytes.len() {
        if bytes[i] == b'{' && matches!(bytes[i + 1], b'{' | b'%' | b'#') {
            let end = template_end(bytes, i);
            // Braces that nothing closes are text.
            if end == bytes.len() {
                return;
            }
            fill(&mut bytes[i..end], b'x');
            i = end;
        } else {
            i += 1;
        }
    }
}

/// What sqlparser says against a statement.
struct Refusal {
    /// Byte offset in the statement.
    at: usize,
    expected: String,
}

fn refusal(statement: &str, dialect: Dialect) -> Option<Refusal> {
    let dialect = parser_dialect(dialect);
    let tokens = Tokenizer::new(dialect, statement).tokenize_with_location().ok()?;
    match Parser::new(dialect).with_tokens_with_locations(tokens).parse_statements() {
        Ok(_) | Err(ParserError::TokenizerError(_) | ParserError::RecursionLimitExceeded) => None,
        Err(ParserError::ParserError(message)) => understand(statement, &message),
    }
}

/// `Expected: an expression, found: FROM at Line: 1, Column: 8`. Other messages are about rules of sqlparser rather than about SQL's form.
fn understand(statement: &str, message: &str) -> Option<Refusal> {
    let rest = message.strip_prefix("Expected: ")?;
    let (expected, found) = rest.rsplit_once(", found: ")?;
    let at = match found.rsplit_once(" at Line: ") {
        Some((_, place)) => {
            let (line, column) = place.split_once(", Column: ")?;
            offset(statement, Location { line: line.parse().ok()?, column: column.trim().parse().ok()? })
        }
        None => statement.len(),
    };
    Some(Refusal { at, expected: expected.to_owned() })
}

fn offset(text: &str, location: Location) -> usize {
    let line: usize = text.split_inclusive('\n').take(usize::try_from(location.line.saturating_sub(1)).unwrap_or(0)).map(str::len).sum();
    let column = usize::try_from(location.column.saturating_sub(1)).unwrap_or(0);
    line + text[line..].char_indices().nth(column).map_or(text.len() - line, |(i, _)| i)
}

fn report(place: &Place<'_>, tokens: &[Token], at: usize, refusal: &Refusal) -> Diagnostic {
    let index = tokens.iter().position(|t| t.end > at);
    let Some(index) = index else {
        let last = tokens.last().map_or(at, |t| t.start);
        let here = place.span_of(last, at);
        return Diagnostic::error("Q701", here, format!("the statement ends where {} is expected", refusal.expected.trim()))
            .help("complete the statement");
    };
    let found = place.word(&tokens[index]);
    // A long list of what may stand there helps nobody.
    let message = if refusal.expected.contains("end of statement") || refusal.expected.len() > 60 {
        format!("`{found}` does not belong here")
    } else {
        format!("expected {}, found `{found}`", refusal.expected.trim())
    };
    let mut fault = Diagnostic::error("Q701", place.of_token(&tokens[index]), message);
    let before = index.checked_sub(1).map(|i| &tokens[i]);
    let misspelt = [Some(&tokens[index]), before].into_iter().flatten().find_map(|t| Some((place.word(t), misspelt(place.word(t))?)));
    if let Some((word, meant)) = misspelt {
        fault = fault.help(format!("did you mean `{meant}` instead of `{word}`?"));
    } else if refusal.expected.contains("end of statement")
        && CLAUSES.contains(&found.to_ascii_uppercase().as_str())
        && (tokens.get(index + 1).is_some_and(|t| place.word(t).eq_ignore_ascii_case("by")) || !is_by(found))
    {
        fault = fault.help("the clauses of a query follow in this order: FROM, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT");
    } else if is_by(found) {
        fault = fault.help(format!("write `{found} BY`"));
    } else if before.is_some_and(|t| place.word(t) == ",") {
        fault = fault.help("remove the comma before it");
    }
    fault
}

/// What comes behind the selection, in whatever order.
const CLAUSES: [&str; 5] = ["WHERE", "GROUP", "HAVING", "ORDER", "LIMIT"];

fn is_by(word: &str) -> bool {
    ["GROUP", "ORDER"].iter().any(|by| word.eq_ignore_ascii_case(by))
}

/// The keyword that a word was probably meant to be.
fn misspelt(word: &str) -> Option<&'static str> {
    const KEYWORDS: [&str; 13] =
        ["SELECT", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "JOIN", "VALUES", "INTO", "SET", "UNION", "BETWEEN"];
    let upper = word.to_ascii_uppercase();
    if words::is_keyword(&upper) || word.len() < 3 {
        return None;
    }
    did_you_mean(&upper, KEYWORDS)
}
