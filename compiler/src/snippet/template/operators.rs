//! Operators of templates, as expressions have them.

use minijinja::machinery::ast::BinOpKind;
use sequor_plan_format::expr::{Binary, Compare};

pub(super) enum Operator {
    And,
    Or,
    Concat,
    Compare(Compare),
    Binary(Binary),
}

impl From<&BinOpKind> for Operator {
    fn from(kind: &BinOpKind) -> Self {
        match kind {
            BinOpKind::ScAnd => Self::And,
            BinOpKind::ScOr => Self::Or,
            BinOpKind::Concat => Self::Concat,
            BinOpKind::Eq => Self::Compare(Compare::Equal),
            BinOpKind::Ne => Self::Compare(Compare::NotEqual),
            BinOpKind::Lt => Self::Compare(Compare::Less),
            BinOpKind::Lte => Self::Compare(Compare::LessEqual),
            BinOpKind::Gt => Self::Compare(Compare::Greater),
            BinOpKind::Gte => Self::Compare(Compare::GreaterEqual),
            BinOpKind::In => Self::Compare(Compare::In),
            BinOpKind::Add => Self::Binary(Binary::Add),
            BinOpKind::Sub => Self::Binary(Binary::Subtract),
            BinOpKind::Mul => Self::Binary(Binary::Multiply),
            BinOpKind::Div => Self::Binary(Binary::Divide),
            BinOpKind::FloorDiv => Self::Binary(Binary::FloorDivide),
            BinOpKind::Rem => Self::Binary(Binary::Modulo),
            BinOpKind::Pow => Self::Binary(Binary::Power),
        }
    }
}
