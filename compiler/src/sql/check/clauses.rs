//! Faults that sqlparser lets pass or describes badly, and that no engine lets pass: they stand on words that are reserved in both.

use super::super::Place;
use super::super::lex::{Kind, Token};
use crate::diagnostic::Diagnostic;

/// Start a clause and are never names without quotes.
const CLAUSES: [&str; 7] = ["FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION"];
/// Want something behind them.
const OPEN_ENDED: [&str; 4] = ["FROM", "WHERE", "HAVING", "AND"];

pub(super) fn check(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    // A template may be what is missing, or open what follows.
    let known = tokens.iter().position(|t| t.kind == Kind::Template);
    let tokens = &tokens[..known.unwrap_or(tokens.len())];
    let words: Vec<String> = tokens.iter().map(|t| place.word(t).to_ascii_uppercase()).collect();
    let verb = words.first()?.as_str();
    let creates_table = verb == "CREATE" && words.iter().take(3).any(|w| w == "TABLE");
    if !creates_table && !["SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE"].contains(&verb) {
        return None;
    }
    insert_without_into(place, tokens, &words)
        .or_else(|| reserved_table(place, tokens, &words))
        .or_else(|| over_missing(place, tokens, &words))
        .or_else(|| comma_between_ctes(place, tokens, &words))
        .or_else(|| (1..tokens.len()).find_map(|i| missing_between(place, tokens, &words, i)))
        .or_else(|| if known.is_none() { missing_end(place, tokens, &words) } else { None })
}

fn insert_without_into(place: &Place<'_>, tokens: &[Token], words: &[String]) -> Option<Diagnostic> {
    let second = tokens.get(1)?;
    let good = words[0] != "INSERT" || matches!(words[1].as_str(), "INTO" | "OR");
    if good || !matches!(second.kind, Kind::Word | Kind::Name) {
        return None;
    }
    Some(
        Diagnostic::error("Q701", place.of_token(second), format!("expected INTO, found `{}`", place.word(second)))
            .help("write `INSERT INTO`"),
    )
}

/// `WITH a AS (…) b AS (…)`
fn comma_between_ctes(place: &Place<'_>, tokens: &[Token], words: &[String]) -> Option<Diagnostic> {
    if words[0] != "WITH" {
        return None;
    }
    let mut depth = 0_usize;
    let at = (1..tokens.len()).find(|i| {
        match tokens[*i].kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
            && matches!(tokens[*i].kind, Kind::Word | Kind::Name)
            && tokens[*i - 1].kind == Kind::Close
            && words.get(*i + 1).is_some_and(|w| w == "AS")
            && tokens.get(*i + 2).is_some_and(|t| t.kind == Kind::Open)
    })?;
    let word = place.word(&tokens[at]);
    Some(
        Diagnostic::error("Q701", place.of_token(&tokens[at]), format!("a comma is missing before `{word}`"))
            .help("the queries of WITH stand one after the other with commas between them"),
    )
}

/// `lag(x) (PARTITION BY …)`
fn over_missing(place: &Place<'_>, tokens: &[Token], words: &[String]) -> Option<Diagnostic> {
    let at = (2..tokens.len()).find(|i| {
        tokens[*i].kind == Kind::Word
            && words[*i] == "PARTITION"
            && words.get(*i + 1).is_some_and(|w| w == "BY")
            && tokens[*i - 1].kind == Kind::Open
            && tokens[*i - 2].kind == Kind::Close
    })?;
    let fault = Diagnostic::error("Q701", place.of_token(&tokens[at - 1]), "OVER is missing before this window");
    Some(fault.help("write `… OVER (PARTITION BY …)`"))
}

/// `UPDATE order SET …`: a reserved word as the name of a table.
fn reserved_table(place: &Place<'_>, tokens: &[Token], words: &[String]) -> Option<Diagnostic> {
    const RESERVED: [&str; 8] = ["ORDER", "GROUP", "TABLE", "SELECT", "WHERE", "FROM", "TO", "CHECK"];
    let at = (1..tokens.len()).find(|i| {
        let names_one = match words[i - 1].as_str() {
            "UPDATE" => *i == 1,
            "INTO" => words[0] == "INSERT" && *i <= 4,
            "JOIN" => true,
            _ => false,
        };
        names_one && tokens[*i].kind == Kind::Word && RESERVED.contains(&words[*i].as_str())
    })?;
    let word = place.word(&tokens[at]);
    let fault = Diagnostic::error("Q701", place.of_token(&tokens[at]), format!("`{word}` is a word of SQL and no name"));
    Some(fault.help(format!("as the name of a table it stands in double quotes: \"{word}\"")))
}

/// A comma or a clause with nothing behind it before the next clause.
fn missing_between(place: &Place<'_>, tokens: &[Token], words: &[String], i: usize) -> Option<Diagnostic> {
    let starts_clause = tokens[i].kind == Kind::Word && CLAUSES.contains(&words[i].as_str());
    let closes = tokens[i].kind == Kind::Close && words[i - 1] == ",";
    if !starts_clause && !closes {
        return None;
    }
    let (before, here) = (place.of_token(&tokens[i - 1]), place.word(&tokens[i]));
    // `select id, order, group from t`: what follows the word could not follow the clause.
    let is_name = starts_clause && words.get(i + 1).is_some_and(|w| matches!(w.as_str(), "," | "FROM" | ")" | "=" | "AS"));
    if is_name && words[i - 1] == "," {
        let fault = Diagnostic::error("Q701", place.of_token(&tokens[i]), format!("`{here}` is a word of SQL and no name"));
        return Some(fault.help(format!("as the name of a column it stands in double quotes: \"{here}\"")));
    }
    if words[i - 1] == "," {
        let fault = Diagnostic::error("Q701", before, format!("nothing between this comma and `{here}`"));
        return Some(fault.help("remove the comma, or add what is missing behind it"));
    }
    // `t.from` and `AS from` are names in PostgreSQL.
    let is_name = i > 1 && matches!(words[i - 2].as_str(), "." | "AS");
    if tokens[i - 1].kind == Kind::Word && OPEN_ENDED.contains(&words[i - 1].as_str()) && !is_name {
        let word = place.word(&tokens[i - 1]);
        return Some(
            Diagnostic::error("Q701", before, format!("nothing between `{word}` and `{here}`")).help("add what is missing between them"),
        );
    }
    None
}

fn missing_end(place: &Place<'_>, tokens: &[Token], words: &[String]) -> Option<Diagnostic> {
    let count = |word: &str| tokens.iter().zip(words).filter(|(t, w)| t.kind == Kind::Word && *w == word).count();
    if count("CASE") <= count("END") {
        return None;
    }
    let last = (0..tokens.len()).rev().find(|i| words[*i] == "CASE" && (*i == 0 || !matches!(words[*i - 1].as_str(), "." | "AS")))?;
    Some(Diagnostic::error("Q701", place.of_token(&tokens[last]), "this CASE has no END").help("close it with END"))
}
