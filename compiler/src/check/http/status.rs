//! H813: where errors count as a success, somebody looks at the status. H826: a parser asks for a status only where replies of that status reach it.

use sequor_plan_format::expr::{Compare, ResponsePart};

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

/// H826
pub(super) fn never_there(op: &HttpRequest, faults: &mut Vec<Diagnostic>) {
    let (Some(success), Some(at), Some(parser)) = (&op.response.success, &op.response.success_at, &op.response.parser) else { return };
    let is_there = |status: u16| success.iter().any(|range| (range.first..=range.last).contains(&status));
    for (status, asked) in asked_for(&parser.expression).into_iter().filter(|(status, _)| !is_there(*status)) {
        faults.push(
            Diagnostic::warning(
                "H826",
                at.clone(),
                format!(
                    "the parser asks for status {status}, which is no success here: such a reply fails the step before the parser sees it"
                ),
            )
            .also(asked, "asked for here")
            .help(format!("add {status} to 'success_status', or take what is done with it out of the parser")),
        );
    }
}

/// The statuses that a parser compares with, each with its place.
fn asked_for(parser: &Expression) -> Vec<(u16, Span)> {
    let mut found = Vec::new();
    parser.walk(&mut |e| match &e.kind {
        Kind::Compare { operator: Compare::Equal, left, right } => {
            if let (Kind::Response(ResponsePart::StatusCode), Kind::Int(status)) = (&left.kind, &right.kind)
                && let Ok(status) = u16::try_from(*status)
            {
                found.push((status, e.span.clone()));
            }
        }
        Kind::Python { code, .. } => {
            let Some(written) = code.written.as_deref() else { return };
            let text = written.scalar.text.as_str();
            for (start, asked) in text.match_indices("response.status_code == ") {
                let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
                let end = start + asked.len();
                let digits = text.get(end..end + 3).and_then(|d| d.parse::<u16>().ok());
                let goes_on = text.get(end + 3..).is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric()));
                if let Some(status) = digits.filter(|_| !goes_on && !text[line_start..start].contains('#')) {
                    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                    found.push((status, written.scalar.span_of(&written.whole, place(start), place(end + 3))));
                }
            }
        }
        _ => {}
    });
    found
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
