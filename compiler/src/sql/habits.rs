//! Q702, Q703, Q705: separators of statements that are not where they are meant.

use super::Place;
use super::lex::{Kind, Token};
use crate::diagnostic::{Diagnostic, Fix, Span};
use crate::yaml::Style;

/// Q702: `go` ends every statement but the last one.
pub(super) fn last_go(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    let last = tokens.last()?;
    let goes = tokens.iter().filter(|t| t.kind == Kind::Go).count();
    if goes == 0 || matches!(last.kind, Kind::Go | Kind::Semicolon | Kind::Tag | Kind::Unclosed) {
        return None;
    }
    // Where semicolons are the rule, a `go` between two parts asks for none at the end.
    if tokens.iter().any(|t| t.kind == Kind::Semicolon) {
        return None;
    }
    let start = tokens.iter().rposition(|t| t.kind == Kind::Go).and_then(|i| tokens.get(i + 1))?;
    let first_line = place.text(start.start, last.end).lines().next().map_or(0, str::len);
    let here = place.span_of(start.start, start.start + first_line);
    let fault = Diagnostic::warning("Q702", here.clone(), "the last statement has no `go` line behind it, unlike those before")
        .help("add a line `go` behind it; the statement runs anyway, but whoever adds another one below will find the two read as one");
    if place.scalar.style != Style::Literal {
        return Some(fault);
    }
    let end = place.span_of(last.end, last.end).start;
    let at = Span { start: end, end, ..here.clone() };
    let indent = here.file.position(here.start).1.saturating_sub(1) as usize;
    let edit = format!("\n{}go", " ".repeat(indent));
    Some(fault.fix(Fix { description: "add `go` behind the last statement".to_owned(), edits: vec![(at, edit)] }))
}

/// Q703: a line `go` in the middle of a text, which separates nothing.
pub(super) fn go_in_text(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    tokens.iter().filter(|t| matches!(t.kind, Kind::Text | Kind::Name)).find_map(|token| {
        let text = place.word(token);
        let mut at = token.start;
        for (i, line) in text.split('\n').enumerate() {
            let word = line.trim();
            // The first and last line hold a quote.
            if i > 0 && word.eq_ignore_ascii_case("go") && at + line.len() < token.end {
                let start = at + line.find(word).unwrap_or(0);
                let opener = place.span_of(token.start, token.start + 1);
                let what = if token.kind == Kind::Text { "a text" } else { "a quoted name" };
                return Some(
                    Diagnostic::warning(
                        "Q703",
                        place.span_of(start, start + 2),
                        format!("this `go` is part of {what} and ends no statement"),
                    )
                    .also(opener, "it is opened here")
                    .help("close the quote before it; if the text is meant to hold the word, put it on a line with others"),
                );
            }
            at += line.len() + 1;
        }
        None
    })
}

/// Q705: a semicolon behind the only query.
pub(super) fn trailing_semicolon(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    let last = tokens.last().filter(|t| t.kind == Kind::Semicolon)?;
    let here = place.of_token(last);
    let fix = Fix { description: "remove the semicolon".to_owned(), edits: vec![(here.clone(), String::new())] };
    Some(
        Diagnostic::hint("Q705", here, "a query needs no semicolon at its end")
            .help("take it out: only `execute` has several statements")
            .fix(fix),
    )
}
