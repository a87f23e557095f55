//! Expressions of random plans.

use sequor_plan_format::expr::{Binary, Compare};
use sequor_plan_format::op::Rows;
use sequor_plan_format::{Expr, ExprId, Value};

use super::{Generator, NAMES, Place};

impl Generator {
    /// Gives an integer, unless a variable is not set.
    pub(super) fn integer(&mut self, place: &Place) -> ExprId {
        match self.random.below(10) {
            0..3 => {
                let value = i64::try_from(self.random.below(5)).unwrap();
                self.script.int(value)
            }
            3..8 => self.variable(place),
            8 => {
                let (left, right) = (self.variable(place), self.variable(place));
                self.sum(left, right)
            }
            _ => self.query(),
        }
    }

    /// Also texts and errors' parts: for what is only shown.
    pub(super) fn anything(&mut self, place: &Place) -> ExprId {
        match place.errors.last() {
            Some(error) if self.random.one_in(2) => {
                let part = *self.random.pick(&["kind", "message", "op"]);
                let (base, key) = (self.script.var(error), self.script.builder.text_constant(part));
                self.script.builder.expr(Expr::Index { base, key })
            }
            _ => self.integer(place),
        }
    }

    pub(super) fn condition(&mut self, place: &Place) -> ExprId {
        match self.random.below(10) {
            0..2 => {
                let value = self.random.one_in(2);
                self.script.bool(value)
            }
            2 => {
                let name = self.name_in_sight(place);
                let name = self.script.text(&name);
                self.script.builder.expr(Expr::IsVarDefined(name))
            }
            3 => {
                let text = *self.random.pick(&["True", "false", "  ", "true", "False", "TRUE", "", "yes"]);
                self.script.builder.text_constant(text)
            }
            4 => self.integer(place),
            5 => {
                let limit = i64::try_from(self.random.below(6)).unwrap();
                let (left, right) = (self.query(), self.script.int(limit));
                self.less(left, right)
            }
            _ => {
                let (left, right) = (self.integer(place), self.integer(place));
                self.less(left, right)
            }
        }
    }

    pub(super) fn rows(&mut self, place: &Place) -> Rows {
        match self.random.below(3) {
            0 => {
                let members = (0..self.random.below(4)).map(|i| self.script.builder.value(Value::Int(i64::try_from(i).unwrap()))).collect();
                let list = self.script.builder.list(members);
                Rows::Items(self.script.builder.expr(Expr::Const(list)))
            }
            1 => {
                let members = (0..self.random.between(1, 3)).map(|_| self.integer(place)).collect();
                Rows::Items(self.script.builder.expr(Expr::List(members)))
            }
            _ => {
                let source = *self.random.pick(&self.databases);
                Rows::Query { source, sql: self.script.builder.text_constant("select * from written limit 3") }
            }
        }
    }

    pub(super) fn sum(&mut self, left: ExprId, right: ExprId) -> ExprId {
        self.script.builder.expr(Expr::Binary { operator: Binary::Add, left, right })
    }

    pub(super) fn less(&mut self, left: ExprId, right: ExprId) -> ExprId {
        self.script.builder.expr(Expr::Compare { operator: Compare::Less, left, right })
    }

    fn query(&mut self) -> ExprId {
        let source = *self.random.pick(&self.databases);
        let sql = self.script.builder.text_constant("select count(*) from written");
        self.script.builder.expr(Expr::QueryValue { source, sql, cast: None })
    }

    fn variable(&mut self, place: &Place) -> ExprId {
        let name = self.name_in_sight(place);
        self.script.var(&name)
    }

    /// A name that is probably set, now and then one that is not.
    fn name_in_sight(&mut self, place: &Place) -> String {
        if self.random.one_in(120) {
            return "nowhere".to_owned();
        }
        let mut names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        names.extend(place.bound.iter().copied());
        names.extend(place.bound.iter().copied());
        names.extend(place.parameters.iter().map(String::as_str));
        (*self.random.pick(&names)).to_owned()
    }
}
