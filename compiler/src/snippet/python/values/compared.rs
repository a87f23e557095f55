//! P622: conditions whose answer is always the same.

use ruff_text_size::Ranged;
use rustpython_compiler::ast::{BoolOp, Expr};

use super::Look;

impl<'a> Look<'a> {
    /// Looks at what is asked whether it is true: `x == 'a' or 'b'`.
    pub(super) fn always(&mut self, test: &'a Expr) {
        let Expr::BoolOp(b) = test else { return };
        for value in &b.values {
            match value {
                Expr::StringLiteral(text) if b.op == BoolOp::Or && !text.value.to_str().is_empty() => {
                    let compared = b.values.iter().find_map(|v| match v {
                        Expr::Compare(c) => Some(self.source.text(c.left.range())),
                        _ => None,
                    });
                    let shown = self.source.text(value.range());
                    let help = match compared {
                        Some(left) => format!("write `{left} in (…, {shown})`, or `{left} == {shown}` here, too"),
                        None => "compare it with something".to_owned(),
                    };
                    self.warn("P622", value.range(), format!("{shown} by itself is always true, and so is the whole condition"), help);
                }
                Expr::BoolOp(_) => self.always(value),
                _ => {}
            }
        }
    }
}
