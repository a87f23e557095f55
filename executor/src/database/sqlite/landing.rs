//! Landings in SQLite: prepared inserts of many rows on a connection of the landing's own.
//!
//! The process's turn to write is held while a transaction is open, and not between transactions: a landing lasts as long as the API it reads from.

use std::sync::Arc;

use super::super::effect::{Marker, Marking};
use super::super::fit::{Target as Takes, TargetColumn};
use super::super::landing::{Engine, Ledger, Target, Wanted, Writer};
use super::super::{ColumnDefinition, Mode};
use super::keys::Keys;
use super::rows::Encoded;
use super::*;
use crate::failpoint;

/// Prepared statements that are kept: inserts of the same few sizes come again and again.
const STATEMENTS: usize = 16;

impl Engine for Sqlite {
    type Rows = Encoded;
    type Writer = LandingConnection;

    async fn last_marker(&self, marking: &Marking) -> Result<Option<(Marker, Option<Ledger>)>, RunError> {
        let mut lease = self.acquire().await?;
        let found = marker::last(&mut lease.connection, &marking.effect).await?;
        lease.give_back();
        Ok(found)
    }

    async fn locate(&self, wanted: Wanted<'_>) -> Result<(Target, Vec<TargetColumn>), RunError> {
        SQLITE.quote_list(wanted.columns.iter().map(|c| &*c.name))?;
        qualified(wanted.table)?;
        let mut lease = self.acquire().await?;
        let located = locate(&mut lease.connection, wanted).await?;
        lease.give_back();
        Ok(located)
    }

    fn writer(&self, marking: Option<Marking>, known: Vec<Arc<Target>>) -> LandingConnection {
        LandingConnection { sqlite: self.clone(), marking, connection: None, turn: None, keys: Keys::new(known) }
    }
}

async fn locate(connection: &mut SqliteConnection, wanted: Wanted<'_>) -> Result<(Target, Vec<TargetColumn>), RunError> {
    let table = wanted.table;
    let mut into = table.clone();
    let existing = match wanted.mode {
        Mode::Append => catalog::columns(connection, table.namespace.as_deref(), &table.name).await?,
        Mode::Create => {
            into.name = SQLITE.staging_name(wanted.tag, &table.name);
            match wanted.committed {
                Some(committed) => continued(connection, table, &into, wanted.columns, committed).await?,
                None => Vec::new(),
            }
        }
    };
    if existing.is_empty() && wanted.committed.is_some() {
        return Err(Target::gone(table, &into));
    }
    let columns = wanted.columns.iter().map(|column| takes(column, &existing, table)).collect::<Result<Vec<_>, _>>()?;
    let create = existing.is_empty();
    Ok((Target { named: table.clone(), table: table.clone(), into, columns: wanted.columns.to_vec(), mode: wanted.mode, create }, columns))
}

/// The columns of a staging table that is filled further; none where it is gone.
async fn continued(
    connection: &mut SqliteConnection,
    table: &TableName,
    staging: &TableName,
    columns: &[ColumnDefinition],
    committed: u64,
) -> Result<Vec<catalog::ExistingColumn>, RunError> {
    let existing = catalog::columns(connection, staging.namespace.as_deref(), &staging.name).await?;
    if existing.is_empty() {
        return Ok(existing);
    }
    let same =
        |(old, new): (&catalog::ExistingColumn, &ColumnDefinition)| *old.name == *new.name && old.declared == types::declared(new.kind);
    let same = existing.len() == columns.len() && existing.iter().zip(columns).all(same);
    let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(format!("SELECT count(*) FROM {}", qualified(staging)?)));
    let count = count.fetch_one(connection).await.map_err(|error| fault::of_statement(&error, ""))?;
    Target::check_staging(table, same, count.unsigned_abs(), committed)?;
    Ok(existing)
}

/// The column as it is filled: by the table's own type where the table is there already.
fn takes(column: &ColumnDefinition, existing: &[catalog::ExistingColumn], table: &TableName) -> Result<TargetColumn, RunError> {
    let name = Arc::clone(&column.name);
    if existing.is_empty() {
        return Ok(TargetColumn { name, target: Takes::Known(column.kind) });
    }
    let Some(found) = existing.iter().find(|e| e.name.eq_ignore_ascii_case(&name)) else {
        return Err(fault::no_column(table, &name, existing.iter().map(|e| e.name.as_str())));
    };
    let target = types::meaning(&found.declared).map_or_else(|| Takes::Other(found.declared.clone()), Takes::Known);
    Ok(TargetColumn { name, target })
}

fn create_statement(table_sql: &str, columns: &[ColumnDefinition]) -> Result<String, RunError> {
    let columns = columns.iter().map(|column| Ok(format!("{} {}", SQLITE.quote(&column.name)?, types::declared(column.kind))));
    Ok(format!("CREATE TABLE {table_sql} ({})", columns.collect::<Result<Vec<_>, RunError>>()?.join(", ")))
}

/// The writing end of a landing.
pub(in super::super) struct LandingConnection {
    sqlite: Sqlite,
    marking: Option<Marking>,
    connection: Option<SqliteConnection>,
    /// In a transaction.
    turn: Option<tokio::sync::OwnedMutexGuard<()>>,
    keys: Keys,
}

impl LandingConnection {
    fn connection(&mut self) -> Result<&mut SqliteConnection, RunError> {
        self.connection.as_mut().ok_or_else(|| RunError::new(ErrorKind::Database, "there is no open transaction"))
    }
}

impl Writer for LandingConnection {
    type Rows = Encoded;

    async fn begin(&mut self, new: &[Arc<Target>]) -> Result<(), RunError> {
        self.keys.add(new);
        if self.connection.is_none() {
            let mut connection = self.sqlite.pool.opener().connect(STATEMENTS).await?;
            swap::keep_views(&mut connection).await?;
            self.connection = Some(connection);
        }
        let Some(connection) = &mut self.connection else { return Ok(()) };
        if self.turn.is_none() {
            let turn = Arc::clone(&self.sqlite.writer).lock_owned().await;
            self.keys.set(connection).await?;
            run(connection, "BEGIN IMMEDIATE".into()).await?;
            self.turn = Some(turn);
            failpoint::hit("landing.sqlite.after_begin");
        }
        self.keys.before_rows(connection).await
    }

    async fn open(&mut self, target: &Target) -> Result<(), RunError> {
        if !target.create {
            return Ok(());
        }
        let into = qualified(&target.into)?;
        failpoint::hit("landing.sqlite.before_create");
        if target.mode == Mode::Create {
            run(self.connection()?, format!("DROP TABLE IF EXISTS {into}")).await?;
        }
        run(self.connection()?, create_statement(&into, &target.columns)?).await?;
        failpoint::hit("landing.sqlite.after_create");
        Ok(())
    }

    async fn write(&mut self, target: &Target, rows: Encoded, before: u64) -> Result<(), RunError> {
        let names = SQLITE.quote_list(target.columns.iter().map(|c| &*c.name))?;
        let insert = format!("INSERT INTO {} ({names}) VALUES ", qualified(&target.into)?);
        let connection = self.connection()?;
        failpoint::hit("landing.sqlite.before_copy");
        let mut first = before + 1;
        let mut sql: Option<(usize, SqlStr)> = None;
        for statement in rows.into_statements() {
            let text = match sql.take() {
                Some((rows, text)) if rows == statement.rows => text,
                _ => AssertSqlSafe(insert.clone() + &placeholders(target.columns.len(), statement.rows)).into_sql_str(),
            };
            let next = first + u64::try_from(statement.rows).unwrap_or_default();
            sqlx::query_with(text.clone(), statement.arguments).execute(&mut *connection).await.map_err(|error| {
                let place = format!("rows {first} to {}", next - 1);
                fault::prefixed(fault::of_load(&error, &target.table.to_string(), 0), &place)
            })?;
            first = next;
            sql = Some((statement.rows, text));
        }
        failpoint::hit("landing.sqlite.after_copy");
        Ok(())
    }

    async fn swap(&mut self, target: &Target) -> Result<(), RunError> {
        if let Some(connection) = &mut self.connection {
            self.keys.before_swap(connection, &target.table).await?;
        }
        failpoint::hit("swap.sqlite.before_swap");
        swap::replace(self.connection()?, &target.table, &target.into).await?;
        failpoint::hit("swap.sqlite.after_swap_before_marker");
        Ok(())
    }

    async fn mark(&mut self, markers: &[Marker], ledger: &Ledger, trim: Option<u64>) -> Result<(), RunError> {
        if let Some(connection) = &mut self.connection {
            self.keys.check(connection).await?;
        }
        let Some(marking) = self.marking.clone() else { return Ok(()) };
        failpoint::hit("landing.sqlite.before_marker");
        marker::write(self.connection()?, &marking.effect, markers, ledger, trim).await?;
        failpoint::hit("landing.sqlite.after_marker");
        Ok(())
    }

    async fn commit(&mut self, batch: u64) -> Result<(), RunError> {
        let Some(turn) = self.turn.take() else { return Ok(()) };
        self.keys.transaction_ended();
        let sqlite = self.sqlite.clone();
        let marking = self.marking.clone();
        failpoint::hit("landing.sqlite.before_commit");
        sqlite.commit(self.connection()?, marking.as_ref().map(|marking| (marking, batch))).await?;
        failpoint::hit("landing.sqlite.after_commit");
        drop(turn);
        Ok(())
    }

    async fn rollback(&mut self) {
        if self.turn.is_some()
            && let Some(mut connection) = self.connection.take()
        {
            // Where it fails, closing the connection has the same effect.
            let _ = run(&mut connection, "ROLLBACK".into()).await;
            let _ = connection.close().await;
        }
        self.turn = None;
        self.keys.transaction_ended();
    }

    async fn drop_staging(&mut self, targets: &[&Target]) {
        let _turn = self.sqlite.writer.lock().await;
        let Ok(mut lease) = self.sqlite.acquire().await else { return };
        failpoint::hit("landing.sqlite.before_drop_staging");
        for target in targets {
            let Ok(sql) = qualified(&target.into) else { continue };
            if run(&mut lease.connection, format!("DROP TABLE IF EXISTS {sql}")).await.is_err() {
                return;
            }
        }
        failpoint::hit("landing.sqlite.after_drop_staging");
        lease.give_back();
    }

    async fn close(self) {
        if let Some(connection) = self.connection {
            // The thread of a connection ends after the task: waiting for it leaves no open file behind.
            let _ = connection.close().await;
        }
    }
}

/// `(?,?),(?,?)`
fn placeholders(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row.as_str(); rows].join(",")
}
