//! The tables that an op fills: one load each, open from the first reply that names the table to the end of the op.

use std::sync::Arc;

use sequor_plan_format::op::WriteMode;
use sequor_plan_format::{NodeId, SourceId};

use super::body::entries;
use super::columns::{column_names, inferred};
use super::reply::{cell, shown};
use crate::database::{Cell, ColumnDefinition, Loader, Mode, TableName};
use crate::error::{ErrorKind, RunError};
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

/// The loads of one op.
pub(super) struct Tables {
    services: Arc<Services>,
    node: NodeId,
    open: Vec<Open>,
}

/// What a table is asked to be.
pub(super) struct Wanted {
    pub(super) source: SourceId,
    pub(super) name: TableName,
    /// `None`: found in the first rows.
    pub(super) columns: Option<Vec<ColumnDefinition>>,
    pub(super) write_mode: WriteMode,
}

/// A table on its way.
struct Open {
    wanted: Wanted,
    scope: Scope,
    /// There once the columns are known.
    load: Option<Load>,
    /// Columns that first appeared after the table's columns had been inferred.
    late: Vec<String>,
}

struct Load {
    columns: Vec<ColumnDefinition>,
    loader: Loader,
    inferred: bool,
}

impl Tables {
    pub(super) fn new(services: &Arc<Services>, node: NodeId) -> Self {
        Self { services: Arc::clone(services), node, open: Vec::new() }
    }

    /// Adds rows that are maps, or refuses all of them.
    pub(super) async fn add(&mut self, wanted: Wanted, scope: &Scope, rows: &[Value]) -> Result<(), RunError> {
        for (number, row) in (1u64..).zip(rows) {
            if entries(row).is_none() {
                let (table, found) = (&wanted.name.name, shown(row));
                let message = format!("row {number} for table '{table}' must be a map of columns and values, but it is {found}");
                return Err(RunError::new(ErrorKind::Data, message));
            }
        }
        let index = self.table(wanted, scope).await?;
        let open = &mut self.open[index];
        if open.load.is_none() {
            let columns = inferred(rows);
            if columns.is_empty() {
                return Ok(());
            }
            open.start(&self.services, self.node, columns, true).await?;
        }
        open.add(&self.services, rows).await
    }

    /// Adds what `read` gives: cells in the order of the columns, which must be declared. Writes in place when enough is buffered.
    pub(super) async fn stream(
        &mut self,
        wanted: Wanted,
        scope: &Scope,
        read: impl FnOnce(&[ColumnDefinition], &mut dyn FnMut(&[Cell<'_>]) -> Result<(), RunError>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let index = self.table(wanted, scope).await?;
        let Open { wanted, load: Some(Load { columns, loader, inferred }), .. } = &mut self.open[index] else { return Ok(()) };
        let table = &wanted.name.name;
        read(columns, &mut |cells| {
            loader.push(cells).map_err(|error| misfit(error, table, *inferred))?;
            if loader.is_full() {
                tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(loader.flush()))?;
            }
            Ok(())
        })
    }

    /// The place of the table, opened where this is its first mention. A table with declared columns is created even if no row comes.
    async fn table(&mut self, wanted: Wanted, scope: &Scope) -> Result<usize, RunError> {
        if let Some(index) = self.open.iter().position(|o| o.wanted.source == wanted.source && o.wanted.name == wanted.name) {
            self.open[index].check_same(&wanted)?;
            return Ok(index);
        }
        let columns = wanted.columns.clone();
        let mut open = Open { wanted, scope: scope.clone(), load: None, late: Vec::new() };
        if let Some(columns) = columns {
            open.start(&self.services, self.node, columns, false).await?;
        }
        self.open.push(open);
        Ok(self.open.len() - 1)
    }

    /// Makes a reply's rows of appended tables durable.
    pub(super) async fn end_of_reply(&mut self) -> Result<(), RunError> {
        for open in &mut self.open {
            if let (WriteMode::Append, Some(load)) = (open.wanted.write_mode, &mut open.load) {
                load.loader.flush().await?;
            }
        }
        Ok(())
    }

    pub(super) async fn close(mut self) -> Result<(), RunError> {
        let mut result = Ok(());
        for mut open in std::mem::take(&mut self.open) {
            if result.is_ok() && open.load.is_none() {
                result = open.start_empty(&self.services, self.node).await;
            }
            let Some(load) = open.load else { continue };
            if result.is_err() {
                load.loader.abort().await;
                continue;
            }
            match load.loader.finish().await {
                Ok(rows) => self.services.reporter.rows_out(self.node, rows),
                Err(error) => result = Err(error),
            }
        }
        result
    }

    pub(super) async fn abort(self) {
        for load in self.open.into_iter().filter_map(|open| open.load) {
            load.loader.abort().await;
        }
    }
}

impl Open {
    async fn add(&mut self, services: &Services, rows: &[Value]) -> Result<(), RunError> {
        let Some(load) = &mut self.load else { return Ok(()) };
        let table = &self.wanted.name.name;
        for row in rows {
            if load.inferred {
                note_late(services, table, &load.columns, row, &mut self.late);
            }
            load.push(row).map_err(|error| misfit(error, table, load.inferred))?;
            if load.loader.is_full() {
                load.loader.flush().await?;
            }
        }
        Ok(())
    }

    async fn start(&mut self, services: &Services, node: NodeId, columns: Vec<ColumnDefinition>, inferred: bool) -> Result<(), RunError> {
        let database = services.database(self.wanted.source, &self.scope).await?;
        let mode = match self.wanted.write_mode {
            WriteMode::Create => Mode::Create,
            WriteMode::Append => Mode::Append,
        };
        let tag = format!("{}n{}", services.run_tag, node.0);
        let loader = database.load(&self.wanted.name, &columns, mode, &tag).await?;
        self.load = Some(Load { columns, loader, inferred });
        Ok(())
    }

    /// A table with columns to be inferred, for which no row came: an old table keeps its columns and loses its rows.
    async fn start_empty(&mut self, services: &Services, node: NodeId) -> Result<(), RunError> {
        if self.wanted.write_mode == WriteMode::Append {
            return Ok(());
        }
        let database = services.database(self.wanted.source, &self.scope).await?;
        let old = match database.read_table(&self.wanted.name).await {
            Ok(old) => old.columns().to_vec(),
            Err(error) if error.kind == ErrorKind::Data => Vec::new(),
            Err(error) => return Err(error),
        };
        if old.is_empty() {
            let line = format!(
                "table '{}' is not created: there are no rows to infer its columns from; declare its columns to have it in any case",
                self.wanted.name.name
            );
            services.reporter.log(sequor_plan_format::op::print::Level::Warning, &line);
            return Ok(());
        }
        self.start(services, node, old, true).await
    }

    fn check_same(&self, wanted: &Wanted) -> Result<(), RunError> {
        let name = &self.wanted.name.name;
        if self.wanted.write_mode != wanted.write_mode {
            return Err(RunError::new(ErrorKind::Data, format!("table '{name}' is written with two write modes in one op")));
        }
        match (&self.wanted.columns, &wanted.columns) {
            (Some(old), Some(new)) if old != new => Err(RunError::new(
                ErrorKind::Data,
                format!(
                    "table '{name}' is declared with other columns than before in the same op: {} instead of {}",
                    column_names(new),
                    column_names(old)
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// Warns once of each column that the inferred columns lack.
fn note_late(services: &Services, table: &str, columns: &[ColumnDefinition], row: &Value, late: &mut Vec<String>) {
    for (name, _) in entries(row).unwrap_or_default() {
        if columns.iter().all(|c| &*c.name != name) && late.iter().all(|l| l != name) {
            late.push(name.to_owned());
            let line = format!(
                "table '{table}': the column '{name}' is left out, because the first rows, from which the columns were inferred, did not have it; declare the columns"
            );
            services.reporter.log(sequor_plan_format::op::print::Level::Warning, &line);
        }
    }
}

impl Load {
    /// Adds a map or row: columns that it has not are null, what is no column is left out.
    fn push(&mut self, row: &Value) -> Result<(), RunError> {
        let find = |name: &str| match row {
            Value::Map(map) => map.get(name),
            Value::Row(row) => row.get(name),
            _ => None,
        };
        let cells: Vec<Cell<'_>> = self.columns.iter().map(|c| find(&c.name).map_or(Cell::Null, cell)).collect();
        self.loader.push(&cells)
    }
}

fn misfit(mut error: RunError, table: &str, inferred: bool) -> RunError {
    error.message = format!("table '{table}': {}", error.message);
    if inferred {
        error.message.push_str("; the column's type was inferred from the first rows: declare the table's columns");
    }
    error
}
