//! P611, T906: what a parser returns fits what its op declares. Looked at are parsers whose result is a literal map.

mod full;
mod rows;

use sequor_plan_format::expr as plan;

use super::parsed::{behind, results};
use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::op::Op;
use crate::op::http_request::{HttpRequest, TableData};
use crate::resolve::Resolved;
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::syntax::Step;
use crate::syntax::visit::{self, Visitor};
use crate::tables::text;

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut Walk { parsed, faults });
    }
}

struct Walk<'w> {
    parsed: &'w Parsed,
    faults: &'w mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Walk<'_> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::HttpRequest(op) = &step.op
            && let Some(parser) = &op.response.parser
        {
            results(&parser.expression, &mut |result| fits(self.parsed, op, result, self.faults));
            for table in parser.expression.uses().tables.iter().filter(|t| !t.has_data) {
                let message = format!("the parser's table '{}' has no 'data'", table.name.name);
                self.faults.push(
                    Diagnostic::error("T906", table.name.span.clone(), message).help("add 'data' with the rows; it may be an empty list"),
                );
            }
        }
    }
}

fn fits(parsed: &Parsed, op: &HttpRequest, result: &Expression, faults: &mut Vec<Diagnostic>) {
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
            Some("tables") => tables(parsed, op, value, faults),
            Some("variables") => {
                part(value, "variables", "a map of names to values", &["a map"], faults);
                misplaced(items, value, faults);
            }
            Some("while") => part(value, "while", "True or False", &["true or false"], faults),
            None => {}
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

/// `while` among the variables, where the result has none of its own.
fn misplaced(result: &[DictItem], variables: &Expression, faults: &mut Vec<Diagnostic>) {
    let find = |items: &[DictItem]| {
        items.iter().find_map(|item| match item {
            DictItem::Pair(key, _) => (text(key) == Some("while")).then(|| key.span.clone()),
            DictItem::Spread(_) => None,
        })
    };
    let Kind::Dict(variables) = &variables.kind else { return };
    if let (Some(at), None) = (find(variables), find(result)) {
        let fault = Diagnostic::warning("P611", at, "'while' among the variables is a variable, and asks for no other page");
        faults.push(fault.help("write it beside 'variables': {\"variables\": {…}, \"while\": …}"));
    }
}

/// A part of the result is of the kind that it must be, or null.
fn part(value: &Expression, name: &str, wanted: &str, fine: &[&str], faults: &mut Vec<Diagnostic>) {
    let kind = rows::kind(value);
    if !kind.is_empty() && !fine.contains(&kind) {
        let message = format!("the parser's '{name}' must be {wanted}, but is {kind}");
        let help = if name == "while" { "write it without quotes: `True`, or the comparison itself" } else { "write {'name': value, …}" };
        faults.push(Diagnostic::error("P611", value.span.clone(), message).help(help));
    }
}

fn tables(parsed: &Parsed, op: &HttpRequest, value: &Expression, faults: &mut Vec<Diagnostic>) {
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
                    let rows = op.response.parser.as_ref().map_or(rows, |parser| behind(&parser.expression, rows));
                    rows::check(table, rows, faults);
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
        Kind::List(given) if !declared.is_empty() && given.iter().any(|row| matches!(row.kind, Kind::Dict(_)) && !full::is_table(row)) => {
            faults.push(rows_alone(value, &declared));
        }
        Kind::List(_) if !declared.is_empty() => {
            let fault = Diagnostic::error(
                "P611",
                value.span.clone(),
                "the parser returns a list of tables, and 'response.tables' declares them already",
            );
            faults.push(fault.help("return a map from table name to rows, or take 'response.tables' out"));
        }
        Kind::Comprehension { kind: plan::Comprehension::List, element, .. } if !declared.is_empty() && !full::is_table(element) => {
            faults.push(rows_alone(value, &declared));
        }
        Kind::List(given) => given.iter().for_each(|table| full::check(parsed, op, table, faults)),
        _ if !declared.is_empty() && rows::is_list_of_reply(value) => {
            faults.push(Diagnostic { severity: Severity::Warning, ..rows_alone(value, &declared) })
        }
        _ => {}
    }
}

/// The rows themselves, where a map of tables is wanted.
fn rows_alone(value: &Expression, declared: &[&Expression]) -> Diagnostic {
    let name = declared.first().and_then(|d| text(d)).unwrap_or("…");
    Diagnostic::error("P611", value.span.clone(), "the parser's 'tables' are rows, and a map from table name to rows is expected")
        .help(format!("write {{\"tables\": {{\"{name}\": …}}}}"))
}
