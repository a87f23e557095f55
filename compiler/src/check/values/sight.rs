//! What can be seen at a step: variables, names that are bound around it, rows of tables and queries.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::expr::{Compare, Function};

use super::held::Held;
use super::infer::Infer;
use crate::diagnostic::Span;
use crate::kinds::Kinds;
use crate::kinds::value::{Detail, Row, Value};
use crate::op::Op;
use crate::snippet::expression::{Expression, Kind, Named, Uses};
use crate::snippet::python::Surroundings;
use crate::sql::columns::{Class, Column, Columns};
use crate::sql::outline::Outline;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Flow, Rows, Step, TableRef};
use crate::tables::{Catalog, text};

/// What can be seen at a step: variables of the project and the flow, names of the loops around it, tables.
pub(super) struct Sight<'s, 'p> {
    pub(super) flow: &'p Flow,
    pub(super) held: &'s Held<'p>,
    pub(super) catalog: &'s Catalog<'p>,
    pub(super) bound: Vec<(&'p str, Value, Option<Span>)>,
    /// What the names hold that are bound next, the last one first.
    pub(super) next: Vec<(Value, Option<Span>)>,
    /// Where the names of caught errors are.
    pub(super) errors: BTreeSet<u32>,
    /// Variables that the flow asks what they have: `'a' in x`, `len(x)`.
    pub(super) asked: std::rc::Rc<BTreeSet<String>>,
}

impl<'p> Sight<'_, 'p> {
    /// Notes what a step binds its names to.
    pub(super) fn enter(&mut self, step: &'p Step) {
        let (rows, index) = match &step.op {
            Op::ForEach(op) => (&op.rows, op.index.is_some()),
            Op::HttpRequest(op) => match &op.for_each {
                Some(for_each) => (&for_each.rows, false),
                None => return,
            },
            Op::TryCatch(op) => {
                self.next.clear();
                self.errors.extend(op.catches.iter().filter_map(|catch| Some(catch.error.as_ref()?.span.start)));
                return;
            }
            _ => return,
        };
        let row = self.row(rows);
        self.next.clear();
        if index {
            self.next.push((Value::of(Kinds::INT), None));
        }
        self.next.push(row);
    }

    pub(super) fn bind(&mut self, name: &'p Named) {
        let (value, at) = match self.next.pop() {
            _ if self.errors.contains(&name.span.start) => (caught(), Some(name.span.clone())),
            Some(next) => next,
            None => (Value::UNKNOWN, None),
        };
        self.bound.push((&name.name, value, at));
    }

    pub(super) fn unbind(&mut self) {
        self.bound.pop();
    }

    fn row(&self, rows: &Rows) -> (Value, Option<Span>) {
        match rows {
            Rows::Table(table) => (self.row_of_table(table), Some(table.name.span.clone())),
            Rows::Query { source, sql } => {
                let outline = self.flow.sql.get(&sql.span.start);
                let row = outline.zip(self.catalog.source(source.name())).map(|(outline, source)| self.row_of(outline, source));
                (row.unwrap_or(Value::map_of(Value::DATA)), Some(sql.span.clone()))
            }
            Rows::Items(items) => {
                let value = Infer::new(self).value(items);
                (value.element(), Some(items.span.clone()))
            }
        }
    }

    fn row_of_table(&self, table: &TableRef) -> Value {
        let Some(columns) = self.catalog.key_of(table).map(|key| self.catalog.columns(&key)) else { return Value::map_of(Value::DATA) };
        row_with(&columns, || format!("table '{}'", text(&table.name).unwrap_or_default()))
    }

    fn row_of(&self, outline: &Outline, source: &str) -> Value {
        row_with(&self.catalog.look(outline, source).columns, || "the query".to_owned())
    }

    /// What a variable holds here.
    pub(super) fn variable(&self, name: &str) -> Value {
        let value = self.held_here(name);
        if self.asked.contains(name) && value.kinds.within(Kinds::MAP.or(Kinds::LIST)) { Value::of(value.kinds) } else { value }
    }

    fn held_here(&self, name: &str) -> Value {
        // A step in a loop may set the loop's name anew: then all that is known counts.
        match self.bound.iter().rev().find(|(bound, ..)| *bound == name) {
            Some((_, value, _)) if self.held.place(&self.flow.name, name).is_none() => value.clone(),
            Some(_) => Value::UNKNOWN,
            None => self.held.value(&self.flow.name, name),
        }
    }

    /// Where the value of an expression comes from, if that is another place: the variable, and where it is set.
    pub(super) fn origin(&self, expression: &Expression) -> Option<Origin> {
        match &expression.kind {
            Kind::Var(name) => {
                let at = match self.bound.iter().rev().find(|(bound, ..)| bound == name) {
                    Some((_, _, at)) => at.clone(),
                    None => self.held.place(&self.flow.name, name).cloned(),
                };
                at.map(|at| Origin { variable: name.clone(), at })
            }
            Kind::Index { base, .. } | Kind::Attribute { base, .. } | Kind::Method { base, .. } => self.origin(base),
            _ => None,
        }
    }

    /// Whether anything is known of what a snippet asks for.
    pub(super) fn knows(&self, uses: &Uses) -> bool {
        let known = |value: &Value| value.kinds != Kinds::UNKNOWN && *value != Value::DATA;
        !uses.query_sources.is_empty() || uses.variables.iter().any(|name| known(&self.variable(&name.name)))
    }
}

impl Surroundings for Sight<'_, '_> {
    fn variable(&self, name: &str) -> Value {
        Sight::variable(self, name)
    }

    fn row(&self, source: Option<&str>, sql: &str, at: &Span) -> Value {
        match self.catalog.query(source, sql, at) {
            Some((outline, source)) => self.row_of(&outline, source),
            None => Value::map_of(Value::DATA),
        }
    }

    fn table(&self, source: &str, table: &str) -> Value {
        match self.catalog.source(Some(source)) {
            Some(source) => row_with(&self.catalog.columns(&self.catalog.key(source, None, table)), || format!("table '{table}'")),
            None => Value::map_of(Value::DATA),
        }
    }
}

/// What a caught error has.
fn caught() -> Value {
    let text = || Value::of(Kinds::TEXT);
    let fields = [("kind", text()), ("message", text()), ("op", text()), ("status_code", Value::of(Kinds::INT.or(Kinds::NULL)))];
    let mut keys: BTreeMap<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    keys.insert("body".to_owned(), Value::DATA);
    // Other members are looked at by another rule.
    Value { kinds: Kinds::MAP, detail: Detail::Fields(std::rc::Rc::new(keys)) }
}

/// A row with these columns, where they are all known.
fn row_with(columns: &Columns, what: impl FnOnce() -> String) -> Value {
    if !columns.closed || columns.list.is_empty() {
        return Value::map_of(Value::DATA);
    }
    let value = |class: Class| match class {
        Class::Text | Class::Date | Class::Time | Class::Timestamp | Class::TimestampTz | Class::Uuid => {
            Value::of(Kinds::TEXT.or(Kinds::NULL))
        }
        Class::Integer | Class::Numeric | Class::Float | Class::Number => Value::of(Kinds::INT.or(Kinds::FLOAT).or(Kinds::NULL)),
        // SQLite keeps 0 and 1.
        Class::Boolean => Value::of(Kinds::BOOL.or(Kinds::INT).or(Kinds::NULL)),
        Class::Interval | Class::Json | Class::Jsonb | Class::Bytes | Class::Array | Class::Other | Class::Unknown => Value::DATA,
    };
    let value = |c: &Column| match value(c.class) {
        known if c.nullable || known == Value::DATA => known,
        known => Value::of(known.kinds.without(Kinds::NULL)),
    };
    Value::row(Row { columns: columns.list.iter().map(|c| (c.name.clone(), value(c))).collect(), what: what() })
}

/// The variables of a flow that it asks what they have.
pub(super) fn asked(flow: &Flow) -> BTreeSet<String> {
    struct Asked(BTreeSet<String>);
    impl<'p> Visitor<'p> for Asked {
        fn expression(&mut self, expression: &'p Expression) {
            self.look(expression);
        }
    }
    impl Asked {
        fn look(&mut self, expression: &Expression) {
            expression.walk(&mut |e| match &e.kind {
                Kind::Compare { operator: Compare::In | Compare::NotIn, right, .. } => self.0.extend(root(right)),
                Kind::Call { function: Function::Len, arguments } => self.0.extend(arguments.first().and_then(root)),
                Kind::Jinja { code, .. } => code.outline.iter().for_each(|outline| self.look(outline)),
                _ => {}
            });
        }
    }
    fn root(e: &Expression) -> Option<String> {
        match &e.kind {
            Kind::Var(name) => Some(name.clone()),
            Kind::Method { base, .. } | Kind::Attribute { base, .. } | Kind::Index { base, .. } => root(base),
            _ => None,
        }
    }
    let mut asked = Asked(BTreeSet::new());
    visit::steps(&flow.steps, &mut asked);
    asked.0
}

/// Where a value comes from.
pub(super) struct Origin {
    pub(super) variable: String,
    pub(super) at: Span,
}
