//! Small literal forms: durations, statuses, retries, names.

use sequor_plan_format::op::http_request::{Backoff, RetryPolicy, StatusRange};

use super::key::{Key, Kind, Table};
use crate::diagnostic::{Diagnostic, Span};
use crate::snippet::expression::Named;
use crate::syntax::fields::{Fields, scalar, wrong_kind};
use crate::yaml::{self, Node, ScalarValue};

/// The keys of `retry`.
pub static RETRY: Table = Table::new(
    "'retry'",
    "When a request that failed is sent again by itself.",
    &[
        Key::new("attempts", Kind::Integer, "how often the request is sent at most, the first time included")
            .default("5")
            .mistaken(ATTEMPTS),
        Key::new(
            "on",
            Kind::Statuses,
            "after what it is sent again: statuses, classes like 5xx, and network (no connection, a broken one, time-outs)",
        )
        .default("[408, 429, 5xx, network]"),
        Key::new(
            "backoff",
            Kind::Choice(BACKOFF),
            "how the wait grows: exponential doubles it and takes a random part of that, linear adds 'delay' each time",
        )
        .default("exponential"),
        Key::new("delay", Kind::Duration, "the first wait; where the server says how long (Retry-After), its word counts")
            .default("500ms")
            .aliases(&["initial_delay"]),
        Key::new("max_delay", Kind::Duration, "the longest wait; where the server asks for more, the request fails").default("5m"),
    ],
);

/// The keys of a step's `retry`.
pub static STEP_RETRY: Table = Table::new(
    "'retry' of a step",
    "When a step that failed is started again. A transform, copy or execute goes on with what it was doing; any other step begins anew, with the steps inside.",
    &[
        Key::new("attempts", Kind::Integer, "how often the step is started at most, the first time included")
            .default("3")
            .mistaken(ATTEMPTS),
        Key::new("on", Kind::Names, "the kinds of error that are tried again, as in 'catch'; all where absent").aliases(&["kinds"]),
        Key::new("backoff", Kind::Choice(BACKOFF), "how the wait grows").default("exponential"),
        Key::new("delay", Kind::Duration, "the first wait").default("1s").aliases(&["initial_delay"]),
        Key::new("max_delay", Kind::Duration, "the longest wait").default("5m"),
    ],
);

const ATTEMPTS: &[&str] = &["max_attempts", "tries", "retries", "count", "max_retries"];
const BACKOFF: &[&str] = &["exponential", "linear", "constant"];

/// A duration in milliseconds.
pub fn duration(fields: &Fields<'_>, name: &str, faults: &mut Vec<Diagnostic>) -> Option<u64> {
    let node = fields.node(name)?;
    let found = scalar(node).and_then(|s| match s.value {
        ScalarValue::Int(_) | ScalarValue::Float(_) | ScalarValue::Number(_) => milliseconds(&s.text, 1000),
        ScalarValue::Text => {
            let text = s.text.trim();
            let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let (number, unit) = text.split_at_checked(unit)?;
            let factor = match unit.trim() {
                "ms" => 1,
                "s" | "sec" | "second" | "seconds" => 1000,
                "m" | "min" | "minute" | "minutes" => 60_000,
                "h" | "hour" | "hours" => 3_600_000,
                _ => return None,
            };
            milliseconds(number, factor)
        }
        ScalarValue::Null | ScalarValue::Bool(_) => None,
    });
    if found.is_none() {
        faults.push(wrong_kind(node, &format!("'{name}'"), "a duration above 0: 30s, 500ms, 2m, 1h, or a number of seconds"));
    }
    found
}

/// `number × factor`, where the number may have a fraction; more than a year is refused.
fn milliseconds(number: &str, factor: u64) -> Option<u64> {
    const YEAR: u64 = 366 * 24 * 3_600_000;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 9 {
        return None;
    }
    let scale = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    let total = digits.checked_mul(factor)? / scale;
    (1..=YEAR).contains(&total).then_some(total)
}

/// Statuses and classes; `network` where it is allowed sets the flag.
pub fn statuses(node: &Node, what: &str, mut network: Option<&mut bool>, faults: &mut Vec<Diagnostic>) -> Vec<StatusRange> {
    let one = std::slice::from_ref(node);
    let nodes = match &node.kind {
        yaml::Kind::Sequence(items) => items.as_slice(),
        yaml::Kind::Scalar(_) | yaml::Kind::Mapping(_) => one,
    };
    if nodes.is_empty() {
        faults.push(wrong_kind(node, what, "at least one status").help("leave the key out for the default"));
    }
    let mut ranges = Vec::new();
    for node in nodes {
        let text = scalar(node).map_or("", |s| s.text.trim());
        match (status(text), &mut network) {
            (Some(range), _) => ranges.push(range),
            (None, Some(flag)) if text.eq_ignore_ascii_case("network") => **flag = true,
            (None, _) if text.starts_with(|c: char| c.is_ascii_digit()) => faults.push(
                Diagnostic::error("H802", node.span.clone(), format!("'{text}' is no HTTP status"))
                    .help("statuses are 100 to 599, and classes are 1xx to 5xx"),
            ),
            (None, flag) => {
                let or = if flag.is_some() { ", or 'network'" } else { "" };
                faults.push(wrong_kind(node, what, &format!("statuses from 100 to 599 or classes like 4xx{or}")));
            }
        }
    }
    ranges
}

fn status(text: &str) -> Option<StatusRange> {
    let lower = text.to_ascii_lowercase();
    if let Some(class) = lower.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|c| (1..=5).contains(c))?;
        return Some(StatusRange { first: class * 100, last: class * 100 + 99 });
    }
    let (first, last) = match lower.split_once('-') {
        Some((first, last)) => (first.trim().parse().ok()?, last.trim().parse().ok()?),
        None => {
            let status: u16 = lower.parse().ok()?;
            (status, status)
        }
    };
    (100 <= first && first <= last && last <= 599).then_some(StatusRange { first, last })
}

/// The `retry` key of a request or a source.
pub fn retry(fields: &Fields<'_>, faults: &mut Vec<Diagnostic>) -> Option<RetryPolicy> {
    let node = fields.node("retry")?;
    let mut policy = RetryPolicy::default();
    if let Some(attempts) = just_attempts(node) {
        return Some(RetryPolicy { attempts, ..policy });
    }
    let fields = Fields::read(node, &node.span, &[&RETRY], faults)?;
    policy.attempts = attempts(&fields, faults).unwrap_or(policy.attempts);
    if let Some(on) = fields.node("on") {
        policy.network = false;
        policy.statuses = statuses(on, "'on'", Some(&mut policy.network), faults);
    }
    policy.backoff = backoff(&fields, faults);
    policy.delay_ms = duration(&fields, "delay", faults).unwrap_or(policy.delay_ms);
    policy.max_delay_ms = duration(&fields, "max_delay", faults).unwrap_or(policy.max_delay_ms);
    Some(policy)
}

/// `retry: 3`.
fn just_attempts(node: &Node) -> Option<u32> {
    match scalar(node)?.value {
        ScalarValue::Int(attempts) => u32::try_from(attempts).ok().filter(|attempts| *attempts > 0),
        ScalarValue::Null | ScalarValue::Bool(_) | ScalarValue::Float(_) | ScalarValue::Number(_) | ScalarValue::Text => None,
    }
}

fn attempts(fields: &Fields<'_>, faults: &mut Vec<Diagnostic>) -> Option<u32> {
    fields.integer("attempts", 1, faults).map(|attempts| u32::try_from(attempts).unwrap_or(u32::MAX))
}

fn backoff(fields: &Fields<'_>, faults: &mut Vec<Diagnostic>) -> Backoff {
    match fields.choice("backoff", faults) {
        Some("linear") => Backoff::Linear,
        Some("constant") => Backoff::Constant,
        Some(_) | None => Backoff::Exponential,
    }
}

/// When a step is started again.
#[derive(Debug)]
pub struct Retry {
    /// The key.
    pub span: Span,
    pub attempts: u32,
    pub kinds: Vec<Named>,
    pub backoff: Backoff,
    pub delay_ms: u64,
    pub max_delay_ms: u64,
}

/// The `retry` key of a step.
pub fn step_retry(fields: &Fields<'_>, faults: &mut Vec<Diagnostic>) -> Option<Retry> {
    let field = fields.get("retry")?;
    let node = &field.entry.value;
    let span = field.entry.key_span.clone();
    let plain = Retry { span, attempts: 3, kinds: Vec::new(), backoff: Backoff::Exponential, delay_ms: 1_000, max_delay_ms: 300_000 };
    if let Some(attempts) = just_attempts(node) {
        return Some(Retry { attempts, ..plain });
    }
    let fields = Fields::read(node, &node.span, &[&STEP_RETRY], faults)?;
    Some(Retry {
        attempts: attempts(&fields, faults).unwrap_or(plain.attempts),
        kinds: kinds(&fields, faults),
        backoff: backoff(&fields, faults),
        delay_ms: duration(&fields, "delay", faults).unwrap_or(plain.delay_ms),
        max_delay_ms: duration(&fields, "max_delay", faults).unwrap_or(plain.max_delay_ms),
        ..plain
    })
}

/// Kinds of error under `on`; none are all.
pub fn kinds(fields: &Fields<'_>, faults: &mut Vec<Diagnostic>) -> Vec<Named> {
    let Some(on) = fields.node("on") else { return Vec::new() };
    let before = faults.len();
    let kinds = names(on, "'on'", faults);
    if kinds.is_empty() && faults.len() == before {
        faults.push(wrong_kind(on, "'on'", "a kind of error or a list of them").help("leave 'on' out for every error"));
    }
    kinds
}

/// A name with its place.
pub fn named(found: (&str, &Span)) -> Named {
    Named { name: found.0.to_owned(), span: found.1.clone() }
}

/// One text, or a list of texts.
pub fn names(node: &Node, what: &str, faults: &mut Vec<Diagnostic>) -> Vec<Named> {
    let one = std::slice::from_ref(node);
    let nodes = match &node.kind {
        yaml::Kind::Sequence(items) => items.as_slice(),
        yaml::Kind::Scalar(_) | yaml::Kind::Mapping(_) => one,
    };
    let mut names: Vec<Named> = Vec::new();
    for node in nodes {
        match scalar(node).filter(|s| s.value != ScalarValue::Null && !s.text.is_empty()) {
            Some(s) if names.iter().any(|n| n.name == s.text) => {}
            Some(s) => names.push(Named { name: s.text.clone(), span: node.span.clone() }),
            None => faults.push(wrong_kind(node, what, "a name or a list of names")),
        }
    }
    names
}
