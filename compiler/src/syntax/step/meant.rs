//! Steps without `op`, or with one that does not exist: what was meant, so that the rest of the step is read all the same.

use super::COMMON;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::{self, Spec};
use crate::syntax::fields::{self, EXPRESSION, scalar};
use crate::yaml::{self, Entry, Node, Scalar, ScalarValue, Style, TextMap};

/// Names that other tools have for ops.
const ELSEWHERE: &[(&str, &[&str])] = &[
    (
        "http_request",
        &["http", "https", "request", "requests", "rest", "api", "api_call", "http_call", "http_get", "http_post", "fetch", "call_api"],
    ),
    ("transform", &["sql_transform", "select", "create_table", "create_table_as", "query"]),
    ("execute", &["execute_sql", "run_sql", "sql_execute", "statement"]),
    ("set_variable", &["set", "set_var", "set_vars", "assign", "variable", "variables"]),
    ("print", &["echo", "message", "output", "write"]),
    ("fail", &["throw", "error", "abort"]),
    ("if", &["condition", "when", "if_else", "branch"]),
    ("while", &["loop_while", "repeat", "until"]),
    ("for_each", &["for", "foreach", "loop", "each", "iterate", "for_loop"]),
    ("try", &["try_catch", "catch"]),
    ("block", &["group", "steps", "sequence"]),
    ("run_flow", &["call", "flow", "call_flow", "subflow", "workflow", "run"]),
    ("sleep", &["delay", "pause"]),
    ("assert", &["check", "test", "expect", "validate"]),
    ("copy", &["transfer", "move", "copy_table"]),
];

/// A step has no `op`.
pub(super) fn missing_op(node: &Node, entries: &[Entry]) -> Diagnostic {
    let first = entries.first().map_or(&node.span, |e| &e.key_span);
    let fault = |at: &Span| Diagnostic::error("S102", at.clone(), "this step has no 'op'");
    match (misplaced(entries), misspelt(entries)) {
        (Some(e), _) => fault(first).help(format!("write 'op: {}' with its keys beside it", e.key)),
        (None, Some(e)) => fields::instead(fault(&e.key_span), &e.key, "op").help(format!("'{}' should be 'op'", e.key)),
        (None, None) => fault(first).help(format!("add 'op: …'; ops: {}", op_list())),
    }
}

fn misplaced(entries: &[Entry]) -> Option<&Entry> {
    entries.iter().find(|e| op::named(&e.key).is_some())
}

fn misspelt(entries: &[Entry]) -> Option<&Entry> {
    entries.iter().find(|e| did_you_mean(&e.key, ["op"]).is_some() || e.key == "type" || e.key == "operation")
}

/// The step with the `op` that was meant.
pub(super) fn with_op(node: &Node, entries: &[Entry]) -> Option<Node> {
    let rebuilt = |entries| Some(Node { span: node.span.clone(), kind: yaml::Kind::Mapping(entries) });
    if let Some(place) = misplaced(entries) {
        // `- print: {message: a}`
        let (yaml::Kind::Mapping(inner), [_]) = (&place.value.kind, entries) else { return None };
        if inner.iter().any(|e| e.key == "op") {
            return None;
        }
        let name = Scalar {
            text: place.key.clone(),
            value: ScalarValue::Text,
            style: Style::Plain,
            map: TextMap { anchors: vec![(0, place.key_span.start)] },
        };
        let name = Node { span: place.key_span.clone(), kind: yaml::Kind::Scalar(name) };
        let entry = Entry { key: "op".to_owned(), key_span: place.key_span.clone(), value: name };
        return rebuilt(std::iter::once(entry).chain(inner.iter().cloned()).collect());
    }
    let wrong = misspelt(entries)?;
    scalar(&wrong.value).filter(|s| op::named(&s.text).is_some())?;
    let rename = |e: &Entry| if e.key == wrong.key { Entry { key: "op".to_owned(), ..e.clone() } } else { e.clone() };
    rebuilt(entries.iter().map(rename).collect())
}

/// The fault of an op that does not exist, and the op that was meant.
pub(super) fn unknown_op(name: &str, span: &Span) -> (Diagnostic, Option<&'static Spec>) {
    if let Some((later, doc)) = op::LATER.iter().find(|(later, _)| *later == name) {
        let fault = Diagnostic::error("S108", span.clone(), format!("op '{later}' ({doc}) is not in this version yet"));
        return (fault.help(format!("this version has: {}", op_list())), None);
    }
    let fault = Diagnostic::error("S101", span.clone(), format!("unknown op '{name}'"));
    let lower = name.to_ascii_lowercase().replace(['-', ' '], "_");
    let elsewhere = ELSEWHERE.iter().find(|(_, names)| names.contains(&lower.as_str())).map(|(meant, _)| *meant);
    let known = op::OPS.iter().flat_map(|s| std::iter::once(s.name).chain(s.aliases.iter().copied()));
    match elsewhere.or_else(|| did_you_mean(name, known)) {
        Some(near) => (fields::instead(fault, name, near).help(format!("did you mean '{near}'?")), op::named(near)),
        None => (fault.help(format!("ops: {}", op_list())), None),
    }
}

/// Whether an op has all keys of a step, so that it is surely the one that was meant. One key in another spelling may be among them.
pub(super) fn knows_all(spec: &Spec, step: &Node) -> bool {
    let yaml::Kind::Mapping(entries) = &step.kind else { return false };
    let is_known = |key: &str| spec.table.key(key).or_else(|| COMMON.key(key)).is_some();
    let strange = entries.iter().filter(|e| !is_known(e.key.strip_suffix(EXPRESSION).unwrap_or(&e.key))).count();
    let own = entries.iter().filter(|e| spec.table.key(e.key.strip_suffix(EXPRESSION).unwrap_or(&e.key)).is_some()).count();
    strange == 0 && own > 0 || strange == 1 && own > 1
}

fn op_list() -> String {
    op::OPS.iter().map(|s| s.name).collect::<Vec<_>>().join(", ")
}
