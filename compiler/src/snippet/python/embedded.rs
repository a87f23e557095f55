//! Jinja inside Python: `"Bearer {{ var('token') }}"`.
//!
//! Each string literal that holds a template becomes a name bound to the rendered text, so that a value never becomes source. Templates anywhere
//! else are faults, for there they would have to be source.

use std::collections::BTreeMap;

use ruff_text_size::{Ranged, TextRange};
use rustpython_compiler::ast::visitor::{self, Visitor};
use rustpython_compiler::ast::{Expr, ExprFString, FStringPart, InterpolatedStringElement, Pattern, StringLiteralValue};
use sequor_plan_format::expr::Function;

use super::super::Place;
use super::super::expression::{Expression, Kind};
use super::super::place::{Origin, offset};
use super::super::template;
use super::Source;
use super::parse::Syntax;
use super::scan::{self, Piece};
use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::{Scalar, TextMap};

/// Stands for a byte of a template while Python is parsed. Valid in a string literal, and nowhere else.
pub(super) const BLANK: char = '\u{1}';

/// The literals that are templates, by the offset of their first byte in the parsed text.
#[derive(Default)]
pub(super) struct Embedded {
    literals: BTreeMap<usize, Literal>,
}

struct Literal {
    end: usize,
    value: Expression,
}

impl Embedded {
    /// The text that a literal stands for.
    pub(super) fn value(&self, range: TextRange) -> Option<&Expression> {
        self.literals.get(&start(range)).map(|l| &l.value)
    }

    /// The source with names in place of the literals, and the values of those names. Lines stay where they are.
    pub(super) fn into_source(self, text: &str) -> (String, Vec<(String, Expression)>) {
        let mut source = String::with_capacity(text.len());
        let mut inputs = Vec::new();
        let mut at = 0;
        for (start, literal) in self.literals {
            let name = format!("__sequor_{}", inputs.len());
            let breaks = text[start..literal.end].matches('\n').count();
            source.push_str(&text[at..start]);
            source.push_str(&format!("({name}{})", "\n".repeat(breaks)));
            inputs.push((name, literal.value));
            at = literal.end;
        }
        source.push_str(&text[at..]);
        (source, inputs)
    }
}

/// Blanks out the templates of a text that is no valid Python with them. Gives also the places of those that stand outside of strings.
pub(super) fn mask(text: &str) -> (String, Vec<(usize, usize)>) {
    let templates = templates(text);
    let mut blanked = text.to_owned();
    let mut named = text.to_owned();
    for (start, end) in &templates {
        blanked.replace_range(*start..*end, &BLANK.to_string().repeat(end - start));
        named.replace_range(*start..*end, &"_".repeat(end - start));
    }
    let strings: Vec<(usize, usize)> =
        scan::pieces(&named, true).into_iter().filter(|p| p.0 != Piece::Code).map(|(_, start, end)| (start, end)).collect();
    let inside = |t: &(usize, usize)| strings.iter().any(|s| s.0 <= t.0 && t.1 <= s.1);
    let outside = templates.iter().filter(|t| !inside(t)).copied().collect();
    (blanked, outside)
}

pub(super) fn outside_string(span: Span) -> Diagnostic {
    Diagnostic::error("J505", span, "a template cannot stand in Python code")
        .help("in Python write `var('…')` without braces; templates are for strings and for keys without `_expression`")
}

/// The string literals of the snippet that hold templates.
pub(super) fn find(syntax: &Syntax, text: &str, source: Source<'_>, place: Place, faults: &mut Vec<Diagnostic>) -> Embedded {
    if !text.contains("{{") && !text.contains("{%") && !text.contains(BLANK) {
        return Embedded::default();
    }
    let mut finder = Finder { text, source, place, faults, embedded: Embedded::default() };
    match syntax {
        Syntax::Expression(expr) | Syntax::Bracketed(expr) => finder.visit_expr(expr),
        Syntax::Statements(statements) => finder.visit_body(statements),
    }
    finder.embedded
}

struct Finder<'a> {
    text: &'a str,
    source: Source<'a>,
    place: Place,
    faults: &'a mut Vec<Diagnostic>,
    embedded: Embedded,
}

impl Finder<'_> {
    fn string(&mut self, literal: &StringLiteralValue, range: TextRange) {
        let parsed = literal.to_str();
        let blanked = parsed.contains(BLANK);
        if !blanked && !parsed.contains("{{") && !parsed.contains("{%") {
            return;
        }
        let (start, end) = (start(range), end(range));
        let shift = self.source.shift as usize;
        let original = self.source.origin.text().get(start - shift..end - shift).unwrap_or_default();
        let value = if blanked { restore(parsed, original) } else { parsed.to_owned() };
        if !templates(&value).iter().any(|(start, end)| names_the_run(&value[*start..*end])) {
            self.warn_of_text(&value, range);
            return;
        }
        // One line break at the end belongs to the string: Jinja drops only the one after it.
        let mut template = value;
        match template.as_bytes().last() {
            Some(b'\n') => template.push('\n'),
            Some(b'\r') => template.push_str("\r\n"),
            _ => {}
        }
        let map = self.map(&template, original, start - shift);
        let scalar = Scalar { text: template, value: crate::yaml::ScalarValue::Text, style: crate::yaml::Style::Plain, map };
        let whole = self.source.span(range);
        let (value, faults) = template::parse(Origin { scalar: &scalar, whole: &whole }, self.place);
        self.faults.extend(faults);
        self.embedded.literals.insert(start, Literal { end, value: as_text(value) });
    }

    /// Where the template's bytes stand in the file: exact at each line and at each template, and between them where there are no escapes.
    fn map(&self, template: &str, original: &str, start: usize) -> TextMap {
        let origin = self.source.origin;
        let place = |at: usize| origin.scalar.map.file_offset(offset(start + at));
        let exact = ["\"\"\"", "'''", "\"", "'"].iter().find_map(|quote| {
            let content = original.strip_prefix(quote)?.strip_suffix(quote)?;
            (template.strip_suffix('\n').unwrap_or(template) == content || template == content).then_some(quote.len())
        });
        // Where both texts are the same from `at` in the template and from `from` in the literal on, up to `length` bytes.
        let alike = |at: usize, from: usize, length: usize| {
            let inside = offset(start + from) + 1..offset(start + from + length);
            let anchors = origin.scalar.map.anchors.iter().filter(move |(t, _)| inside.contains(t));
            std::iter::once((offset(at), place(from))).chain(anchors.map(move |(t, f)| (t - offset(start + from) + offset(at), *f)))
        };
        if let Some(skip) = exact {
            return TextMap { anchors: alike(0, skip, original.len() - 2 * skip + 1).collect() };
        }
        let mut anchors = vec![(0, place(0))];
        for (t, o) in templates(template).into_iter().zip(templates(original)).filter(|(t, _)| t.0 > 0) {
            let same = template.get(t.0..t.1) == original.get(o.0..o.1);
            anchors.extend(alike(t.0, o.0, if same { o.1 - o.0 } else { 1 }));
        }
        TextMap { anchors }
    }

    /// Braces that stay text, although they look like a template.
    fn warn_of_text(&mut self, value: &str, range: TextRange) {
        let looks_like = |t: &str| {
            let inner = t.trim_matches(|c| matches!(c, '{' | '}' | '-' | '+')).trim();
            !inner.is_empty() && inner.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        };
        if let Some((start, end)) = templates(value).into_iter().find(|(s, e)| looks_like(&value[*s..*e])) {
            let message = format!("`{}` in this string stays as it is: it names nothing of the run", &value[start..end]);
            self.faults.push(
                Diagnostic::warning("J505", self.source.span(range), message)
                    .help("for a variable write `{{ var('…') }}`, or use an f-string"),
            );
        }
    }

    fn f_string(&mut self, f: &ExprFString) {
        for part in &f.value {
            let ranges: Vec<TextRange> = match part {
                FStringPart::Literal(literal) => vec![literal.range],
                FStringPart::FString(f) => f
                    .elements
                    .iter()
                    .filter_map(|e| match e {
                        InterpolatedStringElement::Literal(literal) => Some(literal.range),
                        InterpolatedStringElement::Interpolation(_) => None,
                    })
                    .collect(),
            };
            for range in ranges {
                let text = self.text.get(start(range)..end(range)).unwrap_or_default();
                let template = templates(text).iter().any(|(start, end)| names_the_run(&text[*start..*end]));
                if template || text.contains(BLANK) {
                    self.faults.push(
                        Diagnostic::error("J505", self.source.span(range), "a template cannot stand in an f-string")
                            .help("in an f-string write `{var('…')}` with one pair of braces"),
                    );
                }
            }
        }
    }
}

impl<'a> Visitor<'a> for Finder<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::StringLiteral(s) => self.string(&s.value, s.range),
            Expr::FString(f) => {
                self.f_string(f);
                visitor::walk_expr(self, expr);
            }
            // `{{ … }}` is a set in a set, which never works.
            Expr::Set(set) => match set.elts.as_slice() {
                [inner @ (Expr::Set(_) | Expr::Dict(_) | Expr::SetComp(_) | Expr::DictComp(_))]
                    if start(inner.range()) == start(set.range) + 1 =>
                {
                    self.faults.push(outside_string(self.source.span(set.range)));
                }
                _ => visitor::walk_expr(self, expr),
            },
            _ => visitor::walk_expr(self, expr),
        }
    }

    /// A `case` compares with what is written there, so a name would mean something else.
    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        if let Pattern::MatchValue(value) = pattern
            && let Expr::StringLiteral(s) = value.value.as_ref()
        {
            let text = self.text.get(start(s.range)..end(s.range)).unwrap_or_default();
            if text.contains(BLANK) || templates(text).iter().any(|(start, end)| names_the_run(&text[*start..*end])) {
                self.faults.push(outside_string(self.source.span(s.range)));
            }
            return;
        }
        visitor::walk_pattern(self, pattern);
    }
}

/// The value as the text that a template prints.
fn as_text(value: Expression) -> Expression {
    let span = value.span.clone();
    let kind = match value.kind {
        Kind::Jinja { code, .. } => Kind::Jinja { code, typed: false },
        kind => {
            let value = Expression::new(span.clone(), kind);
            if value.is_text() {
                return value;
            }
            // A missing attribute prints as nothing in a concatenation only.
            if matches!(value.kind, Kind::Attribute { .. }) {
                Kind::Concat(vec![value])
            } else {
                Kind::Call { function: Function::Str, arguments: vec![value] }
            }
        }
    };
    Expression::new(span, kind)
}

/// The place of a template that is the whole text.
pub(super) fn only_template(text: &str) -> Option<(usize, usize)> {
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    let whole = trimmed.starts_with("{{") && templates(trimmed) == [(0, trimmed.len())] && names_the_run(trimmed);
    whole.then_some((start, start + trimmed.len()))
}

/// The templates of a text, in order, each from its first brace to behind its last.
fn templates(text: &str) -> Vec<(usize, usize)> {
    let mut templates = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('{').map(|i| at + i) {
        let close = match text.as_bytes().get(start + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some(length) = text[start + 2..].find(close) else { break };
        at = start + 2 + length + 2;
        templates.push((start, at));
    }
    templates
}

/// Whether a template uses something of the run, or controls what is printed; other braces are text of the flow's author.
fn names_the_run(template: &str) -> bool {
    let inner = template.trim_start_matches('{').trim_start_matches('%');
    let mut words = inner.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
    if template.starts_with("{%") {
        return words.next().is_some_and(|w| matches!(w, "if" | "for" | "set" | "with" | "raw" | "else" | "elif" | "endif" | "endfor"));
    }
    words.any(|w| template::catalog::FUNCTIONS.contains(&w) || w == "response")
}

/// The value of a literal whose templates were blanked out.
fn restore(parsed: &str, original: &str) -> String {
    let mut originals = templates(original).into_iter();
    let mut value = String::with_capacity(parsed.len());
    let mut blanks = 0;
    for c in parsed.chars() {
        if c != BLANK {
            value.push(c);
            continue;
        }
        if blanks == 0 {
            let Some((start, end)) = originals.next() else { continue };
            value.push_str(&original[start..end]);
            blanks = end - start;
        }
        blanks -= 1;
    }
    value
}

fn start(range: TextRange) -> usize {
    u32::from(range.start()) as usize
}

fn end(range: TextRange) -> usize {
    u32::from(range.end()) as usize
}
