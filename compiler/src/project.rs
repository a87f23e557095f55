//! The files of a project. The only module of the compiler that reads from disk.
//!
//! Takes a folder; gives the texts of its flows, sources, settings and environments, each with a path that is relative to the project. Nothing is parsed here.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::threads;

/// Folders in folders of `flows/` that are looked into.
const MAX_DEPTH: usize = 32;
/// Says which environment is used where the command line names none.
const CHOICE: &str = "env.yaml";
/// A YAML file above this size is refused, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// What the command line says about a project.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where environments are kept beside the project's own `envs/`.
    pub home_dir: Option<PathBuf>,
    /// The environment to check against (`--env`).
    pub env: Option<String>,
    /// Names of variables that `--var` or `SEQUOR_VAR_…` give.
    pub variables: Vec<String>,
    /// Unknown keys are warnings, as far as nothing is missing for them (`--lenient`).
    pub lenient: bool,
}

/// The texts of a project.
#[derive(Debug)]
pub struct Project {
    pub settings: Arc<SourceFile>,
    /// Sorted by name.
    pub flows: Vec<File>,
    /// Sorted by name.
    pub sources: Vec<File>,
    /// Sorted by name; the project's own before those of the home folder.
    pub environments: Vec<File>,
    /// env.yaml, where there is one.
    pub choice: Option<Arc<SourceFile>>,
    pub options: Options,
    /// Files that could not be read.
    pub faults: Vec<Diagnostic>,
}

#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    pub file: Arc<SourceFile>,
}

/// Why a folder is no project that could be compiled.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("there is no folder '{0}'")]
    NoFolder(String),
    #[error("'{0}' is a file, not a project folder")]
    NotAFolder(String),
    #[error("'{0}' is no Sequor project: it has no project.yaml; 'sequor init' makes a new project, -p names another folder")]
    NoProject(String),
    #[error("'{0}' is no file of a project: flows/NAME.yaml, sources/NAME.yaml, envs/NAME.yaml, env.yaml or project.yaml")]
    NotInProject(String),
    #[error("cannot read '{path}': {error}")]
    Unreadable { path: String, error: io::Error },
}

impl Project {
    /// Reads a project's files.
    ///
    /// # Errors
    /// A folder that is missing or has no project.yaml, or cannot be read.
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        let shown = dir.display().to_string();
        match fs::metadata(dir) {
            Ok(m) if m.is_dir() => {}
            Ok(_) => return Err(OpenError::NotAFolder(shown)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(OpenError::NoFolder(shown)),
            Err(error) => return Err(OpenError::Unreadable { path: shown, error }),
        }
        let Some(settings) = ["project.yaml", "project.yml", "sequor_project.yaml"].into_iter().find(|n| dir.join(n).is_file()) else {
            return Err(OpenError::NoProject(shown));
        };
        let (settings, fault) = read(&dir.join(settings), settings)
            .map_err(|error| OpenError::Unreadable { path: dir.join(settings).display().to_string(), error })?;
        let mut faults = Vec::from_iter(fault);
        let flows = folder(&dir.join("flows"), "flows", MAX_DEPTH, &mut faults)?;
        let sources = folder(&dir.join("sources"), "sources", 0, &mut faults)?;
        let mut environments = folder(&dir.join("envs"), "envs", 0, &mut faults)?;
        if let Some(home) = &options.home_dir {
            // Other projects use these too: what cannot be read is not this project's fault.
            let theirs = folder(&home.join("envs"), "~/.sequor/envs", 0, &mut Vec::new()).unwrap_or_default();
            environments.extend(theirs);
        }
        let choice = match read(&dir.join(CHOICE), CHOICE) {
            Ok((file, fault)) => {
                faults.extend(fault);
                Some(file)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(OpenError::Unreadable { path: dir.join(CHOICE).display().to_string(), error }),
        };
        Ok(Self { settings, flows, sources, environments, choice, options, faults })
    }

    /// The file of that path, unless it is one of the home folder.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&Arc<SourceFile>> {
        let files = self.flows.iter().chain(&self.sources).chain(&self.environments).map(|f| &f.file);
        std::iter::once(&self.settings).chain(files).chain(&self.choice).find(|f| f.path == path && !path.starts_with('~'))
    }

    pub(crate) fn file_mut(&mut self, path: &str) -> Option<&mut Arc<SourceFile>> {
        let files = self.flows.iter_mut().chain(&mut self.sources).chain(&mut self.environments).map(|f| &mut f.file);
        std::iter::once(&mut self.settings).chain(files).chain(&mut self.choice).find(|f| f.path == path && !path.starts_with('~'))
    }

    /// Takes a text for the one that is in the project at that path, which may be of a file that is not there: `flows/NAME.yaml`,
    /// `sources/NAME.yaml`, `envs/NAME.yaml`, env.yaml or project.yaml. An editor has it so before it is saved.
    ///
    /// # Errors
    /// A path at which a project has no file.
    pub fn put(&mut self, path: &str, text: String) -> Result<(), OpenError> {
        let not_a_file = || OpenError::NotInProject(path.to_owned());
        let path = path.strip_prefix("./").unwrap_or(path);
        let file = SourceFile::new(path, text);
        self.faults.retain(|f| f.span.as_ref().is_none_or(|s| s.file.path != path));
        if path == self.settings.path {
            self.settings = file;
            return Ok(());
        }
        if path == CHOICE {
            self.choice = Some(file);
            return Ok(());
        }
        let (folder, inner) = path.split_once('/').ok_or_else(not_a_file)?;
        let files = match folder {
            "flows" => &mut self.flows,
            "sources" => &mut self.sources,
            "envs" => &mut self.environments,
            _ => return Err(not_a_file()),
        };
        if !(inner.ends_with(".yaml") || inner.ends_with(".yml")) {
            return Err(not_a_file());
        }
        let name = flow_name(inner).to_owned();
        match files.iter_mut().find(|f| f.name == name) {
            Some(old) => old.file = file,
            None => {
                files.push(File { name, file });
                files.sort_by(|a, b| a.name.cmp(&b.name));
            }
        }
        Ok(())
    }

    /// The flow that a command line or a step names: `name`, `name.yaml` or `flows/name.yaml`.
    #[must_use]
    pub fn flow_named(&self, given: &str) -> Option<&File> {
        let find = |name: &str| self.flows.iter().find(|f| f.name == name);
        let name = flow_name(given);
        find(name).or_else(|| name.rsplit_once("/flows/").and_then(|(_, inner)| find(inner)))
    }
}

/// A flow's name without what a path to its file has around it.
#[must_use]
pub fn flow_name(given: &str) -> &str {
    let name = given.trim().trim_start_matches("./");
    let name = name.strip_prefix("flows/").unwrap_or(name);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}

/// The YAML files of a folder, sorted by name. A folder that is not there has none.
fn folder(dir: &Path, shown: &str, depth: usize, faults: &mut Vec<Diagnostic>) -> Result<Vec<File>, OpenError> {
    let mut paths = Vec::new();
    list(dir, String::new(), depth, &mut paths)?;
    paths.sort();
    let mut files: BTreeMap<String, Arc<SourceFile>> = BTreeMap::new();
    let texts = threads::each(&paths, 8, |relative| read(&dir.join(relative), &format!("{shown}/{relative}")));
    for (relative, text) in paths.iter().zip(texts) {
        let name = flow_name(relative).to_owned();
        let path = format!("{shown}/{relative}");
        if relative.contains(['\\', char::REPLACEMENT_CHARACTER]) {
            let span = Span { file: SourceFile::new(path, ""), start: 0, end: 0 };
            faults.push(Diagnostic::error("Y005", span, "this file's name is not usable").help("rename it: no backslash, and only UTF-8"));
            continue;
        }
        let file = match text {
            Ok((file, fault)) => {
                faults.extend(fault);
                file
            }
            Err(error) => {
                let file = SourceFile::new(path, "");
                faults.push(Diagnostic::error("Y005", Span { file, start: 0, end: 0 }, format!("this file cannot be read: {error}")));
                continue;
            }
        };
        if let Some(first) = files.get(&name) {
            let span = Span { file, start: 0, end: 0 };
            faults.push(
                Diagnostic::error("S111", span, format!("'{}' has the same name as this file: '{name}'", first.path))
                    .help("rename one of the two"),
            );
            continue;
        }
        files.insert(name, file);
    }
    Ok(files.into_iter().map(|(name, file)| File { name, file }).collect())
}

/// Adds the relative paths of all YAML files below a folder. Hidden files and folders are left out.
fn list(dir: &Path, prefix: String, depth: usize, paths: &mut Vec<String>) -> Result<(), OpenError> {
    let unreadable = |error| OpenError::Unreadable { path: dir.display().to_string(), error };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let mut kind = entry.file_type().map_err(unreadable)?;
        if kind.is_symlink() {
            // One that leads nowhere is read like a file, and reported as one that cannot be.
            kind = fs::metadata(&path).map_or(kind, |m| m.file_type());
        }
        if kind.is_dir() {
            if depth > 0 {
                list(&path, format!("{prefix}{name}/"), depth - 1, paths)?;
            }
        } else if (kind.is_file() || kind.is_symlink()) && (name.ends_with(".yaml") || name.ends_with(".yml")) {
            paths.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

/// Reads one file. Text that is not UTF-8 is a fault, and is read as far as it goes.
fn read(path: &Path, shown: &str) -> io::Result<(Arc<SourceFile>, Option<Diagnostic>)> {
    let file = fs::File::open(path)?;
    let size = file.metadata()?.len();
    if size > MAX_FILE {
        let file = SourceFile::new(shown, "");
        let message = format!("this file is larger than {} MiB", MAX_FILE >> 20);
        let fault = Diagnostic::error("Y010", Span { file: file.clone(), start: 0, end: 0 }, message);
        return Ok((file, Some(fault)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok((SourceFile::new(shown, text), None)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let file = SourceFile::new(shown, String::from_utf8_lossy(&bytes[..good]));
            let at = u32::try_from(good).unwrap_or(u32::MAX);
            let span = Span { file: file.clone(), start: at, end: at };
            let fault = Diagnostic::error("Y005", span, "this file is not UTF-8 text").help("save it as UTF-8");
            Ok((file, Some(fault)))
        }
    }
}
