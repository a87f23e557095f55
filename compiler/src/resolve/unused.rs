//! R210: sources that no flow of the project uses. A flow that nothing calls is an entry, and not unused.

use super::Resolved;
use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::project::{File, Project};
use crate::source::Read;

/// The hints for a project that was resolved with all its flows. A source with errors of its own has been reported.
pub(crate) fn sources(parsed: &Parsed, project: &Project, resolved: &Resolved<'_>) -> Vec<Diagnostic> {
    let is_default = |name: &str| parsed.settings.default_source.as_ref().is_some_and(|default| default.name == name);
    let is_used = |name: &str| resolved.used_sources.contains(name) || is_default(name) || parsed.all_flows().any(|f| f.may_name(name));
    let sound = |read: &Read| read.faults.iter().all(|fault| fault.severity != Severity::Error);
    let files = project.sources.iter().zip(&parsed.sources);
    files.filter(|(file, read)| sound(read) && !is_used(&file.name)).map(|(file, _)| unused(file)).collect()
}

fn unused(file: &File) -> Diagnostic {
    let at = Span { file: file.file.clone(), start: 0, end: 0 };
    Diagnostic::hint("R210", at, format!("no flow uses the source '{}'", file.name))
        .help("take the file out if nothing is to use it any more")
}
