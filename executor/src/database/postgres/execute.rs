//! Lists of statements.

use super::*;

impl Postgres {
    pub(in super::super) async fn execute(&self, statements: &[String], transaction: bool) -> Result<u64, RunError> {
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        if transaction {
            run(connection, "BEGIN".into()).await?;
        }
        let mut rows = 0;
        for (index, statement) in statements.iter().enumerate() {
            rows += run_statement(connection, statement)
                .await
                .map_err(|error| fault::prefixed(fault::of_statement(&error, statement), &fault::statement_label(index, statements)))?;
        }
        if transaction {
            run(connection, "COMMIT".into()).await?;
        }
        // DISCARD ALL refuses to run inside a transaction: one that the statements left open is seen here. The connection is then dropped.
        match run_raw(connection, "DISCARD ALL".into()).await {
            Ok(_) => lease.give_back(),
            Err(error) if fault::code(&error).as_deref() == Some("25001") || fault::code(&error).as_deref() == Some("25P02") => {
                return Err(RunError::new(ErrorKind::Sql, fault::LEFT_OPEN));
            }
            Err(error) => return Err(fault::of_statement(&error, "")),
        }
        Ok(rows)
    }
}

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
