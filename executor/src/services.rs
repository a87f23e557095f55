//! What the ops of one run share: the plan, the evaluator, connections, what the operator gave, and where to report to.
//!
//! Nothing is opened before an op asks for it.

use std::collections::HashMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sequor_plan_format::op::print::Level;
use sequor_plan_format::refs::Refs as _;
use sequor_plan_format::{Expr, ExprId, NodeId, Plan, SourceId, SourceKind};

use crate::database::{Commits, Database, Owner, Settings};
use crate::environment::Environment;
use crate::error::{ErrorKind, RunError};
use crate::eval::{Context as _, Evaluator, PythonLimits, PythonPool};
use crate::http::Clients;
use crate::journal::Journal;
use crate::redact::Redactor;
use crate::report::Reporter;
use crate::scope::{Given, Scope};
use crate::value::Value;

pub mod network;

use network::Network;

/// One per run, and one per branch of a `parallel`, which differ in whom they report to.
pub struct Services {
    pub reporter: Arc<Reporter>,
    shared: Arc<Shared>,
}

/// Shared by everything that runs in a run.
pub struct Shared {
    pub plan: Arc<Plan>,
    pub evaluator: Evaluator,
    pub clients: Clients,
    /// Makes the names of staging tables: letters and digits, unique per run, the same when it is resumed.
    pub run_tag: String,
    /// What is durable of the run.
    pub journal: Journal,
    /// What the environment, `SEQUOR_VAR_…` and `--var` give.
    pub environment: Environment,
    /// Knows the secrets that have been used so far. Whoever evaluates one adds it.
    pub redactor: Arc<Redactor>,
    /// Which addresses requests may go to.
    pub network: Network,
    /// Where relative paths of SQLite files start.
    pub folder: PathBuf,
    /// Of all databases of the run.
    pub commits: Commits,
    databases: Mutex<HashMap<Settings, Database>>,
    constants: OnceLock<Arc<Given>>,
}

impl Deref for Services {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

/// What a run is given from outside.
pub struct Surroundings {
    pub reporter: Arc<Reporter>,
    pub redactor: Arc<Redactor>,
    pub environment: Environment,
    pub network: Network,
    pub folder: PathBuf,
    pub run_tag: String,
    pub journal: Journal,
    /// The program that Python workers are started from: this one, see `python`.
    pub program: PathBuf,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            reporter: Arc::default(),
            redactor: Arc::default(),
            environment: Environment::default(),
            network: Network::default(),
            folder: PathBuf::new(),
            run_tag: String::new(),
            journal: Journal::detached(),
            program: PathBuf::new(),
        }
    }
}

impl Services {
    #[must_use]
    pub fn new(plan: Arc<Plan>, surroundings: Surroundings) -> Arc<Self> {
        let Surroundings { reporter, redactor, environment, network, folder, run_tag, journal, program } = surroundings;
        let shared = Arc::new(Shared {
            evaluator: Evaluator::new(Arc::clone(&plan), PythonPool::new(program, PythonLimits::default())),
            plan,
            clients: Clients::default(),
            run_tag,
            journal,
            environment,
            redactor,
            network,
            folder,
            commits: Commits::default(),
            databases: Mutex::default(),
            constants: OnceLock::new(),
        });
        Arc::new(Self { reporter, shared })
    }

    /// For a branch: the same, with a reporter of its own.
    pub(crate) fn branch(&self) -> Arc<Self> {
        Arc::new(Self { reporter: self.reporter.branch(), shared: Arc::clone(&self.shared) })
    }

    /// The connection of a database source, opened at its first use in the run. Its settings may use variables: other settings are another
    /// connection.
    ///
    /// # Errors
    /// `Configuration` for a setting that does not evaluate, `Database` for one that does not connect.
    pub async fn database(&self, source: SourceId, scope: &Scope) -> Result<Database, RunError> {
        let settings = self.settings(source, scope)?;
        let open = || self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = open().get(&settings) {
            return Ok(database.clone());
        }
        // Nothing is held while this connects: others use other databases meanwhile.
        let owner = Owner { run: self.journal.run().to_owned(), fence: self.journal.fence() };
        let database = Database::connect_as(&settings, Some(&owner), &self.commits).await.map_err(|mut error| {
            error.message = format!("source '{}': {}", self.plan.text(self.plan.source(source).name), error.message);
            error
        })?;
        // Whoever was first is used by all.
        Ok(open().entry(settings).or_insert(database).clone())
    }

    /// Notes that effects in a source happen at least once, not exactly once.
    pub(crate) fn unmarked(&self, node: NodeId, source: SourceId) {
        let name = self.plan.text(self.plan.source(source).name);
        if self.reporter.unmarked(node, name) {
            let line = format!(
                "source '{name}': there is no right to create the table _sequor_commit, so rows that were on their way when a run is interrupted may be written twice (at least once)"
            );
            self.reporter.log(Level::Warning, &line);
        }
    }

    /// Constants of project.yaml, evaluated in the order of the file at the first use of one of them. Those that a step's time has ended are evaluated again.
    pub(crate) fn constants(&self, scope: &Scope) -> Arc<Given> {
        if let Some(given) = self.constants.get() {
            return Arc::clone(given);
        }
        // Others do not wait for this: of several, the first that is done is used by all.
        let given = scope.evaluate_constants(self);
        match given.values().any(|value| value.as_ref().is_err_and(|error| error.ends.is_some())) {
            true => given,
            false => Arc::clone(self.constants.get_or_init(|| given)),
        }
    }

    /// How to reach a database source.
    ///
    /// # Errors
    /// `Configuration` for a setting that does not evaluate.
    pub(crate) fn settings(&self, source: SourceId, scope: &Scope) -> Result<Settings, RunError> {
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

    /// Masks the values of the variables that an expression names: it makes a credential of them.
    pub(crate) fn hide_variables(&self, scope: &Scope, expr: ExprId) {
        let mut open = vec![expr];
        while let Some(id) = open.pop() {
            let expr = self.plan.expr(id);
            open.extend(expr.child_exprs());
            let names = match expr {
                Expr::Var(name) => std::slice::from_ref(name),
                Expr::Jinja { code, .. } | Expr::Python { code, .. } => &code.variables,
                _ => &[],
            };
            for name in names {
                if let Some(Value::Text(text)) = scope.variable(self.plan.text(*name)) {
                    self.redactor.add(&text);
                }
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
