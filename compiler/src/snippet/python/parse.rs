//! Python text to a syntax tree, and its syntax errors with their place.

use ruff_text_size::{Ranged, TextSize};
use rustpython_compiler::ast::{Expr, Stmt};
use rustpython_compiler::parser::{LexicalErrorType, ParseError, ParseErrorType, parse_expression, parse_module};

use super::super::place::Origin;
use super::advice;
use super::scan::{self, Piece};
use crate::diagnostic::Diagnostic;

/// What a snippet is, as far as syntax tells.
pub(super) enum Syntax {
    Expression(Box<Expr>),
    /// An expression over several lines that needs brackets around it. Its positions are one byte further than in the text.
    Bracketed(Box<Expr>),
    Statements(Vec<Stmt>),
}

/// A syntax error in bytes of the text.
pub(super) struct Fault {
    pub(super) start: usize,
    pub(super) end: usize,
    message: String,
}

/// Reads the text in the way that fits: expression, statements, expression without the brackets that its line breaks need.
pub(super) fn syntax(text: &str) -> Result<Syntax, Fault> {
    let expression_error = match parse_expression(text) {
        Ok(parsed) => return Ok(Syntax::Expression(Box::new(parsed.into_expr()))),
        Err(error) => error,
    };
    let statements_error = match parse_module(text) {
        Ok(parsed) => {
            let statements = parsed.into_suite();
            if !statements.iter().all(|s| matches!(s, Stmt::Expr(_))) {
                return Ok(Syntax::Statements(statements));
            }
            return Ok(bracketed(text).unwrap_or(Syntax::Statements(statements)));
        }
        Err(error) => error,
    };
    if let Some(syntax) = bracketed(text) {
        return Ok(syntax);
    }
    // Blanks before a single line are no indentation that anybody meant.
    if text.starts_with([' ', '\t', '\n']) && !text.trim().contains('\n') {
        let skipped = text.len() - text.trim_start().len();
        return syntax(text.trim_start()).map_err(|fault| Fault { start: fault.start + skipped, end: fault.end + skipped, ..fault });
    }
    // The reading that came further is the one that was meant.
    let error = if expression_error.location.start() > statements_error.location.start() { expression_error } else { statements_error };
    Err(fault(text, &error))
}

/// The text as it is evaluated where it needs brackets.
pub(super) fn in_brackets(text: &str) -> String {
    format!("({}\n)", text.trim_end())
}

fn bracketed(text: &str) -> Option<Syntax> {
    if !text.trim().contains('\n') && !text.starts_with([' ', '\t', '\n']) {
        return None;
    }
    let parsed = parse_expression(&in_brackets(text)).ok()?;
    // `(a, b` is another expression than the one that was written.
    let expr = parsed.into_expr();
    let whole = expr.range().start() > TextSize::new(0);
    whole.then(|| Syntax::Bracketed(Box::new(expr)))
}

/// The fault as a diagnostic.
pub(super) fn report(fault: &Fault, origin: Origin<'_>) -> Diagnostic {
    let found = Diagnostic::error("P601", origin.span(fault.start, fault.end), format!("Python syntax: {}", fault.message));
    match advice::of_syntax(origin.text(), fault.start, &fault.message) {
        Some(help) => found.help(help),
        None => found,
    }
}

fn fault(text: &str, error: &ParseError) -> Fault {
    let length = text.trim_end().len();
    let start = (u32::from(error.location.start()) as usize).min(length.saturating_sub(1));
    let end = (u32::from(error.location.end()) as usize).clamp(start + 1, length.max(start + 1));
    let at_end = end >= length || matches!(error.error, ParseErrorType::Lexical(LexicalErrorType::Eof));
    // An open bracket is met as some other error further down, but an open string is its own.
    let open_string = matches!(error.error, ParseErrorType::Lexical(LexicalErrorType::UnclosedStringError));
    if let Some((open, bracket)) = unclosed(text).filter(|(open, _)| !open_string && (at_end || *open < start)) {
        return Fault { start: open, end: open + 1, message: format!("`{bracket}` is never closed") };
    }
    // A fault at a line's end does not reach into the next line.
    let end = text.get(start..end).and_then(|t| t.find('\n')).map_or(end, |i| start + i);
    let message = error.error.to_string();
    let mut letters = message.chars();
    let message = match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => "this is not valid Python".to_owned(),
    };
    Fault { start, end, message }
}

/// The innermost bracket that is open at the end.
fn unclosed(text: &str) -> Option<(usize, char)> {
    let mut open = Vec::new();
    for (piece, start, end) in scan::pieces(text, false) {
        if piece != Piece::Code {
            continue;
        }
        for (at, c) in text[start..end].char_indices() {
            match c {
                '(' | '[' | '{' => open.push((start + at, c)),
                ')' | ']' | '}' => {
                    open.pop();
                }
                _ => {}
            }
        }
    }
    open.pop()
}
