//! Diagnostics to text: `full` for people, `concise` for editors and `grep`, `json` for programs.
//!
//! Takes diagnostics in the order in which they are to be shown; decides nothing about them. No span is too odd to be drawn: what lies outside its
//! file is moved to the closest place inside.

mod concise;
mod full;
mod json;

use std::fmt::Write as _;

use crate::diagnostic::{Counts, Diagnostic, Severity};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Full,
    Concise,
    Json,
}

impl Format {
    /// The format of that name, as on the command line.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "full" => Some(Self::Full),
            "concise" => Some(Self::Concise),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// All diagnostics and the summary, ending with a line break. `color` matters to the text forms only.
#[must_use]
pub fn render(format: Format, diagnostics: &[Diagnostic], color: bool) -> String {
    match format {
        Format::Full => full::render(diagnostics, color) + &summary(diagnostics),
        Format::Concise => concise::render(diagnostics, color) + &summary(diagnostics),
        Format::Json => json::render(diagnostics),
    }
}

/// `2 errors, 1 warning (1 fixable)`
fn summary(diagnostics: &[Diagnostic]) -> String {
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
