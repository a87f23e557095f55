//! Walking over expression trees without recursion: children, depth, and what a tree asks of its surroundings.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::expr as plan;

use super::expression::{DictItem, Expression, FieldUse, GivenTable, Kind, Named, QueryText, Uses};
use crate::diagnostic::Span;

impl Expression {
    /// The parts of this expression, in the order in which they are written into a plan.
    #[must_use]
    pub fn children(&self) -> Vec<&Expression> {
        match &self.kind {
            Kind::Null
            | Kind::Bool(_)
            | Kind::Int(_)
            | Kind::Float(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::Var(_)
            | Kind::IsVarDefined(_)
            | Kind::Env(_)
            | Kind::Local(_)
            | Kind::Response(_)
            | Kind::Jinja { .. } => Vec::new(),
            Kind::Concat(parts) | Kind::List(parts) | Kind::Tuple(parts) | Kind::And(parts) | Kind::Or(parts) => parts.iter().collect(),
            Kind::Dict(items) => items
                .iter()
                .flat_map(|item| match item {
                    DictItem::Pair(key, value) => vec![key, value],
                    DictItem::Spread(mapping) => vec![mapping],
                })
                .collect(),
            Kind::Format { value, .. } => vec![value],
            Kind::Index { base, key } => vec![base, key],
            Kind::Slice { base, start, stop, step } => {
                std::iter::once(base).chain(start).chain(stop).chain(step).map(AsRef::as_ref).collect()
            }
            Kind::Attribute { base, .. } => vec![base],
            Kind::Method { base, arguments, .. } => std::iter::once(base.as_ref()).chain(arguments).collect(),
            Kind::Call { arguments, .. } => arguments.iter().collect(),
            Kind::Unary { operand, .. } => vec![operand],
            Kind::Binary { left, right, .. } | Kind::Compare { left, right, .. } => vec![left, right],
            Kind::If { condition, then, otherwise } => vec![condition, then, otherwise],
            Kind::Let { value, body, .. } => vec![value, body],
            Kind::Comprehension { key, element, clauses, .. } => {
                let clauses = clauses.iter().flat_map(|c| std::iter::once(&c.iterable).chain(&c.conditions));
                key.iter().map(AsRef::as_ref).chain(std::iter::once(element.as_ref())).chain(clauses).collect()
            }
            Kind::QueryValue { sql, .. } | Kind::Query { sql, .. } => vec![sql],
            Kind::Python { inputs, .. } => inputs.iter().map(|(_, value)| value).collect(),
        }
    }

    /// Visits this expression and everything in it, owners before their parts, in the order of the text.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        let mut pending = vec![self];
        while let Some(expression) = pending.pop() {
            visit(expression);
            pending.extend(expression.children().into_iter().rev());
        }
    }

    /// Levels of expressions: 1 for a constant.
    #[must_use]
    pub fn depth(&self) -> usize {
        let mut deepest = 0;
        let mut pending = vec![(self, 1)];
        while let Some((expression, depth)) = pending.pop() {
            deepest = deepest.max(depth);
            pending.extend(expression.children().into_iter().map(|c| (c, depth + 1)));
        }
        deepest
    }

    /// Whether nothing in the tree is left to minijinja or Python.
    #[must_use]
    pub fn is_native(&self) -> bool {
        let mut native = true;
        self.walk(&mut |e| native &= !matches!(e.kind, Kind::Jinja { .. } | Kind::Python { .. }));
        native
    }

    /// Everything that the tree asks of its surroundings, source snippets in it included.
    #[must_use]
    pub fn uses(&self) -> &Uses {
        self.uses.get_or_init(|| Box::new(self.gather()))
    }

    fn gather(&self) -> Uses {
        let mut uses = Uses::default();
        // Locals that are another name of a variable.
        let mut rows: BTreeMap<u32, &str> = BTreeMap::new();
        self.walk(&mut |e| match &e.kind {
            Kind::Var(name) => uses.variables.push(Named { name: name.clone(), span: e.span.clone() }),
            Kind::IsVarDefined(name) => uses.tested.push(Named { name: name.clone(), span: e.span.clone() }),
            Kind::Response(_) => uses.response = true,
            Kind::QueryValue { source, sql, .. } | Kind::Query { source, sql } => {
                uses.query_sources.push(source.clone());
                if let Kind::Text(text) = &sql.kind {
                    let source = source.as_ref().map(|s| s.name.clone());
                    uses.queries.push(QueryText { source, sql: Named { name: text.clone(), span: sql.span.clone() } });
                }
            }
            Kind::Let { slot, value, .. } => {
                if let Kind::Var(name) = &value.kind {
                    rows.insert(*slot, name);
                }
            }
            Kind::Index { base, key } => uses.fields.extend(field(base, Some(key), &rows)),
            Kind::Method { base, method: plan::Method::Get, arguments } => uses.fields.extend(field(base, arguments.first(), &rows)),
            Kind::Attribute { base, name } => {
                uses.fields.extend(
                    row_of(base, &rows)
                        .map(|variable| FieldUse { variable, field: Named { name: name.clone(), span: behind(&base.span, &e.span) } }),
                );
            }
            Kind::Dict(items) => uses.tables.extend(given_table(items)),
            Kind::Text(text) => uses.texts.push(text.clone()),
            Kind::Jinja { code, .. } | Kind::Python { code, .. } => uses.add(&code.uses),
            Kind::Null
            | Kind::Bool(_)
            | Kind::Int(_)
            | Kind::Float(_)
            | Kind::Number(_)
            | Kind::Env(_)
            | Kind::Local(_)
            | Kind::Concat(_)
            | Kind::Format { .. }
            | Kind::List(_)
            | Kind::Tuple(_)
            | Kind::Slice { .. }
            | Kind::Method { .. }
            | Kind::Call { .. }
            | Kind::Unary { .. }
            | Kind::Binary { .. }
            | Kind::Compare { .. }
            | Kind::And(_)
            | Kind::Or(_)
            | Kind::If { .. }
            | Kind::Comprehension { .. } => {}
        });
        // What is asked whether it is there may be missing.
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        self.walk(&mut |e| {
            if let Kind::Compare { operator: plan::Compare::In | plan::Compare::NotIn, right, .. } = &e.kind
                && let Some(name) = asked_of(right)
            {
                asked.insert(name);
            }
        });
        uses.fields.retain(|field| !asked.contains(field.variable.as_str()));
        uses.keep_texts_once();
        uses
    }
}

/// The variable behind `x`, `x.keys()`.
fn asked_of(e: &Expression) -> Option<&str> {
    match &e.kind {
        Kind::Var(name) => Some(name),
        Kind::Method { base, .. } => asked_of(base),
        _ => None,
    }
}

impl Uses {
    /// Adds what another snippet asks.
    pub fn add(&mut self, other: &Uses) {
        self.variables.extend_from_slice(&other.variables);
        self.tested.extend_from_slice(&other.tested);
        self.computed_variables |= other.computed_variables;
        self.response |= other.response;
        self.query_sources.extend_from_slice(&other.query_sources);
        self.computed_sources |= other.computed_sources;
        self.texts.extend_from_slice(&other.texts);
        self.queries.extend_from_slice(&other.queries);
        self.fields.extend_from_slice(&other.fields);
        self.tables.extend_from_slice(&other.tables);
    }

    pub(super) fn keep_texts_once(&mut self) {
        let mut seen = BTreeSet::new();
        self.texts.retain(|text| seen.insert(text.clone()));
    }
}

/// The variable that an expression is, by itself or by a local name.
fn row_of(expression: &Expression, rows: &BTreeMap<u32, &str>) -> Option<String> {
    match &expression.kind {
        Kind::Var(name) => Some(name.clone()),
        Kind::Local(slot) => rows.get(slot).map(|name| (*name).to_owned()),
        _ => None,
    }
}

fn field(base: &Expression, key: Option<&Expression>, rows: &BTreeMap<u32, &str>) -> Option<FieldUse> {
    let Some(Expression { kind: Kind::Text(name), span, .. }) = key else { return None };
    Some(FieldUse { variable: row_of(base, rows)?, field: Named { name: name.clone(), span: span.clone() } })
}

/// What stands behind `base.`; the whole where that is not to be seen.
/// The name behind a dot.
pub(crate) fn behind(base: &Span, whole: &Span) -> Span {
    let start = base.end.max(whole.start);
    let text = whole.file.text.get(start as usize..whole.end as usize).unwrap_or("");
    let skipped = text.len() - text.trim_start_matches(|c: char| c == '.' || c.is_whitespace()).len();
    match u32::try_from(skipped) {
        Ok(skipped) if skipped > 0 && start + skipped < whole.end => Span { start: start + skipped, ..whole.clone() },
        _ => whole.clone(),
    }
}

/// A map that describes a table: `{"source": …, "table": …, "columns": …, "data": …}`.
fn given_table(items: &[DictItem]) -> Option<GivenTable> {
    let Kind::Text(name) = &entry(items, "table")?.kind else { return None };
    entry(items, "data").or_else(|| entry(items, "source"))?;
    let appends = entry(items, "write_mode").is_some_and(|m| !matches!(&m.kind, Kind::Text(mode) if makes_anew(mode)));
    let has_data = entry(items, "data").is_some() || items.iter().any(|i| matches!(i, DictItem::Spread(_)));
    let span = entry(items, "table")?.span.clone();
    let source = entry(items, "source").and_then(|s| match &s.kind {
        Kind::Text(source) => Some(source.clone()),
        _ => None,
    });
    let columns = entry(items, "columns").or_else(|| match entry(items, "model").map(|m| &m.kind) {
        Some(Kind::Dict(model)) => entry(model, "columns"),
        _ => None,
    });
    Some(GivenTable { name: Named { name: name.clone(), span }, source, columns: columns.and_then(given_columns), appends, has_data })
}

/// Whether a `write_mode` makes the table anew.
pub(super) fn makes_anew(mode: &str) -> bool {
    mode.eq_ignore_ascii_case("create") || mode.eq_ignore_ascii_case("replace")
}

fn given_columns(columns: &Expression) -> Option<Vec<(Named, String)>> {
    let text = |e: &Expression| match &e.kind {
        Kind::Text(text) => Some(text.clone()),
        _ => None,
    };
    let named = |e: &Expression| Some(Named { name: text(e)?, span: e.span.clone() });
    match &columns.kind {
        Kind::Dict(items) => items
            .iter()
            .map(|item| match item {
                DictItem::Pair(name, kind) => Some((named(name)?, text(kind)?)),
                DictItem::Spread(_) => None,
            })
            .collect(),
        Kind::List(list) => list
            .iter()
            .map(|column| match &column.kind {
                Kind::Dict(items) => Some((named(entry(items, "name")?)?, text(entry(items, "type")?)?)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

fn entry<'e>(items: &'e [DictItem], name: &str) -> Option<&'e Expression> {
    items.iter().find_map(|item| match item {
        DictItem::Pair(Expression { kind: Kind::Text(key), .. }, value) if key == name => Some(value),
        DictItem::Pair(..) | DictItem::Spread(_) => None,
    })
}
