//! `path:line:column: error[S103]: message — help`, one line each.

use super::{one_line, severity_name};
use crate::diagnostic::{Diagnostic, Severity};

pub(super) fn render(diagnostics: &[Diagnostic], color: bool) -> String {
    diagnostics.iter().map(|d| line(d, color)).collect()
}

fn line(diagnostic: &Diagnostic, color: bool) -> String {
    let mut out = String::new();
    if let Some(span) = &diagnostic.span {
        let (line, column) = span.file.position(span.start);
        out += &format!("{}:{line}:{column}: ", one_line(&span.file.path));
    }
    let kind = format!("{}[{}]", severity_name(diagnostic.severity), diagnostic.code);
    out += &if color { painted(&kind, diagnostic.severity) } else { kind };
    out += &format!(": {}", one_line(&diagnostic.message));
    if let Some(help) = &diagnostic.help {
        out += &format!(" — {}", one_line(help));
    }
    out.push('\n');
    out
}

fn painted(text: &str, severity: Severity) -> String {
    let color = match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Hint => "1;36",
    };
    format!("\u{1b}[{color}m{text}\u{1b}[0m")
}
