//! Bulk loads: prepared inserts of many rows, a transaction for each batch.
//!
//! The write lock is held while a batch is written, not between batches: a load lasts as long as the API it reads from, and two tables of one
//! reply are loaded side by side.

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::Arguments as _;
use sqlx::sqlite::SqliteArguments;
use tokio::sync::mpsc;

use super::super::decimal::Decimal;
use super::super::fit::{Fitted, Ranges, Target, TargetColumn};
use super::super::loader::{self, Loader};
use super::super::worker::{Command, Writer};
use super::super::{Cell, ColumnDefinition, Mode};
use super::*;

/// Prepared statements that a load keeps: the one for full chunks, and a few of ours.
const STATEMENTS: usize = 4;
/// SQLite's default limit of parameters in a statement.
const PARAMETERS: usize = 32_766;
/// More rows in one statement make no difference that can be measured.
const ROWS_PER_STATEMENT: usize = 100;
const BATCH_ROWS: usize = 10_000;
const BATCH_BYTES: usize = 1 << 20;

/// A load on its way.
pub(in super::super) struct Load {
    columns: Vec<TargetColumn>,
    rows_per_statement: usize,
    batch: Batch,
    writer: Writer<Batch>,
}

/// Encoded rows: whole statements, and the rows of one that is not full yet.
#[derive(Default)]
struct Batch {
    full: Vec<SqliteArguments>,
    open: SqliteArguments,
    open_rows: usize,
    rows: usize,
    bytes: usize,
}

impl Sqlite {
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
        let names = SQLITE.quote_list(columns.iter().map(|c| &*c.name))?;
        let mut connection = self.pool.opener().connect(STATEMENTS).await?;
        let staging = TableName { name: SQLITE.staging_name(tag, &table.name), ..table.clone() };
        let into = match mode {
            Mode::Create => &staging,
            Mode::Append => table,
        };
        let into_sql = qualified(into)?;
        let turn = self.writer.lock().await;
        let existing = match mode {
            Mode::Create => {
                swap::prepare(&mut connection).await?;
                run(&mut connection, format!("DROP TABLE IF EXISTS {into_sql}")).await?;
                Vec::new()
            }
            Mode::Append => catalog::columns(&mut connection, table.namespace.as_deref(), &table.name).await?,
        };
        if existing.is_empty() {
            run(&mut connection, create_statement(&into_sql, columns)?).await?;
        }
        drop(turn);
        let targets = columns.iter().map(|column| target(column, &existing, table)).collect::<Result<Vec<_>, _>>()?;
        let rows_per_statement = (PARAMETERS / columns.len()).clamp(1, ROWS_PER_STATEMENT);
        let insert = format!("INSERT INTO {into_sql} ({names}) VALUES ");
        let task = Task {
            connection,
            lock: Arc::clone(&self.writer),
            full: AssertSqlSafe(insert.clone() + &placeholders(columns.len(), rows_per_statement)).into_sql_str(),
            insert,
            columns: columns.len(),
            rows_per_statement,
            table: table.clone(),
            staging: (mode == Mode::Create).then_some(staging),
            written: 0,
        };
        let writer = Writer::start(|commands| task.run(commands));
        let load = Load { columns: targets, rows_per_statement, batch: Batch::default(), writer };
        Ok(Loader::new(loader::Load::Sqlite(load), mode, columns.len()))
    }
}

fn create_statement(table_sql: &str, columns: &[ColumnDefinition]) -> Result<String, RunError> {
    let columns = columns.iter().map(|column| Ok(format!("{} {}", SQLITE.quote(&column.name)?, types::declared(column.kind))));
    Ok(format!("CREATE TABLE {table_sql} ({})", columns.collect::<Result<Vec<_>, RunError>>()?.join(", ")))
}

/// The column as it is filled: by the table's own type where the table is there already.
fn target(column: &ColumnDefinition, existing: &[catalog::ExistingColumn], table: &TableName) -> Result<TargetColumn, RunError> {
    let name = Arc::clone(&column.name);
    if existing.is_empty() {
        return Ok(TargetColumn { name, target: Target::Known(column.kind) });
    }
    let Some(found) = existing.iter().find(|e| e.name.eq_ignore_ascii_case(&name)) else {
        return Err(fault::no_column(table, &name, existing.iter().map(|e| e.name.as_str())));
    };
    let target = types::meaning(&found.declared).map_or_else(|| Target::Other(found.declared.clone()), Target::Known);
    Ok(TargetColumn { name, target })
}

impl Load {
    pub(in super::super) fn push(&mut self, cells: &[Cell<'_>], row: u64) -> Result<(), RunError> {
        let fitted = cells.iter().zip(&self.columns).map(|(cell, column)| match column.target {
            Target::Known(_) => column.fit(cell, Ranges::Sqlite, row),
            Target::Other(_) => as_it_is(cell).ok_or_else(|| column.misfit(cell, row, "SQLite has no not-a-number")),
        });
        // All cells first: a row that does not fit must leave nothing in the batch.
        let fitted = fitted.collect::<Result<Vec<_>, _>>()?;
        if self.batch.open_rows == 0 {
            self.batch.open.reserve(self.rows_per_statement * cells.len(), 0);
        }
        for value in fitted {
            self.batch.bytes += bind(&mut self.batch.open, value)?;
        }
        self.batch.rows += 1;
        self.batch.open_rows += 1;
        if self.batch.open_rows == self.rows_per_statement {
            self.batch.full.push(std::mem::take(&mut self.batch.open));
            self.batch.open_rows = 0;
        }
        Ok(())
    }

    pub(in super::super) fn is_full(&self) -> bool {
        self.batch.rows >= BATCH_ROWS || self.batch.bytes >= BATCH_BYTES
    }

    pub(in super::super) async fn flush(&mut self, mode: Mode) -> Result<(), RunError> {
        if self.batch.rows == 0 {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
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

/// For a column without a type: every value keeps its own.
fn as_it_is<'a>(cell: &'a Cell<'_>) -> Option<Fitted<'a>> {
    Some(match cell {
        Cell::Null => Fitted::Null,
        Cell::Bool(b) => Fitted::Bool(*b),
        Cell::Int(i) => Fitted::Int(*i),
        Cell::Float(f) if f.is_nan() => return None,
        Cell::Float(f) => Fitted::Float(*f),
        Cell::Number(text) => Fitted::Number(Cow::Borrowed(text)),
        Cell::Text(text) | Cell::Json(text) => Fitted::Text(Cow::Borrowed(text)),
        Cell::Bytes(bytes) => Fitted::Bytes(Cow::Borrowed(bytes)),
    })
}

/// Adds a parameter; gives its size in bytes.
fn bind(arguments: &mut SqliteArguments, value: Fitted<'_>) -> Result<usize, RunError> {
    let size = match &value {
        Fitted::Text(text) | Fitted::Number(text) => text.len(),
        Fitted::Bytes(bytes) => bytes.len(),
        Fitted::Null | Fitted::Bool(_) | Fitted::Int(_) | Fitted::Float(_) => 0,
    };
    let added = match value {
        Fitted::Null => arguments.add(Option::<i64>::None),
        Fitted::Bool(b) => arguments.add(i64::from(b)),
        Fitted::Int(i) => arguments.add(i),
        Fitted::Float(f) => arguments.add(f),
        Fitted::Number(digits) => match storage(&digits) {
            Storage::Integer(i) => arguments.add(i),
            Storage::Real(f) => arguments.add(f),
            Storage::Text => arguments.add(Arc::<str>::from(&*digits)),
        },
        Fitted::Text(text) => arguments.add(Arc::<str>::from(&*text)),
        Fitted::Bytes(bytes) => arguments.add(bytes.into_owned()),
    };
    added.map_err(|error| RunError::new(ErrorKind::Data, error.to_string()))?;
    Ok(size + std::mem::size_of::<u64>())
}

/// How a number is stored so that no digit is lost.
enum Storage {
    Integer(i64),
    Real(f64),
    Text,
}

fn storage(digits: &str) -> Storage {
    let Some(decimal) = Decimal::parse(digits) else { return Storage::Text };
    if let Some(integer) = decimal.to_i64() {
        return Storage::Integer(integer);
    }
    match digits.parse::<f64>() {
        Ok(float) if float.is_normal() && decimal.significant_digits() <= usize::from(types::DOUBLE_DIGITS) => Storage::Real(float),
        Ok(_) | Err(_) => Storage::Text,
    }
}

/// `(?,?),(?,?)`
fn placeholders(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row.as_str(); rows].join(",")
}

/// The writing end of a load.
struct Task {
    connection: SqliteConnection,
    lock: Arc<tokio::sync::Mutex<()>>,
    /// `INSERT INTO … VALUES `, and the same with the placeholders of a full chunk.
    insert: String,
    full: SqlStr,
    columns: usize,
    rows_per_statement: usize,
    table: TableName,
    /// The table that is filled, where it is not `table` itself.
    staging: Option<TableName>,
    written: usize,
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<Command<Batch>>) -> Result<(), RunError> {
        let outcome = loop {
            match commands.recv().await {
                Some(Command::Write(batch, done)) => {
                    if let Err(error) = self.write(batch).await {
                        break Err(error);
                    }
                    if let Some(done) = done {
                        // A load that was dropped while it waited has its rows all the same.
                        let _ = done.send(());
                    }
                }
                Some(Command::Finish) => break self.finish().await.map(|()| true),
                None => break Ok(false),
            }
        };
        if !matches!(outcome, Ok(true)) {
            self.clean_up().await;
        }
        // The thread of a connection ends after the task: waiting for it leaves no open file behind.
        let closed = self.connection.close().await;
        outcome.and_then(|_| closed.map_err(|error| fault::of_statement(&error, "")))
    }

    async fn write(&mut self, batch: Batch) -> Result<(), RunError> {
        let lock = Arc::clone(&self.lock);
        let _turn = lock.lock().await;
        run(&mut self.connection, "BEGIN IMMEDIATE".into()).await?;
        for arguments in batch.full {
            let query = sqlx::query_with(self.full.clone(), arguments);
            self.insert(query, self.rows_per_statement).await?;
        }
        if batch.open_rows > 0 {
            let sql = AssertSqlSafe(format!("{}{}", self.insert, placeholders(self.columns, batch.open_rows)));
            let query = sqlx::query_with(sql, batch.open).persistent(false);
            self.insert(query, batch.open_rows).await?;
        }
        run(&mut self.connection, "COMMIT".into()).await?;
        Ok(())
    }

    async fn insert(&mut self, query: sqlx::query::Query<'_, sqlx::Sqlite, SqliteArguments>, rows: usize) -> Result<(), RunError> {
        query.execute(&mut self.connection).await.map_err(|error| {
            let place = format!("rows {} to {}", self.written + 1, self.written + rows);
            fault::prefixed(fault::of_load(&error, &self.table.to_string(), 0), &place)
        })?;
        self.written += rows;
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), RunError> {
        let Some(staging) = &self.staging else { return Ok(()) };
        let _turn = self.lock.lock().await;
        run(&mut self.connection, "BEGIN IMMEDIATE".into()).await?;
        swap::replace(&mut self.connection, &self.table, staging).await?;
        run(&mut self.connection, "COMMIT".into()).await?;
        Ok(())
    }

    /// What cannot be cleaned up now is replaced by the next load with the same tag.
    async fn clean_up(&mut self) {
        let _turn = self.lock.lock().await;
        // Fails outside a transaction, which is as good.
        let _ = run(&mut self.connection, "ROLLBACK".into()).await;
        if let Some(staging) = &self.staging
            && let Ok(sql) = qualified(staging)
        {
            let _ = run(&mut self.connection, format!("DROP TABLE IF EXISTS {sql}")).await;
        }
    }
}
