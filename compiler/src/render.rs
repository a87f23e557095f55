//! Diagnostics to text: `full` for people, `concise` for editors and `grep`, `json` and `jsonl` for programs, the others for what shows them in CI.
//!
//! Takes diagnostics in the order in which they are to be shown; decides nothing about them. No span is too odd to be drawn: what lies outside its
//! file is moved to the closest place inside.

mod concise;
mod fingerprint;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod sarif;

use std::fmt::Write as _;

use crate::diagnostic::{Counts, Diagnostic, Severity, Span};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Full,
    Concise,
    Json,
    /// The JSON form with one fault a line, and a summary in the last.
    Jsonl,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML, for what shows test results.
    Junit,
}

impl Format {
    /// For people: the summary is its last line.
    #[must_use]
    pub fn is_text(self) -> bool {
        match self {
            Self::Full | Self::Concise | Self::Github => true,
            Self::Json | Self::Jsonl | Self::Gitlab | Self::Sarif | Self::Junit => false,
        }
    }
}

/// What is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report<'a> {
    /// In the order in which they are shown.
    pub diagnostics: &'a [Diagnostic],
    /// The files that were checked, for formats that name those without a fault too.
    pub files: &'a [String],
    /// The project's folder, as seen from where the reader of a report looks for files (`apis/shop`). The forms for CI put it before their paths.
    pub folder: &'a str,
    /// Warnings count as failures.
    pub deny_warnings: bool,
    /// Matters to `full` and `concise` only.
    pub color: bool,
}

impl Report<'_> {
    /// All diagnostics, and the summary in the forms for people. Ends with a line break.
    #[must_use]
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Full => full::render(self.diagnostics, self.color) + &summary(self.diagnostics),
            Format::Concise => concise::render(self.diagnostics, self.color) + &summary(self.diagnostics),
            Format::Github => github::render(self) + &summary(self.diagnostics),
            Format::Json => json::render(self.diagnostics),
            Format::Jsonl => json::lines(self.diagnostics),
            Format::Gitlab => gitlab::render(self),
            Format::Sarif => sarif::render(self),
            Format::Junit => junit::render(self),
        }
    }

    /// The path of a file for readers outside of the project. Files of the home folder stay as they are.
    fn path(&self, path: &str) -> String {
        if self.folder.is_empty() || path.starts_with(['~', '/', '<']) { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }
}

/// All diagnostics and the summary, ending with a line break. `color` matters to the text forms only.
#[must_use]
pub fn render(format: Format, diagnostics: &[Diagnostic], color: bool) -> String {
    Report { diagnostics, color, ..Report::default() }.render(format)
}

/// `2 errors, 1 warning (1 fixable)`
#[must_use]
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let counts = Counts::of(diagnostics);
    let mut out = format!("{}, {}", count(counts.errors, "error"), count(counts.warnings, "warning"));
    if counts.hints > 0 {
        let _ = write!(out, ", {}", count(counts.hints, "hint"));
    }
    let _ = writeln!(out, " ({} fixable)", counts.fixable);
    out
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("{n} {what}") } else { format!("{n} {what}s") }
}

/// The place of a fault in the forms that know lines and columns only: both from 1, columns in characters, the end exclusive.
#[derive(Clone, Copy)]
struct Region {
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl Region {
    fn of(span: &Span) -> Self {
        let (line, column) = span.file.position(span.start);
        let (end_line, end_column) = span.file.position(span.end.max(span.start));
        Self { line, column, end_line, end_column }
    }
}

/// The message with what to do.
fn with_help(diagnostic: &Diagnostic) -> String {
    match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "hint",
    }
}

/// Text from a file or a reply as part of a line: control characters would move the cursor or break the line.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() => '\u{FFFD}',
            c => c,
        })
        .collect()
}
