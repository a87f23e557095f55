//! JUnit's XML: a suite for each file that was checked, a case for each fault in it, and one that passes where there is none.
//!
//! Errors are failures, and warnings where they are denied; others are cases that pass and say what was found.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Region, Report, severity_name, with_help};
use crate::codes;
use crate::diagnostic::{Diagnostic, Severity};

/// The suite of faults that are in no file.
const PROJECT: &str = "project";

pub(super) fn render(report: &Report<'_>) -> String {
    let mut suites: BTreeMap<&str, Vec<&Diagnostic>> = report.files.iter().map(|f| (f.as_str(), Vec::new())).collect();
    for diagnostic in report.diagnostics {
        suites.entry(diagnostic.span.as_ref().map_or(PROJECT, |s| s.file.path.as_str())).or_default().push(diagnostic);
    }
    let tests: usize = suites.values().map(|s| s.len().max(1)).sum();
    let failures = report.diagnostics.iter().filter(|d| fails(report, d)).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"sequor compile\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
    for (path, diagnostics) in suites {
        suite(report, path, &diagnostics, &mut out);
    }
    out + "</testsuites>\n"
}

fn fails(report: &Report<'_>, diagnostic: &Diagnostic) -> bool {
    match diagnostic.severity {
        Severity::Error => true,
        Severity::Warning => report.deny_warnings,
        Severity::Hint => false,
    }
}

fn suite(report: &Report<'_>, path: &str, diagnostics: &[&Diagnostic], out: &mut String) {
    let file = escape(&if path == PROJECT { path.to_owned() } else { report.path(path) });
    let failures = diagnostics.iter().filter(|d| fails(report, d)).count();
    let tests = diagnostics.len().max(1);
    let _ = writeln!(out, "  <testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">");
    if diagnostics.is_empty() {
        let _ = writeln!(out, "    <testcase name=\"compiles\" classname=\"{file}\"/>");
    }
    for diagnostic in diagnostics {
        case(diagnostic, &file, fails(report, diagnostic), out);
    }
    out.push_str("  </testsuite>\n");
}

fn case(diagnostic: &Diagnostic, file: &str, fails: bool, out: &mut String) {
    let name = codes::find(diagnostic.code).map_or("", |c| c.name);
    let place = diagnostic.span.as_ref().map(Region::of).map(|r| format!(" ({}:{})", r.line, r.column)).unwrap_or_default();
    let _ = write!(out, "    <testcase name=\"{} {name}{place}\" classname=\"{file}\">", diagnostic.code);
    let at = diagnostic.span.as_ref().map(Region::of).map(|r| format!("{file}:{}:{}: ", r.line, r.column)).unwrap_or_default();
    let kind = severity_name(diagnostic.severity);
    let text = format!("{at}{kind}[{}]: {}", diagnostic.code, escape(&with_help(diagnostic)));
    if fails {
        let message = escape(&diagnostic.message);
        let _ = write!(out, "<failure type=\"{}\" message=\"{message}\">{text}</failure>", diagnostic.code);
    } else {
        let _ = write!(out, "<system-out>{text}</system-out>");
    }
    out.push_str("</testcase>\n");
}

/// Text between tags and in attributes. Characters that XML cannot hold are replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
