//! The JSON forms, version 1: one object, or an object a line. Lines and columns count from 1, columns in characters; files are relative to the project.
//!
//! Fields may be added within a version, never removed or changed.

use serde::Serialize;

use super::{Region, severity_name};
use crate::codes;
use crate::diagnostic::{Counts, Diagnostic, Span};

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    diagnostics: Vec<Fault<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Fault<'a> {
    code: &'a str,
    name: &'a str,
    severity: &'a str,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(flatten)]
    place: Place<'a>,
    /// What is marked, the fault's own place first if there is a word about it.
    labels: Vec<Label<'a>>,
    fix: Option<Fix<'a>>,
}

/// All `null` for a fault of the whole project.
#[derive(Serialize, Default)]
struct Place<'a> {
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
}

#[derive(Serialize)]
struct Label<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    description: &'a str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    hints: usize,
    fixable: usize,
}

/// One line of the form with an object a line.
#[derive(Serialize)]
struct Line<T> {
    version: u32,
    /// `diagnostic`, or `summary` in the last line.
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    content: T,
}

pub(super) fn render(diagnostics: &[Diagnostic]) -> String {
    let report = Report { version: VERSION, diagnostics: diagnostics.iter().map(fault).collect(), summary: summary(diagnostics) };
    // Text and numbers only: writing them to memory cannot fail.
    let mut out = serde_json::to_string_pretty(&report).unwrap_or_default();
    out.push('\n');
    out
}

pub(super) fn lines(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        out += &line("diagnostic", fault(diagnostic));
    }
    out + &line("summary", summary(diagnostics))
}

fn line<T: Serialize>(kind: &'static str, content: T) -> String {
    serde_json::to_string(&Line { version: VERSION, kind, content }).unwrap_or_default() + "\n"
}

fn summary(diagnostics: &[Diagnostic]) -> Summary {
    let counts = Counts::of(diagnostics);
    Summary { errors: counts.errors, warnings: counts.warnings, hints: counts.hints, fixable: counts.fixable }
}

fn fault(diagnostic: &Diagnostic) -> Fault<'_> {
    let own = diagnostic.span.as_ref().filter(|_| !diagnostic.label.is_empty());
    let own = own.map(|span| Label { place: place(span), text: &diagnostic.label });
    Fault {
        code: diagnostic.code,
        name: codes::find(diagnostic.code).map_or("", |c| c.name),
        severity: severity_name(diagnostic.severity),
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
        place: diagnostic.span.as_ref().map(place).unwrap_or_default(),
        labels: own.into_iter().chain(diagnostic.labels.iter().map(|l| Label { place: place(&l.span), text: &l.text })).collect(),
        fix: diagnostic.fix.as_ref().map(|fix| Fix {
            description: &fix.description,
            edits: fix.edits.iter().map(|(span, text)| Edit { place: place(span), replacement: text }).collect(),
        }),
    }
}

fn place(span: &Span) -> Place<'_> {
    let Region { line, column, end_line, end_column } = Region::of(span);
    Place { file: Some(&span.file.path), line: Some(line), column: Some(column), end_line: Some(end_line), end_column: Some(end_column) }
}
