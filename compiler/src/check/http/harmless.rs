//! H824: a POST that makes something anew is said to do no harm when it is sent twice.

use sequor_plan_format::op::http_request::Method;

use super::shape::Shape;
use crate::diagnostic::Diagnostic;
use crate::op::http_request::{HttpRequest, Pairs, Request};
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::tables::text;

/// What is there twice, or done twice, when it is sent twice.
const MADE_ANEW: &[&str] = &[
    "charges",
    "payments",
    "refunds",
    "transfers",
    "payouts",
    "orders",
    "invoices",
    "credit_notes",
    "shipments",
    "bookings",
    "messages",
    "emails",
    "sms",
    "notifications",
    "comments",
    "tickets",
];

/// Parts of names under which an API tells requests apart.
const TOLD_APART: &[&str] =
    &["idempot", "request_id", "request-id", "requestid", "external", "reference", "dedup", "unique", "correlation", "nonce"];

pub(super) fn check(op: &HttpRequest, faults: &mut Vec<Diagnostic>) {
    let request = &op.request;
    if !request.idempotent || request.key.is_some() || request.method != Method::Post || is_told_apart(request) {
        return;
    }
    let Some(shape) = Shape::of(&request.url) else { return };
    let path = shape.text.split(['?', '#']).next().unwrap_or_default();
    let Some(what) = path.trim_end_matches('/').rsplit('/').next().filter(|last| MADE_ANEW.contains(&last.to_ascii_lowercase().as_str()))
    else {
        return;
    };
    faults.push(
        Diagnostic::warning(
            "H824",
            request.idempotent_at.as_ref().unwrap_or(&request.url.span).clone(),
            format!("each POST to '{what}' makes another one, and 'idempotent: true' lets this one be sent again after an error"),
        )
        .help("where the API knows idempotency keys, write 'idempotency_key: auto' instead; else take 'idempotent' out"),
    );
}

fn is_told_apart(request: &Request) -> bool {
    let told = |name: &str| TOLD_APART.iter().any(|part| name.to_ascii_lowercase().contains(part));
    let in_pairs = |pairs: &Pairs| match pairs {
        Pairs::Listed(pairs) => pairs.iter().any(|(name, _)| told(&name.name)),
        Pairs::Computed(_) => true,
    };
    in_pairs(&request.headers) || in_pairs(&request.parameters) || !request.body.as_ref().is_some_and(|(_, body)| is_plain_map(body, &told))
}

/// A literal map without such a name; the depth is bounded by the YAML reader.
fn is_plain_map(body: &Expression, told: &impl Fn(&str) -> bool) -> bool {
    match &body.kind {
        Kind::Dict(items) => items.iter().all(|item| match item {
            DictItem::Pair(key, value) => {
                text(key).is_some_and(|name| !told(name)) && (!matches!(value.kind, Kind::Dict(_)) || is_plain_map(value, told))
            }
            DictItem::Spread(_) => false,
        }),
        _ => false,
    }
}
