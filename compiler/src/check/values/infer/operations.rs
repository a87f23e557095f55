//! Operators and comparisons between values, and what a query gives where there are no rows.

use sequor_plan_format::expr::{Binary, Compare, Function};

use super::Infer;
use crate::kinds::value::{Detail, Problem, Value, Verdict, operate, order_help};
use crate::kinds::{Kinds, Operator, never_equal};
use crate::snippet::expression::{Expression, Kind, Named};
use crate::tables::text;

impl Infer<'_, '_, '_> {
    /// `row.column | default('x')`: a column is never missing, and NULL is not replaced.
    pub(super) fn default_of_null(&mut self, condition: &Expression, value: &Expression) {
        let (Kind::Bool(true), Kind::Attribute { base, name }) = (&condition.kind, &value.kind) else { return };
        if condition.span.start != value.span.start || !matches!(base.kind, Kind::Var(_)) {
            return;
        }
        let row = self.value(base);
        if matches!(row.detail, Detail::Row(_)) && row.field(name).is_ok_and(|value| value.kinds.meets(Kinds::NULL)) {
            let message =
                format!("'{name}' is NULL where there is no value, and `default` replaces only what is missing: this prints None");
            let problem = Problem::new(message, "write `default('…', true)`, which replaces NULL, too");
            self.problem(base, value, problem.with(Verdict::NullPrinted));
        }
    }

    /// `query_value('select max(no) from t', int)` of a text.
    pub(super) fn largest_text(&mut self, source: Option<&Named>, sql: &Expression) {
        let largest = text(sql).is_some_and(|sql| {
            let sql = sql.trim().to_lowercase();
            ["max(", "min("]
                .iter()
                .any(|name| sql.starts_with(&format!("select {name}")) || sql.starts_with(&format!("select coalesce({name}")))
        });
        let Detail::Row(row) = self.queried(source, sql).detail else { return };
        if let (true, [(_, value)]) = (largest, row.columns.as_slice())
            && value.kinds.within(Kinds::TEXT.or(Kinds::NULL))
            && value.kinds.meets(Kinds::TEXT)
        {
            let message = "the column is text, of which '999' is larger than '1000'".to_owned();
            let problem = Problem::new(message, "compare numbers: `max(cast(… as integer))`");
            self.problems.push((sql.span.clone(), problem.with(Verdict::Strange), None));
        }
    }

    pub(super) fn operate(&mut self, e: &Expression, operator: Operator, left: &Expression, right: &Expression) -> Kinds {
        let (a, b) = (self.value(left), self.value(right));
        if let Some(aggregate) = [left, right].into_iter().find(|side| may_be_null(side)) {
            let message = "this query gives NULL for an empty table, and nothing can be computed with it".to_owned();
            let problem = Problem::new(message, "write `coalesce(…, 0)` in the query, or `or 0` behind it");
            self.problems.push((aggregate.span.clone(), problem.with(Verdict::NullOfEmpty), None));
            return Kinds::UNKNOWN;
        }
        if operator == Operator::Modulo && self.jinja && a.kinds == Kinds::TEXT {
            let problem = Problem::new(
                "templates here have no `%` for text".to_owned(),
                "put texts together by `~`; numbers are formatted by a filter: `'%.2f' | format(x)`",
            );
            self.problems.push((e.span.clone(), problem, None));
            return Kinds::TEXT;
        }
        // `'%d' % text`
        if let (Operator::Modulo, Detail::Text(text)) = (operator, &a.detail)
            && ["%d", "%f", "%i"].iter().any(|place| text.contains(place))
            && b.kinds.within(Kinds::TEXT.or(Kinds::LIST).or(Kinds::MAP).or(Kinds::NULL))
        {
            let problem = Problem::new(format!("a place for a number, and {} is given", b.kinds), "write `%s`, or make a number of it");
            let origin = self.origin(right);
            self.problems.push((e.span.clone(), problem, origin));
            return Kinds::TEXT;
        }
        // Text may be repeated; a number in quotes is not meant to be.
        let digits = |v: &Value| matches!(&v.detail, Detail::Text(text) if text.trim().parse::<f64>().is_ok());
        if operator == Operator::Multiply
            && ((digits(&a) && b.kinds.within(Kinds::NUMBER)) || (digits(&b) && a.kinds.within(Kinds::NUMBER)))
        {
            let problem = Problem::new(
                "a number in quotes is text, which is repeated here".to_owned(),
                "write the number without quotes where it is set, or make one of it: `int(…)`, `| int`",
            );
            let origin = self.origin(left).or_else(|| self.origin(right));
            self.problems.push((e.span.clone(), problem, origin));
            return Kinds::TEXT;
        }
        match operate(operator, &a, &b) {
            Ok(kinds) => kinds,
            Err(problem) => {
                let origin = self.origin(left).or_else(|| self.origin(right));
                self.problems.push((e.span.clone(), problem, origin));
                Kinds::NOTHING
            }
        }
    }

    pub(super) fn compare(&mut self, e: &Expression, operator: Compare, left: &Expression, right: &Expression) {
        match operator {
            Compare::Less | Compare::LessEqual | Compare::Greater | Compare::GreaterEqual => {
                if operator == Compare::GreaterEqual
                    && matches!(left.kind, Kind::Call { function: Function::Len, .. })
                    && matches!(right.kind, Kind::Int(0))
                {
                    let problem = Problem::new("a length is always 0 or more".to_owned(), "write `> 0`");
                    self.problems.push((e.span.clone(), problem.with(Verdict::Strange), None));
                }
                self.operate(e, Operator::Order, left, right);
            }
            Compare::Equal | Compare::NotEqual => {
                let (mut a, mut b) = (self.value(left), self.value(right));
                // What comes from outside comes as text.
                for (side, value) in [(left, &mut a), (right, &mut b)] {
                    if let (Kind::Var(name), Some(sight)) = (&side.kind, self.sight)
                        && sight.held.is_given(&sight.flow.name, name)
                    {
                        value.kinds = value.kinds.or(Kinds::TEXT);
                    }
                }
                if never_equal(a.kinds, b.kinds) && a.kinds != Kinds::NULL && b.kinds != Kinds::NULL {
                    let message = format!("{} is never equal to {}", a.kinds, b.kinds);
                    let problem = Problem::new(message, order_help(a.kinds, b.kinds)).with(Verdict::Strange);
                    let origin = self.origin(left).or_else(|| self.origin(right));
                    // Python has been looked at where it stands.
                    if origin.is_some() || self.template {
                        self.problems.push((e.span.clone(), problem, origin));
                    }
                }
            }
            Compare::In | Compare::NotIn | Compare::Is | Compare::IsNot => {
                self.value(left);
                self.value(right);
            }
        }
    }
}

/// `query_value('select max(id) from t')`
fn may_be_null(e: &Expression) -> bool {
    let Kind::QueryValue { sql, .. } = &e.kind else { return false };
    text(sql).is_some_and(null_of_empty)
}

/// Whether a query is one aggregate that gives NULL where there are no rows.
fn null_of_empty(sql: &str) -> bool {
    let sql = sql.trim().to_lowercase();
    let Some(selected) = sql.strip_prefix("select ").map(str::trim_start) else { return false };
    let aggregate = ["max(", "min(", "sum(", "avg("].iter().any(|name| selected.starts_with(name));
    let plain = selected.split(" from ").next().is_some_and(|list| list.trim_end().ends_with(')') && list.matches('(').count() == 1);
    aggregate && plain && !sql.contains("group by") && !sql.contains("coalesce") && !sql.contains("ifnull") && !sql.contains("(select")
}

pub(super) const fn operator_of(operator: Binary) -> Operator {
    match operator {
        Binary::Add => Operator::Add,
        Binary::Subtract => Operator::Subtract,
        Binary::Multiply => Operator::Multiply,
        Binary::Divide => Operator::Divide,
        Binary::FloorDivide => Operator::FloorDivide,
        Binary::Modulo => Operator::Modulo,
        Binary::Power => Operator::Power,
        Binary::BitAnd | Binary::BitOr | Binary::BitXor => Operator::Bits,
        Binary::ShiftLeft | Binary::ShiftRight => Operator::Shift,
    }
}
