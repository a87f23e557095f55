//! SELECT: what FROM brings into sight, what the selection gives.

use sqlparser::ast::{
    Distinct, Expr, FunctionArg, FunctionArgExpr, GroupByExpr, Join, JoinConstraint, JoinOperator, ObjectName, OrderByKind, Query, Select,
    SetExpr, Spanned, TableFactor, TableWithJoins, Value,
};

use super::super::Dialect;
use super::super::columns::{Class, Column, Columns, Keys};
use super::{Cte, Look, Relation, Scope, last};
use crate::diagnostic::Diagnostic;

impl Look<'_> {
    pub(super) fn query(&mut self, query: &Query, outer: Option<&Scope<'_>>, ctes: &[Cte]) -> Columns {
        let mut columns = self.unsettled(query, outer, ctes);
        self.settle(&mut columns);
        columns
    }

    /// What nothing has given a type is text.
    fn settle(&self, columns: &mut Columns) {
        for column in &mut columns.list {
            if column.literal.take().is_some() && self.outline.dialect == Dialect::Postgres {
                column.class = Class::Text;
            }
        }
    }

    /// The columns of a query, of which quoted texts have no type as yet.
    pub(super) fn unsettled(&mut self, query: &Query, outer: Option<&Scope<'_>>, ctes: &[Cte]) -> Columns {
        let before = std::mem::take(&mut self.inside);
        let columns = self.whole(query, outer, ctes);
        self.inside = before;
        columns
    }

    fn whole(&mut self, query: &Query, outer: Option<&Scope<'_>>, ctes: &[Cte]) -> Columns {
        let ctes = self.with(query, outer, ctes);
        // A chain of UNIONs leans to the left and may be long.
        let mut parts = Vec::new();
        let mut body = query.body.as_ref();
        while let SetExpr::SetOperation { left, right, .. } = body {
            parts.push(right.as_ref());
            body = left;
        }
        let alone = parts.is_empty();
        let order: Vec<&Expr> = match query.order_by.as_ref().map(|o| &o.kind) {
            Some(OrderByKind::Expressions(list)) if alone => list.iter().map(|o| &o.expr).collect(),
            _ => Vec::new(),
        };
        let mut columns = self.body(body, outer, &ctes, &order);
        let mut others = Vec::new();
        for part in parts.into_iter().rev() {
            let other = self.body(part, outer, &ctes, &[]);
            others.push((part, other.clone()));
            self.united(&mut columns, other, body, part);
        }
        if let (false, Some(OrderByKind::Expressions(list))) = (alone, query.order_by.as_ref().map(|o| &o.kind)) {
            list.iter().for_each(|o| self.united_order(&o.expr, &columns, body, &others));
        }
        columns
    }

    fn body(&mut self, body: &SetExpr, outer: Option<&Scope<'_>>, ctes: &[Cte], order: &[&Expr]) -> Columns {
        match body {
            SetExpr::Select(select) => self.select(select, outer, ctes, order),
            SetExpr::Query(query) => self.unsettled(query, outer, ctes),
            SetExpr::SetOperation { left, right, .. } => {
                let mut columns = self.body(left, outer, ctes, &[]);
                let other = self.body(right, outer, ctes, &[]);
                self.united(&mut columns, other, left, right);
                columns
            }
            SetExpr::Values(values) => self.rows(values, outer, ctes),
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) => self.statement(statement, ctes),
            SetExpr::Merge(_) | SetExpr::Table(_) => Columns::default(),
        }
    }

    fn select(&mut self, select: &Select, outer: Option<&Scope<'_>>, ctes: &[Cte], order: &[&Expr]) -> Columns {
        let mut scope = Scope { outer, open: !select.lateral_views.is_empty(), ..Scope::default() };
        for table in &select.from {
            self.from(table, &mut scope, ctes);
        }
        let columns = self.selection(&select.projection, &scope, ctes);
        // In a query inside another, an aggregate may be the outer one's.
        if outer.is_none() {
            self.aggregates(select);
        }
        if let Some(Distinct::On(list)) = &select.distinct {
            for expr in list {
                self.expr(expr, &scope, ctes);
            }
        }
        let outputs: Vec<String> = columns.list.iter().map(|c| c.name.clone()).collect();
        let early = match self.outline.dialect {
            Dialect::Sqlite => outputs.clone(),
            Dialect::Postgres => Vec::new(),
        };
        scope.later.clone_from(&outputs);
        scope.outputs = early;
        self.where_clause(select.selection.as_ref(), &scope, ctes);
        if let Some(having) = &select.having {
            let before = self.enter("HAVING", false);
            self.condition(having, "HAVING", &scope, ctes);
            self.inside = before;
        }
        scope.later = Vec::new();
        scope.outputs = outputs;
        // Names of the selection that are not known may be meant.
        scope.open |= !columns.closed && self.outline.has_templates();
        if let GroupByExpr::Expressions(list, _) = &select.group_by {
            let before = self.enter("GROUP BY", true);
            for expr in list {
                self.expr(expr, &scope, ctes);
                self.position(expr, &columns, "group");
                self.text_as_name(expr, "GROUP BY");
            }
            self.inside = before;
        }
        for expr in order {
            self.expr(expr, &scope, ctes);
            self.position(expr, &columns, "order");
            self.text_as_name(expr, "ORDER BY");
        }
        self.early_windows(select, &scope);
        self.grouped(select, &scope, order);
        self.distinct_order(select, &scope, order, &columns);
        self.doubts(select, &scope);
        columns
    }

    /// `ORDER BY 3` of a query that gives two columns.
    pub(super) fn position(&mut self, expr: &Expr, columns: &Columns, what: &str) {
        let Expr::Value(value) = expr else { return };
        let Value::Number(number, _) = &value.value else { return };
        let position = number.to_string().parse::<usize>();
        if let (true, Ok(position)) = (columns.closed, position)
            && !(1..=columns.list.len()).contains(&position)
        {
            let at = self.outline.span(expr.span());
            let fault = Diagnostic::error(
                "Q707",
                at,
                format!("there is no column {position} to {what} by: the query gives {}", columns.list.len()),
            );
            self.faults.push(fault.help(format!("its columns: {}", columns.names())));
        }
    }

    pub(super) fn from(&mut self, table: &TableWithJoins, scope: &mut Scope<'_>, ctes: &[Cte]) {
        self.factor(&table.relation, scope, ctes);
        for join in &table.joins {
            let before = scope.relations.len();
            self.factor(&join.relation, scope, ctes);
            let constraint = match &join.join_operator {
                JoinOperator::Join(c)
                | JoinOperator::Inner(c)
                | JoinOperator::Left(c)
                | JoinOperator::LeftOuter(c)
                | JoinOperator::Right(c)
                | JoinOperator::RightOuter(c)
                | JoinOperator::FullOuter(c)
                | JoinOperator::CrossJoin(c) => c,
                _ => {
                    scope.open = true;
                    continue;
                }
            };
            match constraint {
                JoinConstraint::On(expr) => {
                    let before = self.enter("ON", true);
                    self.condition(expr, "ON", scope, ctes);
                    self.inside = before;
                }
                JoinConstraint::Using(names) => {
                    for name in names.iter().filter_map(last) {
                        self.using(name, scope, before);
                        scope.merged.push(self.kept(name));
                    }
                }
                JoinConstraint::Natural => scope.natural = true,
                JoinConstraint::None => self.without_on(join),
            }
        }
    }

    /// PostgreSQL wants ON or USING behind every JOIN but CROSS JOIN.
    fn without_on(&mut self, join: &Join) {
        if self.outline.dialect == Dialect::Postgres
            && !matches!(join.join_operator, JoinOperator::CrossJoin(_))
            && !self.outline.is_templated(join.span())
        {
            let at = self.outline.span(join.relation.span());
            let fault = Diagnostic::error("Q701", at, "this JOIN has no ON, and PostgreSQL wants one");
            self.faults.push(fault.help("add `ON` with the condition that joins the two, or write `CROSS JOIN`"));
        }
    }

    fn factor(&mut self, factor: &TableFactor, scope: &mut Scope<'_>, ctes: &[Cte]) {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let columns = self.table(name, ctes);
                let (columns, own) = match alias {
                    Some(alias) => (self.renamed(alias, columns), Some(&alias.name)),
                    None => (columns, last(name)),
                };
                // A template may be a join as well as an alias.
                scope.open |= own.is_none_or(|n| self.outline.is_computed(n));
                scope.relations.push(Relation { name: own.map(|n| self.kept(n)), columns });
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let columns = self.query(subquery, Some(&*scope), ctes);
                match alias {
                    Some(alias) => {
                        self.named_columns(alias, &columns, Some(subquery), false);
                        scope.open |= self.outline.is_computed(&alias.name);
                        let columns = self.renamed(alias, columns);
                        scope.relations.push(Relation { name: Some(self.kept(&alias.name)), columns });
                    }
                    None => {
                        self.without_alias(subquery);
                        scope.relations.push(Relation { name: None, columns });
                    }
                }
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.from(table_with_joins, scope, ctes),
            TableFactor::Table { name, alias: Some(alias), args: Some(args), with_ordinality: false, .. }
                if self.is_series(name) && !alias.columns.is_empty() =>
            {
                for argument in &args.args {
                    if let FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) = argument {
                        self.expr(e, scope, ctes);
                    }
                }
                let column = Column::new("generate_series".to_owned(), Class::Unknown, None);
                let columns = Columns { list: vec![column], closed: true, keys: Some(Keys::default()) };
                self.named_columns(alias, &columns, None, false);
                let columns = self.renamed(alias, columns);
                scope.relations.push(Relation { name: Some(self.kept(&alias.name)), columns });
            }
            TableFactor::Table { alias, .. } | TableFactor::Function { alias, .. } | TableFactor::UNNEST { alias, .. } => {
                // A function's columns are its own affair, and its name may be used like a table's.
                scope.open |= alias.is_none();
                let name = alias.as_ref().map(|a| self.kept(&a.name));
                scope.relations.push(Relation { name, columns: Columns::default() });
            }
            _ => scope.open = true,
        }
    }

    fn is_series(&self, name: &ObjectName) -> bool {
        self.outline.dialect == Dialect::Postgres && last(name).is_some_and(|n| n.value.eq_ignore_ascii_case("generate_series"))
    }
}
