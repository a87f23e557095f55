//! Environment files, as far as a compile looks at them: which names they define. Values are never read into anything.

mod values;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span, did_you_mean};
use crate::project::Project;
use crate::snippet::expression::Named;
use crate::syntax::fields::{Fields, is_null, scalar, wrong_kind};
use crate::syntax::key::{Key, Kind, Table};
use crate::yaml;

pub static KEYS: Table = Table::new(
    "an environment",
    "Values that differ from one environment to the other.",
    &[
        Key::new("variables", Kind::Constants, "values by name: text, numbers, lists, maps, as they stand").mistaken(&["vars"]),
        Key::new("secrets", Kind::Constants, "where secrets are kept, by name: env:NAME (a variable of the process) or file:PATH (a file)"),
        Key::new("description", Kind::Text, "what it is for: a note, which changes nothing"),
    ],
);

/// The keys of env.yaml.
pub static CHOICE: Table = Table::new(
    "env.yaml",
    "Which environment is used where the command line names none.",
    &[Key::new("env", Kind::Text, "the environment's name").mistaken(&["environment", "name", "environment_name", "env_name"])],
);

/// What is known about names that come from outside of the project.
#[derive(Debug, Default)]
pub struct Environments {
    /// Names that the chosen environment defines, or any where none is chosen, and those of the command line.
    pub names: BTreeSet<String>,
    /// The environment that is checked.
    pub chosen: Option<String>,
    /// There is at least one environment file.
    pub any: bool,
    /// The project's own files that could be read, where none is chosen.
    pub files: Vec<EnvironmentFile>,
    /// Names that the command line gives.
    pub given: BTreeSet<String>,
}

/// The names of one file.
#[derive(Debug)]
pub struct EnvironmentFile {
    /// The environment's name.
    pub name: String,
    /// The start of the file.
    pub start: Span,
    /// Its variables and secrets.
    pub names: Vec<Named>,
}

/// Reads the names of the environment files; faults are those of the chosen one, or of the project's own.
pub fn read(project: &Project, faults: &mut Vec<Diagnostic>) -> Environments {
    let chosen = project.options.env.clone();
    faults.extend(project.choice.as_ref().into_iter().flat_map(|file| choice(file, project)));
    let mut environments = Environments { any: !project.environments.is_empty(), ..Environments::default() };
    environments.given.extend(project.options.variables.iter().cloned());
    environments.names.extend(project.options.variables.iter().cloned());
    for file in &project.environments {
        if chosen.as_ref().is_some_and(|c| *c != file.name) {
            continue;
        }
        let mut found = Vec::new();
        let names = names(file, &mut found);
        environments.names.extend(names.iter().map(|name| name.name.clone()));
        let own = file.file.path.starts_with("envs/");
        if own && chosen.is_none() && found.is_empty() {
            let start = Span { file: file.file.clone(), start: 0, end: 0 };
            environments.files.push(EnvironmentFile { name: file.name.clone(), start, names });
        }
        if chosen.is_some() || own {
            faults.extend(found);
        }
        if chosen.is_some() {
            // The project's own comes first and hides one of the same name in the home folder.
            environments.chosen = chosen;
            return environments;
        }
    }
    if let Some(name) = chosen {
        faults.push(unknown(&name, project));
    }
    environments
}

fn names(file: &crate::project::File, faults: &mut Vec<Diagnostic>) -> Vec<Named> {
    let (node, found) = yaml::parse(&file.file);
    // An environment with nothing in it is fine.
    faults.extend(found.into_iter().filter(|f| f.code != "Y008"));
    let Some(node) = node else { return Vec::new() };
    let start = Span { file: file.file.clone(), start: 0, end: 0 };
    let Some(fields) = Fields::read(&node, &start, &[&KEYS], faults) else { return Vec::new() };
    let mut names = Vec::new();
    for key in ["variables", "secrets"] {
        let Some(node) = fields.node(key) else { continue };
        let yaml::Kind::Mapping(entries) = &node.kind else {
            faults.push(wrong_kind(node, &format!("'{key}'"), "a mapping of names to values"));
            continue;
        };
        for entry in entries {
            if key == "secrets" && !is_reference(&entry.value) {
                let message = format!("secret '{}' must say where it is kept", entry.key);
                faults.push(
                    Diagnostic::error("S106", entry.value.span.clone(), message)
                        .help("write env:NAME for a variable of the process, or file:PATH; the secret itself belongs into neither file"),
                );
            }
            if let Some(first) = names.iter().find(|name: &&Named| name.name == entry.key) {
                faults.push(
                    Diagnostic::error("S105", entry.key_span.clone(), format!("'{}' is a variable and a secret", entry.key))
                        .also(first.span.clone(), "the other one")
                        .help("keep one of the two"),
                );
            }
        }
        if key == "variables" {
            values::check(node, faults);
        }
        names.extend(entries.iter().map(|e| Named { name: e.key.clone(), span: e.key_span.clone() }));
    }
    names
}

/// `env:NAME` or `file:PATH`.
fn is_reference(value: &yaml::Node) -> bool {
    let text = scalar(value).filter(|s| s.value == yaml::ScalarValue::Text).map_or("", |s| s.text.as_str());
    ["env:", "file:"].iter().filter_map(|kind| text.strip_prefix(kind)).any(|place| !place.trim().is_empty())
}

/// env.yaml, as a run reads it.
fn choice(file: &Arc<SourceFile>, project: &Project) -> Vec<Diagnostic> {
    let (node, found) = yaml::parse(file);
    // An empty one chooses nothing.
    let mut faults: Vec<Diagnostic> = found.into_iter().filter(|f| f.code != "Y008").collect();
    let start = Span { file: file.clone(), start: 0, end: 0 };
    let Some(node) = node.filter(|node| !is_null(node)) else { return faults };
    let Some(fields) = Fields::read(&node, &start, &[&CHOICE], &mut faults) else { return faults };
    let Some(node) = fields.node("env") else { return faults };
    match scalar(node) {
        Some(name) if name.value == yaml::ScalarValue::Text => faults.extend(chosen(&name.text, &node.span, project)),
        Some(_) | None => {
            faults
                .push(wrong_kind(node, "'env'", "the name of an environment, as text").help("write its name, in quotes if it is a number"));
        }
    }
    faults
}

/// R207 for the name in env.yaml. With `--env` it is not used, and where the project has no environments of its own they are kept elsewhere.
fn chosen(name: &str, at: &Span, project: &Project) -> Option<Diagnostic> {
    let is_name = !(name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']));
    if project.options.env.is_some() || project.environments.iter().any(|file| file.name == name) {
        return None;
    }
    let mut known: Vec<&str> = project.environments.iter().map(|f| f.name.as_str()).collect();
    known.dedup();
    let near = did_you_mean(name, known.iter().copied());
    let own = project.environments.iter().any(|file| file.file.path.starts_with("envs/"));
    if is_name && near.is_none() && !own {
        return None;
    }
    let fault = Diagnostic::warning("R207", at.clone(), format!("there is no environment '{name}'"));
    Some(match near {
        Some(near) => fault.help(format!("did you mean '{near}'?")),
        None if !is_name => fault.help("write the name alone, without folders"),
        None => fault.help(format!("environments: {}", known.join(", "))),
    })
}

fn unknown(name: &str, project: &Project) -> Diagnostic {
    let mut known: Vec<&str> = project.environments.iter().map(|f| f.name.as_str()).collect();
    known.dedup();
    let span = Span { file: project.settings.clone(), start: 0, end: 0 };
    let fault = Diagnostic {
        severity: Severity::Error,
        span: None,
        ..Diagnostic::error("R207", span, format!("there is no environment '{name}'"))
    };
    match did_you_mean(name, known.iter().copied()) {
        Some(near) => fault.help(format!("did you mean '{near}'?")),
        None if known.is_empty() => {
            fault.help(format!("'sequor env init {name}' makes it; it is looked for in envs/ of the project and of the home folder"))
        }
        None => fault.help(format!("environments: {}", known.join(", "))),
    }
}
