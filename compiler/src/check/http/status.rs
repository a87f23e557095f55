//! H813: where errors count as a success, somebody looks at the status.

use sequor_plan_format::expr::ResponsePart;

use crate::diagnostic::{Diagnostic, Span};
use crate::op::http_request::{HttpRequest, TableData};
use crate::snippet::expression::{Expression, Kind};

pub(super) fn check(op: &HttpRequest, faults: &mut Vec<Diagnostic>) {
    let errors = op.response.success.iter().flatten().find(|range| range.last >= 400);
    let (Some(range), Some(reader)) = (errors, reader(op)) else { return };
    if super::reads_status(op) {
        return;
    }
    let status = if range.first == range.last { range.first.to_string() } else { format!("{} to {}", range.first.max(400), range.last) };
    faults.push(
        Diagnostic::warning(
            "H813",
            reader.clone(),
            format!("status {status} counts as a success, and nothing here looks at the status: an error is read like data"),
        )
        .help("take it out of 'success_status', or ask for `response.status_code` first"),
    );
}

/// The first thing that reads the reply.
fn reader(op: &HttpRequest) -> Option<&Span> {
    let response = &op.response;
    let parser = response.parser.as_ref().map(|p| &p.expression.span);
    parser.or_else(|| response.tables.first().map(|t| &t.table.name.span)).or_else(|| response.variables.first().map(|v| &v.name.span))
}

/// Some expression asks for the status.
pub(super) fn looked_at(op: &HttpRequest) -> bool {
    let response = &op.response;
    let tables = response.tables.iter().filter_map(|t| match &t.data {
        TableData::Value(value) => Some(value),
        TableData::Parser | TableData::Path(_) => None,
    });
    let parser = response.parser.as_ref().map(|p| &p.expression);
    let mut all = response.variables.iter().map(|v| &v.value).chain(tables).chain(&response.repeat).chain(parser);
    all.any(asks)
}

fn asks(expression: &Expression) -> bool {
    let mut found = false;
    expression.walk(&mut |e| {
        found |= match &e.kind {
            Kind::Response(part) => *part == ResponsePart::StatusCode,
            Kind::Jinja { code, .. } | Kind::Python { code, .. } => code.text.contains("status") || code.text.contains(".ok"),
            _ => false,
        }
    });
    found
}
