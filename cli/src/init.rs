//! `init` and `env init`: files for a start. Nothing that is there is overwritten.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

const PROJECT: [(&str, &str); 4] = [
    ("project.yaml", include_str!("init/project/project.yaml")),
    ("sources/warehouse.yaml", include_str!("init/project/sources/warehouse.yaml")),
    ("flows/hello.yaml", include_str!("init/project/flows/hello.yaml")),
    (".gitignore", include_str!("init/project/gitignore")),
];
const ENVIRONMENT: &str = include_str!("init/environment.yaml");

/// Makes a project in `dir`, which may exist as long as no project is in it.
pub(crate) fn project(dir: &Path, out: &mut dyn io::Write) -> anyhow::Result<()> {
    if dir.join("project.yaml").exists() {
        bail!("{} is a project already: nothing was changed", dir.display());
    }
    let absolute = std::path::absolute(dir).with_context(|| format!("cannot use {}", dir.display()))?;
    let name = absolute.file_name().map_or_else(|| "my-project".into(), |n| n.to_string_lossy().into_owned());
    let name = name.replace(['"', '\\'], "_");
    write_files(dir, &PROJECT, |text| text.replace("@NAME@", &name))?;
    writeln!(out, "New project in {}:\n", dir.display())?;
    for (path, _) in PROJECT {
        writeln!(out, "  {path}")?;
    }
    writeln!(out, "\nRun its flow:\n\n  sequor -p {} run hello", dir.display())?;
    Ok(())
}

/// Makes an environment file in `home`.
pub(crate) fn environment(name: &str, home: &Path, out: &mut dyn io::Write) -> anyhow::Result<()> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) && !name.starts_with('.');
    if !plain {
        bail!("'{name}' cannot be the name of an environment: use letters, digits, '-', '_' and '.'");
    }
    let path = home.join("envs").join(format!("{name}.yaml"));
    if !create(&path, &ENVIRONMENT.replace("@NAME@", name))? {
        bail!("{} exists already: nothing was changed", path.display());
    }
    writeln!(out, "New environment {}\nUse it with --env {name}", path.display())?;
    Ok(())
}

/// Writes files that are not there yet; gives the paths of those it kept.
pub(crate) fn write_files(dir: &Path, files: &[(&str, &str)], fill_in: impl Fn(&str) -> String) -> anyhow::Result<Vec<PathBuf>> {
    let mut kept = Vec::new();
    for (path, text) in files {
        let path = dir.join(path);
        if !create(&path, &fill_in(text))? {
            kept.push(path);
        }
    }
    Ok(kept)
}

/// Creates a file with this text; `false` where there is one already.
fn create(path: &Path, text: &str) -> anyhow::Result<bool> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    }
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("cannot write {}", path.display())),
    };
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}
