//! Tokens to statements.
//!
//! A statement ends at a semicolon or at a `go` line; both may be used in one text. A semicolon does not end a statement inside parentheses (rules),
//! inside the body of a trigger (SQLite) or of a routine with `BEGIN ATOMIC` (PostgreSQL), or inside a template's block. A `go` line always does.

use super::Dialect;
use super::lex::{Kind, Token};

/// The tokens of each statement, without separators. Empty statements are dropped.
pub(super) fn split<'t>(text: &str, tokens: &'t [Token], dialect: Dialect) -> Vec<&'t [Token]> {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut state = State::default();
    for (i, token) in tokens.iter().enumerate() {
        let ends = match token.kind {
            Kind::Go => true,
            Kind::Semicolon => state.semicolon_ends(text, &tokens[start..i], dialect),
            _ => {
                state.pass(text, &tokens[start..=i], token, dialect);
                false
            }
        };
        if ends {
            statements.push(&tokens[start..i]);
            start = i + 1;
            state = State::default();
        }
    }
    statements.push(&tokens[start..]);
    // A semicolon that `go` follows on its own line belongs to the separator.
    statements.iter().map(|s| trim(s)).filter(|s| !s.is_empty()).collect()
}

fn trim(mut tokens: &[Token]) -> &[Token] {
    while let [rest @ .., Token { kind: Kind::Semicolon, .. }] = tokens {
        tokens = rest;
    }
    while let [Token { kind: Kind::Semicolon, .. }, rest @ ..] = tokens {
        tokens = rest;
    }
    tokens
}

#[derive(Default)]
struct State {
    parentheses: usize,
    /// Open blocks of templates (`{% if %}`).
    blocks: usize,
    /// Open `BEGIN ATOMIC` and the `CASE`s in it.
    atomic: usize,
    trigger_body: bool,
}

impl State {
    fn pass(&mut self, text: &str, so_far: &[Token], token: &Token, dialect: Dialect) {
        match token.kind {
            Kind::Open => self.parentheses += 1,
            Kind::Close => self.parentheses = self.parentheses.saturating_sub(1),
            Kind::Tag => self.tag(&text[token.start..token.end]),
            Kind::Word => self.word(text, so_far, &text[token.start..token.end], dialect),
            _ => {}
        }
    }

    fn tag(&mut self, tag: &str) {
        let word = tag.trim_start_matches("{%").trim_start_matches(['-', '+']).trim_start();
        let word = word.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
        if word.starts_with("end") {
            self.blocks = self.blocks.saturating_sub(1);
        } else if ["if", "for", "with", "filter", "macro", "call", "raw", "autoescape"].contains(&word) {
            self.blocks += 1;
        }
    }

    fn word(&mut self, text: &str, so_far: &[Token], word: &str, dialect: Dialect) {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        match dialect {
            Dialect::Sqlite => {
                if is("begin") && creates(text, so_far, &["trigger"]) {
                    self.trigger_body = true;
                }
            }
            Dialect::Postgres => {
                let after_begin = so_far.len() > 1 && text_of(text, &so_far[so_far.len() - 2]).eq_ignore_ascii_case("begin");
                if is("atomic") && after_begin && creates(text, so_far, &["function", "procedure"]) {
                    self.atomic = 1;
                } else if self.atomic > 0 && is("case") {
                    self.atomic += 1;
                } else if self.atomic > 0 && is("end") {
                    self.atomic -= 1;
                }
            }
        }
    }

    fn semicolon_ends(&self, text: &str, so_far: &[Token], dialect: Dialect) -> bool {
        if self.parentheses > 0 || self.blocks > 0 || self.atomic > 0 {
            return false;
        }
        // As in SQLite's own shell: a trigger ends at `; END ;`.
        match (dialect, so_far) {
            (Dialect::Sqlite, [.., before, last]) if self.trigger_body => {
                before.kind == Kind::Semicolon && text_of(text, last).eq_ignore_ascii_case("end")
            }
            _ => true,
        }
    }
}

fn text_of<'a>(text: &'a str, token: &Token) -> &'a str {
    &text[token.start..token.end]
}

/// `CREATE … KIND` at the start of a statement.
fn creates(text: &str, tokens: &[Token], kinds: &[&str]) -> bool {
    let mut words = tokens.iter().take(5).map(|t| text_of(text, t));
    words.next().is_some_and(|w| w.eq_ignore_ascii_case("create")) && words.any(|w| kinds.iter().any(|k| w.eq_ignore_ascii_case(k)))
}
