//! H825: a reply of a status without a body is not read as JSON.

use sequor_plan_format::expr::ResponsePart;

use crate::diagnostic::{Diagnostic, Span};
use crate::op::http_request::{HttpRequest, TableData};
use crate::snippet::expression::{Expression, Kind};

/// Statuses whose replies have no body.
const EMPTY: &[u16] = &[204, 205, 304];

pub(super) fn check(op: &HttpRequest, faults: &mut Vec<Diagnostic>) {
    let mut listed = op.response.success.iter().flatten().filter(|range| range.first == range.last).map(|range| range.first);
    let Some(status) = listed.find(|status| EMPTY.contains(status)) else { return };
    if let Some(at) = read_of_none(op) {
        let message = format!("status {status} is the only one that counts as a success here, and its reply has no body to read");
        let fault = Diagnostic::warning("H825", at, message);
        faults.push(fault.help("take what is written from the request, or add the status of a reply with a body to 'success_status'"));
        return;
    }
    let Some(parser) = &op.response.parser else { return };
    if let Some(at) = reads_first(&parser.expression) {
        faults.push(
            Diagnostic::warning(
                "H825",
                at,
                format!(
                    "status {status} counts as a success and has no body, but the reply is read as JSON before anything asks for the status"
                ),
            )
            .help(format!("begin with `if response.status_code == {status}:` and return what stands for no data")),
        );
    }
}

/// Where the body is read, although no status that counts as a success has one.
fn read_of_none(op: &HttpRequest) -> Option<Span> {
    let success = op.response.success.as_ref()?;
    if !success.iter().all(|range| range.first == range.last && EMPTY.contains(&range.first)) {
        return None;
    }
    let of_tables = op.response.tables.iter().find_map(|table| match &table.data {
        TableData::Value(value) => value.uses().response.then(|| json(value)).flatten(),
        TableData::Path(_) => Some(table.table.name.span.clone()),
        TableData::Parser => None,
    });
    of_tables
        .or_else(|| op.response.variables.iter().find_map(|assign| json(&assign.value)))
        .or_else(|| op.response.repeat.as_ref().and_then(json))
}

/// Where a value reads the reply's body as JSON.
fn json(value: &Expression) -> Option<Span> {
    let mut first = None;
    value.seen().walk(&mut |e| {
        if matches!(&e.kind, Kind::Response(ResponsePart::Json)) {
            first.get_or_insert_with(|| e.span.clone());
        }
    });
    first
}

/// The place of `response.json()`, where nothing before it may have looked at the reply otherwise.
fn reads_first(parser: &Expression) -> Option<Span> {
    let Kind::Python { code, .. } = &parser.kind else { return native(parser) };
    let written = code.written.as_deref()?;
    let text = written.scalar.text.as_str();
    let call = text.find("response.json()")?;
    let before: String = text[..call].lines().filter_map(|line| line.split('#').next()).collect::<Vec<_>>().join("\n");
    let line_end = text[call..].find('\n').map_or(text.len(), |end| call + end);
    // A condition in the same line, a `try`, a function of its own: any of them may have been meant for it.
    let line_start = text[..call].rfind('\n').map_or(0, |start| start + 1);
    let line = &text[line_start..line_end];
    let asks =
        |text: &str| [".status", ".ok", ".text", ".content", "try", " if ", "headers", "lambda"].iter().any(|word| text.contains(word));
    let nested = before
        .lines()
        .any(|line| line.trim_start().starts_with("def ") && !line.contains("evaluate") || line.trim_start().starts_with("if "));
    if asks(&before) || asks(line) || nested {
        return None;
    }
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Some(written.scalar.span_of(&written.whole, place(call), place(call + "response.json()".len())))
}

/// The same of a parser that is an expression: its parts are asked in their order.
fn native(parser: &Expression) -> Option<Span> {
    let mut first = None;
    parser.walk(&mut |e| {
        if let Kind::Response(part) = &e.kind {
            first.get_or_insert((*part, e.span.clone()));
        }
    });
    first.filter(|(part, _)| *part == ResponsePart::Json).map(|(_, span)| span)
}
