//! Names inside expressions: a slot is bound by a `let` or comprehension around its use, and never bound twice at a time, so an evaluator
//! may keep slots in one flat array.

use super::{Invalid, MAX_SLOTS};
use crate::expr::Clause;
use crate::refs::{Ref, Refs};
use crate::{Expr, ExprId, Plan};

pub(super) fn check(plan: &Plan) -> Result<(), Invalid> {
    let mut inner = vec![false; plan.exprs.len()];
    for expr in &plan.exprs {
        for child in expr.child_exprs() {
            inner[child.index()] = true;
        }
    }
    let mut walk = Walk { plan, bound: vec![false; MAX_SLOTS as usize] };
    for (index, _) in (0u32..).zip(&inner).filter(|(_, inner)| !**inner) {
        walk.expr(ExprId(index))?;
    }
    Ok(())
}

struct Walk<'a> {
    plan: &'a Plan,
    bound: Vec<bool>,
}

impl Walk<'_> {
    /// Recursion is bounded by the depth of expressions.
    fn expr(&mut self, id: ExprId) -> Result<(), Invalid> {
        let expr = self.plan.expr(id);
        match expr {
            Expr::Local(slot) => match self.slot(id, *slot)? {
                true => Ok(()),
                false => Err(Invalid::UnboundSlot { expr: id.into(), slot: *slot }),
            },
            Expr::Let { slot, value, body } => {
                self.expr(*value)?;
                self.bind(id, *slot)?;
                self.expr(*body)?;
                self.release(&[*slot]);
                Ok(())
            }
            Expr::Comprehension { kind: _, key, element, clauses } => {
                for Clause { slots, iterable, conditions } in clauses {
                    self.expr(*iterable)?;
                    for slot in slots {
                        self.bind(id, *slot)?;
                    }
                    self.all(conditions)?;
                }
                for part in key.iter().chain([element]) {
                    self.expr(*part)?;
                }
                for clause in clauses {
                    self.release(&clause.slots);
                }
                Ok(())
            }
            Expr::Const(_)
            | Expr::Var(_)
            | Expr::IsVarDefined(_)
            | Expr::Env(_)
            | Expr::Response(_)
            | Expr::Concat(_)
            | Expr::Format { .. }
            | Expr::List(_)
            | Expr::Tuple(_)
            | Expr::Dict(_)
            | Expr::Index { .. }
            | Expr::Slice { .. }
            | Expr::Attribute { .. }
            | Expr::Method { .. }
            | Expr::Call { .. }
            | Expr::Unary { .. }
            | Expr::Binary { .. }
            | Expr::Compare { .. }
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::If { .. }
            | Expr::QueryValue { .. }
            | Expr::Query { .. }
            | Expr::Jinja { .. }
            | Expr::Python { .. } => self.all(&expr.child_exprs()),
        }
    }

    fn all(&mut self, exprs: &[ExprId]) -> Result<(), Invalid> {
        exprs.iter().try_for_each(|&id| self.expr(id))
    }

    /// Whether the slot is bound here.
    fn slot(&self, id: ExprId, slot: u32) -> Result<bool, Invalid> {
        self.bound.get(slot as usize).copied().ok_or(Invalid::SlotNumber { expr: Ref::Expr(id), slot })
    }

    fn bind(&mut self, id: ExprId, slot: u32) -> Result<(), Invalid> {
        if self.slot(id, slot)? {
            return Err(Invalid::ReboundSlot { expr: id.into(), slot });
        }
        self.bound[slot as usize] = true;
        Ok(())
    }

    fn release(&mut self, slots: &[u32]) {
        for slot in slots {
            self.bound[*slot as usize] = false;
        }
    }
}
