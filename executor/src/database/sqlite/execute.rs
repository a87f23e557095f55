//! Lists of statements.

use super::super::Each;
use super::super::effect::{Marking, Stored};
use super::super::landing::Ledger;
use super::*;
use crate::failpoint;

/// Gone when the statements end the transaction.
const IN_TRANSACTION: &str = "sequor_in_transaction";

impl Sqlite {
    /// `marking` goes with a transaction only, `each` without one.
    pub(in super::super) async fn execute(
        &self,
        statements: &[String],
        transaction: bool,
        marking: Option<&Marking>,
        each: Option<Each<'_>>,
    ) -> Result<u64, RunError> {
        let _turn = self.writer.lock().await;
        // Dropped at the end, not given back: the statements may have changed its settings.
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        let before = changes(connection).await?;
        if transaction {
            run(connection, "BEGIN IMMEDIATE".into()).await?;
        }
        if marking.is_some() {
            run(connection, format!("SAVEPOINT {IN_TRANSACTION}")).await?;
        }
        let mut counted = 0;
        let skip = each.map_or(0, |each| each.skip);
        for (index, statement) in statements.iter().enumerate().skip(skip) {
            if let Some(each) = each {
                each.watch.begins(index).await?;
            }
            run_raw(connection, statement.clone())
                .await
                .map_err(|error| fault::prefixed(fault::of_statement(&error, statement), &fault::statement_label(index, statements)))?;
            let changed = changes(connection).await? - before - counted;
            counted += changed;
            failpoint::hit("execute.sqlite.after_statement");
            if let Some(each) = each {
                each.watch.done(index, changed);
            }
        }
        let rows = counted;
        if let Some(marking) = marking {
            let still = run(connection, format!("RELEASE {IN_TRANSACTION}")).await;
            still.map_err(|_| RunError::new(ErrorKind::Sql, fault::ENDED_EARLY))?;
            failpoint::hit("execute.sqlite.before_marker");
            marker::write(connection, &marking.effect, &[Stored::marker(rows)], &Ledger::of_one_transaction(), None).await?;
            failpoint::hit("execute.sqlite.after_marker");
        }
        if transaction {
            failpoint::hit("execute.sqlite.before_commit");
            self.commit(connection, marking.map(|marking| (marking, 0))).await?;
            failpoint::hit("execute.sqlite.after_commit");
        } else if run(connection, "ROLLBACK".into()).await.is_ok() {
            // SQLite refuses a ROLLBACK outside a transaction: this one had something to undo.
            return Err(RunError::new(ErrorKind::Sql, fault::LEFT_OPEN));
        }
        Ok(rows)
    }
}

/// Rows changed by this connection so far. `changes()` would count the last INSERT again for every CREATE after it.
async fn changes(connection: &mut SqliteConnection) -> Result<u64, RunError> {
    let total: i64 =
        sqlx::query_scalar("SELECT total_changes()").fetch_one(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    Ok(total.unsigned_abs())
}
