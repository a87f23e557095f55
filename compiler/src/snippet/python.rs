//! Python in `…_expression` keys.
//!
//! Takes one expression, a body with `return`, or a function `evaluate`; gives a native tree where the text stays within the native subset, else
//! the checked source with the names it uses and the values that templates in its strings stand for. Nothing is run here.

mod advice;
mod bytecode;
mod embedded;
mod form;
pub mod modules;
mod names;
mod native;
mod parse;
mod results;
mod rules;
mod scan;
mod scope;
mod uses;
mod values;

pub(crate) use rules::{CONTEXT_MEMBERS, FOREIGN_METHODS, RESPONSE_MEMBERS, SOURCES_MEMBERS};
pub(crate) use values::Surroundings;

use ruff_text_size::TextRange;
use rustpython_compiler::ast::Expr;
use sequor_plan_format::expr::PythonForm;

use super::Place;
use super::expression::{Code, Expression, Kind, Written};
use super::place::Origin;
use super::stack::{self, MAX_BRACKETS, MAX_BYTES, with_room};
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::kinds::value::Value;
use parse::Syntax;
use scan::Piece;

/// Whether the text is one Python expression, of those that stand on a line.
pub(super) fn is_expression(text: &str) -> bool {
    const LONGEST: usize = 300;
    const DEEPEST: usize = 20;
    let is_small = text.len() <= LONGEST && text.matches(['(', '[', '{']).count() <= DEEPEST;
    is_small && !text.contains('\n') && matches!(parse::syntax(text), Ok(Syntax::Expression(_)))
}

/// Reads a Python snippet.
pub(super) fn parse(origin: Origin<'_>, place: Place) -> (Expression, Vec<Diagnostic>) {
    let text = origin.text();
    if text.len() > MAX_BYTES {
        let message = format!("this snippet has {} bytes, the limit is {MAX_BYTES}", text.len());
        return (unread(origin), vec![Diagnostic::error("P620", origin.whole.clone(), message)]);
    }
    if text.trim().is_empty() {
        let fault =
            Diagnostic::error("P601", origin.whole.clone(), "this snippet is empty").help("write an expression, or leave the key out");
        return (unread(origin), vec![fault]);
    }
    if let Some(at) = text.find(embedded::BLANK) {
        let fault = Diagnostic::error("P601", origin.span(at, at + 1), "there is a control character (U+0001) in the code");
        return (unread(origin), vec![fault.help("take it out, or write it as `\\x01` in a string")]);
    }
    let depth = scan::depth(text, &scan::pieces(text, false)).and_then(|d| Ok(d.max(scan::depth(text, &scan::pieces(text, true))?)));
    let depth = match depth {
        Ok(depth) => depth,
        Err(at) => return (unread(origin), vec![too_deep(origin, at)]),
    };
    with_room(depth, || parse_here(origin, place)).unwrap_or_else(|| (unread(origin), vec![too_deep(origin, 0)]))
}

fn parse_here(origin: Origin<'_>, place: Place) -> (Expression, Vec<Diagnostic>) {
    if let Some((start, end)) = embedded::only_template(origin.text()) {
        let fault = Diagnostic::error("J505", origin.span(start, end), "a key with `_expression` takes Python, and this is a template");
        let inner = origin.text()[start + 2..end - 2].trim_matches(['-', '+', ' ']);
        let help = if inner.chars().count() < 60 {
            format!("write `{inner}`, or take `_expression` off the key")
        } else {
            "take `_expression` off the key".to_owned()
        };
        return (unread(origin), vec![fault.help(help)]);
    }
    let mut faults = Vec::new();
    let (text, syntax) = match read(origin, &mut faults) {
        Some(read) => read,
        None => return (unread(origin), faults),
    };
    let (shift, text) = match &syntax {
        Syntax::Bracketed(_) => (1, parse::in_brackets(&text)),
        Syntax::Expression(_) | Syntax::Statements(_) => (0, text),
    };
    let source = Source { origin, shift };
    let embedded = embedded::find(&syntax, &text, source, place, &mut faults);
    let form = form::of(&syntax, source, &mut faults);
    let names = names::check(&form, source, place, &mut faults);
    let mut uses = uses::of(&form, &names, source, place);
    if place.parser {
        uses.results = results::of(&form, source);
    }
    rules::check(&form, &names, source, place, &mut faults);
    let failed = faults.iter().any(|f| f.severity == Severity::Error);
    if !failed && let Some(expression) = native::lower(&form, &names, &embedded, source, place) {
        return (expression, faults);
    }
    let (text, inputs) = embedded.into_source(&text);
    if !failed {
        let found = bytecode::check(&text, form.kind(), source);
        if found.is_some() {
            // What else seems odd follows from it.
            faults.retain(|f| f.severity == Severity::Error);
        }
        faults.extend(found);
    }
    let code = Code { text, indent: origin.indent(), uses: Box::new(uses), written: written(origin, place), outline: None };
    (Expression::new(origin.text_span(), Kind::Python { code, form: form.kind(), inputs }), faults)
}

fn written(origin: Origin<'_>, place: Place) -> Option<Box<Written>> {
    Some(Box::new(Written { scalar: origin.scalar.clone(), whole: origin.whole.clone(), place }))
}

/// What a snippet that has been read does wrong with what is known of the run around it.
pub(crate) fn follow(written: &Written, surroundings: &dyn Surroundings) -> Vec<Diagnostic> {
    let (mut known, mut found) = (Vec::new(), Vec::new());
    again(written, None, &mut known);
    again(written, Some(surroundings), &mut found);
    let start = |f: &Diagnostic| (f.code, f.span.as_ref().map_or(0, |s| s.start));
    found.retain(|f| !known.iter().any(|k| start(k) == start(f)));
    found
}

/// What a snippet that has been read gives.
pub(crate) fn result(written: &Written, surroundings: &dyn Surroundings) -> Value {
    again(written, Some(surroundings), &mut Vec::new())
}

fn again(written: &Written, surroundings: Option<&dyn Surroundings>, found: &mut Vec<Diagnostic>) -> Value {
    let origin = Origin { scalar: &written.scalar, whole: &written.whole };
    let text = origin.text();
    match scan::depth(text, &scan::pieces(text, true)) {
        Ok(depth) if depth <= stack::SHALLOW => {}
        _ => return Value::UNKNOWN,
    }
    let mut ignored = Vec::new();
    let Some((_, syntax)) = read(origin, &mut ignored) else { return Value::UNKNOWN };
    let shift = u32::from(matches!(syntax, Syntax::Bracketed(_)));
    let source = Source { origin, shift };
    let form = form::of(&syntax, source, &mut ignored);
    let names = names::check(&form, source, written.place, &mut ignored);
    rules::values(&form, &names, source, written.place, surroundings, found)
}

/// The text as it is kept, with its syntax: comments mended, templates in strings blanked out.
fn read(origin: Origin<'_>, faults: &mut Vec<Diagnostic>) -> Option<(String, Syntax)> {
    let text = origin.text();
    let fault = match parse::syntax(text) {
        Ok(syntax) => return Some((text.to_owned(), syntax)),
        Err(fault) => fault,
    };
    let slashes: Vec<usize> = scan::pieces(text, true).iter().filter(|p| p.0 == Piece::SlashComment).map(|p| p.1).collect();
    let mended = mend(text, &slashes);
    let read = match parse::syntax(&mended) {
        Ok(syntax) => Some((mended, syntax)),
        Err(mended_fault) => {
            let (masked, outside) = embedded::mask(&mended);
            match parse::syntax(&masked) {
                Ok(syntax) => Some((masked, syntax)),
                Err(_) if !outside.is_empty() => {
                    faults.extend(outside.into_iter().map(|(start, end)| embedded::outside_string(origin.span(start, end))));
                    return None;
                }
                Err(_) => {
                    let fault = if slashes.is_empty() { fault } else { mended_fault };
                    faults.push(parse::report(&fault, origin));
                    None
                }
            }
        }
    };
    if read.is_some() {
        faults.extend(slashes.into_iter().map(|at| slash_comment(origin, at)));
    }
    read
}

/// The text with `#` in place of each `//`, of the same length.
fn mend(text: &str, slashes: &[usize]) -> String {
    let mut mended = text.to_owned();
    for at in slashes {
        mended.replace_range(*at..at + 2, "# ");
    }
    mended
}

fn slash_comment(origin: Origin<'_>, at: usize) -> Diagnostic {
    let span = origin.span(at, at + 2);
    Diagnostic::warning("P603", span.clone(), "`//` does not start a comment in Python; read as `#`")
        .help("write `#`")
        .fix(Fix { description: "replace `//` by `#`".to_owned(), edits: vec![(span, "#".to_owned())] })
}

/// Stands for a snippet with faults that keep it from being read.
fn unread(origin: Origin<'_>) -> Expression {
    let code = Code { text: origin.text().to_owned(), indent: origin.indent(), uses: Box::default(), written: None, outline: None };
    Expression::new(origin.text_span(), Kind::Python { code, form: PythonForm::Expression, inputs: Vec::new() })
}

fn too_deep(origin: Origin<'_>, at: usize) -> Diagnostic {
    Diagnostic::error("P620", origin.span(at, at + 1), format!("this snippet is nested too deeply (the limit is {MAX_BRACKETS} brackets)"))
        .help("split it into several assignments")
}

/// Places of the syntax tree in the file.
#[derive(Clone, Copy)]
struct Source<'a> {
    origin: Origin<'a>,
    /// Bytes that the parsed text has before the snippet's own.
    shift: u32,
}

impl Source<'_> {
    /// Where a place begins in the snippet's own text.
    fn start(&self, range: TextRange) -> Option<usize> {
        u32::from(range.start()).checked_sub(self.shift).map(|at| at as usize)
    }

    /// A stretch of the snippet's own text.
    fn text(&self, range: TextRange) -> &str {
        let place = |at: u32| at.saturating_sub(self.shift) as usize;
        self.origin.text().get(place(range.start().into())..place(range.end().into())).unwrap_or_default()
    }

    fn span(&self, range: TextRange) -> crate::diagnostic::Span {
        let place = |at: u32| at.saturating_sub(self.shift) as usize;
        self.origin.span(place(range.start().into()), place(range.end().into()))
    }
}

/// The text of a string literal (not of an f-string).
fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::StringLiteral(s) => Some(s.value.to_str()),
        _ => None,
    }
}
