//! Lists of statements.

use super::*;

impl Sqlite {
    pub(in super::super) async fn execute(&self, statements: &[String], transaction: bool) -> Result<u64, RunError> {
        let _turn = self.writer.lock().await;
        // Dropped at the end, not given back: the statements may have changed its settings.
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        let before = changes(connection).await?;
        if transaction {
            run(connection, "BEGIN IMMEDIATE".into()).await?;
        }
        for (index, statement) in statements.iter().enumerate() {
            run_raw(connection, statement.clone())
                .await
                .map_err(|error| fault::prefixed(fault::of_statement(&error, statement), &fault::statement_label(index, statements)))?;
        }
        if transaction {
            run(connection, "COMMIT".into()).await?;
        } else if run(connection, "ROLLBACK".into()).await.is_ok() {
            // SQLite refuses a ROLLBACK outside a transaction: this one had something to undo.
            return Err(RunError::new(ErrorKind::Sql, fault::LEFT_OPEN));
        }
        Ok(changes(connection).await? - before)
    }
}

/// Rows changed by this connection so far. `changes()` would count the last INSERT again for every CREATE after it.
async fn changes(connection: &mut SqliteConnection) -> Result<u64, RunError> {
    let total: i64 =
        sqlx::query_scalar("SELECT total_changes()").fetch_one(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    Ok(total.unsigned_abs())
}
