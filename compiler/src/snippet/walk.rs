//! Walking over expression trees without recursion: children, depth, and what a tree asks of its surroundings.

use std::collections::BTreeSet;

use super::expression::{DictItem, Expression, Kind, Named, Uses};

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
    pub fn uses(&self) -> Uses {
        let mut uses = Uses::default();
        self.walk(&mut |e| match &e.kind {
            Kind::Var(name) => uses.variables.push(Named { name: name.clone(), span: e.span.clone() }),
            Kind::IsVarDefined(name) => uses.tested.push(Named { name: name.clone(), span: e.span.clone() }),
            Kind::Response(_) => uses.response = true,
            Kind::QueryValue { source, .. } | Kind::Query { source, .. } => uses.query_sources.push(source.clone()),
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
            | Kind::Dict(_)
            | Kind::Index { .. }
            | Kind::Slice { .. }
            | Kind::Attribute { .. }
            | Kind::Method { .. }
            | Kind::Call { .. }
            | Kind::Unary { .. }
            | Kind::Binary { .. }
            | Kind::Compare { .. }
            | Kind::And(_)
            | Kind::Or(_)
            | Kind::If { .. }
            | Kind::Let { .. }
            | Kind::Comprehension { .. } => {}
        });
        uses.keep_texts_once();
        uses
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
    }

    pub(super) fn keep_texts_once(&mut self) {
        let mut seen = BTreeSet::new();
        self.texts.retain(|text| seen.insert(text.clone()));
    }
}
