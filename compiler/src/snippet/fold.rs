//! Small rules about native trees that Jinja and Python share.

use sequor_plan_format::expr::{Compare, Comprehension, Function, Method, ResponsePart, Unary};

use super::expression::{Expression, Kind};
use crate::diagnostic::Span;

impl Expression {
    /// A literal: text, number, truth value or null.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self.kind, Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) | Kind::Number(_) | Kind::Text(_))
    }

    /// Cheap and without effect, so that it may stand in a tree twice.
    pub(super) fn is_simple(&self) -> bool {
        self.is_constant() || matches!(self.kind, Kind::Local(_) | Kind::Var(_) | Kind::Response(_))
    }

    /// Always text, whatever the data.
    pub(super) fn is_text(&self) -> bool {
        match &self.kind {
            Kind::Text(_) | Kind::Concat(_) | Kind::Format { .. } | Kind::Response(ResponsePart::Text | ResponsePart::Url) => true,
            Kind::Call { function: Function::Str | Function::Repr, .. } => true,
            Kind::Method { method, .. } => method.gives_text(),
            Kind::If { then, otherwise, .. } => then.is_text() && otherwise.is_text(),
            Kind::And(parts) | Kind::Or(parts) => parts.iter().all(Expression::is_text),
            Kind::Let { body, .. } => body.is_text(),
            _ => false,
        }
    }

    /// In Python a view, an iterator, a set or a special map, for which a native value is no full substitute: fit for iterating only.
    pub(super) fn is_lazy(&self) -> bool {
        match &self.kind {
            Kind::Method { method, .. } => matches!(method, Method::Items | Method::Keys | Method::Values),
            Kind::Call { function, .. } => {
                matches!(function, Function::Enumerate | Function::Range | Function::Reversed | Function::Zip)
            }
            Kind::Comprehension { kind, .. } => *kind == Comprehension::Set,
            Kind::Response(ResponsePart::Headers) => true,
            Kind::If { then, otherwise, .. } => then.is_lazy() || otherwise.is_lazy(),
            Kind::And(parts) | Kind::Or(parts) => parts.iter().any(Expression::is_lazy),
            _ => false,
        }
    }

    pub(super) fn is_set(&self) -> bool {
        matches!(self.kind, Kind::Comprehension { kind: Comprehension::Set, .. })
    }
}

/// The parts as one text. Nested concatenations are flattened and neighbouring literals joined.
pub(super) fn concat(parts: Vec<Expression>, span: Span) -> Expression {
    let mut flat: Vec<Expression> = Vec::new();
    for part in parts {
        let parts = match part.kind {
            Kind::Concat(parts) => parts,
            kind => vec![Expression::new(part.span, kind)],
        };
        for part in parts {
            match (&part.kind, flat.last_mut()) {
                (Kind::Text(text), _) if text.is_empty() => {}
                (Kind::Text(text), Some(Expression { kind: Kind::Text(last), span, .. })) => {
                    last.push_str(text);
                    span.end = part.span.end.max(span.end);
                }
                _ => flat.push(part),
            }
        }
    }
    let kind = match flat.len() {
        0 => Kind::Text(String::new()),
        1 if flat.iter().all(Expression::is_text) => flat.remove(0).kind,
        _ => Kind::Concat(flat),
    };
    Expression::new(span, kind)
}

/// `-operand`, where a literal keeps being one.
pub(super) fn negative(operand: Expression) -> Kind {
    match operand.kind {
        Kind::Int(i) if i != i64::MIN && i != 0 => Kind::Int(-i),
        Kind::Float(f) => Kind::Float(-f),
        kind => Kind::Unary { operator: Unary::Negative, operand: Box::new(Expression::new(operand.span, kind)) },
    }
}

pub(super) fn compare(operator: Compare, left: &Expression, right: &Expression) -> Kind {
    Kind::Compare { operator, left: Box::new(left.clone()), right: Box::new(right.clone()) }
}

/// The attribute of `response` of that name. `json` is a method only.
pub(super) fn response_part(name: &str) -> Option<ResponsePart> {
    match name {
        "status_code" => Some(ResponsePart::StatusCode),
        "headers" => Some(ResponsePart::Headers),
        "text" => Some(ResponsePart::Text),
        "url" => Some(ResponsePart::Url),
        "elapsed" => Some(ResponsePart::Elapsed),
        _ => None,
    }
}
