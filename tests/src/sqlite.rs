//! SQLite files, read and written beside the programs under test.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

fn within<T>(path: &Path, work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let result = work(&mut connection).await.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        connection.close().await.expect("a closed file");
        result
    })
}

/// Runs statements.
pub fn execute(path: &Path, sql: &str) {
    within(path, async |connection| sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await);
}

/// The first column of the first row, as text.
#[must_use]
pub fn value(path: &Path, sql: &str) -> String {
    let sql = format!("select cast(({sql}) as text)");
    within(path, async |connection| {
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(connection).await?;
        Ok(row.try_get::<Option<String>, _>(0)?.unwrap_or_else(|| "null".into()))
    })
}

/// Whether somebody is writing to it right now.
#[must_use]
pub fn is_locked(path: &Path) -> bool {
    within(path, async |connection| {
        sqlx::query("pragma busy_timeout = 0").execute(&mut *connection).await?;
        let begun = sqlx::query("begin immediate").execute(&mut *connection).await.is_ok();
        if begun {
            sqlx::query("rollback").execute(connection).await?;
        }
        Ok(!begun)
    })
}
