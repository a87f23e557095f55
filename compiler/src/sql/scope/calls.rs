//! Q720: functions that an engine does not have, and calls with too few or too many arguments. Q719: arguments of types that a function does not take.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, ObjectNamePart, Spanned,
    WindowType,
};

use super::super::Dialect;
use super::super::columns::{Class, class};
use super::super::functions::{self, Call};
use super::super::types::{self, Ty, called};
use super::counts::is_aggregate;
use super::mismatch::cast;
use super::typed::Typed;
use super::{Cte, Look, Scope};
use crate::diagnostic::Diagnostic;
use crate::tables::is_slip;

/// The arguments of a call.
struct Given<'e> {
    list: Vec<Typed<'e>>,
    /// `f(*)`
    star: bool,
    /// How many there are and of which parameter is known.
    sure: bool,
    distinct: bool,
}

impl Look<'_> {
    /// Looks at a call, and gives the type of its result.
    pub(super) fn call(&mut self, function: &Function, scope: &Scope<'_>, ctes: &[Cte]) -> Ty {
        self.misplaced(function, scope);
        self.doubtful_call(function);
        let around = self.inside;
        self.inside.aggregate |= function.over.is_none() && is_aggregate(function);
        let ty = self.given(function, scope, ctes);
        self.inside = around;
        ty
    }

    fn given(&mut self, function: &Function, scope: &Scope<'_>, ctes: &[Cte]) -> Ty {
        let mut given = Given { list: Vec::new(), star: false, sure: true, distinct: false };
        match &function.args {
            FunctionArguments::None => given.sure = false,
            FunctionArguments::Subquery(query) => {
                self.query(query, Some(scope), ctes);
                given.sure = false;
            }
            FunctionArguments::List(list) => {
                given.distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
                for argument in &list.args {
                    match argument {
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => given.list.push((e, self.expr(e, scope, ctes))),
                        FunctionArg::Unnamed(_) => given.star = true,
                        FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } => {
                            if let FunctionArgExpr::Expr(e) = arg {
                                self.expr(e, scope, ctes);
                            }
                            given.sure = false;
                        }
                    }
                }
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(order) => order.iter().for_each(|o| {
                            self.expr(&o.expr, scope, ctes);
                        }),
                        FunctionArgumentClause::IgnoreOrRespectNulls(_) => {}
                        _ => given.sure = false,
                    }
                }
            }
        }
        for order in &function.within_group {
            given.list.push((&order.expr, self.expr(&order.expr, scope, ctes)));
        }
        if let Some(filter) = &function.filter {
            self.condition(filter, "FILTER", scope, ctes);
        }
        if let Some(WindowType::WindowSpec(window)) = &function.over {
            for expr in window.partition_by.iter().chain(window.order_by.iter().map(|o| &o.expr)) {
                self.expr(expr, scope, ctes);
            }
        }
        self.checked(function, &given)
    }

    fn checked(&mut self, function: &Function, given: &Given<'_>) -> Ty {
        let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return Ty::Unknown };
        if self.outline.is_computed(name) || name.quote_style.is_some() {
            return Ty::Unknown;
        }
        let lower = name.value.to_ascii_lowercase();
        let dialect = self.outline.dialect;
        // Templates may stand for several arguments or none.
        let end = given.list.last().map_or(name.span, |(e, _)| e.span().union(&name.span));
        let sure = given.sure && !self.outline.is_templated(end) && !self.tables.may_define(&lower);
        if sure && self.unknown_function(name, &lower) {
            return Ty::Unknown;
        }
        let count = given.list.len();
        match (lower.as_str(), dialect) {
            ("coalesce" | "greatest" | "least" | "nullif", Dialect::Postgres) => {
                let two = lower == "nullif";
                if sure && (count == 0 || (two && count != 2)) {
                    self.wrong_count(name, count, if two { "2 arguments" } else { "at least 1 argument" });
                    return Ty::Unknown;
                }
                if let ([a, b], true) = (given.list.as_slice(), two) {
                    self.compared(a, b, true);
                    return match &a.1 {
                        Ty::Known(class) => Ty::Known(*class),
                        _ => Ty::Unknown,
                    };
                }
                return self.matched(&given.list, &lower);
            }
            ("count", _) => {
                if sure && count > 1 {
                    let fault = Diagnostic::error("Q720", self.outline.span(name.span), "`count` takes one argument");
                    let columns: Vec<String> = given.list.iter().map(|(e, _)| e.to_string()).collect();
                    let columns = columns.join(", ");
                    self.faults.push(fault.help(match (dialect, given.distinct) {
                        (Dialect::Postgres, true) => format!("put several columns into one row: `count(DISTINCT ({columns}))`"),
                        _ => format!("count the rows of a subquery: `SELECT count(*) FROM (SELECT DISTINCT {columns} FROM …) AS t`"),
                    }));
                } else if sure && count == 0 && !given.star && dialect == Dialect::Postgres {
                    let fault = Diagnostic::error("Q720", self.outline.span(name.span), "`count` without an argument");
                    self.faults.push(fault.help("write `count(*)`"));
                }
                return Ty::Known(Class::Integer);
            }
            _ if given.star => return Ty::Unknown,
            _ => {}
        }
        match dialect {
            Dialect::Sqlite => {
                if sure {
                    self.sqlite_call(name, &lower, count, given.distinct && function.over.is_none());
                }
                Ty::Unknown
            }
            Dialect::Postgres => self.postgres_call(name, &lower, given, sure),
        }
    }

    fn sqlite_call(&mut self, name: &sqlparser::ast::Ident, lower: &str, count: usize, distinct: bool) {
        let Some(counts) = functions::counts(lower, Dialect::Sqlite) else { return };
        let odd = matches!(lower, "json_set" | "json_insert" | "json_replace" | "jsonb_set" | "jsonb_insert" | "jsonb_replace");
        if !(counts.least..=counts.most).contains(&count) {
            self.wrong_count(name, count, &expected(&counts));
        } else if (odd && count.is_multiple_of(2) && count > 0)
            || (matches!(lower, "json_object" | "jsonb_object") && !count.is_multiple_of(2))
        {
            self.wrong_count(name, count, if odd { "an odd number of arguments" } else { "an even number of arguments" });
        } else if distinct && count > 1 && matches!(lower, "group_concat" | "string_agg" | "json_group_object") {
            let fault = Diagnostic::error("Q720", self.outline.span(name.span), format!("`{name}` with DISTINCT takes one argument"));
            self.faults.push(fault.help("leave out the separator, or take the distinct values in a subquery"));
        }
    }

    fn postgres_call(&mut self, name: &sqlparser::ast::Ident, lower: &str, given: &Given<'_>, sure: bool) -> Ty {
        if let ("date" | "time", true, [_, modifier, ..]) = (lower, sure, given.list.as_slice()) {
            let fault = Diagnostic::error(
                "Q720",
                self.outline.span(name.span),
                format!("`{name}` of PostgreSQL takes one value: {} is SQLite's", modifier.0),
            );
            self.faults.push(fault.help("write `current_date - interval '7 days'`"));
            return Ty::Unknown;
        }
        let Some(forms) = functions::forms(lower) else { return cast_call(lower, given.list.len()) };
        if !sure {
            return Ty::Unknown;
        }
        let types: Vec<Ty> = given.list.iter().map(|(_, ty)| ty.clone()).collect();
        match forms.call(&types) {
            Call::WrongCount => {
                if let Some(counts) = functions::counts(lower, Dialect::Postgres) {
                    self.wrong_count(name, given.list.len(), &expected(&counts));
                }
                Ty::Unknown
            }
            Call::WrongTypes(argument) => {
                self.wrong_types(name, lower, given, argument);
                Ty::Unknown
            }
            Call::Gives(result) => {
                for (i, (expr, ty)) in given.list.iter().enumerate() {
                    let wanted = forms.wanted(types.len(), i);
                    if let Ty::Literal(text) = ty
                        && !types::fits(text, wanted)
                    {
                        let at = self.outline.span(expr.span());
                        self.misfit_literal(at, text, wanted);
                    }
                }
                if result == Class::Unknown { Ty::Unknown } else { Ty::Known(result) }
            }
        }
    }

    fn wrong_types(&mut self, name: &sqlparser::ast::Ident, lower: &str, given: &Given<'_>, argument: Option<usize>) {
        let at = self.outline.span(name.span);
        let blamed = argument.and_then(|i| given.list.get(i));
        if let (Some((first, ty)), "round" | "trunc") = (given.list.first(), lower)
            && ty.class() == Class::Float
            && given.list.len() == 2
        {
            let message = format!("`{name}` with a number of digits takes no floating-point number");
            self.mismatch(at, message, Some(format!("write `{name}({}, …)`", cast(first, "numeric"))));
            return;
        }
        match blamed {
            Some((expr, ty)) => {
                let at = self.outline.span(expr.span());
                let help = match (lower, ty.class()) {
                    ("sum" | "avg" | "round" | "abs" | "ceil" | "floor" | "stddev" | "variance", Class::Text) => {
                        format!("write `{}` if it holds a number", cast(expr, "numeric"))
                    }
                    ("date_trunc" | "date_part" | "to_char" | "age", Class::Text) => {
                        format!("write `{}` if it holds a date", cast(expr, "timestamp"))
                    }
                    ("sum", Class::Boolean) => format!("write `count(*) FILTER (WHERE {expr})`"),
                    (_, Class::Text) => "cast the argument".to_owned(),
                    _ => format!("write `{}` if its text is meant", cast(expr, "text")),
                };
                self.mismatch(at, format!("`{name}` does not take {} here: `{expr}`", called(ty.class())), Some(help));
            }
            None => {
                let kinds: Vec<&str> = given.list.iter().map(|(_, ty)| called(ty.class())).collect();
                self.mismatch(at, format!("`{name}` does not take {}", kinds.join(" and ")), Some("cast the arguments".to_owned()));
            }
        }
    }

    /// `substr` and `trim`, which have forms of their own.
    pub(super) fn text_function(&mut self, expr: &Expr, scope: &Scope<'_>, ctes: &[Cte]) {
        let (inner, name) = match expr {
            Expr::Substring { expr: inner, substring_from, substring_for, .. } => {
                if substring_from.is_none() && substring_for.is_none() && !self.outline.is_templated(inner.span()) {
                    let fault =
                        Diagnostic::error("Q720", self.outline.span(inner.span()), "`substr` takes 2 or 3 arguments, and 1 is given");
                    self.faults.push(fault.help("say where the part begins: `substr(x, 1, 3)`"));
                }
                if let Some(start) = substring_from {
                    self.zero_start(start);
                }
                (inner, "substr")
            }
            Expr::Trim { expr: inner, .. } => (inner, "trim"),
            _ => return,
        };
        let class = self.expr(inner, scope, ctes).class();
        let takes = matches!(class, Class::Text | Class::Bytes) || types::family(class).is_none();
        if self.outline.dialect == Dialect::Postgres && !takes {
            let at = self.outline.span(inner.span());
            self.mismatch(
                at,
                format!("`{name}` does not take {} here: `{inner}`", called(class)),
                Some(format!("write `{}`", cast(inner, "text"))),
            );
        }
    }

    fn wrong_count(&mut self, name: &sqlparser::ast::Ident, count: usize, expected: &str) {
        let at = self.outline.span(name.span);
        let has = if count == 1 { "1 is given".to_owned() } else { format!("{count} are given") };
        let fault = Diagnostic::error("Q720", at, format!("`{name}` takes {expected}, and {has}"));
        self.faults.push(match (name.value.to_ascii_lowercase().as_str(), count) {
            ("coalesce", 1) => fault.help("add the value to take instead of NULL"),
            ("string_agg", 1) => fault.help("add the separator: `string_agg(x, ',')`"),
            _ => fault.help("look up the function in the manual of the engine"),
        });
    }

    /// A name that is nearly that of a function; in SQLite any that it does not have.
    fn unknown_function(&mut self, name: &sqlparser::ast::Ident, lower: &str) -> bool {
        let dialect = self.outline.dialect;
        if functions::counts(lower, dialect).is_some()
            || functions::names(dialect).any(|n| n == lower)
            || super::super::engine::is_foreign(lower, dialect)
        {
            return false;
        }
        let near = functions::names(dialect).filter(|n| n.len() > 3).find(|n| is_slip(lower, n));
        let at = self.outline.span(name.span);
        let fault = match (dialect, near) {
            (Dialect::Postgres, None) => return false,
            // Others may be there as well.
            (Dialect::Postgres, Some(_)) if functions::is_known_slip(lower) || cast_call(lower, 1) != Ty::Unknown => return false,
            (Dialect::Postgres, Some(_)) => Diagnostic::warning("Q720", at, format!("PostgreSQL has no function `{name}`")),
            (Dialect::Sqlite, _) => Diagnostic::error("Q720", at, format!("SQLite has no function `{name}`")),
        };
        self.faults.push(match near {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help("use one of its own functions: nothing can be added to them here"),
        });
        true
    }
}

/// `text(x)` and `date(x)` are casts.
fn cast_call(name: &str, count: usize) -> Ty {
    match name {
        "text" | "int4" | "int8" | "numeric" | "float8" | "date" | "timestamp" | "timestamptz" | "bool" if count == 1 => Ty::Known(class(
            &sqlparser::ast::DataType::Custom(sqlparser::ast::ObjectName::from(vec![sqlparser::ast::Ident::new(name)]), Vec::new()),
        )),
        _ => Ty::Unknown,
    }
}

fn expected(counts: &functions::Counts) -> String {
    let plural = |n: usize| if n == 1 { "1 argument".to_owned() } else { format!("{n} arguments") };
    match (counts.least, counts.most) {
        (0, 0) => "no arguments".to_owned(),
        (a, b) if a == b => plural(a),
        (a, usize::MAX) => format!("at least {}", plural(a)),
        (a, b) => format!("{a} to {b} arguments"),
    }
}
