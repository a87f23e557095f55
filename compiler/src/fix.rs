//! Fixes that diagnostics carry, put into the text: no printing and no writing, only what the files would be.
//!
//! Fixes that touch are not made at once: one round makes the first of them, and another compile finds out whether the others are still needed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compile::{CompileError, Compiled, compile};
use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span};
use crate::project::Project;

/// Rounds after which fixing ends in any case.
const MAX_ROUNDS: usize = 20;

/// A file that fixes have changed.
#[derive(Debug)]
pub struct Changed {
    pub path: String,
    pub before: String,
    pub after: String,
}

/// What fixing a project gave.
#[derive(Debug)]
pub struct Fixed {
    /// Sorted by path.
    pub files: Vec<Changed>,
    /// How many fixes were made.
    pub fixes: usize,
    /// What a compile of the mended text gives.
    pub compiled: Compiled,
}

/// Makes the fixes of all faults that `wanted` says yes to, in as many rounds as it takes. The project is then the mended one.
///
/// A round after which a file could be read less well than before is not made. More errors may well be there after a round: those of a step whose
/// op was misspelt, say.
///
/// # Errors
/// As `compile`.
pub fn fix(project: &mut Project, names: &[impl AsRef<str>], wanted: impl Fn(&Diagnostic) -> bool) -> Result<Fixed, CompileError> {
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    let mut compiled = compile(project, names)?;
    let mut fixes = 0;
    for _ in 0..MAX_ROUNDS {
        let faults: Vec<&Diagnostic> = compiled.diagnostics.iter().filter(|d| wanted(d)).collect();
        let (texts, made) = round(&faults, project);
        if texts.is_empty() {
            break;
        }
        let old = replace(project, texts);
        let again = compile(project, names)?;
        if unread(&again) > unread(&compiled) {
            let _ = replace(project, old);
            break;
        }
        for (path, text) in old {
            before.entry(path).or_insert(text);
        }
        compiled = again;
        fixes += made;
    }
    let changed = before.into_iter().filter_map(|(path, before)| {
        let after = project.file(&path)?.text.clone();
        Some(Changed { path, before, after })
    });
    Ok(Fixed { files: changed.filter(|c| c.before != c.after).collect(), fixes, compiled })
}

/// Errors of the YAML itself.
fn unread(compiled: &Compiled) -> usize {
    compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error && d.code.starts_with('Y')).count()
}

/// The new texts of files, by path, after all fixes that do not touch each other, and how many those are.
fn round(faults: &[&Diagnostic], project: &Project) -> (BTreeMap<String, String>, usize) {
    let mut edits: BTreeMap<&str, Vec<&(Span, String)>> = BTreeMap::new();
    let mut made = 0;
    for fix in faults.iter().filter_map(|f| f.fix.as_ref()) {
        let usable = |(span, text): &(Span, String)| {
            let file = project.file(&span.file.path);
            let same = file.is_some_and(|f| Arc::ptr_eq(f, &span.file));
            let old = span.file.text.get(span.start as usize..span.end as usize);
            same && old.is_some_and(|old| old != text.as_str())
        };
        let free = |(span, _): &(Span, String)| {
            let taken = edits.get(span.file.path.as_str()).into_iter().flatten();
            taken.into_iter().all(|(other, _)| span.end < other.start || other.end < span.start)
        };
        if fix.edits.is_empty() || !fix.edits.iter().all(|e| usable(e) && free(e)) {
            continue;
        }
        for edit in &fix.edits {
            edits.entry(edit.0.file.path.as_str()).or_default().push(edit);
        }
        made += 1;
    }
    let texts = edits.into_values().filter_map(|edits| edited(edits)).collect();
    (texts, made)
}

fn edited(mut edits: Vec<&(Span, String)>) -> Option<(String, String)> {
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let file = &edits.first()?.0.file;
    let mut text = file.text.clone();
    for (span, new) in edits {
        text.replace_range(span.start as usize..span.end as usize, new);
    }
    Some((file.path.clone(), text))
}

/// Puts texts in place of those of the project; gives those.
fn replace(project: &mut Project, texts: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut old = BTreeMap::new();
    for (path, text) in texts {
        if let Some(file) = project.file_mut(&path) {
            let before = std::mem::replace(file, SourceFile::new(path.clone(), text));
            old.insert(path, before.text.clone());
        }
    }
    old
}
