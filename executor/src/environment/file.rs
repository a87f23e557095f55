//! Environment files: `variables:` with values, `secrets:` with references, and a `description:`.
//!
//! The only YAML that the executor reads: an environment is given to a run, not compiled into a plan.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_yaml::Value as Yaml;

use super::{EnvironmentError, Reference};
use crate::value::{Map, Value};

#[derive(Default)]
pub(super) struct Contents {
    pub(super) variables: Map,
    pub(super) secrets: IndexMap<Arc<str>, Reference>,
}

/// An environment file.
pub(super) fn read(path: &Path) -> Result<Contents, EnvironmentError> {
    let file = Source { path };
    let mut contents = Contents::default();
    for (key, value) in file.mapping(file.parse()?, "the file")? {
        match key.as_str() {
            "variables" => {
                for (name, value) in file.mapping(value, "'variables'")? {
                    let value = file.value(&format!("variable '{name}'"), value)?;
                    contents.variables.insert(name.into(), value);
                }
            }
            "secrets" => {
                for (name, value) in file.mapping(value, "'secrets'")? {
                    let reference = file.reference(&name, &value)?;
                    contents.secrets.insert(name.into(), reference);
                }
            }
            // For people only.
            "description" => {}
            other => return Err(file.error(&format!("unknown key '{other}'; an environment has 'variables' and 'secrets'"))),
        }
    }
    if let Some(name) = contents.secrets.keys().find(|name| contents.variables.contains_key(*name)) {
        return Err(file.error(&format!("'{name}' is both a variable and a secret; keep one of them")));
    }
    Ok(contents)
}

/// The name in a project's env.yaml (`env: NAME`).
pub(super) fn read_choice(path: &Path) -> Result<Option<String>, EnvironmentError> {
    let file = Source { path };
    for (key, value) in file.mapping(file.parse()?, "the file")? {
        match (key.as_str(), value) {
            ("env", Yaml::String(name)) => return Ok(Some(name)),
            ("env", Yaml::Null) => {}
            ("env", _) => return Err(file.error("'env' must be the name of an environment")),
            (other, _) => return Err(file.error(&format!("unknown key '{other}'; this file has 'env: NAME'"))),
        }
    }
    Ok(None)
}

struct Source<'a> {
    path: &'a Path,
}

impl Source<'_> {
    fn parse(&self) -> Result<Yaml, EnvironmentError> {
        let text = std::fs::read_to_string(self.path)
            .map_err(|e| EnvironmentError(format!("environment file {} cannot be read: {e}", self.path.display())))?;
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            return Ok(Yaml::Null);
        }
        serde_yaml::from_str(text).map_err(|error| {
            let message = error.to_string();
            match error.location() {
                Some(place) => {
                    let suffix = format!(" at line {} column {}", place.line(), place.column());
                    let message = message.strip_suffix(&suffix).unwrap_or(&message);
                    EnvironmentError(format!(
                        "environment file {}:{}:{}: bad YAML: {message}",
                        self.path.display(),
                        place.line(),
                        place.column()
                    ))
                }
                None => self.error(&format!("bad YAML: {message}")),
            }
        })
    }

    fn mapping(&self, value: Yaml, what: &str) -> Result<Vec<(String, Yaml)>, EnvironmentError> {
        match value {
            Yaml::Null => Ok(Vec::new()),
            Yaml::Mapping(mapping) => mapping.into_iter().map(|(key, value)| Ok((self.key(key)?, value))).collect(),
            Yaml::Bool(_) | Yaml::Number(_) | Yaml::String(_) | Yaml::Sequence(_) | Yaml::Tagged(_) => {
                Err(self.error(&format!("{what} must be a mapping of names to values")))
            }
        }
    }

    fn key(&self, key: Yaml) -> Result<String, EnvironmentError> {
        match key {
            Yaml::String(text) => Ok(text),
            Yaml::Number(number) => Ok(number.to_string()),
            Yaml::Bool(value) => Ok(value.to_string()),
            Yaml::Null | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => Err(self.error("a key must be text")),
        }
    }

    /// YAML's parser bounds the depth.
    fn value(&self, what: &str, value: Yaml) -> Result<Value, EnvironmentError> {
        Ok(match value {
            Yaml::Null => Value::Null,
            Yaml::Bool(value) => Value::Bool(value),
            Yaml::Number(number) => match number.as_i64() {
                Some(int) => Value::Int(int),
                None if number.is_u64() => Value::Number(number.to_string().into()),
                None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Yaml::String(text) => {
                if ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark)) {
                    return Err(self.error(&format!(
                        "{what} holds a template; environments hold plain values only. Put the template into project.yaml or the flow"
                    )));
                }
                Value::text(text)
            }
            Yaml::Sequence(members) => {
                Value::List(Arc::new(members.into_iter().map(|member| self.value(what, member)).collect::<Result<_, _>>()?))
            }
            Yaml::Mapping(_) => {
                let members = self.mapping(value, what)?.into_iter();
                Value::Map(Arc::new(members.map(|(key, value)| Ok((key.into(), self.value(what, value)?))).collect::<Result<_, _>>()?))
            }
            Yaml::Tagged(tagged) => return Err(self.error(&format!("{what} has the tag {}, which is not supported", tagged.tag))),
        })
    }

    fn reference(&self, name: &str, value: &Yaml) -> Result<Reference, EnvironmentError> {
        // The value is not repeated in the message: it may be the secret itself.
        value.as_str().and_then(Reference::parse).ok_or_else(|| {
            self.error(&format!(
                "secret '{name}' must be a reference, env:NAME or file:PATH; a secret itself does not belong into this file"
            ))
        })
    }

    fn error(&self, message: &str) -> EnvironmentError {
        EnvironmentError(format!("environment file {}: {message}", self.path.display()))
    }
}
