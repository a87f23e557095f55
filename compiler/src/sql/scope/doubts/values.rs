//! Q727 of single expressions: ranges without numbers in them, counts that count everything, patterns and formats of something else, and values that are
//! never equal.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, SelectItem, SetExpr, Spanned, Value,
};

use super::super::counts::is_aggregate;
use super::super::{Look, Scope};
use super::{is_name, last_of, operands};
use crate::sql::Dialect;
use crate::sql::columns::same;

/// Functions of SQLite whose result is text, also where it looks like a number.
const TEXTS: [&str; 10] = ["strftime", "substr", "substring", "date", "time", "datetime", "lower", "upper", "replace", "printf"];

impl Look<'_> {
    /// `x BETWEEN 50 AND 0`
    pub(in crate::sql::scope) fn reversed(&mut self, expr: &Expr, low: &Expr, high: &Expr) {
        let (Some(a), Some(b)) = (self.literal(low), self.literal(high)) else { return };
        let empty = match (a.number(), b.number()) {
            (Some(a), Some(b)) => a > b,
            (None, None) => a.is_day() && b.is_day() && a.text > b.text,
            _ => false,
        };
        if empty {
            let message = format!("no '{expr}' is between {low} and {high}: the lower bound stands first");
            self.doubt(low.span().union(&high.span()), message, format!("write `BETWEEN {high} AND {low}`"));
        }
    }

    /// `name LIKE '*@*'`
    pub(in crate::sql::scope) fn foreign_pattern(&mut self, pattern: &Expr) {
        let Some(Literal { text, quoted: true }) = self.literal(pattern) else { return };
        if text.contains('*') && !text.contains(['%', '_']) {
            let message = "`*` stands for itself in LIKE: only % and _ stand for other characters".to_owned();
            self.doubt(pattern.span(), message, format!("write `'{}'`", text.replace('*', "%")));
        }
    }

    /// Calls that give the same whatever is in the table.
    pub(in crate::sql::scope) fn doubtful_call(&mut self, function: &Function) {
        let name = function.name.to_string().to_ascii_lowercase();
        let Some(arguments) = plain_arguments(function) else { return };
        match (name.as_str(), arguments.as_slice()) {
            ("count", [Expr::Case { else_result: Some(other), conditions, .. }])
                if !is_null(other) && !conditions.iter().any(|w| is_null(&w.result)) && self.literal(other).is_some() =>
            {
                let message = format!("count(…) counts every value but NULL, this {other} as well: it is the number of all rows");
                self.doubt(other.span(), message, format!("leave `ELSE {other}` out, or write `sum(…)`"));
            }
            ("count", [argument]) if is_condition(argument) => {
                let message = format!("count(…) counts every value but NULL, false as well: it does not count where `{argument}`");
                self.doubt(argument.span(), message, format!("write `count(*) FILTER (WHERE {argument})`"));
            }
            ("coalesce" | "ifnull", [first, _, ..]) if self.literal(first).is_some() => {
                let message = format!("{first} is never NULL: `{name}` gives it always");
                self.doubt(first.span(), message, "the value that stands in for NULL comes last".to_owned());
            }
            ("substr" | "substring", [_, start, ..]) => self.zero_start(start),
            ("strftime", [moment, format]) if self.outline.dialect == Dialect::Sqlite => {
                let is_format = |e: &Expr| self.literal(e).is_some_and(|l| l.text.contains('%'));
                if is_format(format) && !is_format(moment) {
                    let message = "the format stands first in `strftime`".to_owned();
                    self.doubt(moment.span().union(&format.span()), message, format!("write `strftime({format}, {moment})`"));
                }
            }
            _ => {}
        }
        for argument in arguments {
            self.mixed_format(argument, &name);
        }
    }

    /// `substr(x, 0, 2)` gives one character.
    pub(in crate::sql::scope) fn zero_start(&mut self, start: &Expr) {
        if self.literal(start).is_some_and(|l| !l.quoted && l.text == "0") {
            self.doubt(start.span(), "the first character of a text is number 1".to_owned(), "write 1 here".to_owned());
        }
    }

    /// The minute where the month belongs, or the month where the minute belongs.
    fn mixed_format(&mut self, argument: &Expr, function: &str) {
        let Some(Literal { text, quoted: true }) = self.literal(argument) else { return };
        let swapped: &[(&str, &str)] = match (function, self.outline.dialect) {
            ("strftime", Dialect::Sqlite) => &[("%Y-%M", "%Y-%m"), ("%Y%M", "%Y%m"), ("%M-%d", "%m-%d"), ("%H:%m", "%H:%M")],
            ("to_char" | "to_timestamp" | "to_date", Dialect::Postgres) => {
                &[("YYYY-MI", "YYYY-MM"), ("MI-DD", "MM-DD"), ("HH24:MM", "HH24:MI"), ("HH:MM", "HH:MI"), ("HH12:MM", "HH12:MI")]
            }
            _ => return,
        };
        if let Some((wrong, right)) = swapped.iter().find(|(wrong, _)| text.contains(wrong)) {
            let (month, minute) = if function == "strftime" { ("%m", "%M") } else { ("MM", "MI") };
            let message = format!("in `{wrong}` the month and the minute are mixed up: {month} is the month, {minute} the minute");
            self.doubt(argument.span(), message, format!("write `{right}`"));
        }
    }

    /// `strftime('%m', x) = 5`: a text and a number, which SQLite finds different.
    pub(in crate::sql::scope) fn text_and_number(&mut self, left: &Expr, right: &Expr) {
        if self.outline.dialect != Dialect::Sqlite {
            return;
        }
        for (call, number) in [(left, right), (right, left)] {
            let name = match call {
                Expr::Function(f) => f.name.to_string().to_ascii_lowercase(),
                Expr::Substring { .. } => "substr".to_owned(),
                _ => continue,
            };
            if let (true, Some(literal)) = (TEXTS.contains(&name.as_str()), self.literal(number))
                && !literal.quoted
            {
                let message = format!("`{name}` gives text, which is never equal to the number {}", literal.text);
                let is_part = name == "strftime" && literal.text.len() == 1;
                let text = if is_part { format!("0{}", literal.text) } else { literal.text };
                self.doubt(left.span().union(&right.span()), message, format!("write `'{text}'`, or `cast({call} as integer)`"));
            }
        }
    }

    /// `d.email = email`, where both are the same column.
    pub(in crate::sql::scope) fn same_column(&mut self, left: &Expr, right: &Expr, scope: &Scope<'_>) {
        let dialect = self.outline.dialect;
        for (qualified, bare) in [(left, right), (right, left)] {
            let (Expr::CompoundIdentifier(names), Expr::Identifier(name)) = (qualified, bare) else { continue };
            let [table, column] = names.as_slice() else { continue };
            let is_own = |r: &super::super::Relation| r.name.as_ref().is_some_and(|n| same(table, n, dialect));
            let one = column.value.eq_ignore_ascii_case(&name.value) && scope.relations.iter().any(is_own);
            let others_known = scope.relations.iter().all(|r| is_own(r) || (r.columns.closed && r.columns.find(name, dialect).is_none()));
            let has_it = scope.relations.iter().any(|r| is_own(r) && r.columns.find(name, dialect).is_some());
            if one && others_known && has_it && !scope.open && !self.outline.is_computed(name) {
                let message = format!("'{name}' is that of '{table}' here, too: the column is compared with itself");
                self.doubt(bare.span(), message, "name the other column with its table".to_owned());
                return;
            }
        }
    }

    /// `customer = (SELECT id FROM customers WHERE is_vip)`, which may be many.
    pub(in crate::sql::scope) fn one_of_many(&mut self, other: &Expr) {
        let Expr::Subquery(query) = other else { return };
        let SetExpr::Select(select) = query.body.as_ref() else { return };
        let [SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }] = select.projection.as_slice() else { return };
        // A key, or any other value, may be what makes it one row.
        let narrows = |e: &Expr| {
            matches!(e, Expr::BinaryOp { op: BinaryOperator::Eq, .. } | Expr::Exists { .. } | Expr::InSubquery { .. } | Expr::Subquery(_))
        };
        let narrowed = select.selection.as_ref().is_some_and(|condition| super::holds(condition, narrows));
        let limited = query.limit_clause.is_some() || query.fetch.is_some() || select.distinct.is_some() || query.with.is_some();
        let grouped = select.having.is_some();
        let [from] = select.from.as_slice() else { return };
        let plain = is_name(item) && from.joins.is_empty() && matches!(from.relation, sqlparser::ast::TableFactor::Table { .. });
        if plain && !narrowed && !limited && !grouped && !self.outline.is_templated(other.span()) && select.selection.is_some() {
            let message = match self.outline.dialect {
                Dialect::Postgres => "this subquery may give several rows, and PostgreSQL then refuses the statement",
                Dialect::Sqlite => "this subquery may give several rows, of which SQLite takes the first one",
            };
            self.doubt(other.span(), message.to_owned(), "write `IN (SELECT …)`, or say which row is meant".to_owned());
        }
    }

    /// `month = "{{ … }}"` in PostgreSQL, where double quotes hold a name.
    pub(in crate::sql::scope) fn quoted_template(&mut self, right: &Expr) {
        let Expr::Identifier(name) = right else { return };
        let written = self.outline.written(name.span);
        let template = written.starts_with("\"{{") && written.ends_with("}}\"") && name.quote_style == Some('"');
        if self.outline.dialect == Dialect::Postgres && template {
            let message = "double quotes hold a name in PostgreSQL: a column of that name is looked for".to_owned();
            self.doubt(name.span, message, "write single quotes around the template: `'{{ … }}'`".to_owned());
        }
    }

    /// `GROUP BY 'country'`
    pub(in crate::sql::scope) fn text_as_name(&mut self, expr: &Expr, clause: &str) {
        if let Some(Literal { text, quoted: true }) = self.literal(expr) {
            let message = format!("'{text}' in single quotes is a text, the same for all rows, and no column");
            self.doubt(expr.span(), message, format!("write `{clause} {text}`"));
        }
    }

    /// `count(*)` of an outer join, where a row without a partner is one.
    pub(in crate::sql::scope) fn counted_without_partner(&mut self, select: &sqlparser::ast::Select) {
        use sqlparser::ast::{GroupByExpr, JoinOperator};
        let GroupByExpr::Expressions(groups, _) = &select.group_by else { return };
        let [from] = select.from.as_slice() else { return };
        let [join] = from.joins.as_slice() else { return };
        let (JoinOperator::Left(_) | JoinOperator::LeftOuter(_), Some(joined)) = (&join.join_operator, super::name_of(&join.relation))
        else {
            return;
        };
        let of_joined = |e: &Expr| matches!(e, Expr::CompoundIdentifier(names) if names.first().is_some_and(|t| t.value.eq_ignore_ascii_case(&joined.value)));
        if groups.is_empty() || select.selection.is_some() || groups.iter().any(of_joined) {
            return;
        }
        let items: Vec<&Expr> = super::selected(select).collect();
        let star = items.iter().find(|e| matches!(e, Expr::Function(f) if counts_rows(f)));
        // Another aggregate of the joined table shows what is counted.
        let aggregates = |e: &Expr| matches!(e, Expr::Function(f) if is_aggregate(f) && plain_arguments(f).is_some_and(|a| a.iter().any(|a| super::holds(a, of_joined))));
        // Who counts the partners as well knows of those that are missing.
        let counts_them = |e: &Expr| matches!(e, Expr::Function(f) if f.name.to_string().eq_ignore_ascii_case("count")) && aggregates(e);
        let knows = items.iter().any(|e| super::holds(e, counts_them));
        if let (Some(star), true, false) = (star, items.iter().any(|e| super::holds(e, aggregates)), knows) {
            let message = format!("count(*) is 1 for a row that LEFT JOIN keeps without '{joined}'");
            self.doubt(star.span(), message, format!("count a column of it that is never NULL: `count({joined}.id)`"));
        }
    }

    /// A literal without a template in it.
    fn literal(&self, expr: &Expr) -> Option<Literal> {
        let Expr::Value(value) = expr else {
            let Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, expr } = expr else { return None };
            let inner = self.literal(expr).filter(|l| !l.quoted)?;
            return Some(Literal { text: format!("-{}", inner.text), quoted: false });
        };
        if self.outline.is_templated(value.span) {
            return None;
        }
        match &value.value {
            Value::SingleQuotedString(text) => Some(Literal { text: text.clone(), quoted: true }),
            Value::Number(number, _) => Some(Literal { text: number.to_string(), quoted: false }),
            _ => None,
        }
    }
}

struct Literal {
    text: String,
    quoted: bool,
}

impl Literal {
    fn number(&self) -> Option<f64> {
        if self.quoted { None } else { self.text.parse().ok() }
    }

    /// A text that begins like `2024-05-31`.
    fn is_day(&self) -> bool {
        self.text.len() >= 10
            && self.text.bytes().take(10).enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() })
    }
}

/// `count(*)`, not of a window.
fn counts_rows(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    function.over.is_none()
        && function.filter.is_none()
        && function.name.to_string().eq_ignore_ascii_case("count")
        && matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)])
}

/// The arguments of a call without DISTINCT and names.
fn plain_arguments(function: &Function) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let plain = list.duplicate_treatment.is_none() && function.filter.is_none();
    let argument = |a| if let &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref e)) = a { Some(e) } else { None };
    if plain { list.args.iter().map(argument).collect() } else { None }
}

/// The argument of a call with just one.
pub(super) fn only_argument(function: &Function) -> Option<&Expr> {
    match plain_arguments(function)?.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// `sum(CASE WHEN … THEN 1 ELSE 0 END)`
pub(super) fn sums_marks(function: &Function) -> bool {
    let is_whole = |e: &Expr| matches!(e, Expr::Value(v) if matches!(&v.value, Value::Number(n, _) if n.to_string().bytes().all(|b| b.is_ascii_digit())));
    match plain_arguments(function).as_deref() {
        Some([Expr::Case { conditions, else_result, .. }]) => {
            conditions.iter().map(|w| &w.result).chain(else_result.as_deref()).all(|e| is_whole(e) || is_null(e))
        }
        _ => false,
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(v) if matches!(v.value, Value::Null))
}

/// A comparison, or several.
fn is_condition(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryOp { op, .. } => {
            use BinaryOperator as B;
            matches!(op, B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq | B::And | B::Or)
        }
        Expr::Nested(inner) => is_condition(inner),
        Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::InList { .. } | Expr::Between { .. } | Expr::Like { .. } => true,
        _ => false,
    }
}

/// The columns that a condition's parts look at, each with how it is written without its right side.
pub(super) fn alike(one: &Expr, other: &Expr) -> bool {
    let left = |e: &Expr| match e {
        Expr::Like { expr, negated: false, .. } => last_of(expr).map(|_| expr.to_string()),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, .. } if is_name(left) => Some(left.to_string()),
        _ => None,
    };
    let same_form = std::mem::discriminant(one) == std::mem::discriminant(other);
    same_form
        && left(one).zip(left(other)).is_some_and(|(a, b)| a == b)
        && one.to_string() != other.to_string()
        && operands(one, &BinaryOperator::And).len() == 1
}
