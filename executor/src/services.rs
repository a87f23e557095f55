//! What the ops of one run share: the plan, the evaluator, connections, what the operator gave, and where to report to.
//!
//! Nothing is opened before an op asks for it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use sequor_plan_format::{ExprId, Plan, SourceId, SourceKind};

use crate::database::{Database, Settings};
use crate::environment::Environment;
use crate::error::{ErrorKind, RunError};
use crate::eval::{Evaluator, PythonLimits, PythonPool};
use crate::http::Clients;
use crate::redact::Redactor;
use crate::report::Reporter;
use crate::scope::{Given, Scope};
use crate::value::Value;

pub mod network;

use network::Network;

/// One per run. Shared by everything that runs in it.
pub struct Services {
    pub plan: Arc<Plan>,
    pub evaluator: Evaluator,
    pub clients: Clients,
    pub reporter: Arc<Reporter>,
    /// Makes the names of staging tables: letters and digits, unique per run.
    pub run_tag: String,
    /// What the environment, `SEQUOR_VAR_…` and `--var` give.
    pub environment: Environment,
    /// Knows the secrets that have been used so far. Whoever evaluates one adds it.
    pub redactor: Arc<Redactor>,
    /// Which addresses requests may go to.
    pub network: Network,
    /// Where relative paths of SQLite files start.
    pub folder: PathBuf,
    databases: tokio::sync::Mutex<HashMap<Settings, Database>>,
    constants: OnceLock<Arc<Given>>,
}

/// What a run is given from outside.
#[derive(Default)]
pub struct Surroundings {
    pub reporter: Arc<Reporter>,
    pub redactor: Arc<Redactor>,
    pub environment: Environment,
    pub network: Network,
    pub folder: PathBuf,
    pub run_tag: String,
    /// The program that Python workers are started from: this one, see `python`.
    pub program: PathBuf,
}

impl Services {
    #[must_use]
    pub fn new(plan: Arc<Plan>, surroundings: Surroundings) -> Arc<Self> {
        let Surroundings { reporter, redactor, environment, network, folder, run_tag, program } = surroundings;
        Arc::new(Self {
            evaluator: Evaluator::new(Arc::clone(&plan), PythonPool::new(program, PythonLimits::default())),
            plan,
            clients: Clients::default(),
            reporter,
            run_tag,
            environment,
            redactor,
            network,
            folder,
            databases: tokio::sync::Mutex::default(),
            constants: OnceLock::new(),
        })
    }

    /// The connection of a database source, opened at its first use in the run. Its settings may use variables: other settings are another
    /// connection.
    ///
    /// # Errors
    /// `Configuration` for a setting that does not evaluate, `Database` for one that does not connect.
    pub async fn database(&self, source: SourceId, scope: &Scope) -> Result<Database, RunError> {
        let settings = self.settings(source, scope)?;
        let mut open = self.databases.lock().await;
        if let Some(database) = open.get(&settings) {
            return Ok(database.clone());
        }
        let database = Database::connect(&settings).await.map_err(|mut error| {
            error.message = format!("source '{}': {}", self.plan.text(self.plan.source(source).name), error.message);
            error
        })?;
        open.insert(settings, database.clone());
        Ok(database)
    }

    /// Constants of project.yaml, evaluated in the order of the file at the first use of one of them.
    pub(crate) fn constants(&self, scope: &Scope) -> Arc<Given> {
        Arc::clone(self.constants.get_or_init(|| scope.evaluate_constants(self)))
    }

    fn settings(&self, source: SourceId, scope: &Scope) -> Result<Settings, RunError> {
        let definition = self.plan.source(source);
        let name = self.plan.text(definition.name);
        let scope = scope.outside_sources().in_source(source);
        let text = |what: &str, expr: ExprId| self.setting(&scope, name, what, expr);
        match &definition.kind {
            SourceKind::Sqlite(sqlite) => Ok(Settings::Sqlite { path: self.folder.join(text("path", sqlite.path)?) }),
            SourceKind::Postgres(postgres) => {
                let optional = |what: &str, expr: Option<ExprId>| expr.map(|e| text(what, e)).transpose();
                let conn_str = text("conn_str", postgres.conn_str)?;
                self.redactor.add_passwords_of(&conn_str);
                let password = optional("password", postgres.password)?;
                if let Some(password) = &password {
                    self.redactor.add(password);
                }
                Ok(Settings::Postgres {
                    conn_str,
                    username: optional("username", postgres.username)?,
                    password,
                    schema: optional("schema", postgres.schema)?,
                })
            }
            SourceKind::Http(_) => {
                Err(RunError::new(ErrorKind::Configuration, format!("source '{name}' is an HTTP source; a database source is needed here")))
            }
        }
    }

    fn setting(&self, scope: &Scope, source: &str, what: &str, expr: ExprId) -> Result<String, RunError> {
        match scope.evaluate(self, expr) {
            Ok(Value::Text(text)) if !text.is_empty() => Ok(text.to_string()),
            Ok(Value::Int(number)) => Ok(number.to_string()),
            Ok(Value::Number(number)) => Ok(number.to_string()),
            Ok(Value::Text(_)) => Err(RunError::new(ErrorKind::Configuration, format!("source '{source}': '{what}' is empty"))),
            Ok(other) => Err(RunError::new(
                ErrorKind::Configuration,
                format!("source '{source}': '{what}' must be text, but it is a {}", other.kind()),
            )),
            Err(mut error) => {
                error.kind = ErrorKind::Configuration;
                error.message = format!("source '{source}': cannot get '{what}': {}", error.message);
                Err(error)
            }
        }
    }
}
