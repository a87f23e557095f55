//! Names of columns: each is looked up in what it can see, from the inside out.

use sqlparser::ast::{BinaryOperator, Expr, Ident, Value};

use super::super::Dialect;
use super::super::columns::{Class, Columns, same};
use super::super::types::Ty;
use super::fault;
use super::{Look, Relation, Scope};
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Names without parentheses that are values of the engine, in both dialects.
const VALUES: [&str; 16] = [
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "current_user",
    "session_user",
    "system_user",
    "user",
    "current_role",
    "current_schema",
    "current_catalog",
    "true",
    "false",
    "default",
    "unknown",
];
const HIDDEN_SQLITE: [&str; 3] = ["rowid", "oid", "_rowid_"];
const HIDDEN_POSTGRES: [&str; 6] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

/// What a name turned out to be.
pub(super) enum Found {
    Column {
        class: Class,
        closed: bool,
    },
    /// Nothing is known, or it has been reported.
    Unsure,
}

impl Found {
    fn class(&self) -> Class {
        match self {
            Self::Column { class, .. } => *class,
            Self::Unsure => Class::Unknown,
        }
    }

    /// Its type, where all of the table is known.
    pub(super) fn ty(&self) -> Ty {
        match self {
            Self::Column { class, closed: true } if *class != Class::Unknown => Ty::Known(*class),
            Self::Column { .. } | Self::Unsure => Ty::Unknown,
        }
    }
}

impl Look<'_> {
    /// The class of what an expression gives, where it is a column or a plain number.
    pub(super) fn class_of(&mut self, expr: &Expr, scope: &Scope<'_>) -> Class {
        match expr {
            Expr::Identifier(name) => self.unqualified(name, scope, false).class(),
            Expr::CompoundIdentifier(names) => self.qualified(names, scope, false).class(),
            Expr::Nested(inner) => self.class_of(inner, scope),
            Expr::Value(value) if matches!(value.value, Value::Number(..)) => Class::Number,
            _ => Class::Unknown,
        }
    }

    pub(super) fn unqualified(&mut self, name: &Ident, scope: &Scope<'_>, report: bool) -> Found {
        let dialect = self.outline.dialect;
        if self.outline.is_computed(name) {
            return Found::Unsure;
        }
        let mut inner = Some(scope);
        let mut unsure = false;
        while let Some(scope) = inner {
            let found: Vec<&Relation> = scope.relations.iter().filter(|r| r.columns.find(name, dialect).is_some()).collect();
            // In WHERE a column comes before what the selection gives under its name.
            let early = self.inside.clause == Some("WHERE") && !found.is_empty();
            if !early && scope.outputs.iter().any(|o| same(name, o, dialect)) {
                return Found::Unsure;
            }
            if let [first, rest @ ..] = found.as_slice() {
                let merged = scope.natural || scope.merged.iter().any(|m| same(name, m, dialect));
                if let (true, [second, ..], false) = (report, rest, merged || unsure)
                    && first.columns.closed
                    && second.columns.closed
                {
                    self.faults.push(fault::ambiguous(self.outline.span(name.span), name, &found));
                }
                let closed = first.columns.closed && !unsure;
                return first.columns.find(name, dialect).map_or(Found::Unsure, |c| Found::Column { class: c.class, closed });
            }
            unsure |= scope.open || scope.relations.iter().any(|r| !r.columns.closed);
            // The name of a table stands for its row.
            unsure |= scope.relations.iter().any(|r| r.name.as_ref().is_some_and(|n| same(name, n, dialect)));
            inner = scope.outer;
        }
        if !report || unsure || is_value(name, dialect) {
            return Found::Unsure;
        }
        let mut relations = Vec::new();
        let mut inner = Some(scope);
        while let Some(scope) = inner {
            relations.extend(&scope.relations);
            inner = scope.outer;
        }
        // Without FROM there may be a form that this does not know.
        if !relations.is_empty() {
            let later = scope.later.iter().any(|l| same(name, l, dialect));
            let fault = fault::unknown(self.outline.span(name.span), name, &relations, dialect);
            let near = did_you_mean(&name.value, scope.outputs.iter().map(String::as_str));
            self.faults.push(match near {
                _ if later => fault.help(format!(
                    "the selection gives that name, and this clause comes before it: repeat its expression here, or select from a subquery that gives '{}'",
                    name.value
                )),
                Some(near) if fault.help.as_ref().is_none_or(|h| !h.starts_with("did")) => fault.help(format!("did you mean '{near}'?")),
                Some(_) | None => fault,
            });
        }
        Found::Unsure
    }

    pub(super) fn qualified(&mut self, names: &[Ident], scope: &Scope<'_>, report: bool) -> Found {
        let [.., table, column] = names else { return Found::Unsure };
        if self.outline.is_computed(table) || self.outline.is_computed(column) {
            return Found::Unsure;
        }
        let dialect = self.outline.dialect;
        let Some(relation) = self.relation(table, scope) else {
            if report && names.len() == 2 {
                self.unknown_qualifier(table, scope);
            }
            return Found::Unsure;
        };
        match relation.columns.find(column, dialect) {
            Some(column) => Found::Column { class: column.class, closed: relation.columns.closed },
            None => {
                // In SQLite only a name without a table may turn out to be a text.
                let text = column.quote_style.is_none() && is_value(column, dialect);
                if report && relation.columns.closed && !text {
                    let fault = fault::unknown(self.outline.span(column.span), column, &[relation], dialect);
                    self.faults.push(fault);
                }
                Found::Unsure
            }
        }
    }

    pub(super) fn relation<'s>(&self, name: &Ident, scope: &'s Scope<'_>) -> Option<&'s Relation> {
        let mut inner = Some(scope);
        while let Some(scope) = inner {
            let found = scope.relations.iter().find(|r| r.name.as_ref().is_some_and(|n| same(name, n, self.outline.dialect)));
            if found.is_some() {
                return found;
            }
            inner = scope.outer;
        }
        None
    }

    /// A qualifier that is no table of the query.
    pub(super) fn unknown_qualifier(&mut self, name: &Ident, scope: &Scope<'_>) {
        let mut known = Vec::new();
        let mut inner = Some(scope);
        while let Some(scope) = inner {
            if scope.open {
                return;
            }
            // A column may be a record whose parts have names.
            if self.outline.dialect == Dialect::Postgres
                && scope.relations.iter().any(|r| r.columns.find(name, self.outline.dialect).is_some())
            {
                return;
            }
            known.extend(scope.relations.iter().filter_map(|r| r.name.as_deref()));
            inner = scope.outer;
        }
        let special = ["excluded", "new", "old"].iter().any(|s| name.value.eq_ignore_ascii_case(s));
        if known.is_empty() || special || self.outline.is_computed(name) {
            return;
        }
        self.faults.push(fault::unknown_qualifier(self.outline.span(name.span), name, &known));
    }

    /// A column of USING: the tables before and the one behind the join have it.
    pub(super) fn using(&mut self, name: &Ident, scope: &Scope<'_>, before: usize) {
        let dialect = self.outline.dialect;
        if self.outline.is_computed(name) || scope.open {
            return;
        }
        for side in [&scope.relations[..before.min(scope.relations.len())], &scope.relations[before.min(scope.relations.len())..]] {
            let lacks = side.iter().all(|r| r.columns.closed && r.columns.find(name, dialect).is_none());
            if lacks && !side.is_empty() {
                let relations: Vec<&Relation> = side.iter().collect();
                self.faults.push(fault::unknown(self.outline.span(name.span), name, &relations, dialect));
                return;
            }
        }
    }

    /// A column that INSERT or UPDATE writes.
    pub(super) fn target(&mut self, column: &Ident, columns: &Columns, table: &sqlparser::ast::ObjectName) {
        let dialect = self.outline.dialect;
        if columns.closed && !self.outline.is_computed(column) && columns.find(column, dialect).is_none() && !is_value(column, dialect) {
            let relation = Relation { name: super::last(table).map(|n| n.value.clone()), columns: columns.clone() };
            self.faults.push(fault::unknown(self.outline.span(column.span), column, &[&relation], dialect));
        }
    }

    /// `x = NULL` is never true.
    pub(super) fn null_compared(&mut self, left: &Expr, operator: &BinaryOperator, right: &Expr) {
        use sqlparser::ast::Spanned;
        let is_null = |e: &Expr| matches!(e, Expr::Value(v) if matches!(v.value, Value::Null));
        let (instead, never) = match operator {
            BinaryOperator::Eq => ("IS NULL", "never true"),
            BinaryOperator::NotEq => ("IS NOT NULL", "never true"),
            _ => return,
        };
        if is_null(left) || is_null(right) {
            let value = if is_null(right) { left } else { right };
            let at = self.outline.span(left.span().union(&right.span()));
            let fault = Diagnostic::warning("Q718", at, format!("a comparison with NULL is {never}"));
            self.faults.push(fault.help(format!("write `{value} {instead}`")));
        }
    }

    pub(super) fn arithmetic(&mut self, left: &Expr, operator: &BinaryOperator, right: &Expr, scope: &Scope<'_>) {
        let computes = matches!(
            operator,
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Modulo
        );
        if !computes {
            return;
        }
        let moment = |look: &mut Self, e: &Expr| {
            matches!(e, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
                && matches!(look.class_of(e, scope), Class::Date | Class::Timestamp | Class::TimestampTz)
        };
        if self.outline.dialect == Dialect::Sqlite && *operator == BinaryOperator::Minus && moment(self, left) && moment(self, right) {
            use sqlparser::ast::Spanned;
            let at = self.outline.span(left.span().union(&right.span()));
            let message = "SQLite keeps dates as text, and subtracts the numbers at their beginnings: the years";
            let fault = Diagnostic::warning("Q711", at, message);
            self.faults.push(fault.help(format!("write `julianday({left}) - julianday({right})` for days")));
            return;
        }
        // `current_date - 7`
        if self.outline.dialect == Dialect::Sqlite
            && matches!(operator, BinaryOperator::Minus | BinaryOperator::Plus)
            && is_now(left)
            && matches!(right, Expr::Value(v) if matches!(v.value, Value::Number(..)))
        {
            use sqlparser::ast::Spanned;
            let at = self.outline.span(left.span().union(&right.span()));
            let message = format!("SQLite keeps dates as text, and `{operator}` computes with the number at its beginning: the year");
            let help = format!("write `date('now', '{operator}{right} days')`");
            self.faults.push(Diagnostic::warning("Q711", at, message).help(help));
            return;
        }
        for (side, other) in [(left, right), (right, left)] {
            // `x + 0` and `x * 1.0` are how SQLite is told to read a text as a number.
            let converts = matches!(other, Expr::Value(v) if matches!(&v.value, Value::Number(n, _) if ["0", "1", "0.0", "1.0"].contains(&n.to_string().as_str())));
            let is_name = matches!(side, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            if is_name && !converts && self.class_of(side, scope) == Class::Text && self.class_of(other, scope).is_number() {
                use sqlparser::ast::Spanned;
                let at = self.outline.span(side.span());
                self.faults.push(fault::text_arithmetic(at, side, operator, self.outline.dialect));
            }
        }
    }
}

pub(super) fn is_value(name: &Ident, dialect: Dialect) -> bool {
    let lower = name.value.to_ascii_lowercase();
    match dialect {
        // What SQLite cannot find in double quotes, it takes as text.
        Dialect::Sqlite if name.quote_style == Some('"') => true,
        _ if name.quote_style.is_some() => false,
        Dialect::Sqlite => VALUES.contains(&lower.as_str()) || HIDDEN_SQLITE.contains(&lower.as_str()),
        Dialect::Postgres => VALUES.contains(&lower.as_str()) || HIDDEN_POSTGRES.contains(&lower.as_str()),
    }
}

/// What SQLite gives as a text for the moment.
fn is_now(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(name) => name.quote_style.is_none() && is_word_for_now(&name.value),
        Expr::Function(function) => {
            let name = function.name.to_string();
            is_word_for_now(&name) || ["date", "datetime"].iter().any(|word| name.eq_ignore_ascii_case(word))
        }
        _ => false,
    }
}

fn is_word_for_now(name: &str) -> bool {
    ["current_date", "current_timestamp"].iter().any(|word| name.eq_ignore_ascii_case(word))
}
