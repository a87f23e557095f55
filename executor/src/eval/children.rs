//! Which expressions an expression is made of.

use sequor_plan_format::expr::DictItem;
use sequor_plan_format::{Expr, ExprId};

/// Calls `visit` with every direct child.
pub(crate) fn each_child(expr: &Expr, visit: &mut dyn FnMut(ExprId)) {
    match expr {
        Expr::Const(_) | Expr::Var(_) | Expr::IsVarDefined(_) | Expr::Env(_) | Expr::Local(_) | Expr::Response(_) | Expr::Jinja { .. } => {}
        Expr::Concat(children) | Expr::List(children) | Expr::Tuple(children) | Expr::And(children) | Expr::Or(children) => {
            children.iter().copied().for_each(visit);
        }
        Expr::Call { arguments, .. } => arguments.iter().copied().for_each(visit),
        Expr::Dict(items) => {
            for item in items {
                match item {
                    DictItem::Pair(key, value) => {
                        visit(*key);
                        visit(*value);
                    }
                    DictItem::Spread(mapping) => visit(*mapping),
                }
            }
        }
        Expr::Index { base, key } => {
            visit(*base);
            visit(*key);
        }
        Expr::Slice { base, start, stop, step } => {
            visit(*base);
            [start, stop, step].into_iter().copied().flatten().for_each(visit);
        }
        Expr::Method { base, arguments, .. } => {
            visit(*base);
            arguments.iter().copied().for_each(visit);
        }
        Expr::Format { value: child, .. } | Expr::Attribute { base: child, .. } | Expr::Unary { operand: child, .. } => visit(*child),
        Expr::QueryValue { sql, .. } | Expr::Query { sql, .. } => visit(*sql),
        Expr::Binary { left, right, .. } | Expr::Compare { left, right, .. } => {
            visit(*left);
            visit(*right);
        }
        Expr::If { condition, then, otherwise } => {
            visit(*condition);
            visit(*then);
            visit(*otherwise);
        }
        Expr::Let { value, body, .. } => {
            visit(*value);
            visit(*body);
        }
        Expr::Comprehension { key, element, clauses, .. } => {
            key.iter().copied().for_each(&mut *visit);
            visit(*element);
            for clause in clauses {
                visit(clause.iterable);
                clause.conditions.iter().copied().for_each(&mut *visit);
            }
        }
        Expr::Python { inputs, .. } => inputs.iter().for_each(|input| visit(input.value)),
    }
}
