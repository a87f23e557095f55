//! Opening SQLite files: the target databases and the state store.

use std::time::{Duration, Instant};

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// Bits of an extended result code that name the fault.
pub(crate) const PRIMARY_CODE: i32 = 0xff;
pub(crate) const SQLITE_BUSY: i32 = 5;

/// How long two connections that switch a new file to WAL at once give way to each other: SQLite does not wait for its busy time-out then.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let started = Instant::now();
    loop {
        match options.connect().await {
            Err(error) if started.elapsed() < PATIENCE && is_busy(&error) => tokio::time::sleep(PAUSE).await,
            result => return result,
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| code & PRIMARY_CODE == SQLITE_BUSY)
}
