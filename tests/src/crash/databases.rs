//! The databases of a trial: made anew for each, and read out as text at its end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tokio::runtime::Runtime;

use super::case::{Case, DatabaseKind, StateKind};
use crate::postgres::{self, Database};

/// Tables of a target database that the executor owns.
const OURS: &str = "_sequor_";
/// The one that stays.
const MARKERS: &str = "_sequor_commit";

/// A table as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Name and type, in order.
    pub columns: Vec<String>,
    /// JSON objects as text, sorted.
    pub rows: Vec<String>,
}

/// What a run left in its databases.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// By `database.table`.
    pub tables: BTreeMap<String, Table>,
    /// Staging tables, and how many rows a marker table has.
    pub left_over: Vec<String>,
}

/// What the state says of the last run.
#[derive(Clone, Debug, Default)]
pub struct StateOfRun {
    pub outcome: Option<String>,
    pub report: Option<Value>,
    /// The project's variables, as JSON.
    pub variables: BTreeMap<String, String>,
}

/// The PostgreSQL databases of one worker, by the name of the source; `state` is the state's.
pub struct Databases {
    runtime: Runtime,
    postgres: RefCell<BTreeMap<String, Database<'static>>>,
}

impl Default for Databases {
    fn default() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, postgres: RefCell::default() }
    }
}

impl Databases {
    /// The address of a PostgreSQL database, made on first use.
    pub fn url(&self, name: &str) -> String {
        self.postgres.borrow_mut().entry(name.to_owned()).or_insert_with(postgres::database).url()
    }

    /// Makes every database of the case as its set-up says, with nothing else in it.
    pub fn make(&self, case: &Case, folder: &Path) {
        for (name, database) in &case.databases {
            match database.kind {
                DatabaseKind::Sqlite => crate::sqlite::execute(&folder.join(format!("{name}.db")), &database.setup),
                DatabaseKind::Postgres => self.make_postgres(name, &database.setup),
            }
        }
        if case.state == StateKind::Postgres {
            self.make_postgres("state", "");
        }
    }

    /// A backend of a process that was killed may still be at work: it is gone before the database is made anew.
    fn make_postgres(&self, name: &str, setup: &str) {
        let script = format!(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid();
             set client_min_messages = warning;
             drop schema if exists sequor cascade;
             drop schema public cascade;
             create schema public;
             {setup}"
        );
        let url = self.url(name);
        self.runtime.block_on(async {
            let mut connection = connect(&url).await;
            sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut connection).await.unwrap_or_else(|e| panic!("{name}: {e}"));
            let _ = connection.close().await;
        });
    }

    /// Reads everything.
    pub fn contents(&self, case: &Case, folder: &Path) -> Contents {
        let mut contents = Contents::default();
        for (name, database) in &case.databases {
            let tables = match database.kind {
                DatabaseKind::Sqlite => self.runtime.block_on(read_sqlite(&folder.join(format!("{name}.db")))),
                DatabaseKind::Postgres => self.runtime.block_on(read_postgres(&self.url(name))),
            };
            for (table, found) in tables {
                if table == MARKERS {
                    if !found.rows.is_empty() {
                        contents.left_over.push(format!("{name}.{table} has {} rows", found.rows.len()));
                    }
                } else if table.starts_with(OURS) {
                    contents.left_over.push(format!("{name}.{table}"));
                } else {
                    contents.tables.insert(format!("{name}.{table}"), found);
                }
            }
        }
        contents
    }

    /// Reads the state. What is not there yet is missing in the answer.
    pub fn state(&self, case: &Case, folder: &Path) -> StateOfRun {
        match case.state {
            StateKind::Sqlite => {
                let path = folder.join("state.db");
                if path.exists() { self.runtime.block_on(state_sqlite(&path)) } else { StateOfRun::default() }
            }
            StateKind::Postgres => self.runtime.block_on(state_postgres(&self.url("state"))),
        }
    }
}

async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().expect("an address");
    PgConnection::connect_with(&options).await.unwrap_or_else(|e| panic!("{url}: {e}"))
}

async fn open(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(std::time::Duration::from_secs(10));
    SqliteConnection::connect_with(&options).await.unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

async fn read_sqlite(path: &Path) -> BTreeMap<String, Table> {
    let mut connection = open(path).await;
    let mut tables = BTreeMap::new();
    let names = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'";
    for name in texts_sqlite(&mut connection, names).await {
        let quoted = name.replace('\'', "''");
        let columns =
            texts_sqlite(&mut connection, &format!("select name || ' ' || type from pragma_table_info('{quoted}') order by cid")).await;
        let pairs = format!(
            "select group_concat(quote(name) || ', iif(typeof(\"' || name || '\") = ''blob'', hex(\"' || name || '\"), \"' || name || '\")', ', ') from pragma_table_info('{quoted}')"
        );
        let pairs = texts_sqlite(&mut connection, &pairs).await.pop().unwrap_or_default();
        let mut rows = texts_sqlite(&mut connection, &format!("select json_object({pairs}) from \"{}\"", name.replace('"', "\"\""))).await;
        rows.sort();
        tables.insert(name, Table { columns, rows });
    }
    let _ = connection.close().await;
    tables
}

async fn texts_sqlite(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    rows.iter().map(|row| row.try_get(0).unwrap_or_default()).collect()
}

async fn read_postgres(url: &str) -> BTreeMap<String, Table> {
    let mut connection = connect(url).await;
    let mut tables = BTreeMap::new();
    let sql = "select c.relname, coalesce(array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) order by a.attnum)
                 filter (where a.attnum > 0 and not a.attisdropped), '{}')
               from pg_class c left join pg_attribute a on a.attrelid = c.oid
               where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by c.relname";
    for row in sqlx::query(sql).fetch_all(&mut connection).await.expect("the catalogue") {
        let (name, columns): (String, Vec<String>) = (row.get(0), row.get(1));
        let sql = format!("select row_to_json(t)::text from public.\"{}\" t order by 1", name.replace('"', "\"\""));
        let mut rows = texts_postgres(&mut connection, &sql).await;
        rows.sort();
        tables.insert(name, Table { columns, rows });
    }
    let _ = connection.close().await;
    tables
}

async fn texts_postgres(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    rows.iter().map(|row| row.try_get(0).unwrap_or_default()).collect()
}

const LAST_RUN: &str = "coalesce(outcome, '') || char(10) || coalesce(report, '')";

async fn state_sqlite(path: &Path) -> StateOfRun {
    let mut connection = open(path).await;
    let made = texts_sqlite(&mut connection, "select name from sqlite_master where name in ('runs', 'project_variables')").await;
    if made.len() < 2 {
        return StateOfRun::default();
    }
    let last = texts_sqlite(&mut connection, &format!("select {LAST_RUN} from runs order by started desc, rowid desc limit 1")).await;
    let variables = texts_sqlite(&mut connection, "select name || '=' || value from project_variables").await;
    let _ = connection.close().await;
    state(last, variables)
}

async fn state_postgres(url: &str) -> StateOfRun {
    let mut connection = connect(url).await;
    let made =
        "select relname::text from pg_class where relnamespace = to_regnamespace('sequor') and relname in ('runs', 'project_variables')";
    if texts_postgres(&mut connection, made).await.len() < 2 {
        return StateOfRun::default();
    }
    let last = LAST_RUN.replace("char(10)", "chr(10)");
    let last = texts_postgres(&mut connection, &format!("select {last} from sequor.runs order by started desc limit 1")).await;
    let variables = texts_postgres(&mut connection, "select name || '=' || value from sequor.project_variables").await;
    let _ = connection.close().await;
    state(last, variables)
}

fn state(last: Vec<String>, variables: Vec<String>) -> StateOfRun {
    let last = last.first().and_then(|text| text.split_once('\n').map(|(outcome, report)| (outcome.to_owned(), report.to_owned())));
    let (outcome, report) = last.unzip();
    let split = |text: String| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    StateOfRun {
        outcome,
        report: report.and_then(|text| serde_json::from_str(&text).ok()),
        variables: variables.into_iter().filter_map(split).collect(),
    }
}
