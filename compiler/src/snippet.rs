//! Snippets: the Jinja, Python and SQL inside YAML values.
//!
//! Each parser takes a scalar's text with its place in the file, reports faults at their exact file position, and gives an [`Expression`]: a tree
//! of the native subset where the text stays within it, else checked source text with the names it uses. Lowering an [`Expression`] into
//! a plan's arena is `lower`'s part of this module and needs no faults of its own.

pub mod expression;

use sequor_plan_format::{ExprId, PlanBuilder, SourceId};

use crate::diagnostic::{Diagnostic, Span};
use crate::yaml::Scalar;
use expression::Expression;

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

/// Adds an expression to a plan. Names it uses have been resolved before.
pub fn lower(expression: &Expression, builder: &mut PlanBuilder, names: &dyn Names) -> ExprId {
    let _ = (expression, names);
    builder.constant(sequor_plan_format::Value::Null)
}

/// A text that may hold Jinja: `{{ … }}`, `{% … %}`.
pub fn text(scalar: &Scalar, span: &Span, place: Place) -> (Expression, Vec<Diagnostic>) {
    let _ = (scalar, place);
    (Expression { span: span.clone(), kind: expression::Kind::Null }, Vec::new())
}

/// The Python of a `…_expression` key.
pub fn python(scalar: &Scalar, span: &Span, place: Place) -> (Expression, Vec<Diagnostic>) {
    let _ = (scalar, place);
    (Expression { span: span.clone(), kind: expression::Kind::Null }, Vec::new())
}
