//! What a resume needs to be started like the run was: kept with the run, as JSON.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::environment::{Choice, Environment, Frozen};
use crate::services::network::UrlMapping;
use crate::value::Map;

/// Without secrets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    env: Option<String>,
    env_file: Option<PathBuf>,
    home: Option<PathBuf>,
    project_folder: Option<PathBuf>,
    environment: Frozen,
    /// Variables that were set, and whose values are not kept.
    withheld: Vec<Arc<str>>,
    map_url: Vec<String>,
    pub(super) parameters: Map,
    /// Makes the names of staging tables.
    pub(super) run_tag: String,
    pub(super) journal: bool,
}

impl Settings {
    pub(super) fn new(
        choice: &Choice,
        environment: &Environment,
        mappings: &[UrlMapping],
        parameters: &Map,
        run_tag: &str,
        journal: bool,
    ) -> Self {
        let absolute = |path: &Option<PathBuf>| path.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        let (frozen, withheld) = environment.frozen();
        Self {
            env: choice.name.clone(),
            env_file: absolute(&choice.file),
            home: absolute(&choice.home),
            project_folder: absolute(&choice.project_folder.as_ref().map(|folder| match folder.as_os_str().is_empty() {
                true => PathBuf::from("."),
                false => folder.clone(),
            })),
            environment: frozen,
            withheld,
            map_url: mappings.iter().map(|mapping| format!("{}={}", mapping.from(), mapping.to())).collect(),
            parameters: parameters.clone(),
            run_tag: run_tag.to_owned(),
            journal,
        }
    }

    /// Those of a new run that goes on from this one, with what is set now over them: a resume of the new run needs it not again.
    pub(super) fn forked(&self, choice: &Choice, environment: &Environment, mappings: &[UrlMapping], run_tag: &str) -> Self {
        let now = Self::new(choice, environment, mappings, &self.parameters, run_tag, true);
        let named = choice.name.is_some() || choice.file.is_some();
        let mut withheld = self.withheld.clone();
        withheld.extend(now.withheld.into_iter().filter(|name| !self.withheld.contains(name)));
        Self {
            env: if named { now.env } else { self.env.clone() },
            env_file: if named { now.env_file } else { self.env_file.clone() },
            home: now.home.or_else(|| self.home.clone()),
            project_folder: self.project_folder.clone(),
            withheld,
            map_url: if mappings.is_empty() { self.map_url.clone() } else { now.map_url },
            ..now
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        serde_json::from_str(text).map_err(|error| Refusal(format!("what the run was started with cannot be read: {error}")))
    }

    pub(super) fn to_text(&self) -> Result<String, Refusal> {
        Ok(serde_json::to_string(self)?)
    }

    /// The environment of the run, with what is set now over it. An environment that is named now is read anew.
    pub(super) fn environment(&self, now: &Choice, vars: &[(String, String)]) -> Result<Environment, Refusal> {
        let named = now.name.is_some() || now.file.is_some();
        let choice = match named {
            true => {
                Choice { project_folder: self.project_folder.clone(), home: now.home.clone().or_else(|| self.home.clone()), ..now.clone() }
            }
            false => Choice {
                file: self.env_file.clone(),
                name: self.env.clone(),
                project_folder: self.project_folder.clone(),
                home: now.home.clone().or_else(|| self.home.clone()),
            },
        };
        Ok(Environment::load(&choice, vars)?.thawed(self.environment.clone(), !named))
    }

    /// The mappings of the run, unless others are given now.
    pub(super) fn mappings(&self, now: Vec<UrlMapping>) -> Vec<UrlMapping> {
        if now.is_empty() { self.map_url.iter().filter_map(|text| UrlMapping::parse(text).ok()).collect() } else { now }
    }

    /// The project folder of the run, where it is here; else the one named now.
    pub(super) fn folder(&self, now: Option<PathBuf>) -> PathBuf {
        self.project_folder.clone().filter(|folder| folder.is_dir()).or(now).unwrap_or_default()
    }

    /// Variables whose values must be given again.
    pub(super) fn missing(&self, environment: &Environment) -> Vec<&str> {
        self.withheld.iter().map(|name| &**name).filter(|name| environment.overriding(name).is_none()).collect()
    }
}
