//! Names to ids: which flows and sources the entry flows reach.
//!
//! Takes the shaped project; gives [`Resolved`], in which every name that lowering asks for has an id, and the faults of names that have none (R codes).

mod circle;
mod references;
pub(crate) mod unused;

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::{FlowId, SourceId};

use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::project::Project;
use crate::snippet::Names;
use crate::source::Source;
use crate::syntax::visit::{self, Wanted};
use crate::syntax::{Flow, SourceIndex, SourceRef};
use references::References;

/// The part of a project that a plan holds.
#[derive(Debug, Default)]
pub struct Resolved<'p> {
    /// Reached flows, sorted by name; a flow's id is its position.
    pub flows: Vec<&'p Flow>,
    /// Reached sources that could be read, sorted by name; a source's id is its position.
    pub sources: Vec<&'p Source>,
    /// Names of all reached sources, readable or not.
    pub used_sources: BTreeSet<&'p str>,
    /// Flows that a run may start with.
    pub entries: Vec<FlowId>,
    default_source: Option<&'p str>,
    flow_ids: BTreeMap<&'p str, FlowId>,
    source_ids: BTreeMap<&'p str, SourceId>,
}

impl Resolved<'_> {
    #[must_use]
    pub fn flow(&self, name: &str) -> Option<FlowId> {
        self.flow_ids.get(name).copied()
    }

    #[must_use]
    pub fn source_of(&self, reference: &SourceRef) -> Option<SourceId> {
        self.source(reference.name())
    }
}

impl Names for Resolved<'_> {
    fn source(&self, name: Option<&str>) -> Option<SourceId> {
        self.source_ids.get(name.or(self.default_source)?).copied()
    }
}

fn computed_source(at: &Span) -> Diagnostic {
    Diagnostic::hint("R204", at.clone(), "the source of a query is computed here, so it is known only at run time")
        .help("name the source literally to have it checked now; every database of the project goes into the plan")
}

/// Follows calls from the entry flows, given as positions in the project's list.
pub fn resolve<'p>(parsed: &'p Parsed, project: &'p Project, entries: &[usize]) -> (Resolved<'p>, Vec<Diagnostic>) {
    let by_name: BTreeMap<&str, &Flow> = parsed.all_flows().map(|f| (f.name.as_str(), f)).collect();
    let mut faults = Vec::new();
    let mut reached: BTreeMap<&str, References<'p>> = BTreeMap::new();
    let mut waiting: Vec<&'p Flow> = entries.iter().rev().filter_map(|i| parsed.flow(*i)).collect();
    let mut used = BTreeSet::new();
    default_source(parsed, &mut faults);
    while let Some(flow) = waiting.pop() {
        if reached.contains_key(flow.name.as_str()) {
            continue;
        }
        let mut references = References::new(&parsed.index);
        visit::flow(flow, &mut references);
        for call in &references.calls {
            match by_name.get(call.flow.name.as_str()) {
                Some(callee) => waiting.push(callee),
                None => faults.push(unknown_flow(&call.flow, by_name.keys().copied(), project)),
            }
        }
        faults.extend(references.computed.iter().map(|at| computed_source(at)));
        for (source, wanted) in &references.sources {
            match find_source(&parsed.index, source, *wanted) {
                Ok(name) => used.extend(name),
                Err(fault) => faults.push(*fault),
            }
        }
        used.extend(references.parser_sources.iter().copied());
        reached.insert(&flow.name, references);
    }
    faults.extend(circle::find(&reached));
    let used = with_queried(parsed, used, &mut faults);
    (collect(parsed, project, entries, &by_name, &reached, used), faults)
}

fn collect<'p>(
    parsed: &'p Parsed,
    project: &Project,
    entries: &[usize],
    by_name: &BTreeMap<&'p str, &'p Flow>,
    reached: &BTreeMap<&'p str, References<'p>>,
    used_sources: BTreeSet<&'p str>,
) -> Resolved<'p> {
    let flows: Vec<&Flow> = reached.keys().filter_map(|n| by_name.get(n).copied()).collect();
    let sources: Vec<&Source> = used_sources.iter().filter_map(|n| parsed.source(n)).collect();
    let flow_ids: BTreeMap<&str, FlowId> = (0..).zip(&flows).map(|(i, f)| (f.name.as_str(), FlowId(i))).collect();
    let source_ids = (0..).zip(&sources).map(|(i, s)| (s.name.as_str(), SourceId(i))).collect();
    let entries = entries.iter().filter_map(|i| flow_ids.get(project.flows.get(*i)?.name.as_str()).copied()).collect();
    Resolved { flows, sources, used_sources, entries, default_source: parsed.index.default.as_deref(), flow_ids, source_ids }
}

/// The used sources with those that their own snippets query.
fn with_queried<'p>(parsed: &'p Parsed, used: BTreeSet<&'p str>, faults: &mut Vec<Diagnostic>) -> BTreeSet<&'p str> {
    let mut all = BTreeSet::new();
    let mut waiting: Vec<&str> = used.into_iter().collect();
    while let Some(name) = waiting.pop() {
        if !all.insert(name) {
            continue;
        }
        let Some(source) = parsed.source(name) else { continue };
        let mut references = References::new(&parsed.index);
        for expression in source.expressions() {
            visit::Visitor::expression(&mut references, expression);
        }
        for (source, wanted) in &references.sources {
            match find_source(&parsed.index, source, *wanted) {
                Ok(name) => waiting.extend(name),
                Err(fault) => faults.push(*fault),
            }
        }
    }
    all
}

/// `default_source` of project.yaml must be a database.
fn default_source(parsed: &Parsed, faults: &mut Vec<Diagnostic>) {
    if let Some(default) = &parsed.settings.default_source
        && let Err(fault) = find_source(&parsed.index, &SourceRef::Named(default.clone()), Wanted::Database)
    {
        faults.push(*fault);
    }
}

/// The source that is meant; `Ok(None)` where its file has faults of its own.
fn find_source<'p>(index: &'p SourceIndex, source: &SourceRef, wanted: Wanted) -> Result<Option<&'p str>, Box<Diagnostic>> {
    let databases = || index.kinds.iter().filter(|(_, k)| k.is_none_or(|k| wanted.accepts(k))).map(|(n, _)| n.as_str());
    let name = match (source, index.default.as_deref()) {
        (SourceRef::Named(named), _) => named.name.as_str(),
        // A wrong default is reported at project.yaml, once.
        (SourceRef::Default(_), Some(default)) => return Ok(index.kinds.get_key_value(default).map(|(n, _)| n.as_str())),
        (SourceRef::Default(span), None) => {
            let known: Vec<&str> = databases().collect();
            let help = if known.is_empty() {
                "add a database to sources/, for example sources/stage.yaml with 'type: sqlite' and 'path: stage.db'".to_owned()
            } else {
                format!("give 'source', or set 'default_source' in project.yaml; databases: {}", known.join(", "))
            };
            let message = "no source is given, and the project has no default one";
            return Err(Box::new(Diagnostic::error("R211", span.clone(), message).help(help)));
        }
    };
    match index.kinds.get_key_value(name) {
        Some((_, Some(kind))) if !wanted.accepts(*kind) => {
            let needs = match wanted {
                Wanted::Http => "an http source is needed here",
                Wanted::Database => "a database is needed here",
            };
            let known: Vec<&str> = databases().collect();
            let fault = Diagnostic::error("R205", source.span().clone(), format!("source '{name}' is of type {}: {needs}", kind.name()));
            Err(Box::new(if known.is_empty() { fault } else { fault.help(format!("sources that fit: {}", known.join(", "))) }))
        }
        Some((name, _)) => Ok(Some(name)),
        None => Err(Box::new(unknown_source(name, source, index))),
    }
}

fn unknown_source(name: &str, source: &SourceRef, index: &SourceIndex) -> Diagnostic {
    let fault = Diagnostic::error("R201", source.span().clone(), format!("unknown source '{name}'"));
    let known: Vec<&str> = index.kinds.keys().map(String::as_str).collect();
    match did_you_mean(name, known.iter().copied()) {
        Some(near) => fault.help(format!("did you mean '{near}'?")),
        None if known.is_empty() => fault.help(format!("the project has no sources; define it in sources/{name}.yaml")),
        None if known.len() <= 10 => fault.help(format!("define it in sources/{name}.yaml; sources: {}", known.join(", "))),
        None => fault.help(format!("define it in sources/{name}.yaml")),
    }
}

fn unknown_flow<'a>(
    flow: &crate::snippet::expression::Named,
    known: impl Iterator<Item = &'a str> + Clone,
    project: &Project,
) -> Diagnostic {
    let fault = Diagnostic::error("R202", flow.span.clone(), format!("unknown flow '{}'", flow.name));
    // A name without its folder is a common slip.
    let in_folder = known.clone().find(|k| k.rsplit('/').next() == Some(flow.name.as_str()));
    match in_folder.or_else(|| did_you_mean(&flow.name, known)) {
        Some(near) => fault.help(format!("did you mean '{near}'?")),
        None if project.flow_named(&flow.name).is_some() => fault.help(format!("flows/{}.yaml has no 'steps'", flow.name)),
        None => fault.help(format!("it would be in flows/{}.yaml", flow.name)),
    }
}
