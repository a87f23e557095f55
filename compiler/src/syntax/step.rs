//! One step: its op, and the keys that every op has.

mod meant;

use super::key::{Key, Kind, Presence, Table};
use super::value;
use super::{BEFORE_REPLY, Reader, Step};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::op;
use crate::syntax::fields::{self, Fields, scalar, wrong_kind};
use crate::syntax::scalars::{STEP_RETRY, duration, named, step_retry};
use crate::yaml::{self, Node};

/// The keys of every op.
pub static COMMON: Table = Table::new(
    "a step",
    "What a step may have beside the keys of its op.",
    &[
        Key::new("op", Kind::Text, "what the step does: the name of an op").required(),
        Key::new("id", Kind::Text, "the step's name in reports and messages, unique in its flow; absent: made from op and place")
            .mistaken(&["name"]),
        Key::new("title", Kind::Text, "a few words for reports, for people").mistaken(&["name", "label"]),
        Key::new("description", Kind::Text, "what the step is for: a note, which changes nothing"),
        Key::dynamic("when", Kind::Condition, "a condition: the step is skipped where it is false"),
        Key::new("retry", Kind::Section(&STEP_RETRY), "when the step is started again after an error: a number of attempts, or a mapping"),
        Key::new(
            "timeout",
            Kind::Duration,
            "how long one attempt of the step may take, the steps inside included; it ends with an error of kind 'timeout'",
        ),
    ],
);

/// A list of steps.
pub fn read_list(node: &Node, what: &str, reader: &mut Reader<'_>) -> Vec<Step> {
    match &node.kind {
        yaml::Kind::Sequence(items) => items.iter().filter_map(|n| read(n, reader)).collect(),
        yaml::Kind::Scalar(_) if fields::is_null(node) => Vec::new(),
        yaml::Kind::Mapping(entries) if entries.iter().any(|e| e.key == "op") => {
            reader.faults.push(wrong_kind(node, what, "a list of steps").help("write '- ' before the step's first key"));
            read(node, reader).into_iter().collect()
        }
        yaml::Kind::Scalar(_) | yaml::Kind::Mapping(_) => {
            reader.faults.push(wrong_kind(node, what, "a list of steps").help("each step starts with '- op: …'"));
            Vec::new()
        }
    }
}

/// The steps of a key, where it is there.
pub fn read_key(fields: &Fields<'_>, key: &str, reader: &mut Reader<'_>) -> Option<Vec<Step>> {
    let field = fields.get(key)?;
    let empty = match &field.entry.value.kind {
        yaml::Kind::Sequence(items) => items.is_empty(),
        // An empty key that must be there is reported as that.
        yaml::Kind::Scalar(_) => fields::is_null(&field.entry.value) && field.key.presence != Presence::Required,
        yaml::Kind::Mapping(_) => false,
    };
    if empty {
        let message = format!("'{key}' has no steps");
        let help = format!("add a step, or take '{key}' out");
        reader.faults.push(Diagnostic::warning("S110", field.entry.key_span.clone(), message).help(help));
    }
    Some(read_list(&field.entry.value, &format!("'{key}'"), reader))
}

fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Step> {
    let before = reader.faults.len();
    let step = read_step(node, reader);
    // What is wrong in a snippet that can be read leaves the names beside it as they are.
    let unread = |f: &Diagnostic| matches!(f.code, "P601" | "P603" | "P605" | "P606" | "P611" | "P620");
    let hides_names =
        |f: &Diagnostic| f.severity != Severity::Hint && !fields::is_unknown_word(f) && (unread(f) || !f.code.starts_with(['Q', 'J', 'P']));
    if reader.faults[before..].iter().any(hides_names) {
        map_keys(node, reader);
    }
    // An unknown key, or a word that a key does not know, hides nothing of the keys beside it.
    let harmless = |f: &Diagnostic| f.code == "S103" || f.code.starts_with(['Q', 'J', 'P']) || fields::is_unknown_word(f);
    let hides = |f: &Diagnostic| f.severity == Severity::Error && !harmless(f);
    if step.is_none() || reader.faults[before..].iter().any(hides) {
        texts(node, reader);
    }
    step
}

fn read_step(node: &Node, reader: &mut Reader<'_>) -> Option<Step> {
    let yaml::Kind::Mapping(entries) = &node.kind else {
        reader.faults.push(wrong_kind(node, "a step", "a mapping").help("each step starts with '- op: …'"));
        return None;
    };
    let Some(entry) = entries.iter().find(|e| e.key == "op") else {
        reader.faults.push(meant::missing_op(node, entries));
        let whole = meant::with_op(node, entries)?;
        return read_step(&whole, reader);
    };
    let Some(name) = scalar(&entry.value).map(|s| s.text.as_str()).filter(|t| !t.is_empty()) else {
        reader.faults.push(wrong_kind(&entry.value, "'op'", "the name of an op"));
        return None;
    };
    let Some(spec) = op::named(name) else {
        let (fault, meant) = meant::unknown_op(name, &entry.value.span);
        reader.faults.push(fault);
        let spec = meant.filter(|spec| meant::knows_all(spec, node))?;
        return read_as(spec, node, entry, reader);
    };
    if spec.name != name {
        let fault = Diagnostic::hint("S115", entry.value.span.clone(), format!("'{name}' is another name of the op '{}'", spec.name));
        reader.faults.push(fields::instead(fault, name, spec.name).help(format!("write '{}'", spec.name)));
    }
    if let Some((fault, whole)) = op::other_form(spec, node) {
        reader.faults.push(fault);
        return read_as(spec, &whole, entry, reader);
    }
    read_as(spec, node, entry, reader)
}

/// The step by the keys of its op. `entry` is that of `op`.
fn read_as(spec: &'static op::Spec, node: &Node, entry: &yaml::Entry, reader: &mut Reader<'_>) -> Option<Step> {
    let before = reader.faults.len();
    let span = Span { file: entry.key_span.file.clone(), start: entry.key_span.start, end: entry.value.span.end };
    let fields = Fields::read(node, &span, &[spec.table, &COMMON], &mut reader.faults)?;
    let faults = &mut reader.faults;
    let id = fields.name("id", faults).map(named);
    let title = fields.literal("title", faults).map(|(t, _)| t.to_owned());
    let when = value::condition(&fields, "when", BEFORE_REPLY, faults);
    if let (Some(field), false) = (fields.get("when"), fields.has("when")) {
        let fault = Diagnostic::error("S106", field.entry.key_span.clone(), "'when' is empty");
        faults.push(fault.help("write the condition, or take 'when' out: the step then always runs"));
    }
    // An op with keys of that name has them for each request.
    let own = |key: &str| spec.table.key(key).is_some();
    let retry = if own("retry") { None } else { step_retry(&fields, faults) };
    let timeout_ms = if own("timeout") { None } else { duration(&fields, "timeout", faults) };
    let timeout_at = fields.filled("timeout").map(|field| field.entry.value.span.clone());
    let Some(op) = (spec.read)(&fields, &span, reader) else {
        // Without what is wrong there is no step, and no plan.
        reader.faults[before..].iter_mut().for_each(|fault| fault.bearable = false);
        return None;
    };
    Some(Step { id, title, span, when, retry, timeout_ms, timeout_at, op })
}

/// Remembers the texts of a step that has errors. The depth of a node is bounded by the YAML reader.
fn texts(node: &Node, reader: &mut Reader<'_>) {
    match &node.kind {
        yaml::Kind::Scalar(s) => {
            reader.suspected_text.push_str(&s.text.to_lowercase());
            reader.suspected_text.push('\n');
        }
        yaml::Kind::Sequence(items) => items.iter().for_each(|n| texts(n, reader)),
        yaml::Kind::Mapping(entries) => entries.iter().for_each(|e| texts(&e.value, reader)),
    }
}

/// Remembers the map keys below a step that has faults. The depth of a node is bounded by the YAML reader.
fn map_keys(node: &Node, reader: &mut Reader<'_>) {
    match &node.kind {
        yaml::Kind::Scalar(_) => {}
        yaml::Kind::Sequence(items) => items.iter().for_each(|n| map_keys(n, reader)),
        yaml::Kind::Mapping(entries) => {
            for entry in entries {
                reader.suspected.insert(value::split_name(entry).0.to_owned());
                if let (true, Some(s)) =
                    (matches!(entry.key.as_str(), "as" | "index_as" | "name" | "variable" | "var"), scalar(&entry.value))
                {
                    reader.suspected.insert(s.text.clone());
                }
                map_keys(&entry.value, reader);
            }
        }
    }
}
