//! P611, T906: what a parser returns fits what its op declares. Looked at are parsers whose result is a literal map.

use sequor_plan_format::expr as plan;

use super::parsed::results;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::Op;
use crate::op::http_request::{HttpRequest, ResponseTable, TableData};
use crate::resolve::Resolved;
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::syntax::Step;
use crate::syntax::visit::{self, Visitor};
use crate::tables::text;

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut Walk { faults });
    }
}

struct Walk<'w> {
    faults: &'w mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Walk<'_> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::HttpRequest(op) = &step.op
            && let Some(parser) = &op.response.parser
        {
            results(&parser.expression, &mut |result| fits(op, result, self.faults));
            for table in parser.expression.uses().tables.iter().filter(|t| !t.has_data) {
                let message = format!("the parser's table '{}' has no 'data'", table.name.name);
                self.faults.push(
                    Diagnostic::error("T906", table.name.span.clone(), message).help("add 'data' with the rows; it may be an empty list"),
                );
            }
        }
    }
}

fn fits(op: &HttpRequest, result: &Expression, faults: &mut Vec<Diagnostic>) {
    let kind = match &result.kind {
        Kind::List(_) | Kind::Comprehension { kind: plan::Comprehension::List, .. } => "a list",
        Kind::Tuple(_) => "several values",
        Kind::Bool(_) => "true or false",
        Kind::Int(_) | Kind::Float(_) | Kind::Number(_) => "a number",
        Kind::Text(_) | Kind::Concat(_) => "text",
        _ => "",
    };
    if !kind.is_empty() {
        let message = format!("the parser returns {kind}, and a map is expected");
        faults.push(
            Diagnostic::error("P611", result.span.clone(), message)
                .help("return {\"tables\": …, \"variables\": …, \"while\": …}; each of them may be missing"),
        );
        return;
    }
    let Kind::Dict(items) = &result.kind else { return };
    for item in items {
        let DictItem::Pair(key, value) = item else { continue };
        match text(key) {
            Some("tables") => tables(op, value, faults),
            Some("variables" | "while") | None => {}
            Some(other) => {
                let fault = Diagnostic::error("P611", key.span.clone(), format!("what a parser returns has no place for '{other}'"));
                faults.push(match did_you_mean(other, ["tables", "variables", "while"]) {
                    Some(near) => fault.help(format!("did you mean '{near}'?")),
                    None => fault.help("it may return 'tables', 'variables' and 'while'"),
                });
            }
        }
    }
}

/// P612: a key of the rows that is no column, where a column stays empty that it may have been meant for. Other keys may be there: they are left out.
fn keys(table: &ResponseTable, rows: &Expression, faults: &mut Vec<Diagnostic>) {
    let Some(columns) = &table.columns else { return };
    let rows: Vec<&Expression> = match &rows.kind {
        Kind::List(rows) => rows.iter().collect(),
        Kind::Comprehension { kind: plan::Comprehension::List, element, .. } => vec![element],
        _ => return,
    };
    let mut given: Vec<(&str, &Span)> = Vec::new();
    for row in &rows {
        let Kind::Dict(items) = &row.kind else { return };
        for item in items {
            let DictItem::Pair(key, _) = item else { return };
            let Some(name) = text(key) else { return };
            given.push((name, &key.span));
        }
    }
    let is_given = |column: &str| given.iter().any(|(key, _)| key.eq_ignore_ascii_case(column));
    let empty: Vec<&str> = columns.iter().map(|c| c.name.name.as_str()).filter(|c| !is_given(c)).collect();
    let mut unknown: Vec<(&str, &Span)> =
        given.iter().copied().filter(|(key, _)| !columns.iter().any(|c| c.name.name.eq_ignore_ascii_case(key))).collect();
    unknown.dedup_by_key(|(key, _)| *key);
    let alone = unknown.len() == 1 && empty.len() == 1;
    for (key, at) in unknown {
        if let Some(column) = did_you_mean(key, empty.iter().copied()).or(empty.first().copied().filter(|_| alone)) {
            let name = text(&table.table.name).unwrap_or_default();
            let message = format!("'{key}' is no column of '{name}' and is left out, and nothing fills its column '{column}'");
            faults.push(Diagnostic::warning("P612", at.clone(), message).help("give the key and the column the same name"));
        }
    }
}

fn tables(op: &HttpRequest, value: &Expression, faults: &mut Vec<Diagnostic>) {
    let declared: Vec<_> = op.response.tables.iter().filter(|t| matches!(t.data, TableData::Parser)).map(|t| &t.table.name).collect();
    match &value.kind {
        Kind::Dict(items) => {
            let mut given = Vec::new();
            for item in items {
                match item {
                    DictItem::Pair(key, _) => match text(key) {
                        Some(name) => given.push((name, &key.span)),
                        None => return,
                    },
                    DictItem::Spread(_) => return,
                }
            }
            for item in items {
                if let DictItem::Pair(key, rows) = item
                    && let Some(table) =
                        op.response.tables.iter().find(|t| text(&t.table.name).is_some() && text(&t.table.name) == text(key))
                {
                    keys(table, rows, faults);
                }
            }
            let names: Option<Vec<&str>> = declared.iter().map(|d| text(d)).collect();
            let Some(names) = names else { return };
            if names.is_empty() {
                if let Some((name, span)) = given.first() {
                    let fault = Diagnostic::error(
                        "P611",
                        (*span).clone(),
                        format!("'response.tables' declares no table '{name}' for the parser to fill"),
                    );
                    faults.push(fault.help("declare it there with its source and columns, or return a list of full tables: [{\"source\": …, \"table\": …, \"columns\": …, \"data\": …}]"));
                }
                return;
            }
            for (name, span) in given.iter().filter(|(name, _)| !names.contains(name)) {
                let fault = Diagnostic::error(
                    "P611",
                    (*span).clone(),
                    format!("the parser gives rows for '{name}', which 'response.tables' does not declare"),
                );
                let list = names.join(", ");
                faults.push(match did_you_mean(name, names.iter().copied()) {
                    Some(near) => fault.help(format!("did you mean '{near}'? Declared: {list}")),
                    None => fault.help(format!("declared: {list}")),
                });
            }
            // A table under another name is one fault, not two.
            let extra = given.iter().filter(|(name, _)| !names.contains(name)).count();
            let missing: Vec<&&Expression> =
                declared.iter().filter(|d| text(d).is_some_and(|name| !given.iter().any(|(g, _)| *g == name))).collect();
            if missing.len() > extra
                && let Some(table) = missing.first()
            {
                let name = text(table).unwrap_or_default();
                let fault = Diagnostic::error("P611", table.span.clone(), format!("the parser gives no rows for '{name}'"));
                faults.push(
                    fault
                        .also(value.span.clone(), "what the parser gives")
                        .help(format!("add \"{name}\" to the parser's 'tables' (an empty list is fine), or give the table 'data' here")),
                );
            }
        }
        Kind::List(_) if !declared.is_empty() => {
            let fault = Diagnostic::error(
                "P611",
                value.span.clone(),
                "the parser returns a list of tables, and 'response.tables' declares them already",
            );
            faults.push(fault.help("return a map from table name to rows, or take 'response.tables' out"));
        }
        _ => {}
    }
}
