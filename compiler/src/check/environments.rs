//! R209: an environment gives what the others give.

use std::collections::BTreeSet;

use crate::compile::Parsed;
use crate::diagnostic::Diagnostic;
use crate::environment::EnvironmentFile;
use crate::snippet::expression::Named;

/// Looks at the variables that must come from outside of the project, and at no others: an environment may well have values for some other project. One
/// that has none at all is there for its name, and gets its values in another way.
pub(super) fn check(parsed: &Parsed, needed: &BTreeSet<String>, faults: &mut Vec<Diagnostic>) {
    let environments = &parsed.environments;
    let is_wanted = |name: &str| needed.contains(name) && !environments.given.contains(name);
    let files: Vec<&EnvironmentFile> = environments.files.iter().filter(|file| !file.names.is_empty()).collect();
    for file in &files {
        let lacks = |name: &&Named| !file.names.iter().any(|own| own.name == name.name);
        let mut missing: Vec<(&EnvironmentFile, &Named)> = Vec::new();
        for other in &files {
            for name in other.names.iter().filter(|name| is_wanted(&name.name)).filter(lacks) {
                if !missing.iter().any(|(_, known)| known.name == name.name) {
                    missing.push((*other, name));
                }
            }
        }
        faults.extend(differs(file, &missing));
    }
}

/// One fault for all that one environment lacks.
fn differs(file: &EnvironmentFile, missing: &[(&EnvironmentFile, &Named)]) -> Option<Diagnostic> {
    let names: Vec<String> = missing.iter().map(|(_, name)| format!("'{}'", name.name)).collect();
    if names.is_empty() {
        return None;
    }
    let message = format!("environment '{}' lacks what another one gives and flows read: {}", file.name, names.join(", "));
    let fault = Diagnostic::warning("R209", file.start.clone(), message)
        .help("add it here; where --var or SEQUOR_VAR_NAME gives it, 'R209: off' for this path under 'lint' of project.yaml says so");
    Some(missing.iter().fold(fault, |fault, (other, name)| fault.also(name.span.clone(), format!("environment '{}' gives it", other.name))))
}
