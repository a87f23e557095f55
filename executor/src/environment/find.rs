//! Which environment file a run uses, and where it is.

use std::path::{Path, PathBuf};

use super::file;

/// How the operator may choose an environment. The first that is given wins.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `--env-file`: this file, wherever it is.
    pub file: Option<PathBuf>,
    /// `--env`.
    pub name: Option<String>,
    /// The project's folder: `envs/NAME.yaml` and env.yaml are looked for there.
    pub project_folder: Option<PathBuf>,
    /// `--home-dir`; otherwise `$SEQUOR_HOME`, else `~/.sequor`.
    pub home: Option<PathBuf>,
}

/// Why there is no environment. Printed to users as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EnvironmentError(pub String);

pub(super) struct Found {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// The file to read; `None` where no environment was asked for.
pub(super) fn find(choice: &Choice) -> Result<Option<Found>, EnvironmentError> {
    if let Some(path) = &choice.file {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Some(Found { name, path: path.clone() }));
    }
    let Some((name, from)) = chosen_name(choice)? else { return Ok(None) };
    if name.is_empty() || name.contains(['/', '\\', '\0']) || name.starts_with('.') {
        return Err(EnvironmentError(format!(
            "'{name}' ({from}) is not the name of an environment: it must be a plain name, without folders"
        )));
    }
    let folders = folders(choice);
    let found = folders.iter().map(|folder| folder.join(format!("{name}.yaml"))).find(|path| path.is_file());
    match found {
        Some(path) => Ok(Some(Found { name, path })),
        None => Err(missing(&name, from, &folders)),
    }
}

fn chosen_name(choice: &Choice) -> Result<Option<(String, &'static str)>, EnvironmentError> {
    if let Some(name) = &choice.name {
        return Ok(Some((name.clone(), "--env")));
    }
    if let Some(folder) = &choice.project_folder {
        let path = folder.join("env.yaml");
        if path.is_file()
            && let Some(name) = file::read_choice(&path)?
        {
            return Ok(Some((name, "env.yaml")));
        }
    }
    Ok(std::env::var("SEQUOR_ENV").ok().filter(|name| !name.is_empty()).map(|name| (name, "$SEQUOR_ENV")))
}

/// In the order they are searched.
fn folders(choice: &Choice) -> Vec<PathBuf> {
    let home = choice
        .home
        .clone()
        .or_else(|| std::env::var_os("SEQUOR_HOME").filter(|home| !home.is_empty()).map(PathBuf::from))
        .or_else(|| std::env::home_dir().map(|home| home.join(".sequor")));
    choice.project_folder.iter().chain(&home).map(|folder| folder.join("envs")).collect()
}

fn missing(name: &str, from: &str, folders: &[PathBuf]) -> EnvironmentError {
    let mut known: Vec<String> = folders.iter().flat_map(|folder| names_in(folder)).collect();
    known.sort_unstable();
    known.dedup();
    let places = folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(" and ");
    let there_are = if known.is_empty() {
        format!("there is none yet; create {name}.yaml there with 'variables:'")
    } else {
        format!("there are: {}", known.join(", "))
    };
    EnvironmentError(format!("environment '{name}' (chosen by {from}) not found in {places}; {there_are}"))
}

fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            (path.extension()? == "yaml").then(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        })
        .collect()
}
