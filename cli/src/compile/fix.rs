//! `--fix` and `--diff`: mended files are written whole, and only over the text that was compiled.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use sequor_compiler::fix::{Changed, Fixed};
use similar::TextDiff;

/// Writes the mended files, and says so on standard error.
pub(super) fn write(fixed: &Fixed, project: &Path) -> anyhow::Result<()> {
    for file in &fixed.files {
        write_file(file, &project.join(&file.path)).with_context(|| format!("cannot mend {}", file.path))?;
    }
    if !fixed.files.is_empty() {
        let (fixes, files) = (super::count_of(fixed.fixes, "fix", "fixes"), super::count(fixed.files.len(), "file"));
        writeln!(std::io::stderr().lock(), "made {fixes} in {files}")?;
    }
    Ok(())
}

/// Replaces a file at once: who reads it sees the old text or the new one. A link stays a link, and permissions stay.
fn write_file(file: &Changed, path: &Path) -> anyhow::Result<()> {
    let path = path.canonicalize()?;
    if fs::read(&path)? != file.before.as_bytes() {
        bail!("it has changed meanwhile, or is not all UTF-8: compile again");
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    let written = || -> std::io::Result<()> {
        let mut out = fs::OpenOptions::new().write(true).create_new(true).open(&part)?;
        out.set_permissions(fs::metadata(&path)?.permissions())?;
        out.write_all(file.after.as_bytes())?;
        out.sync_all()?;
        fs::rename(&part, &path)
    };
    written().inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })?;
    Ok(())
}

/// The differences, for `patch -p1` or `git apply` in the working folder.
pub(super) fn diff(fixed: &Fixed, folder: &str) -> String {
    let mut out = String::new();
    for Changed { path, before, after } in &fixed.files {
        let path = if folder.is_empty() { path.clone() } else { format!("{folder}/{path}") };
        let lines = TextDiff::from_lines(before, after);
        out += &lines.unified_diff().header(&format!("a/{path}"), &format!("b/{path}")).to_string();
    }
    out
}
