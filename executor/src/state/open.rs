//! Opening a state store: made where there is none, upgraded where it is older, refused where it is not ours to write.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use super::connection::{Connection, Param};
use super::runs::static_checksum;
use super::schema::{APPLICATION_ID, CREATE_POSTGRES, CREATE_SQLITE, DROP_V1, SET_ASIDE_V1, VERSION};
use super::{Location, NewRun, StateError, checksum};
use crate::sqlite_file::{PRIMARY_CODE, SQLITE_BUSY, connect};

/// How long one run waits for another that writes to the same file.
const BUSY: Duration = Duration::from_secs(30);
/// Pages of the write-ahead log after which SQLite begins it anew. A log that is written over is durable sooner than one that grows: on ext4 in half the time for
/// commits of a few pages.
const CHECKPOINT_PAGES: &str = "128";
/// Lets a segment be added, and counted, by one statement, which needs no transaction around it and so fewer exchanges with SQLite's thread.
const COUNT_SEGMENTS: &str = "CREATE TEMP TRIGGER count_segments AFTER INSERT ON main.journal
    BEGIN UPDATE runs SET segments = NEW.segment + 1 WHERE id = NEW.run; END";
/// How long a connection to PostgreSQL may take.
const CONNECT: Duration = Duration::from_secs(10);

pub(super) async fn open(location: &Location) -> Result<Connection, StateError> {
    match location {
        Location::File(path) => open_file(location, path).await,
        Location::Postgres(url) => open_postgres(location, url).await,
    }
}

async fn open_file(location: &Location, path: &Path) -> Result<Connection, StateError> {
    // SQLite takes less than a page for an empty file.
    if std::fs::metadata(path).is_ok_and(|file| (1..512).contains(&file.len())) {
        return Err(fault(
            location,
            "is damaged or no state file (it is cut); move it away to start anew, which forgets runs and project variables".to_owned(),
        ));
    }
    make_file(path).map_err(|e| fault(location, format!("cannot be made: {e}; name another place with --state")))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .disable_statement_logging();
    let explained = |error: sqlx::Error| explain(location, &error);
    let mut connection = Connection::Sqlite(connect(&options).await.map_err(explained)?);
    match identity(&mut connection).await.map_err(explained)? {
        Identity::Ours => {}
        Identity::New | Identity::Old => create(location, &mut connection).await?,
        Identity::Newer(version) => return Err(newer(location, version)),
        Identity::Foreign => {
            return Err(fault(location, "is a SQLite database of something else; name another file with --state".to_owned()));
        }
    }
    connection.script(COUNT_SEGMENTS).await.map_err(explained)?;
    Ok(connection)
}

async fn open_postgres(location: &Location, url: &str) -> Result<Connection, StateError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| fault(location, "the URL cannot be read; it must look like postgres://user:password@host:5432/database".to_owned()))?
        .application_name("sequor-state")
        .options([("search_path", "sequor")])
        .disable_statement_logging();
    let explained = |error: sqlx::Error| explain(location, &error);
    let connected = tokio::time::timeout(CONNECT, PgConnection::connect_with(&options)).await;
    let connection = connected.map_err(|_| fault(location, format!("does not answer in {} s", CONNECT.as_secs())))?;
    let mut connection = Connection::Postgres(connection.map_err(explained)?);
    let known = "SELECT CASE WHEN to_regclass('sequor.meta') IS NULL THEN 0 ELSE 1 END::bigint";
    let exists = |rows: &[super::connection::Row]| rows.first().map_or(Ok(0), |row| row.int(0));
    if exists(&connection.rows(known, &[]).await.map_err(explained)?).map_err(explained)? == 0 {
        // Of several executors that come first, one makes the tables.
        connection.begin().await.map_err(explained)?;
        let made = async {
            connection.script("SELECT pg_advisory_xact_lock(5876934); CREATE SCHEMA IF NOT EXISTS sequor").await?;
            if exists(&connection.rows(known, &[]).await?)? == 0 {
                connection.script(CREATE_POSTGRES).await?;
            }
            connection.end("COMMIT").await
        };
        made.await.map_err(explained)?;
    }
    let rows = connection.rows("SELECT version FROM meta", &[]).await.map_err(explained)?;
    match rows.first().map(|row| row.int(0)).transpose().map_err(explained)? {
        Some(version) if version == VERSION => Ok(connection),
        Some(version) => Err(newer(location, version)),
        None => Err(fault(location, "its table sequor.meta is empty".to_owned())),
    }
}

fn newer(location: &Location, version: i64) -> StateError {
    let reason = format!("was written by a newer version of Sequor (format {version}, this one knows {VERSION}); update Sequor");
    fault(location, reason)
}

/// The sentence for a fault of the database.
pub(super) fn explain(location: &Location, error: &sqlx::Error) -> StateError {
    let detail = error.as_database_error().map_or_else(|| error.to_string(), |e| e.message().to_owned());
    if let Location::Postgres(_) = location {
        return fault(location, detail);
    }
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<i32>().ok());
    let reason = match code.map(|code| code & PRIMARY_CODE) {
        Some(SQLITE_BUSY | 6) => format!("is locked by another program ({detail})"),
        Some(8 | 14) => {
            format!("cannot be written ({detail}); check its permissions and those of its folder, or name another place with --state")
        }
        Some(11 | 26) => {
            format!("is damaged or no state file ({detail}); move it away to start anew, which forgets runs and project variables")
        }
        Some(13) => format!("cannot be written: the disk is full ({detail})"),
        Some(10) => format!("cannot be read or written: the disk is full or faulty ({detail})"),
        _ => detail,
    };
    fault(location, reason)
}

fn fault(location: &Location, reason: String) -> StateError {
    StateError { place: location.described(), reason }
}

/// Only the owner may read it: project variables may be confidential.
fn make_file(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && !folder.exists()
    {
        std::fs::create_dir_all(folder)?;
        if folder.file_name().is_some_and(|name| name == ".sequor") {
            // State is no part of a project's history.
            std::fs::File::create(folder.join(".gitignore"))?.write_all(b"*\n")?;
        }
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

enum Identity {
    Ours,
    /// No table yet.
    New,
    /// Of version 1.
    Old,
    Newer(i64),
    Foreign,
}

/// One statement, so that it sees one moment: another run may be making the tables.
async fn identity(connection: &mut Connection) -> Result<Identity, sqlx::Error> {
    let sql = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id, pragma_user_version";
    let rows = connection.rows(sql, &[]).await?;
    let Some(row) = rows.first() else { return Ok(Identity::Foreign) };
    let (application, version, tables) = (row.int(0)?, row.int(1)?, row.int(2)?);
    Ok(match application {
        APPLICATION_ID if version > VERSION => Identity::Newer(version),
        APPLICATION_ID if version == 1 => Identity::Old,
        APPLICATION_ID => Identity::Ours,
        0 if version == 0 && tables == 0 => Identity::New,
        _ => Identity::Foreign,
    })
}

/// Another run may have made the tables in the meantime.
async fn create(location: &Location, connection: &mut Connection) -> Result<(), StateError> {
    let explained = |error: sqlx::Error| explain(location, &error);
    connection.begin().await.map_err(explained)?;
    let made = match identity(connection).await {
        Ok(Identity::New) => connection.script(CREATE_SQLITE).await,
        Ok(Identity::Old) => upgrade(connection).await,
        Ok(Identity::Ours | Identity::Newer(_) | Identity::Foreign) => Ok(()),
        Err(error) => Err(error),
    };
    crate::failpoint::hit("state.create.before_commit");
    let ended = connection.end(if made.is_ok() { "COMMIT" } else { "ROLLBACK" }).await;
    made.and(ended).map_err(explained)
}

/// Version 1 knew no journal: its runs that did not end well cannot go on.
async fn upgrade(connection: &mut Connection) -> Result<(), sqlx::Error> {
    connection.script(SET_ASIDE_V1).await?;
    connection.script(CREATE_SQLITE).await?;
    connection.script("INSERT INTO plans SELECT digest, bytes FROM plans_v1").await?;
    let rows = connection.rows("SELECT id, project, flow, plan, parameters, started, ended, outcome, report FROM runs_v1", &[]).await?;
    for row in rows {
        let (id, project, flow, plan) = (row.text(0)?, row.text(1)?, row.text(2)?, row.text(3)?);
        let (parameters, started, outcome) = (row.text(4)?, row.text(5)?, row.text(7)?);
        let secret = [0; 32];
        let sum = static_checksum(&NewRun {
            id: &id,
            project: &project,
            flow: &flow,
            plan_digest: &plan,
            plan: &[],
            parameters: &parameters,
            started: &started,
            run_key: None,
            secret: &secret,
            settings: "{}",
            parent: None,
        });
        let outcome = if outcome == "done" { "done" } else { "abandoned" };
        let (ended, report) = (row.optional_text(6)?, row.optional_text(8)?);
        let sql = "INSERT INTO runs (id, project, flow, plan, parameters, started, ended, outcome, report, secret, settings, fence, lease_until, segments, checksum)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', 1, 0, 0, ?)";
        let params = [
            Param::Text(&id),
            Param::Text(&project),
            Param::Text(&flow),
            Param::Text(&plan),
            Param::Text(&parameters),
            Param::Text(&started),
            Param::OptionalText(ended.as_deref()),
            Param::Text(outcome),
            Param::OptionalText(report.as_deref()),
            Param::Bytes(&secret),
            Param::Bytes(&sum),
        ];
        connection.execute(sql, &params).await?;
    }
    for row in connection.rows("SELECT project, name, value, set_by FROM project_variables_v1", &[]).await? {
        let (project, name, value, set_by) = (row.text(0)?, row.text(1)?, row.text(2)?, row.text(3)?);
        let sum = checksum::of(&[project.as_bytes(), name.as_bytes(), value.as_bytes()]);
        let sql = "INSERT INTO project_variables (project, name, value, set_by, checksum) VALUES (?, ?, ?, ?, ?)";
        let params = [Param::Text(&project), Param::Text(&name), Param::Text(&value), Param::Text(&set_by), Param::Bytes(&sum)];
        connection.execute(sql, &params).await?;
    }
    connection.script(DROP_V1).await
}
