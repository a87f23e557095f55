//! The whole way from a project's files to a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sequor_plan_format::{Plan, validate};

use crate::check;
use crate::diagnostic::{Diagnostic, Severity, SourceFile, did_you_mean};
use crate::environment::{self, Environments};
use crate::lint;
use crate::lower;
use crate::project::Project;
use crate::resolve::{self, Resolved};
use crate::settings::{self, Settings};
use crate::source::{self, Kind};
use crate::syntax::{Flow, SourceIndex, flow};
use crate::threads;

/// What a compile gives.
#[derive(Debug)]
pub struct Compiled {
    /// There is none where `diagnostics` has an error.
    pub plan: Option<Plan>,
    /// Sorted by file and place, each once.
    pub diagnostics: Vec<Diagnostic>,
    /// The paths of the files that were checked, sorted: those that the entries reach.
    pub files: Vec<String>,
}

impl Compiled {
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Why nothing could be compiled at all: wrong usage, not a fault of the project's text.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    #[error("there is no flow '{name}'{hint}")]
    UnknownFlow { name: String, hint: String },
    #[error("this project has no flows: put them into flows/, one YAML file each")]
    NoFlows,
    #[error("internal fault, please report it: {0}")]
    Internal(String),
}

/// The project's files, read and shaped.
#[derive(Debug)]
pub struct Parsed {
    pub settings: Settings,
    pub environments: Environments,
    pub index: SourceIndex,
    pub sources: Vec<source::Read>,
    pub flows: Vec<flow::Read>,
}

impl Parsed {
    /// The flow at a position of [`Project::flows`]; `None` for a file that is no flow.
    #[must_use]
    pub fn flow(&self, position: usize) -> Option<&Flow> {
        self.flows.get(position).and_then(|r| r.flow.as_ref())
    }

    /// All flows that could be read.
    pub fn all_flows(&self) -> impl Iterator<Item = &Flow> {
        self.flows.iter().filter_map(|r| r.flow.as_ref())
    }

    /// The source of that name, unless its file has faults that hide it.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&source::Source> {
        self.sources.iter().filter_map(|r| r.source.as_ref()).find(|s| s.name == name)
    }
}

/// Compiles flows of a project: the named ones with all that they reach, or every flow where none is named.
///
/// All faults come out of one run. With flows named, faults of flows and sources that they do not reach are left out.
///
/// # Errors
/// A flow that does not exist, or a project without any.
pub fn compile(project: &Project, names: &[impl AsRef<str>]) -> Result<Compiled, CompileError> {
    let mut entries = Vec::new();
    for name in names {
        let position = position(project, name.as_ref())?;
        if !entries.contains(&position) {
            entries.push(position);
        }
    }
    let mut faults = project.faults.clone();
    let parsed = parse(project, &mut faults);
    let everything = names.is_empty();
    if everything {
        entries = (0..project.flows.len()).filter(|i| parsed.flow(*i).is_some()).collect();
    }
    if project.flows.is_empty() {
        return Err(CompileError::NoFlows);
    }
    let (resolved, found) = resolve::resolve(&parsed, project, &entries);
    faults.extend(found);
    faults.extend(shape_faults(&parsed, project, &resolved, everything));
    faults.extend(no_flows(&parsed, &entries));
    if everything {
        faults.extend(resolve::unused::sources(&parsed, project, &resolved));
    }
    let texts = texts(project);
    let lower = |needed: &BTreeSet<String>| lower::lower(&parsed, &resolved, needed, &texts);
    let has_error = |faults: &[Diagnostic]| faults.iter().any(|f| f.severity == Severity::Error);
    // Most projects have no fault: their plan is made while the last rules run.
    let early = |needed: &BTreeSet<String>, found: &[Diagnostic]| (!has_error(&faults) && !has_error(found)).then(|| lower(needed));
    let (needed, found, plan) = check::check(&parsed, &resolved, early);
    faults.extend(found);
    sort(&mut faults);
    let files = checked(project, &resolved, everything);
    let faults = leveled(&texts, project, &parsed, &files, faults);
    if has_error(&faults) {
        return Ok(Compiled { plan: None, diagnostics: faults, files });
    }
    // A fault that the project's own levels make a warning of kept the plan from being made before.
    let plan = plan.unwrap_or_else(|| lower(&needed)).map_err(|u| CompileError::Internal(u.to_string()))?;
    validate::validate(&plan).map_err(|e| CompileError::Internal(e.to_string()))?;
    Ok(Compiled { plan: Some(plan), diagnostics: faults, files })
}

/// The faults that the project's own levels and comments leave.
fn leveled(
    texts: &BTreeMap<&str, &Arc<SourceFile>>,
    project: &Project,
    parsed: &Parsed,
    checked: &[String],
    faults: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let files: Vec<&Arc<SourceFile>> = checked.iter().filter_map(|path| texts.get(path.as_str()).copied()).collect();
    let mut faults = lint::apply(&parsed.settings.lint, &files, &project.options, faults);
    sort(&mut faults);
    faults
}

fn position(project: &Project, name: &str) -> Result<usize, CompileError> {
    let Some(file) = project.flow_named(name) else {
        let known = || project.flows.iter().map(|f| f.name.as_str());
        let hint = match did_you_mean(crate::project::flow_name(name), known()) {
            Some(near) => format!("; did you mean '{near}'?"),
            None if project.flows.is_empty() => "; this project has no flows".to_owned(),
            None if project.flows.len() <= 10 => format!("; flows: {}", known().collect::<Vec<_>>().join(", ")),
            None => format!("; this project has {} others", project.flows.len()),
        };
        return Err(CompileError::UnknownFlow { name: name.to_owned(), hint });
    };
    Ok(project.flows.iter().position(|f| f.name == file.name).unwrap_or_default())
}

fn parse(project: &Project, faults: &mut Vec<Diagnostic>) -> Parsed {
    let settings = settings::read(&project.settings, faults);
    let environments = environment::read(project, faults);
    let sources: Vec<source::Read> = project.sources.iter().map(|f| source::read(&f.file, &f.name)).collect();
    let index = index(project, &settings, &sources);
    let flows = threads::each(&project.flows, 4, |f| flow::read(&f.file, &f.name, &index));
    Parsed { settings, environments, index, sources, flows }
}

fn index(project: &Project, settings: &Settings, sources: &[source::Read]) -> SourceIndex {
    let kinds: BTreeMap<String, Option<Kind>> =
        project.sources.iter().zip(sources).map(|(file, read)| (file.name.clone(), read.kind)).collect();
    let mut databases = kinds.iter().filter(|(_, kind)| kind.is_some_and(Kind::is_database)).map(|(name, _)| name.clone());
    let only = match (databases.next(), databases.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    };
    let default = settings.default_source.as_ref().map(|d| d.name.clone()).or(only);
    SourceIndex { kinds, default }
}

/// A file that is no flow is passed over, but not where it is the one to be compiled.
fn no_flows(parsed: &Parsed, entries: &[usize]) -> Vec<Diagnostic> {
    let asked = |i: &usize| entries.is_empty() || entries.contains(i);
    let files = parsed.flows.iter().enumerate().filter(|(i, r)| asked(i) && r.flow.is_none());
    files.flat_map(|(_, r)| &r.faults).map(|f| Diagnostic { severity: Severity::Error, ..f.clone() }).collect()
}

/// The faults of reading flows and sources: of all, or of those that are reached.
fn shape_faults(parsed: &Parsed, project: &Project, resolved: &Resolved<'_>, everything: bool) -> Vec<Diagnostic> {
    let flows: BTreeSet<&str> = resolved.flows.iter().map(|f| f.name.as_str()).collect();
    let of_flows = project.flows.iter().zip(&parsed.flows).filter(|(f, _)| everything || flows.contains(f.name.as_str()));
    let of_sources =
        project.sources.iter().zip(&parsed.sources).filter(|(f, _)| everything || resolved.used_sources.contains(f.name.as_str()));
    of_flows.flat_map(|(_, r)| &r.faults).chain(of_sources.flat_map(|(_, r)| &r.faults)).cloned().collect()
}

/// The paths of project.yaml, env.yaml and of all flows and sources, or of those that are reached.
fn checked(project: &Project, resolved: &Resolved<'_>, everything: bool) -> Vec<String> {
    let flows: BTreeSet<&str> = resolved.flows.iter().map(|f| f.name.as_str()).collect();
    let flows = project.flows.iter().filter(|f| everything || flows.contains(f.name.as_str()));
    let sources = project.sources.iter().filter(|f| everything || resolved.used_sources.contains(f.name.as_str()));
    let mut paths: Vec<String> = flows.chain(sources).map(|f| f.file.path.clone()).collect();
    paths.push(project.settings.path.clone());
    paths.extend(project.choice.iter().map(|file| file.path.clone()));
    paths.sort();
    paths
}

fn texts(project: &Project) -> BTreeMap<&str, &Arc<SourceFile>> {
    std::iter::once(&project.settings)
        .chain(project.flows.iter().chain(&project.sources).map(|f| &f.file))
        .chain(&project.choice)
        .map(|f| (f.path.as_str(), f))
        .collect()
}

/// Sorts by file and place, faults of the whole project first, and leaves out doubles.
fn sort(faults: &mut Vec<Diagnostic>) {
    fn key(fault: &Diagnostic) -> (&str, u32, u32, &str, &str) {
        let (path, start, end) = fault.span.as_ref().map_or(("", 0, 0), |s| (s.file.path.as_str(), s.start, s.end));
        (path, start, end, fault.code, &fault.message)
    }
    faults.sort_by(|a, b| key(a).cmp(&key(b)).then(a.severity.cmp(&b.severity)));
    // Of two that differ in severity only, the graver one stands first and stays.
    faults.dedup_by(|a, b| key(a) == key(b));
}
