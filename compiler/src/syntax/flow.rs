//! A flow file: a mapping with `steps`, or just the list of steps.

mod rest;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::key::{Key, Kind, Table};
use super::value::{self, Scalars};
use super::{BEFORE_REPLY, Flow, Parameter, Reader, SourceIndex, step};
use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span, did_you_mean};
use crate::snippet::expression::{self, Expression, Named};
use crate::syntax::fields::{Fields, instead, is_null, scalar, wrong_kind};
use crate::yaml::{self, Entry, Node};

/// The keys of a flow file.
pub static FLOW: Table = Table::new(
    "a flow",
    "A flow file: its steps, and what it is for.",
    &[
        Key::new("steps", Kind::Steps, "what the flow does, in order").required(),
        Key::new("description", Kind::Text, "what the flow is for: a note, which changes nothing"),
        Key::new("parameters", Kind::Parameters, "what callers may or must give: a list of names, or names with defaults").mistaken(&[
            "params",
            "inputs",
            "arguments",
        ]),
        Key::new("name", Kind::Text, "a title for people; the flow itself is named by its file's path below flows/"),
    ],
);

/// The keys of one parameter in its long form.
pub static PARAMETER: Table = Table::new(
    "a parameter",
    "A parameter of a flow.",
    &[
        Key::new("name", Kind::Text, "the parameter's name, where 'parameters' is a list of mappings"),
        Key::dynamic("default", Kind::Any, "the value where the caller gives none; a parameter with a default need not be given"),
        Key::new("required", Kind::Bool, "false: the parameter need not be given, and is null then"),
        Key::new("description", Kind::Text, "what it is for: a note, which changes nothing"),
        Key::later("type", "the type that is wanted"),
    ],
);

/// What reading one file gave. `flow` is `None` for a file that is no flow.
#[derive(Debug)]
pub struct Read {
    pub flow: Option<Flow>,
    pub faults: Vec<Diagnostic>,
}

/// Reads one flow file.
pub fn read(file: &Arc<SourceFile>, name: &str, sources: &SourceIndex) -> Read {
    let (node, faults) = yaml::parse(file);
    let mut reader = Reader { sources, faults, suspected: BTreeSet::new(), suspected_text: String::new(), sql: BTreeMap::new() };
    let broken = is_cut_off(&reader.faults);
    let start = Span { file: file.clone(), start: 0, end: 0 };
    if let Some(node) = &node {
        crate::secret::check(node, &mut reader.faults);
    }
    let flow = match node {
        Some(node) if !broken && is_no_flow(&node) => {
            reader.faults.push(
                Diagnostic::warning("S114", first_key(&node), format!("'{}' is not a flow: it has no 'steps'", file.path))
                    .help("move it out of flows/, or give it steps"),
            );
            None
        }
        Some(node) => Some(read_flow(&node, name, broken, &mut reader)),
        None => Some(Flow { unreadable: true, ..empty(name, start) }),
    };
    drop_follow_ups(&mut reader.faults);
    let mut steps = Vec::new();
    if let Some(from) = cut_off_at(&reader.faults) {
        for (node, faults) in rest::steps(file, from) {
            reader.faults.extend(faults);
            crate::secret::check(&node, &mut reader.faults);
            let alone = Node { span: node.span.clone(), kind: yaml::Kind::Sequence(vec![node]) };
            steps.extend(step::read_list(&alone, "a flow", &mut reader));
        }
    }
    let Reader { faults, suspected, suspected_text, sql, .. } = reader;
    let flow = flow.map(|mut f| {
        f.steps.append(&mut steps);
        let faulty = faults.iter().any(|f| f.severity != Severity::Hint);
        Flow { suspected, faulty, suspected_text, sql, ..f }
    });
    Read { flow, faults }
}

/// Where YAML could not be read to its end, what is missing or of the wrong kind may only have been cut off.
fn drop_follow_ups(faults: &mut Vec<Diagnostic>) {
    if is_cut_off(faults) {
        faults.retain(|f| !matches!(f.code, "S102" | "S104" | "S106" | "S110"));
    }
}

/// YAML could not be read to the end of the file.
fn is_cut_off(faults: &[Diagnostic]) -> bool {
    faults.iter().any(|f| matches!(f.code, "Y001" | "Y002" | "Y004" | "Y010"))
}

/// Where the text begins that could not be read.
fn cut_off_at(faults: &[Diagnostic]) -> Option<u32> {
    faults.iter().filter(|f| matches!(f.code, "Y001" | "Y002")).filter_map(|f| f.span.as_ref()).map(|span| span.start).min()
}

fn empty(name: &str, span: Span) -> Flow {
    Flow {
        name: name.to_owned(),
        span,
        description: None,
        parameters: None,
        steps: Vec::new(),
        suspected: BTreeSet::new(),
        faulty: false,
        suspected_text: String::new(),
        sql: BTreeMap::new(),
        unreadable: false,
    }
}

/// Old projects keep lists of variables beside their flows: a mapping of names to scalars with no key of a flow in it.
fn is_no_flow(node: &Node) -> bool {
    let yaml::Kind::Mapping(entries) = &node.kind else { return false };
    !entries.is_empty()
        && entries
            .iter()
            .all(|e| scalar(&e.value).is_some() && e.key != "op" && FLOW.key(&e.key).is_none() && did_you_mean(&e.key, ["steps"]).is_none())
}

fn first_key(node: &Node) -> Span {
    match &node.kind {
        yaml::Kind::Mapping(entries) => entries.first().map_or(&node.span, |e| &e.key_span).clone(),
        yaml::Kind::Scalar(_) | yaml::Kind::Sequence(_) => node.span.clone(),
    }
}

fn read_flow(node: &Node, name: &str, broken: bool, reader: &mut Reader<'_>) -> Flow {
    let mut flow = Flow { unreadable: broken, ..empty(name, first_key(node)) };
    match &node.kind {
        yaml::Kind::Sequence(_) => flow.steps = step::read_list(node, "a flow", reader),
        yaml::Kind::Mapping(_) => {
            let Some(fields) = Fields::read(node, &flow.span, &[&FLOW], &mut reader.faults) else { return flow };
            flow.description = fields.literal("description", &mut reader.faults).map(|(t, _)| t.to_owned());
            flow.parameters = fields.node("parameters").map(|n| parameters(n, reader));
            flow.steps = step::read_key(&fields, "steps", reader).unwrap_or_default();
        }
        yaml::Kind::Scalar(_) => {
            reader.faults.push(wrong_kind(node, "a flow", "a mapping with 'steps', or a list of steps"));
            flow.unreadable = true;
        }
    }
    flow
}

fn parameters(node: &Node, reader: &mut Reader<'_>) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = Vec::new();
    match &node.kind {
        yaml::Kind::Mapping(entries) => found.extend(entries.iter().filter_map(|e| from_entry(e, reader))),
        yaml::Kind::Sequence(items) => {
            for item in items {
                match &item.kind {
                    yaml::Kind::Scalar(s) if !s.text.is_empty() => {
                        found.push(Parameter { name: Named { name: s.text.clone(), span: item.span.clone() }, default: None });
                    }
                    yaml::Kind::Mapping(entries) if !entries.iter().any(|e| e.key == "name") => {
                        found.extend(entries.iter().filter_map(|e| from_entry(e, reader)));
                    }
                    yaml::Kind::Mapping(_) => found.extend(from_list(item, reader)),
                    yaml::Kind::Scalar(_) | yaml::Kind::Sequence(_) => {
                        reader.faults.push(wrong_kind(item, "a parameter", "a name"));
                    }
                }
            }
        }
        yaml::Kind::Scalar(_) => reader.faults.push(wrong_kind(node, "'parameters'", "a list of names, or a mapping of names to defaults")),
    }
    for (i, parameter) in found.iter().enumerate() {
        if let Some(first) = found[..i].iter().find(|p| p.name.name == parameter.name.name) {
            reader.faults.push(
                Diagnostic::error("S105", parameter.name.span.clone(), format!("parameter '{}' is declared twice", parameter.name.name))
                    .also(first.name.span.clone(), "the first one")
                    .help("keep one of the two"),
            );
        }
    }
    found
}

/// `name:` (required), `name: default`, `name_expression: python`, or `name: {default, required, description}`.
fn from_entry(entry: &Entry, reader: &mut Reader<'_>) -> Option<Parameter> {
    let (name, is_python) = value::split_name(entry);
    let name = Named { name: name.to_owned(), span: entry.key_span.clone() };
    let default = if is_python {
        Some(value::python(&entry.value, BEFORE_REPLY, &mut reader.faults))
    } else if is_null(&entry.value) {
        None
    } else if is_specification(&entry.value) {
        specified(&Fields::read(&entry.value, &entry.key_span, &[&PARAMETER], &mut reader.faults)?, reader)
    } else {
        let meant = nearly_specification(&name.name, &entry.value, &mut reader.faults).unwrap_or(&entry.value);
        Some(value::of_node(meant, Scalars::Variable, BEFORE_REPLY, &mut reader.faults))
    };
    Some(Parameter { name, default })
}

/// V409: a mapping with the keys of the long form, of which one has a slip. Gives what is likely to be the default.
fn nearly_specification<'n>(name: &str, node: &'n Node, faults: &mut Vec<Diagnostic>) -> Option<&'n Node> {
    let yaml::Kind::Mapping(entries) = &node.kind else { return None };
    // `defaults` and the like are words of their own.
    let slipped =
        |e: &&Entry| e.key != "default" && !e.key.ends_with('s') && did_you_mean(&e.key, ["default"]).is_some() && e.key.len() > 4;
    let mut near = entries.iter().filter(slipped);
    let (Some(key), None) = (near.next(), near.next()) else { return None };
    let others = |e: &Entry| std::ptr::eq(e, key) || matches!(e.key.as_str(), "required" | "description" | "type");
    if !entries.iter().all(others) {
        return None;
    }
    let message = format!("the default of parameter '{name}' is this mapping, with '{}' in it", key.key);
    let fault = Diagnostic::warning("V409", key.key_span.clone(), message);
    faults.push(instead(fault, &key.key, "default").help("did you mean 'default'?"));
    Some(&key.value)
}

fn from_list(node: &Node, reader: &mut Reader<'_>) -> Option<Parameter> {
    let fields = Fields::read(node, &node.span, &[&PARAMETER], &mut reader.faults)?;
    let (name, span) = fields.name("name", &mut reader.faults)?;
    let name = Named { name: name.to_owned(), span: span.clone() };
    Some(Parameter { name, default: specified(&fields, reader) })
}

/// The default of a parameter in its long form: `default: null` is one, an absent `default` is none unless `required` is false.
fn specified(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Expression> {
    let required = fields.bool("required", &mut reader.faults);
    if let Some(default) = value::of_key(fields, "default", Scalars::Variable, BEFORE_REPLY, &mut reader.faults) {
        return Some(default);
    }
    (required == Some(false) || fields.get("default").is_some()).then(|| Expression::new(fields.span.clone(), expression::Kind::Null))
}

/// A mapping that has only keys of the long form is one; any other mapping is a default.
fn is_specification(node: &Node) -> bool {
    let yaml::Kind::Mapping(entries) = &node.kind else { return false };
    !entries.is_empty()
        && entries.iter().all(|e| matches!(e.key.as_str(), "default" | "default_expression" | "required" | "description" | "type"))
}
