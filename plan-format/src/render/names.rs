//! Operators, functions and methods as Python spells them.

use crate::expr::{Binary, Compare, ResponsePart, Unary};

pub(super) fn response_part(part: ResponsePart) -> &'static str {
    match part {
        ResponsePart::StatusCode => "status_code",
        ResponsePart::Headers => "headers",
        ResponsePart::Text => "text",
        ResponsePart::Json => "json()",
        ResponsePart::Url => "url",
        ResponsePart::Elapsed => "elapsed",
    }
}

pub(super) fn unary(operator: Unary) -> &'static str {
    match operator {
        Unary::Not => "not ",
        Unary::Negative => "-",
        Unary::Positive => "+",
        Unary::Invert => "~",
    }
}

pub(super) fn binary(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::FloorDivide => "//",
        Binary::Modulo => "%",
        Binary::Power => "**",
        Binary::BitAnd => "&",
        Binary::BitOr => "|",
        Binary::BitXor => "^",
        Binary::ShiftLeft => "<<",
        Binary::ShiftRight => ">>",
    }
}

pub(super) fn compare(operator: Compare) -> &'static str {
    match operator {
        Compare::Equal => "==",
        Compare::NotEqual => "!=",
        Compare::Less => "<",
        Compare::LessEqual => "<=",
        Compare::Greater => ">",
        Compare::GreaterEqual => ">=",
        Compare::In => "in",
        Compare::NotIn => "not in",
        Compare::Is => "is",
        Compare::IsNot => "is not",
    }
}
