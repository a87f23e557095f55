//! A statement's syntax tree with the way back from it to the file: what the rules about tables and columns read.
//!
//! Templates are replaced by names of equal length before parsing. A name that holds a template is computed: nothing is known of it.

use std::ops::Range;

use sqlparser::ast;
use sqlparser::tokenizer::Location;

use super::lex::{self, Kind, Token};
use super::{Dialect, Place, check};
use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::{Scalar, ScalarValue, Style, TextMap};

/// One statement.
#[derive(Debug)]
pub struct Outline {
    pub dialect: Dialect,
    /// `None` where the statement is not understood, which is no fault.
    pub statement: Option<Box<ast::Statement>>,
    /// As written, with its templates.
    pub text: String,
    /// The key's value, or the string in a snippet.
    whole: Span,
    /// `None` where the way from the text to the file is not known: every place is then the whole.
    scalar: Option<Scalar>,
    line_starts: Vec<usize>,
    /// Templates outside of quotes.
    templates: Vec<Range<usize>>,
    /// `{% … %}` is in the text.
    tags: bool,
}

impl Outline {
    /// The outline of one statement, given as a scalar of its own: its stretch of the text.
    #[must_use]
    pub fn of(scalar: Scalar, statement: super::Statement, whole: &Span, dialect: Dialect) -> Self {
        let tokens = lex::tokens(&scalar.text, dialect);
        Self::new(scalar.text.clone(), &tokens, statement.tree, Some(scalar), whole, dialect)
    }

    /// The outline of a query in a string of a snippet. The string's place is exact where its text stands in the file as it is.
    #[must_use]
    pub fn of_string(text: &str, string: &Span, dialect: Dialect) -> Self {
        let text = without_end(text);
        let tokens = lex::tokens(text, dialect);
        let tree = tree(text, &tokens, string, dialect);
        Self::new(text.to_owned(), &tokens, tree, found_again(text, string), string, dialect)
    }

    /// Whether it is the outline of this text.
    #[must_use]
    pub fn is_of(&self, text: &str) -> bool {
        self.text == without_end(text)
    }

    /// The outline of text that cannot be cut into statements.
    #[must_use]
    pub fn unread(scalar: Scalar, whole: &Span, dialect: Dialect) -> Self {
        let tokens = lex::tokens(&scalar.text, dialect);
        Self::new(scalar.text.clone(), &tokens, None, Some(scalar), whole, dialect)
    }

    fn new(
        text: String,
        tokens: &[Token],
        statement: Option<Box<ast::Statement>>,
        scalar: Option<Scalar>,
        whole: &Span,
        dialect: Dialect,
    ) -> Self {
        let tags = tokens.iter().any(|t| t.kind == Kind::Tag);
        let templates: Vec<Range<usize>> = tokens.iter().filter(|t| t.kind == Kind::Template).map(|t| t.start..t.end).collect();
        let line_starts = std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1)).collect();
        Self { dialect, statement, text, whole: whole.clone(), scalar, line_starts, templates, tags }
    }

    /// What is wrong with the statement's form.
    #[must_use]
    pub fn fault(&self) -> Option<Diagnostic> {
        let tokens = lex::tokens(&self.text, self.dialect);
        match &self.scalar {
            Some(scalar) => check::syntax(&Place { scalar, span: &self.whole }, &tokens, self.dialect, self.statement.is_some()),
            None => {
                let scalar = plain(&self.text, 0);
                let fault = check::syntax(&Place { scalar: &scalar, span: &self.whole }, &tokens, self.dialect, self.statement.is_some())?;
                Some(Diagnostic { span: Some(self.whole.clone()), labels: Vec::new(), ..fault })
            }
        }
    }

    /// Where in the file a stretch of the tree stands.
    #[must_use]
    pub fn span(&self, span: sqlparser::tokenizer::Span) -> Span {
        let (start, end) = (self.offset(span.start), self.offset(span.end));
        match &self.scalar {
            Some(scalar) if span.start.line > 0 => {
                let to_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
                scalar.span_of(&self.whole, to_u32(start), to_u32(end))
            }
            _ => self.whole.clone(),
        }
    }

    /// Tells this outline from all others: the file, and where in it the statement stands.
    #[must_use]
    pub fn place(&self) -> (usize, u32, u32) {
        let span = self.span_of(0, self.text.len());
        (std::sync::Arc::as_ptr(&span.file) as usize, span.start, span.end)
    }

    /// Where a stretch of the text stands in the file.
    #[must_use]
    pub fn span_of(&self, start: usize, end: usize) -> Span {
        let to_u32 = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.scalar.as_ref().map_or_else(|| self.whole.clone(), |s| s.span_of(&self.whole, to_u32(start), to_u32(end)))
    }

    /// Whether a template is part of the name.
    #[must_use]
    pub fn is_computed(&self, name: &ast::Ident) -> bool {
        // In quotes a template has become text of the name.
        if name.quote_style.is_some() && self.raw(name).contains('{') {
            return true;
        }
        if self.templates.is_empty() || name.span.start.line == 0 {
            return false;
        }
        let (start, end) = (self.offset(name.span.start), self.offset(name.span.end));
        self.templates.iter().any(|t| t.start < end && start < t.end)
    }

    /// Whether a template is part of a stretch of the tree, in quotes or not.
    #[must_use]
    pub fn is_templated(&self, span: sqlparser::tokenizer::Span) -> bool {
        if span.start.line == 0 {
            return self.has_templates();
        }
        let (start, end) = (self.offset(span.start), self.offset(span.end));
        self.templates.iter().any(|t| t.start < end && start < t.end)
            || self.text.get(start..end).is_none_or(|text| ["{{", "{%", "{#"].iter().any(|open| text.contains(open)))
    }

    /// Whether anything but names and texts is computed.
    #[must_use]
    pub fn has_templates(&self) -> bool {
        self.tags || !self.templates.is_empty()
    }

    /// A stretch of the tree as it is written, with its templates.
    #[must_use]
    pub fn written(&self, span: sqlparser::tokenizer::Span) -> &str {
        self.text.get(self.offset(span.start)..self.offset(span.end)).unwrap_or("")
    }

    fn raw(&self, name: &ast::Ident) -> &str {
        self.text.get(self.offset(name.span.start)..self.offset(name.span.end)).unwrap_or("")
    }

    fn offset(&self, location: Location) -> usize {
        let line = usize::try_from(location.line.saturating_sub(1)).unwrap_or(0);
        let Some(start) = self.line_starts.get(line).copied() else { return self.text.len() };
        let column = usize::try_from(location.column.saturating_sub(1)).unwrap_or(0);
        let rest = self.text.get(start..).unwrap_or("");
        start + rest.char_indices().nth(column).map_or(rest.len(), |(i, _)| i)
    }
}

fn without_end(text: &str) -> &str {
    text.trim_end_matches(';')
}

fn tree(text: &str, tokens: &[Token], whole: &Span, dialect: Dialect) -> Option<Box<ast::Statement>> {
    let scalar = plain(text, 0);
    let place = Place { scalar: &scalar, span: whole };
    let mut tokens = tokens;
    while let [rest @ .., Token { kind: Kind::Semicolon | Kind::Go, .. }] = tokens {
        tokens = rest;
    }
    check::tree(&place, text.get(..tokens.first()?.start)?, tokens, dialect)
}

fn plain(text: &str, start: u32) -> Scalar {
    Scalar { text: text.to_owned(), value: ScalarValue::Text, style: Style::Plain, map: TextMap { anchors: vec![(0, start)] } }
}

/// The way from a string's text to the file: each line of it, one after the other, as it is in the file.
fn found_again(text: &str, string: &Span) -> Option<Scalar> {
    let (start, end) = (string.start as usize, string.end as usize);
    let source = string.file.text.get(start..end)?;
    let mut scalar = plain(text, 0);
    scalar.map.anchors.clear();
    let (mut at, mut done) = (0, 0);
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        let found = at + source.get(at..)?.find(content)?;
        scalar.map.anchors.push((u32::try_from(done).ok()?, u32::try_from(start + found).ok()?));
        at = found + content.len();
        done += line.len();
    }
    Some(scalar)
}
