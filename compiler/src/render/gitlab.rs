//! GitLab's Code Quality report: a list of faults, compared with that of the target branch by their fingerprints.

use serde::Serialize;

use super::{Region, Report, fingerprint, with_help};
use crate::diagnostic::{Diagnostic, Severity};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn render(report: &Report<'_>) -> String {
    let fingerprints = fingerprint::all(report.diagnostics);
    let issues: Vec<Issue<'_>> = report.diagnostics.iter().zip(fingerprints).map(|(d, f)| issue(report, d, f)).collect();
    // Text and numbers only: writing them to memory cannot fail.
    serde_json::to_string_pretty(&issues).unwrap_or_default() + "\n"
}

fn issue<'a>(report: &Report<'_>, diagnostic: &'a Diagnostic, fingerprint: String) -> Issue<'a> {
    let severity = match diagnostic.severity {
        Severity::Error => "critical",
        Severity::Warning => "minor",
        Severity::Hint => "info",
    };
    // A place must be there; a fault of the whole project is shown at its settings.
    let (path, begin, end) = match &diagnostic.span {
        Some(span) => {
            let region = Region::of(span);
            (span.file.path.as_str(), region.line, region.end_line)
        }
        None => ("project.yaml", 1, 1),
    };
    let location = Location { path: report.path(path), lines: Lines { begin, end } };
    Issue {
        description: format!("{}: {}", diagnostic.code, with_help(diagnostic)),
        check_name: diagnostic.code,
        fingerprint,
        severity,
        location,
    }
}
