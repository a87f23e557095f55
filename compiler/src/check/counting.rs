//! Numbers that count: what one of them grows by where it is computed from itself.

use sequor_plan_format::expr::{Binary, Compare, Function, Unary};

use crate::snippet::expression::{Expression, Kind};

/// A number that is written.
pub(super) fn number(value: &Expression) -> Option<f64> {
    match &value.seen().kind {
        Kind::Int(number) => i32::try_from(*number).ok().map(f64::from),
        Kind::Float(number) => Some(*number),
        Kind::Text(text) => text.trim().parse::<i32>().ok().map(f64::from),
        Kind::Unary { operator: Unary::Negative, operand } => number(operand).map(|number| -number),
        Kind::Call { function: Function::Int | Function::Float, arguments } => match arguments.as_slice() {
            [only] => number(only),
            _ => None,
        },
        _ => None,
    }
}

/// The variable that the expression is, made a number or not.
pub(super) fn variable(value: &Expression) -> Option<&str> {
    match &value.seen().kind {
        Kind::Var(name) => Some(name),
        Kind::Call { function: Function::Int | Function::Float, arguments } => match arguments.as_slice() {
            [only] => variable(only),
            _ => None,
        },
        _ => None,
    }
}

/// What is added to the variable where it is computed from itself.
pub(super) fn added<'e>(value: &'e Expression, name: &str) -> Option<&'e Expression> {
    match &value.seen().kind {
        Kind::Binary { operator: Binary::Add, left, right } if variable(left) == Some(name) => Some(right),
        Kind::Binary { operator: Binary::Add, left, right } if variable(right) == Some(name) => Some(left),
        Kind::Call { function: Function::Int | Function::Float, arguments } => match arguments.as_slice() {
            [only] => added(only, name),
            _ => None,
        },
        _ => None,
    }
}

/// By how much the variable grows where it is computed from itself; less than nothing where it shrinks.
pub(super) fn growth(value: &Expression, name: &str) -> Option<f64> {
    match &value.seen().kind {
        Kind::Binary { operator: Binary::Subtract, left, right } if variable(left) == Some(name) => number(right).map(|number| -number),
        _ => added(value, name).and_then(number),
    }
}

/// A comparison with the variable on its left, whichever side it is written on.
pub(super) fn compared(condition: &Expression) -> Option<(&str, Compare, &Expression)> {
    let Kind::Compare { operator, left, right } = &condition.seen().kind else { return None };
    if let Some(name) = variable(left) {
        return Some((name, *operator, right));
    }
    let turned = match operator {
        Compare::Less => Compare::Greater,
        Compare::LessEqual => Compare::GreaterEqual,
        Compare::Greater => Compare::Less,
        Compare::GreaterEqual => Compare::LessEqual,
        Compare::Equal | Compare::NotEqual => *operator,
        Compare::In | Compare::NotIn | Compare::Is | Compare::IsNot => return None,
    };
    Some((variable(right)?, turned, left))
}

/// How a comparison of numbers comes out.
pub(super) fn outcome(left: f64, operator: Compare, right: f64) -> Option<bool> {
    match operator {
        Compare::Less => Some(left < right),
        Compare::LessEqual => Some(left <= right),
        Compare::Greater => Some(left > right),
        Compare::GreaterEqual => Some(left >= right),
        Compare::Equal => Some((left - right).abs() < f64::EPSILON),
        Compare::NotEqual => Some((left - right).abs() >= f64::EPSILON),
        Compare::In | Compare::NotIn | Compare::Is | Compare::IsNot => None,
    }
}
