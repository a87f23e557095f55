//! What a run is given from outside the plan: the variables and secrets of an environment file, `SEQUOR_VAR_…` and `--var`.
//!
//! Secrets are references until an expression asks for one.

use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;

use crate::error::{ErrorKind, RunError};
use crate::redact::Redactor;
use crate::value::{Map, Value};

mod file;
mod find;

pub use find::{Choice, EnvironmentError};

/// Variables and secrets by name.
#[derive(Default)]
pub struct Environment {
    /// The name of the environment, where one was chosen.
    name: Option<String>,
    /// `SEQUOR_VAR_…` and `--var`: before constants of the project and before the file.
    overrides: Map,
    variables: Map,
    secrets: IndexMap<Arc<str>, Reference>,
    /// Secrets that have been read.
    resolved: Mutex<IndexMap<Arc<str>, Arc<str>>>,
}

/// Values of an environment at the start of a run.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Frozen {
    variables: Map,
    overrides: Map,
}

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reference {
    /// A variable of the process.
    Process(String),
    /// A file; one line break at its end is not part of the secret.
    File(String),
}

impl Environment {
    /// The environment that the operator chose, with what the process and the command line set over it.
    ///
    /// # Errors
    /// A missing or bad file.
    pub fn load(choice: &Choice, vars: &[(String, String)]) -> Result<Self, EnvironmentError> {
        let mut environment = match find::find(choice)? {
            Some(found) => {
                let contents = file::read(&found.path)?;
                Self { name: Some(found.name), variables: contents.variables, secrets: contents.secrets, ..Self::default() }
            }
            None => Self::default(),
        };
        environment.overrides = process_variables();
        environment.overrides.extend(vars.iter().map(|(name, value)| (name.as_str().into(), Value::text(value.as_str()))));
        Ok(environment)
    }

    /// The values that a resumed run sees again: those of the file, and those set over it. Secrets are not among them, nor what looks like one by its name; the names
    /// of the latter are the second part.
    pub(crate) fn frozen(&self) -> (Frozen, Vec<Arc<str>>) {
        let (withheld, overrides): (Map, Map) = self.overrides.clone().into_iter().partition(|(name, _)| is_confidential(name));
        let variables = self.variables.clone().into_iter().filter(|(name, _)| !is_confidential(name)).collect();
        (Frozen { variables, overrides }, withheld.into_keys().collect())
    }

    /// The same with the values that the run was started with. What is set over them now stays.
    #[must_use]
    pub(crate) fn thawed(mut self, frozen: Frozen, file_too: bool) -> Self {
        if file_too {
            self.variables.extend(frozen.variables);
        }
        for (name, value) in frozen.overrides {
            self.overrides.entry(name).or_insert(value);
        }
        self
    }

    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Every text that the operator wrote as a value or inside one; secrets are not among them.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        let mut open: Vec<&Value> = self.overrides.values().chain(self.variables.values()).collect();
        while let Some(value) = open.pop() {
            match value {
                Value::Text(text) => texts.push(&**text),
                Value::List(members) | Value::Tuple(members) => open.extend(members.iter()),
                Value::Map(map) => open.extend(map.values()),
                Value::Row(row) => open.extend(&row.values),
                Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Bytes(_) => {}
            }
        }
        texts
    }

    /// `var(name)` where `SEQUOR_VAR_…` or `--var` set it.
    pub(crate) fn overriding(&self, name: &str) -> Option<&Value> {
        self.overrides.get(name)
    }

    /// `var(name)` of the environment file.
    pub(crate) fn lookup(&self, name: &str, redactor: &Redactor) -> Result<Option<Value>, RunError> {
        if let Some(value) = self.variables.get(name) {
            return Ok(Some(value.clone()));
        }
        self.secret(name, redactor)
    }

    /// `env(name)`: a variable of the environment, else of the process.
    pub(crate) fn env(&self, name: &str, redactor: &Redactor) -> Result<Option<Value>, RunError> {
        if let Some(value) = self.overriding(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = self.lookup(name, redactor)? {
            return Ok(Some(value));
        }
        Ok(process_variable(name).map(Value::text))
    }

    /// Whether `var(name)` has a value. Secrets are tried, and not kept.
    ///
    /// # Errors
    /// Why a secret cannot be had.
    pub(crate) fn gives(&self, name: &str) -> Result<bool, String> {
        if self.overrides.contains_key(name) || self.variables.contains_key(name) {
            return Ok(true);
        }
        self.secrets.get(name).map_or(Ok(false), |reference| reference.resolve().map(|_| true))
    }

    /// Whether `env(name)` has one.
    ///
    /// # Errors
    /// As `gives`.
    pub(crate) fn gives_env(&self, name: &str) -> Result<bool, String> {
        Ok(self.gives(name)? || process_variable(name).is_some())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = Arc<str>> {
        self.overrides.keys().chain(self.variables.keys()).chain(self.secrets.keys()).cloned()
    }

    fn secret(&self, name: &str, redactor: &Redactor) -> Result<Option<Value>, RunError> {
        let Some(reference) = self.secrets.get(name) else { return Ok(None) };
        let mut resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = resolved.get(name) {
            return Ok(Some(Value::Text(Arc::clone(value))));
        }
        let value: Arc<str> = reference
            .resolve()
            .map_err(|why| RunError::new(ErrorKind::Configuration, format!("secret '{name}' of the environment cannot be read: {why}")))?
            .into();
        redactor.add(&value);
        resolved.insert(name.into(), Arc::clone(&value));
        Ok(Some(Value::Text(value)))
    }
}

impl Reference {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("env", name) if !name.is_empty() => Some(Self::Process(name.to_owned())),
            ("file", path) if !path.is_empty() => Some(Self::File(path.to_owned())),
            _ => None,
        }
    }

    fn resolve(&self) -> Result<String, String> {
        match self {
            Self::Process(name) => process_variable(name).ok_or_else(|| format!("the process has no environment variable {name}")),
            Self::File(path) => {
                let mut text = std::fs::read_to_string(path).map_err(|e| format!("file {path}: {e}"))?;
                if text.ends_with('\n') {
                    text.pop();
                    if text.ends_with('\r') {
                        text.pop();
                    }
                }
                Ok(text)
            }
        }
    }
}

/// Whether a variable holds a credential, by its name.
fn is_confidential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["secret", "token", "password", "passwd", "credential", "api_key", "apikey", "private", "auth"].iter().any(|word| name.contains(word))
}

/// `SEQUOR_VAR_name=value`.
fn process_variables() -> Map {
    let mut variables: Vec<(Arc<str>, Value)> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            let name = name.strip_prefix("SEQUOR_VAR_").filter(|name| !name.is_empty())?;
            Some((name.into(), Value::text(value)))
        })
        .collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    variables.into_iter().collect()
}

fn process_variable(name: &str) -> Option<String> {
    // A name with these makes the standard library panic.
    if name.is_empty() || name.contains(['=', '\0']) {
        return None;
    }
    std::env::var_os(name)?.into_string().ok()
}

#[cfg(test)]
mod tests;
