//! Q701 and Q704.
use super::lex::Token;
use super::{Dialect, Place};
use crate::diagnostic::Diagnostic;

pub(super) fn syntax(_place: &Place<'_>, _tokens: &[Token], _dialect: Dialect) -> Option<Diagnostic> {
    None
}

pub(super) fn is_query(_place: &Place<'_>, _tokens: &[Token]) -> Option<Diagnostic> {
    None
}
