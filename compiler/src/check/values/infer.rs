//! What expressions give, as far as their parts are known.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::expr::{Binary, Compare, Comprehension, Function, Method, ResponsePart, Unary};

use super::held::Held;
use crate::diagnostic::Span;
use crate::kinds::value::{Detail, Problem, Row, Value, operate, order_help};
use crate::kinds::{Kinds, Operator, never_equal};
use crate::op::Op;
use crate::snippet::expression::{DictItem, Expression, Kind, Named, Uses};
use crate::snippet::python::{self, Surroundings};
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
        !uses.queries.is_empty() || uses.variables.iter().any(|name| known(&self.variable(&name.name)))
    }
}

impl Surroundings for Sight<'_, '_> {
    fn variable(&self, name: &str) -> Value {
        Sight::variable(self, name)
    }

    fn row(&self, source: Option<&str>, sql: &str, at: &Span) -> Value {
        let known = self.catalog.source(source).and_then(|source| Some((source, self.catalog.dialect(source)?)));
        match known {
            Some((source, dialect)) => self.row_of(&Outline::of_string(sql, at, dialect), source),
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

pub(super) struct Infer<'i, 's, 'p> {
    sight: Option<&'i Sight<'s, 'p>>,
    locals: BTreeMap<u32, Value>,
    /// The expression is a template's.
    pub(super) template: bool,
    /// It is for minijinja.
    jinja: bool,
    /// Each with its place, and where the value comes from.
    pub(super) problems: Vec<(Span, Problem, Option<Origin>)>,
}

impl<'i, 's, 'p> Infer<'i, 's, 'p> {
    pub(super) fn new(sight: &'i Sight<'s, 'p>) -> Self {
        Self { sight: Some(sight), locals: BTreeMap::new(), template: false, jinja: false, problems: Vec::new() }
    }

    /// What an expression gives where no variable is known.
    pub(super) fn blind(expression: &Expression) -> Value {
        Self { sight: None, locals: BTreeMap::new(), template: false, jinja: false, problems: Vec::new() }.value(expression)
    }

    fn origin(&self, expression: &Expression) -> Option<Origin> {
        self.sight.and_then(|sight| sight.origin(expression))
    }

    fn problem(&mut self, at: &Expression, part: &Expression, problem: Problem) {
        let origin = self.origin(at);
        self.problems.push((part.span.clone(), problem, origin));
    }

    /// The depth of expressions is bounded by their readers.
    pub(super) fn value(&mut self, e: &Expression) -> Value {
        match &e.kind {
            Kind::Null => Value::NONE,
            Kind::Bool(_) | Kind::IsVarDefined(_) => Value::of(Kinds::BOOL),
            Kind::Int(n) => Value::int(*n),
            Kind::Float(_) => Value::of(Kinds::FLOAT),
            Kind::Number(_) => Value::of(Kinds::INT.or(Kinds::FLOAT)),
            Kind::Text(text) => Value::text(text),
            Kind::Var(name) => self.sight.map_or(Value::UNKNOWN, |sight| sight.variable(name)),
            Kind::Env(_) => Value::of(Kinds::TEXT),
            Kind::Local(slot) => self.locals.get(slot).cloned().unwrap_or(Value::UNKNOWN),
            Kind::Response(part) => match part {
                ResponsePart::StatusCode => Value::of(Kinds::INT),
                ResponsePart::Elapsed => Value::of(Kinds::FLOAT),
                ResponsePart::Text | ResponsePart::Url => Value::of(Kinds::TEXT),
                ResponsePart::Headers => Value::map_of(Value::of(Kinds::TEXT)),
                ResponsePart::Json => Value::DATA,
            },
            Kind::Concat(parts) => {
                parts.iter().for_each(|part| {
                    self.value(part);
                });
                Value::of(Kinds::TEXT)
            }
            Kind::Format { value, .. } => {
                self.value(value);
                Value::of(Kinds::TEXT)
            }
            Kind::List(items) => Value::list(items.iter().map(|item| self.value(item)).collect()),
            Kind::Tuple(items) => Value::tuple(items.iter().map(|item| self.value(item)).collect()),
            Kind::Dict(items) => self.dict(items),
            Kind::Index { base, key } => {
                let (of, by) = (self.value(base), self.value(key));
                of.index(&by).unwrap_or_else(|problem| {
                    let part = if problem.of_key { key.as_ref() } else { e };
                    self.problem(base, part, problem);
                    Value::UNKNOWN
                })
            }
            Kind::Slice { base, start, stop, step } => {
                for part in [start, stop, step].into_iter().flatten() {
                    self.value(part);
                }
                Value::of(self.value(base).kinds)
            }
            Kind::Attribute { base, name } => self.attribute(e, base, name),
            Kind::Method { base, method, arguments } => self.method(e, base, *method, arguments),
            Kind::Call { function, arguments } => self.call(e, *function, arguments),
            Kind::Unary { operator, operand } => {
                let value = self.value(operand);
                match operator {
                    Unary::Not => {
                        if let (Detail::Text(text), Kind::Var(_)) = (&value.detail, &operand.kind)
                            && !text.is_empty()
                        {
                            let message = format!("the text '{text}' is true, so that `not` makes false of it in every run");
                            let problem =
                                Problem::new(message, "write `true` or `false` without quotes where it is set, or compare the text");
                            self.problem(operand, e, problem);
                        }
                        Value::of(Kinds::BOOL)
                    }
                    _ if value.kinds.within(Kinds::NUMBER) => Value::of(if value.kinds == Kinds::BOOL { Kinds::INT } else { value.kinds }),
                    _ => Value::UNKNOWN,
                }
            }
            Kind::Binary { operator, left, right } => {
                let operator = operator_of(*operator);
                Value::of(self.operate(e, operator, left, right))
            }
            Kind::Compare { operator, left, right } => {
                self.compare(e, *operator, left, right);
                Value::of(Kinds::BOOL)
            }
            Kind::And(parts) | Kind::Or(parts) => {
                let mut given = Value::of(Kinds::NOTHING);
                let mut guarded = false;
                for part in parts {
                    let problems = self.problems.len();
                    let next = self.value(part);
                    // `x is None or len(x) > 1`
                    if guarded {
                        self.problems.truncate(problems);
                    }
                    guarded |= guards(part);
                    if matches!(e.kind, Kind::Or(_)) {
                        given.kinds = given.kinds.without(Kinds::NULL);
                    }
                    given = given.or(next);
                }
                given
            }
            Kind::If { condition, then, otherwise } => {
                self.value(condition);
                self.default_of_null(condition, then);
                let problems = self.problems.len();
                let value = self.value(then).or(self.value(otherwise));
                if guards(condition) {
                    self.problems.truncate(problems);
                }
                value
            }
            Kind::Let { slot, value, body } => {
                let value = self.value(value);
                self.locals.insert(*slot, value);
                self.value(body)
            }
            Kind::Comprehension { kind, key, element, clauses } => {
                for clause in clauses {
                    let iterated = self.value(&clause.iterable);
                    match clause.slots.as_slice() {
                        [only] => {
                            self.locals.insert(*only, iterated.element());
                        }
                        several => {
                            several.iter().for_each(|slot| {
                                self.locals.insert(*slot, Value::UNKNOWN);
                            });
                        }
                    }
                    clause.conditions.iter().for_each(|condition| {
                        self.value(condition);
                    });
                }
                if let Some(key) = key {
                    self.value(key);
                }
                let element = self.value(element);
                match kind {
                    Comprehension::List => Value::list_of(element),
                    Comprehension::Set => Value::of(Kinds::SET),
                    Comprehension::Dict => Value::of(Kinds::MAP),
                }
            }
            Kind::QueryValue { sql, cast, source } => {
                self.value(sql);
                if matches!(cast, Some(Function::Int | Function::Float)) {
                    self.largest_text(source.as_ref(), sql);
                }
                match cast {
                    Some(Function::Int) => Value::of(Kinds::INT.or(Kinds::NULL)),
                    Some(Function::Float) => Value::of(Kinds::FLOAT.or(Kinds::NULL)),
                    Some(Function::Str) => Value::of(Kinds::TEXT.or(Kinds::NULL)),
                    Some(Function::Bool) => Value::of(Kinds::BOOL.or(Kinds::NULL)),
                    _ => match self.queried(source.as_ref(), sql).detail {
                        Detail::Row(row) => row.columns.first().map_or(Value::DATA, |(_, value)| value.clone()),
                        _ => Value::DATA,
                    },
                }
            }
            Kind::Query { source, sql } => {
                self.value(sql);
                Value::list_of(self.queried(source.as_ref(), sql))
            }
            Kind::Jinja { code, typed } => {
                let around = (std::mem::replace(&mut self.jinja, true), std::mem::replace(&mut self.template, true));
                let value = code.outline.as_ref().map_or(Value::UNKNOWN, |outline| self.value(outline));
                (self.jinja, self.template) = around;
                if *typed { value } else { Value::of(Kinds::TEXT) }
            }
            Kind::Python { inputs, code, .. } => {
                inputs.iter().for_each(|(_, value)| {
                    self.value(value);
                });
                match (&code.written, self.sight) {
                    (Some(written), Some(sight)) => python::result(written, sight),
                    _ => Value::UNKNOWN,
                }
            }
        }
    }

    /// `row.column | default('x')`: a column is never missing, and NULL is not replaced.
    fn default_of_null(&mut self, condition: &Expression, value: &Expression) {
        let (Kind::Bool(true), Kind::Attribute { base, name }) = (&condition.kind, &value.kind) else { return };
        if condition.span.start != value.span.start || !matches!(base.kind, Kind::Var(_)) {
            return;
        }
        let row = self.value(base);
        if matches!(row.detail, Detail::Row(_)) && row.field(name).is_ok_and(|value| value.kinds.meets(Kinds::NULL)) {
            let message =
                format!("'{name}' is NULL where there is no value, and `default` replaces only what is missing: this prints None");
            let problem = Problem::new(message, "write `default('…', true)`, which replaces NULL, too");
            self.problem(base, value, Problem { of_null: true, ..problem });
        }
    }

    /// A row of a query whose text is literal.
    fn queried(&self, source: Option<&Named>, sql: &Expression) -> Value {
        match (&sql.kind, self.sight) {
            (Kind::Text(text), Some(sight)) => Surroundings::row(sight, source.map(|s| s.name.as_str()), text, &sql.span),
            _ => Value::map_of(Value::DATA),
        }
    }

    /// `query_value('select max(no) from t', int)` of a text.
    fn largest_text(&mut self, source: Option<&Named>, sql: &Expression) {
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
            self.problems.push((sql.span.clone(), Problem { only_strange: true, ..problem }, None));
        }
    }

    fn dict(&mut self, items: &[DictItem]) -> Value {
        let mut keys = Some(BTreeMap::new());
        for item in items {
            match item {
                DictItem::Pair(key, value) => {
                    let value = self.value(value);
                    match (&key.kind, &mut keys) {
                        (Kind::Text(name), Some(keys)) => {
                            keys.insert(name.clone(), value);
                        }
                        _ => keys = None,
                    }
                }
                DictItem::Spread(mapping) => {
                    self.value(mapping);
                    keys = None;
                }
            }
        }
        let detail = keys.map_or(Detail::Nothing, |keys| Detail::Keys(std::rc::Rc::new(keys)));
        Value { kinds: Kinds::MAP, detail }
    }

    fn operate(&mut self, e: &Expression, operator: Operator, left: &Expression, right: &Expression) -> Kinds {
        let (a, b) = (self.value(left), self.value(right));
        if let Some(aggregate) = [left, right].into_iter().find(|side| may_be_null(side)) {
            let message = "this query gives NULL for an empty table, and nothing can be computed with it".to_owned();
            let problem = Problem::new(message, "write `coalesce(…, 0)` in the query, or `or 0` behind it");
            self.problems.push((aggregate.span.clone(), Problem { null_of_empty: true, ..problem }, None));
            return Kinds::UNKNOWN;
        }
        if operator == Operator::Modulo && self.jinja && a.kinds == Kinds::TEXT {
            let problem = Problem::new(
                "templates here have no `%` for text".to_owned(),
                "put texts together by `~`, or write Python in a key with `_expression`",
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

    fn compare(&mut self, e: &Expression, operator: Compare, left: &Expression, right: &Expression) {
        match operator {
            Compare::Less | Compare::LessEqual | Compare::Greater | Compare::GreaterEqual => {
                if operator == Compare::GreaterEqual
                    && matches!(left.kind, Kind::Call { function: Function::Len, .. })
                    && matches!(right.kind, Kind::Int(0))
                {
                    let problem = Problem::new("a length is always 0 or more".to_owned(), "write `> 0`");
                    self.problems.push((e.span.clone(), Problem { only_strange: true, ..problem }, None));
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
                    let problem = Problem { only_strange: true, ..Problem::new(message, order_help(a.kinds, b.kinds)) };
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

    /// `base.name` in a template: a key of a map, a column of a row.
    fn attribute(&mut self, e: &Expression, base: &Expression, name: &str) -> Value {
        let of = self.value(base);
        if of.kinds.is_nothing() {
            return of;
        }
        if of.kinds.within(Kinds::TEXT.or(Kinds::NUMBER).or(Kinds::LIST)) {
            let help = if of.kinds == Kinds::LIST {
                "take one of its members first: `[0]`, or go over it with for_each".to_owned()
            } else {
                format!("only maps and rows have a field '{name}'")
            };
            let problem = Problem::new(format!("{} has no field '{name}'", of.kinds), help);
            self.named_problem(e, base, problem);
            return Value::UNKNOWN;
        }
        match of.detail {
            Detail::Keys(_) | Detail::Row(_) if of.kinds == Kinds::MAP => of.field(name).unwrap_or_else(|problem| {
                self.named_problem(e, base, problem);
                Value::UNKNOWN
            }),
            Detail::Data => Value::DATA,
            Detail::Fields(fields) => fields.get(name).cloned().unwrap_or(Value::UNKNOWN),
            Detail::Each(element) if of.kinds == Kinds::MAP => element.as_ref().clone(),
            _ => Value::UNKNOWN,
        }
    }

    /// At the name behind the dot.
    fn named_problem(&mut self, e: &Expression, base: &Expression, problem: Problem) {
        let origin = self.origin(base);
        self.problems.push((crate::snippet::behind(&base.span, &e.span), problem, origin));
    }

    fn method(&mut self, e: &Expression, base: &Expression, method: Method, arguments: &[Expression]) -> Value {
        let of = self.value(base);
        let given: Vec<Value> = arguments.iter().map(|a| self.value(a)).collect();
        if of.kinds.is_nothing() {
            return of;
        }
        if let (Method::Join, Some(list), Some(written)) = (method, given.first(), arguments.first()) {
            let element = if list.kinds == Kinds::MAP { Value::UNKNOWN } else { list.element() };
            // Templates print what they join; Python does not.
            if matches!(base.kind, Kind::Text(_))
                && element.kinds.within(Kinds::NUMBER.or(Kinds::NULL).or(Kinds::MAP))
                && self.joins_texts(e)
            {
                let message = format!("`.join(…)` puts texts together, and these are {}", element.kinds);
                let problem = Problem::new(message, "make text of each: `','.join(str(x) for x in …)`");
                self.problem(written, written, problem);
            }
        }
        let textual = !matches!(
            method,
            Method::Copy | Method::Get | Method::Items | Method::Keys | Method::ToDict | Method::Values | Method::Count | Method::Index
        );
        if textual && of.kinds.within(Kinds::NUMBER.or(Kinds::NULL).or(Kinds::LIST).or(Kinds::MAP)) {
            let problem = Problem::new(format!("{} has no methods of text", of.kinds), "make text of it first: `str(…)`, `| string`");
            self.named_problem(e, base, problem);
            return Value::UNKNOWN;
        }
        match method {
            Method::Get => match (given.first().map(|key| &key.detail), &of.detail) {
                (Some(Detail::Text(name)), Detail::Row(_)) => {
                    let found = of.field(name).unwrap_or_else(|problem| {
                        let part = arguments.first().unwrap_or(e);
                        self.problem(base, part, problem);
                        Value::UNKNOWN
                    });
                    given.get(1).map_or(found.clone(), |default| found.or(default.clone()))
                }
                (_, Detail::Data) => given.get(1).map_or(Value::DATA, |default| Value::DATA.or(default.clone())),
                (_, Detail::Each(element)) if of.kinds == Kinds::MAP => {
                    element.as_ref().clone().or(given.get(1).cloned().unwrap_or(Value::NONE))
                }
                _ => Value::UNKNOWN,
            },
            Method::Capitalize
            | Method::Join
            | Method::Lower
            | Method::LStrip
            | Method::Replace
            | Method::RStrip
            | Method::Strip
            | Method::Title
            | Method::Upper
            | Method::ZFill => Value::of(Kinds::TEXT),
            Method::Split | Method::RSplit | Method::SplitLines => Value::list_of(Value::of(Kinds::TEXT)),
            Method::EndsWith | Method::StartsWith | Method::IsAlpha | Method::IsDigit => Value::of(Kinds::BOOL),
            Method::Count | Method::Find | Method::Index => Value::of(Kinds::INT),
            Method::Copy | Method::Items | Method::Keys | Method::ToDict | Method::Values => Value::UNKNOWN,
        }
    }

    /// Whether it is Python's own method, not a template's filter.
    fn joins_texts(&self, e: &Expression) -> bool {
        let text = e.span.file.text.get(e.span.start as usize..e.span.end as usize).unwrap_or_default();
        text.contains(".join(")
    }

    fn call(&mut self, e: &Expression, function: Function, arguments: &[Expression]) -> Value {
        let given: Vec<Value> = arguments.iter().map(|a| self.value(a)).collect();
        let first = given.first();
        let kinds = first.map_or(Kinds::UNKNOWN, |v| v.kinds);
        let refused = match function {
            Function::Len => !kinds.meets(Kinds::SIZED),
            Function::Int | Function::Float => kinds.within(Kinds::LIST.or(Kinds::MAP).or(Kinds::TUPLE).or(Kinds::NULL)),
            Function::Sum | Function::Sorted | Function::Enumerate | Function::Reversed | Function::List => !kinds.meets(Kinds::ITERABLE),
            Function::Range => {
                given.iter().any(|v| v.kinds.within(Kinds::TEXT.or(Kinds::FLOAT).or(Kinds::LIST).or(Kinds::MAP).or(Kinds::NULL)))
            }
            Function::Round | Function::Abs => kinds.within(Kinds::TEXT.or(Kinds::LIST).or(Kinds::MAP).or(Kinds::NULL)),
            _ => false,
        };
        if let (true, false, Some(argument)) = (refused, kinds.is_nothing(), arguments.first()) {
            let message = format!("`{}` of {kinds} fails", function.name());
            let help = if function == Function::Len { "lists, maps and text have a length" } else { "look at what gives the value" };
            let problem = Problem::new(message, help);
            let origin = self.origin(argument);
            self.problems.push((e.span.clone(), problem, origin));
        }
        match function {
            Function::Bool | Function::All | Function::Any => Value::of(Kinds::BOOL),
            Function::Float => Value::of(Kinds::FLOAT),
            Function::Int | Function::Len => Value::of(Kinds::INT),
            Function::Str | Function::Repr => Value::of(Kinds::TEXT),
            Function::Sorted | Function::List => Value::list_of(first.map_or(Value::UNKNOWN, Value::element)),
            Function::Range => Value::list_of(Value::of(Kinds::INT)),
            Function::Dict => Value::of(Kinds::MAP),
            Function::Round if kinds.within(Kinds::NUMBER) => Value::of(Kinds::INT.or(Kinds::FLOAT)),
            Function::Abs if kinds.within(Kinds::NUMBER) => Value::of(kinds),
            _ => Value::UNKNOWN,
        }
    }
}

/// `query_value('select max(id) from t')`
fn may_be_null(e: &Expression) -> bool {
    let Kind::QueryValue { sql, .. } = &e.kind else { return false };
    text(sql).is_some_and(null_of_empty)
}

/// Whether a query is one aggregate that gives NULL where there are no rows.
pub(super) fn null_of_empty(sql: &str) -> bool {
    let sql = sql.trim().to_lowercase();
    let Some(selected) = sql.strip_prefix("select ").map(str::trim_start) else { return false };
    let aggregate = ["max(", "min(", "sum(", "avg("].iter().any(|name| selected.starts_with(name));
    let plain = selected.split(" from ").next().is_some_and(|list| list.trim_end().ends_with(')') && list.matches('(').count() == 1);
    aggregate && plain && !sql.contains("group by") && !sql.contains("coalesce") && !sql.contains("ifnull") && !sql.contains("(select")
}

/// Whether a condition may ask whether there is a value, and of which kind: then its branches cannot be judged by themselves.
fn guards(condition: &Expression) -> bool {
    match &condition.kind {
        Kind::Compare { operator: Compare::Is | Compare::IsNot, .. } => true,
        Kind::Compare { left, right, .. } => matches!(left.kind, Kind::Null) || matches!(right.kind, Kind::Null),
        Kind::And(parts) | Kind::Or(parts) => parts.iter().any(guards),
        Kind::Unary { operand, .. } => guards(operand),
        _ => true,
    }
}

const fn operator_of(operator: Binary) -> Operator {
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
