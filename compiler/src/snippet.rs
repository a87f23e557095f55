//! Snippets: the Jinja, Python and SQL inside YAML values.
//!
//! Each parser takes a scalar's text with its place in the file, reports faults at their exact file position, and gives an [`Expression`]: a tree
//! of the native subset where the text stays within it, else checked source text with the names it uses. Lowering an [`Expression`] into
//! a plan's arena is `lower`'s part of this module and needs no faults of its own.

pub mod expression;
mod fold;
mod lower;
mod methods;
mod place;
pub mod python;
mod stack;
pub mod template;
mod walk;

use sequor_plan_format::SourceId;

use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::Scalar;
use expression::{Expression, Kind};
use place::Origin;

pub use lower::{lower, span};
pub(crate) use walk::behind;

/// Where a snippet stands, which decides what it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// `response` exists here.
    pub response: bool,
    /// The result is a parser's: a map with `tables`, `variables`, `while`.
    pub parser: bool,
}

/// Finds the ids of names that snippets use.
pub trait Names {
    /// The source of that name, or the default database source where the snippet names none.
    fn source(&self, name: Option<&str>) -> Option<SourceId>;
}

/// A text that may hold Jinja: `{{ … }}`, `{% … %}`.
pub fn text(scalar: &Scalar, span: &Span, place: Place) -> (Expression, Vec<Diagnostic>) {
    let origin = Origin { scalar, whole: span };
    if !template::is_template(&scalar.text) {
        let faults = template::null_text(origin).into_iter().chain(template::half_template(origin)).chain(code_as_text(origin)).collect();
        return (Expression::new(span.clone(), Kind::Text(scalar.text.clone())), faults);
    }
    let (expression, mut faults) = template::parse(origin, place);
    faults.extend(template::sum_as_text(origin).filter(|_| faults.is_empty()));
    (expression, faults)
}

/// Python where a text is meant: nothing would evaluate it.
fn code_as_text(origin: Origin<'_>) -> Option<Diagnostic> {
    const STARTS: &[&str] =
        &["var(", "context.var(", "query_value(", "context.query_value(", "query(", "response.json()", "response.headers"];
    let text = origin.text();
    let code = text.trim();
    if let Some(name) = code.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    {
        let fault = Diagnostic::warning("J501", origin.whole.clone(), format!("`${{{name}}}` stays text: only templates are filled in"));
        return Some(
            fault.help(format!("write `{{{{ env('{name}') }}}}`, or give the value in an environment and write `{{{{ var('…') }}}}`")),
        );
    }
    // `'/projects/' + str(var('id'))`
    let sum = code.starts_with(['\'', '"']) && code.contains("var(") && code.contains('+');
    if !(sum || STARTS.iter().any(|start| code.starts_with(start))) || !python::is_expression(code) {
        return None;
    }
    let start = text.find(code).unwrap_or_default();
    let fault =
        Diagnostic::warning("J501", origin.span(start, start + code.len()), "this stays text: it is code, and nothing computes it here");
    Some(fault.help("put `_expression` behind the key for Python, or two braces on each side for a template: `{{ … }}`"))
}

/// The Python of a `…_expression` key.
pub fn python(scalar: &Scalar, span: &Span, place: Place) -> (Expression, Vec<Diagnostic>) {
    python::parse(Origin { scalar, whole: span }, place)
}
