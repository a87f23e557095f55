//! Workflow commands of GitHub Actions: each fault becomes an annotation at its line.

use super::{Region, Report, with_help};
use crate::codes;
use crate::diagnostic::{Diagnostic, Severity};

pub(super) fn render(report: &Report<'_>) -> String {
    report.diagnostics.iter().map(|d| command(report, d)).collect()
}

fn command(report: &Report<'_>, diagnostic: &Diagnostic) -> String {
    let kind = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "notice",
    };
    let mut properties = Vec::new();
    if let Some(span) = &diagnostic.span {
        let region = Region::of(span);
        properties.push(format!("file={}", property(&report.path(&span.file.path))));
        properties.push(format!("line={}", region.line));
        properties.push(format!("endLine={}", region.end_line));
        // Columns are taken with one line only.
        if region.line == region.end_line {
            properties.push(format!("col={}", region.column));
            properties.push(format!("endColumn={}", region.end_column));
        }
    }
    let name = codes::find(diagnostic.code).map_or("", |c| c.name);
    properties.push(format!("title={}", property(&format!("{} {name}", diagnostic.code))));
    format!("::{kind} {}::{}\n", properties.join(","), data(&with_help(diagnostic)))
}

/// The text of a command: a line break would end it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value in the head of a command, where `:` and `,` mean something too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
