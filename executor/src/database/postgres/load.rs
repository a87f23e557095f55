//! Bulk loads by COPY.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgCopyIn;
use tokio::sync::mpsc;

use super::super::fit::{Ranges, Target, TargetColumn};
use super::super::loader::{self, Loader};
use super::super::worker::{Command, Writer};
use super::super::{Cell, ColumnDefinition, Mode};
use super::*;

const BATCH_BYTES: usize = 1 << 20;
/// A COPY into a staging table is ended after this many bytes, so that an error is seen in time …
const COPY_BYTES: usize = 32 << 20;
/// … and when no rows come for so long: a slow API must not run into the server's statement time-out.
const COPY_IDLE: Duration = Duration::from_secs(1);

/// A load on its way.
pub(in super::super) struct Load {
    columns: Vec<TargetColumn>,
    batch: Batch,
    writer: Writer<Batch>,
}

/// Encoded rows.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    rows: u64,
}

impl Postgres {
    pub(in super::super) async fn load(
        &self,
        table: &TableName,
        columns: &[ColumnDefinition],
        mode: Mode,
        tag: &str,
    ) -> Result<Loader, RunError> {
        if columns.is_empty() {
            return Err(RunError::new(ErrorKind::Data, format!("table {table} needs at least one column")));
        }
        let names = POSTGRES.quote_list(columns.iter().map(|c| &*c.name))?;
        let mut lease = self.acquire().await?;
        let connection = &mut lease.connection;
        let located = catalog::locate(connection, table, self.pool.opener()).await?;
        let (table, existing) = match (mode, located) {
            (Mode::Append, catalog::Located::Existing(table)) => {
                let existing = catalog::columns(connection, &table).await?;
                (table, existing)
            }
            (_, catalog::Located::Existing(table) | catalog::Located::New(table)) => (table, Vec::new()),
        };
        let targets = columns.iter().map(|column| target(column, &existing, &table)).collect::<Result<Vec<_>, _>>()?;
        let staging = (mode == Mode::Create).then(|| TableName { name: POSTGRES.staging_name(tag, &table.name), ..table.clone() });
        let into = qualified(staging.as_ref().unwrap_or(&table))?;
        if mode == Mode::Create {
            run(connection, format!("DROP TABLE IF EXISTS {into}")).await?;
        }
        if existing.is_empty() {
            run(connection, create_statement(&into, columns)?).await?;
        }
        let task = Task { lease, copy: format!("COPY {into} ({names}) FROM STDIN"), table, staging, copied: 0 };
        let writer = Writer::start(|commands| task.run(commands));
        let load = Load { columns: targets, batch: Batch::default(), writer };
        Ok(Loader::new(loader::Load::Postgres(load), mode, columns.len()))
    }
}

fn create_statement(table_sql: &str, columns: &[ColumnDefinition]) -> Result<String, RunError> {
    let columns = columns.iter().map(|column| Ok(format!("{} {}", POSTGRES.quote(&column.name)?, types::declared(column.kind))));
    Ok(format!("CREATE TABLE {table_sql} ({})", columns.collect::<Result<Vec<_>, RunError>>()?.join(", ")))
}

/// The column as it is filled: by the table's own type where the table is there already.
fn target(column: &ColumnDefinition, existing: &[catalog::ExistingColumn], table: &TableName) -> Result<TargetColumn, RunError> {
    let name = Arc::clone(&column.name);
    if existing.is_empty() {
        return Ok(TargetColumn { name, target: Target::Known(column.kind) });
    }
    let Some(found) = existing.iter().find(|e| *e.name == *name) else {
        return Err(fault::no_column(table, &name, existing.iter().map(|e| e.name.as_str())));
    };
    let target = types::meaning(&found.formatted).map_or_else(|| Target::Other(found.formatted.clone()), Target::Known);
    Ok(TargetColumn { name, target })
}

impl Load {
    pub(in super::super) fn push(&mut self, cells: &[Cell<'_>], row: u64) -> Result<(), RunError> {
        let start = self.batch.bytes.len();
        let encoded = self.encode(cells, row);
        match encoded {
            Ok(()) => self.batch.rows += 1,
            Err(_) => self.batch.bytes.truncate(start),
        }
        encoded
    }

    fn encode(&mut self, cells: &[Cell<'_>], row: u64) -> Result<(), RunError> {
        let buffer = &mut self.batch.bytes;
        for (index, (cell, column)) in cells.iter().zip(&self.columns).enumerate() {
            if index > 0 {
                buffer.push(b'\t');
            }
            let fitted = column.fit(cell, Ranges::Postgres, row)?;
            copy_text::write(buffer, &fitted).map_err(|copy_text::HasNul| {
                column.misfit(cell, row, "PostgreSQL cannot store the NUL character; remove it in the parser")
            })?;
        }
        buffer.push(b'\n');
        Ok(())
    }

    pub(in super::super) fn is_full(&self) -> bool {
        self.batch.bytes.len() >= BATCH_BYTES
    }

    pub(in super::super) async fn flush(&mut self, mode: Mode) -> Result<(), RunError> {
        if self.batch.rows == 0 {
            return Ok(());
        }
        let next = Batch { bytes: Vec::with_capacity(self.batch.bytes.len()), rows: 0 };
        let batch = std::mem::replace(&mut self.batch, next);
        match mode {
            Mode::Create => self.writer.write(batch).await,
            Mode::Append => self.writer.commit(batch).await,
        }
    }

    pub(in super::super) async fn finish(self) -> Result<(), RunError> {
        self.writer.finish().await
    }

    pub(in super::super) async fn abort(self) {
        self.writer.abort().await;
    }
}

/// The writing end of a load.
struct Task {
    lease: Lease<Server>,
    /// The COPY statement.
    copy: String,
    table: TableName,
    /// The table that is filled, where it is not `table` itself.
    staging: Option<TableName>,
    /// Rows of the COPYs that have ended.
    copied: u64,
}

/// What ended a COPY.
enum Next {
    /// More rows may come.
    Rows,
    Finish,
    /// The load was dropped.
    Abandon,
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command<Batch>>) -> Result<(), RunError> {
        let next = loop {
            match commands.recv().await {
                Some(Command::Write(batch, done)) => match self.copy(batch, done, &mut commands).await {
                    Ok(Next::Rows) => {}
                    other => break other,
                },
                Some(Command::Finish) => break Ok(Next::Finish),
                None => break Ok(Next::Abandon),
            }
        };
        let outcome = match next {
            Ok(Next::Finish) => self.swap().await.map(|()| true),
            Ok(Next::Rows | Next::Abandon) => Ok(false),
            Err(error) => Err(error),
        };
        if !matches!(outcome, Ok(true)) && !self.drop_staging().await {
            return outcome.map(|_| ());
        }
        self.lease.give_back();
        outcome.map(|_| ())
    }

    /// One COPY: of this batch and, into a staging table, of those that follow soon.
    async fn copy(
        &mut self,
        batch: Batch,
        done: Option<tokio::sync::oneshot::Sender<()>>,
        commands: &mut mpsc::Receiver<Command<Batch>>,
    ) -> Result<Next, RunError> {
        let (table, before) = (self.table.to_string(), self.copied);
        let fault = |error: sqlx::Error| fault::of_load(&error, &table, before);
        let mut copy: PgCopyIn<&mut PgConnection> = self.lease.connection.copy_in_raw(&self.copy).await.map_err(fault)?;
        let mut sent = batch.bytes.len();
        self.copied += batch.rows;
        copy.send(batch.bytes).await.map_err(fault)?;
        let mut next = Next::Rows;
        while done.is_none() && sent < COPY_BYTES {
            match tokio::time::timeout(COPY_IDLE, commands.recv()).await {
                Ok(Some(Command::Write(batch, _))) => {
                    sent += batch.bytes.len();
                    self.copied += batch.rows;
                    copy.send(batch.bytes).await.map_err(fault)?;
                }
                Ok(Some(Command::Finish)) => {
                    next = Next::Finish;
                    break;
                }
                Ok(None) => {
                    // The rows go with the staging table; the server's answer to this is always an error.
                    let _ = copy.abort("the load was given up").await;
                    return Ok(Next::Abandon);
                }
                Err(_) => break,
            }
        }
        copy.finish().await.map_err(fault)?;
        if let Some(done) = done {
            // A load that was dropped while it waited has its rows all the same.
            let _ = done.send(());
        }
        Ok(next)
    }

    async fn swap(&mut self) -> Result<(), RunError> {
        let Some(staging) = &self.staging else { return Ok(()) };
        let connection = &mut self.lease.connection;
        run(connection, "BEGIN".into()).await?;
        swap::replace(connection, &self.table, staging).await?;
        run(connection, "COMMIT".into()).await?;
        Ok(())
    }

    /// Whether the connection is clean. What cannot be dropped now is replaced by the next load with the same tag.
    async fn drop_staging(&mut self) -> bool {
        // Outside a transaction this is a warning.
        if run(&mut self.lease.connection, "ROLLBACK".into()).await.is_err() {
            return false;
        }
        let Some(staging) = &self.staging else { return true };
        match qualified(staging) {
            Ok(sql) => run(&mut self.lease.connection, format!("DROP TABLE IF EXISTS {sql}")).await.is_ok(),
            Err(_) => false,
        }
    }
}
