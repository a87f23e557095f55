//! A name for each fault that stays the same while the lines around it move, so that a report can be compared with that of another commit.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;

/// One for each diagnostic, in their order, each different.
pub(super) fn all(diagnostics: &[Diagnostic]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let one = |diagnostic| {
        let digest = digest(diagnostic);
        let count = seen.entry(digest.clone()).or_default();
        *count += 1;
        if *count == 1 { digest } else { blake3::hash(format!("{digest} {count}").as_bytes()).to_hex().to_string() }
    };
    diagnostics.iter().map(one).collect()
}

/// The file, the fault, and what is written on its line: not which line that is.
fn digest(diagnostic: &Diagnostic) -> String {
    let (path, line) = match &diagnostic.span {
        Some(span) => (span.file.path.as_str(), span.file.line(span.file.position(span.start).0).trim()),
        None => ("", ""),
    };
    let parts = [path, diagnostic.code, &diagnostic.message, line];
    blake3::hash(parts.join("\0").as_bytes()).to_hex().to_string()
}
