//! Opening a state file: made where there is none, refused where it is not ours to write.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::StateError;
use super::schema::{APPLICATION_ID, CREATE, VERSION};

/// How long one run waits for another that writes to the same file.
const BUSY: Duration = Duration::from_secs(30);

/// Bits of an extended result code that name the fault.
const PRIMARY_CODE: i32 = 0xff;
const SQLITE_BUSY: i32 = 5;

pub(super) async fn open(path: &Path) -> Result<SqliteConnection, StateError> {
    make_file(path).map_err(|e| fault(path, format!("cannot be made: {e}; name another place with --state")))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    let mut connection = connect(&options).await.map_err(|e| explain(path, &e))?;
    match identity(&mut connection).await.map_err(|e| explain(path, &e))? {
        Identity::Ours => {}
        Identity::New => create(&mut connection).await.map_err(|e| explain(path, &e))?,
        Identity::Newer(version) => {
            return Err(fault(
                path,
                format!("was written by a newer version of Sequor (format {version}, this one knows {VERSION}); update Sequor"),
            ));
        }
        Identity::Foreign => return Err(fault(path, "is a SQLite database of something else; name another file with --state".to_owned())),
    }
    Ok(connection)
}

/// The sentence for a fault of SQLite.
pub(super) fn explain(path: &Path, error: &sqlx::Error) -> StateError {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<i32>().ok());
    let detail = error.as_database_error().map_or_else(|| error.to_string(), |e| e.message().to_owned());
    let reason = match code.map(|code| code & PRIMARY_CODE) {
        Some(SQLITE_BUSY | 6) => format!("is locked by another program ({detail})"),
        Some(8 | 14) => {
            format!("cannot be written ({detail}); check its permissions and those of its folder, or name another place with --state")
        }
        Some(11 | 26) => format!("is damaged or no state file ({detail}); move it away to start anew, which forgets project variables"),
        Some(13) => format!("cannot be written: the disk is full ({detail})"),
        _ => detail,
    };
    fault(path, reason)
}

fn fault(path: &Path, reason: String) -> StateError {
    StateError { path: path.to_owned(), reason }
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

/// SQLite does not wait for its busy time-out when two connections switch a new file to WAL at once.
async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut tries = 0;
    loop {
        match options.connect().await {
            Err(error) if tries < 100 && is_busy(&error) => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            result => return result,
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| code & PRIMARY_CODE == SQLITE_BUSY)
}

enum Identity {
    Ours,
    /// No table yet.
    New,
    Newer(i64),
    Foreign,
}

/// One statement, so that it sees one moment: another run may be making the tables.
async fn identity(connection: &mut SqliteConnection) -> Result<Identity, sqlx::Error> {
    let (application, version, tables): (i64, i64, i64) = sqlx::query_as(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id, pragma_user_version",
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(match application {
        APPLICATION_ID if version > VERSION => Identity::Newer(version),
        APPLICATION_ID => Identity::Ours,
        0 if version == 0 && tables == 0 => Identity::New,
        _ => Identity::Foreign,
    })
}

/// Another run may have made the tables in the meantime.
async fn create(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if let Identity::New = identity(&mut transaction).await? {
        sqlx::raw_sql(CREATE).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}
