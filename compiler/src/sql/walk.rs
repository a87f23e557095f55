//! The parts of SQL expressions.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, OrderByExpr, Query, Subscript, WindowType,
};

/// A part of an expression.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Expr(&'a Expr),
    Query(&'a Query),
}

/// The expressions right inside an expression, as far as its form is known.
pub(crate) fn inner(expr: &Expr) -> impl Iterator<Item = &Expr> {
    parts(expr).unwrap_or_default().into_iter().filter_map(|part| if let Part::Expr(e) = part { Some(e) } else { None })
}

/// The parts of an expression. `None` for a form that is not known here, of which nothing should be said.
pub(super) fn parts(expr: &Expr) -> Option<Vec<Part<'_>>> {
    let one = |e| Some(exprs([e]));
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) | Expr::TypedString(_) | Expr::Prefixed { .. } => {
            Some(Vec::new())
        }
        Expr::IsFalse(e)
        | Expr::IsNotFalse(e)
        | Expr::IsTrue(e)
        | Expr::IsNotTrue(e)
        | Expr::IsNull(e)
        | Expr::IsNotNull(e)
        | Expr::IsUnknown(e)
        | Expr::IsNotUnknown(e)
        | Expr::UnaryOp { expr: e, .. }
        | Expr::Cast { expr: e, .. }
        | Expr::Extract { expr: e, .. }
        | Expr::Ceil { expr: e, .. }
        | Expr::Floor { expr: e, .. }
        | Expr::Collate { expr: e, .. }
        | Expr::Named { expr: e, .. }
        | Expr::Nested(e) => one(e),
        Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => Some(exprs([a.as_ref(), b])),
        Expr::BinaryOp { left, right, .. } | Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
            Some(exprs([left.as_ref(), right]))
        }
        Expr::InList { expr, list, .. } => Some(exprs(std::iter::once(expr.as_ref()).chain(list))),
        Expr::InSubquery { expr, subquery, .. } => Some(vec![Part::Expr(expr), Part::Query(subquery)]),
        Expr::InUnnest { expr, array_expr, .. } => Some(exprs([expr.as_ref(), array_expr])),
        Expr::Between { expr, low, high, .. } => Some(exprs([expr.as_ref(), low, high])),
        Expr::Like { expr, pattern, escape_char, .. }
        | Expr::ILike { expr, pattern, escape_char, .. }
        | Expr::SimilarTo { expr, pattern, escape_char, .. } => {
            Some(exprs([expr.as_ref(), pattern].into_iter().chain(escape_char.as_deref())))
        }
        Expr::RLike { expr, pattern, .. } => Some(exprs([expr.as_ref(), pattern])),
        Expr::AtTimeZone { timestamp, time_zone } => Some(exprs([timestamp.as_ref(), time_zone])),
        Expr::Position { expr, r#in } => Some(exprs([expr.as_ref(), r#in])),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            Some(exprs(std::iter::once(expr.as_ref()).chain(substring_from.as_deref()).chain(substring_for.as_deref())))
        }
        Expr::Trim { trim_what, expr, trim_characters, .. } => {
            Some(exprs(trim_what.as_deref().into_iter().chain([expr.as_ref()]).chain(trim_characters.iter().flatten())))
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            Some(exprs([expr.as_ref(), overlay_what, overlay_from].into_iter().chain(overlay_for.as_deref())))
        }
        Expr::Function(function) => Some(arguments(function)),
        Expr::Case { operand, conditions, else_result, .. } => Some(exprs(
            operand.as_deref().into_iter().chain(conditions.iter().flat_map(|w| [&w.condition, &w.result])).chain(else_result.as_deref()),
        )),
        Expr::Exists { subquery, .. } | Expr::Subquery(subquery) => Some(vec![Part::Query(subquery)]),
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => Some(exprs(sets.iter().flatten())),
        Expr::Tuple(list) => Some(exprs(list)),
        Expr::Array(array) => Some(exprs(&array.elem)),
        Expr::Interval(interval) => one(&interval.value),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let mut found = exprs([root.as_ref()]);
            for access in access_chain {
                if let sqlparser::ast::AccessExpr::Subscript(Subscript::Index { index }) = access {
                    found.push(Part::Expr(index));
                }
            }
            Some(found)
        }
        _ => None,
    }
}

/// Arguments and everything else in a function's call.
pub(super) fn arguments(function: &Function) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    match &function.args {
        FunctionArguments::None => {}
        FunctionArguments::Subquery(query) => found.push(Part::Query(query)),
        FunctionArguments::List(list) => {
            for argument in &list.args {
                let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) = argument;
                if let FunctionArgExpr::Expr(e) = arg {
                    found.push(Part::Expr(e));
                }
            }
            for clause in &list.clauses {
                if let FunctionArgumentClause::OrderBy(order) = clause {
                    found.extend(ordered(order));
                }
            }
        }
    }
    found.extend(ordered(&function.within_group));
    found.extend(function.filter.as_deref().map(Part::Expr));
    if let Some(WindowType::WindowSpec(window)) = &function.over {
        found.extend(exprs(&window.partition_by));
        found.extend(ordered(&window.order_by));
    }
    found
}

fn exprs<'a>(list: impl IntoIterator<Item = &'a Expr>) -> Vec<Part<'a>> {
    list.into_iter().map(Part::Expr).collect()
}

fn ordered(list: &[OrderByExpr]) -> Vec<Part<'_>> {
    list.iter().map(|o| Part::Expr(&o.expr)).collect()
}
