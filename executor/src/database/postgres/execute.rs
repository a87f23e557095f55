//! Lists of statements.

use super::super::Each;
use super::super::effect::{Marking, Stored};
use super::super::landing::Ledger;
use super::*;
use crate::failpoint;

impl Postgres {
    /// `marking` goes with a transaction only, `each` without one.
    pub(in super::super) async fn execute(
        &self,
        statements: &[String],
        transaction: bool,
        marking: Option<&Marking>,
        each: Option<Each<'_>>,
    ) -> Result<u64, RunError> {
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        if transaction {
            run(connection, "BEGIN".into()).await?;
        }
        if marking.is_some() {
            run(connection, format!("SET LOCAL {IN_TRANSACTION} = 'yes'")).await?;
        }
        let mut rows = 0;
        let skip = each.map_or(0, |each| each.skip);
        for (index, statement) in statements.iter().enumerate().skip(skip) {
            if let Some(each) = each {
                each.watch.begins(index).await?;
            }
            let changed = run_statement(connection, statement)
                .await
                .map_err(|error| fault::prefixed(fault::of_statement(&error, statement), &fault::statement_label(index, statements)))?;
            rows += changed;
            failpoint::hit("execute.pg.after_statement");
            if let Some(each) = each {
                each.watch.done(index, changed);
            }
        }
        if let Some(marking) = marking {
            let still = texts(connection, format!("SELECT 'x' WHERE current_setting('{IN_TRANSACTION}', true) = 'yes'")).await?;
            if still.is_empty() {
                return Err(RunError::new(ErrorKind::Sql, fault::ENDED_EARLY));
            }
            run(connection, transaction::DURABLE.into()).await?;
            failpoint::hit("execute.pg.before_marker");
            marker::write(connection, marking, &[Stored::marker(rows)], &Ledger::of_one_transaction(), None).await?;
            failpoint::hit("execute.pg.after_marker");
        }
        if transaction {
            failpoint::hit("execute.pg.before_commit");
            match self.commit(lease, marking.map(|marking| (marking, 0))).await? {
                Some(still) => lease = still,
                None => return Ok(rows),
            }
            failpoint::hit("execute.pg.after_commit");
        }
        // DISCARD ALL refuses to run inside a transaction: one that the statements left open is seen here. The connection is then dropped.
        match run_raw(&mut lease.connection, "DISCARD ALL".into()).await {
            Ok(_) => lease.give_back(),
            Err(error) if fault::code(&error).as_deref() == Some("25001") || fault::code(&error).as_deref() == Some("25P02") => {
                return Err(RunError::new(ErrorKind::Sql, fault::LEFT_OPEN));
            }
            // The statements are committed: a connection that is lost only now takes nothing back.
            Err(_) if transaction => {}
            Err(error) => return Err(fault::of_statement(&error, "")),
        }
        Ok(rows)
    }
}

/// A setting that ends with the transaction. Setting it is no query: `SET TRANSACTION` may still follow.
const IN_TRANSACTION: &str = "sequor.in_transaction";

/// Rows that the statement changed. The rows that a SELECT reads are none.
async fn run_statement(connection: &mut PgConnection, statement: &str) -> Result<u64, sqlx::Error> {
    use futures_util::TryStreamExt as _;
    use sqlx::Either;

    let mut items = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).fetch_many(connection);
    let (mut changed, mut read) = (0, 0);
    while let Some(item) = items.try_next().await? {
        match item {
            Either::Right(_) => read += 1,
            // `INSERT … RETURNING` counts its rows too, but cannot be told from a SELECT by the count.
            Either::Left(done) => {
                if read == 0 || !is_select(statement) {
                    changed += done.rows_affected();
                }
                read = 0;
            }
        }
    }
    Ok(changed)
}

fn is_select(statement: &str) -> bool {
    let word: String = statement.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    !["insert", "update", "delete", "merge", "with", "copy"].iter().any(|verb| verb.eq_ignore_ascii_case(&word))
}
