//! SQL inside YAML values: split into statements and checked with the dialect of its source. Templates are replaced by placeholders of equal length first.
//!
//! Checking stays silent in doubt: the engine is the judge of SQL, and it knows syntax that no parser outside it knows. `check` says what is
//! reported and why that is safe.
//!
//! Splitting happens before templates are filled in. A template's value is therefore never split, and neither is what stands inside
//! `{% … %}` … `{% end… %}`: such a stretch belongs to one statement.

mod check;
pub mod columns;
mod engine;
mod functions;
mod habits;
mod lex;
pub mod marks;
pub mod outline;
mod placeholders;
pub mod schema;
pub mod scope;
mod split;
pub mod transactions;
mod types;
pub(crate) mod walk;

use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::yaml::Scalar;
use lex::Token;
use sqlparser::ast::Statement as Tree;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement's stretch of the scalar's text (byte offsets), without the separator that ended it.
#[derive(Debug)]
pub struct Statement {
    pub start: u32,
    pub end: u32,
    /// The places in it are those of the stretch. `None` where sqlparser does not understand it.
    tree: Option<Box<Tree>>,
}

/// Of more statements in one text no trees are kept, each of which takes about 10 kB: what they do to tables is then not known.
pub const MOST_TREES: usize = 10_000;

/// Splits at `go` lines and semicolons (not inside strings, dollar quotes or comments) and checks each statement (Q701).
pub fn statements(scalar: &Scalar, span: &Span, dialect: Dialect) -> (Vec<Statement>, Vec<Diagnostic>) {
    let place = Place { scalar, span };
    let tokens = lex::tokens(&scalar.text, dialect);
    let split = split::split(&scalar.text, &tokens, dialect);
    let mut faults = Vec::new();
    let mut statements = Vec::with_capacity(split.len());
    for (i, tokens) in split.iter().enumerate() {
        let (tree, found) = form(&place, tokens, dialect);
        faults.extend(found);
        statements.extend(stretch(tokens, tree.filter(|_| i < MOST_TREES)));
    }
    // What is wrong behind a quote that was never closed is a consequence of it.
    match habits::go_in_text(&place, &tokens) {
        Some(fault) if faults.iter().any(|f| f.severity == Severity::Error) => {
            faults = vec![Diagnostic { severity: Severity::Error, ..fault }]
        }
        Some(fault) => faults.push(fault),
        None => {}
    }
    if !faults.iter().any(|f| f.severity == Severity::Error) {
        faults.extend(habits::last_go(&place, &tokens));
    }
    (statements, faults)
}

/// Checks that the text is exactly one query (Q701, Q704). A trailing semicolon is allowed; the statement given back is without it.
pub fn query(scalar: &Scalar, span: &Span, dialect: Dialect) -> (Option<Statement>, Vec<Diagnostic>) {
    let place = Place { scalar, span };
    let tokens = lex::tokens(&scalar.text, dialect);
    let split = split::split(&scalar.text, &tokens, dialect);
    let (only, rest) = match split.split_first() {
        Some((first, rest)) => (*first, rest),
        None => {
            let fault = Diagnostic::error("Q704", span.clone(), "there is no query in this text").help("write one SELECT statement");
            return (None, vec![fault]);
        }
    };
    if let Some(second) = rest.first() {
        let fault = Diagnostic::error("Q704", place.of_tokens(second), format!("{} statements where one query is expected", split.len()))
            .label("the second statement")
            .help("keep one SELECT statement here, and run the others in an `execute` op before it");
        return (None, vec![fault]);
    }
    let (tree, mut faults) = form(&place, only, dialect);
    if !faults.iter().any(|f| f.severity == Severity::Error) {
        faults.extend(check::is_query(&place, only));
        faults.extend(habits::go_in_text(&place, &tokens));
        faults.extend(habits::trailing_semicolon(&place, &tokens));
    }
    (stretch(only, tree), faults)
}

/// The tree of a statement and the faults of its form. Where another engine's SQL is why it cannot be read, that says more than where reading stopped.
fn form(place: &Place<'_>, tokens: &[Token], dialect: Dialect) -> (Option<Box<Tree>>, Vec<Diagnostic>) {
    if let Some(fault) = loop_comma(place, tokens) {
        return (None, vec![fault]);
    }
    let tree = check::tree(place, "", tokens, dialect);
    let faults = faults(place, tokens, dialect, tree.is_some());
    (tree, faults)
}

fn faults(place: &Place<'_>, tokens: &[Token], dialect: Dialect, is_read: bool) -> Vec<Diagnostic> {
    let mut foreign = engine::check(place, tokens, dialect);
    foreign.extend(placeholders::check(place, tokens, dialect));
    match check::syntax(place, tokens, dialect, is_read) {
        Some(fault) => {
            let start = |f: &Diagnostic| f.span.as_ref().map_or(0, |s| s.start);
            let explained = foreign.iter().any(|f| start(f) <= start(&fault));
            if explained {
                return foreign.into_iter().map(|f| Diagnostic { severity: Severity::Error, ..f }).collect();
            }
            foreign.into_iter().chain([fault]).collect()
        }
        None => foreign,
    }
}

/// `{% for … %} x, {% endfor %} FROM`: each round writes the comma, the last one, too.
fn loop_comma(place: &Place<'_>, tokens: &[Token]) -> Option<Diagnostic> {
    use lex::Kind;
    let at = (1..tokens.len()).find(|i| {
        let tag = place.word(&tokens[*i]);
        let ends = tokens[*i].kind == Kind::Tag && tag.trim_matches(['{', '%', '}', '-', '+', ' ', '\n']) == "endfor";
        let behind = tokens.get(*i + 1).map(|t| place.word(t).to_ascii_uppercase());
        let closes = behind.is_none_or(|w| matches!(w.as_str(), "FROM" | "WHERE" | "GROUP" | "ORDER" | ")" | ";"));
        ends && place.word(&tokens[*i - 1]) == "," && closes
    })?;
    let fault = Diagnostic::error("Q701", place.of_token(&tokens[at - 1]), "the last round writes this comma, too, and nothing follows it");
    Some(fault.help("write `{% if not loop.last %},{% endif %}`, or `{{ … | join(', ') }}`"))
}

fn stretch(tokens: &[Token], tree: Option<Box<Tree>>) -> Option<Statement> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    Some(Statement { start: u32::try_from(first.start).ok()?, end: u32::try_from(last.end).ok()?, tree })
}

/// The scalar that is looked at, to say where in the file a token is.
struct Place<'a> {
    scalar: &'a Scalar,
    span: &'a Span,
}

impl Place<'_> {
    fn text(&self, start: usize, end: usize) -> &str {
        self.scalar.text.get(start..end).unwrap_or("")
    }

    fn word(&self, token: &Token) -> &str {
        self.text(token.start, token.end)
    }

    fn span_of(&self, start: usize, end: usize) -> Span {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.scalar.span_of(self.span, clamp(start), clamp(end))
    }

    fn of_token(&self, token: &Token) -> Span {
        self.span_of(token.start, token.end)
    }

    /// The first line of a statement.
    fn of_tokens(&self, tokens: &[Token]) -> Span {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return self.span.clone() };
        let line = self.text(first.start, last.end).lines().next().map_or(0, str::len);
        self.span_of(first.start, first.start + line)
    }
}
