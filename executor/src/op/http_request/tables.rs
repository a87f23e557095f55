//! The tables that an op fills, open from the first reply that names them to the end of the op. All tables of one source are one landing: the rows of a
//! reply are committed together, with a marker that says so.

use std::collections::VecDeque;
use std::sync::Arc;

use sequor_plan_format::op::WriteMode;
use sequor_plan_format::op::print::Level;
use sequor_plan_format::{NodeId, SourceId};

use super::Absorbed;
use super::body::entries;
use super::columns::{column_names, inferred};
use super::mode::Mode;
use super::preview;
use super::recorded::durable;
use super::reply::{cell, shown};
use crate::database::{Cell, ColumnDefinition, Gate, Landing, Settings, Slot, TableName};
use crate::error::{ErrorKind, RunError};
use crate::journal::effects::{Change, LoadedTable};
use crate::machine::Activation;
use crate::op::effect::{effect, landing_tag};
use crate::op::table::mode;
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

/// The loads of one op.
pub(super) struct Tables {
    services: Arc<Services>,
    node: NodeId,
    activation: Activation,
    mode: Mode,
    open: Vec<Open>,
    targets: Vec<Target>,
    /// The batch that is being read, or was read last.
    batch: u64,
    /// It is not committed before its reply is durable.
    gate: Option<Gate>,
    /// What came of batches that landed before the run was resumed.
    landed: VecDeque<(u64, Absorbed)>,
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
    inferred: bool,
    target: usize,
    /// None in a landing that was closed before the run was resumed.
    slot: Option<Slot>,
}

/// The landing in one database.
struct Target {
    database: Settings,
    /// None once it is closed.
    landing: Option<Landing>,
    /// Batches that had landed when the run was resumed: their rows are there.
    resumed: u64,
}

impl Tables {
    pub(super) fn new(services: &Arc<Services>, node: NodeId, activation: Activation, mode: Mode) -> Self {
        let services = Arc::clone(services);
        Self { services, node, activation, mode, open: Vec::new(), targets: Vec::new(), batch: 0, gate: None, landed: VecDeque::new() }
    }

    /// Goes on with tables that an earlier executor has begun to fill; `read` is the last batch that the journal knows of.
    pub(super) async fn resume(
        services: &Arc<Services>,
        node: NodeId,
        activation: Activation,
        mode: Mode,
        tables: Vec<LoadedTable>,
        read: u64,
        scope: &Scope,
    ) -> Result<Self, RunError> {
        let mut resumed = Self::new(services, node, activation, mode);
        resumed.batch = read;
        for table in tables {
            let LoadedTable { source, name, columns, mode, inferred } = table;
            let database = services.settings(source, scope)?;
            let target = match resumed.targets.iter().position(|target| target.database == database) {
                Some(target) => target,
                None => resumed.reopen(source, read, scope).await?,
            };
            let slot = match &mut resumed.targets[target].landing {
                Some(landing) => Some(landing.table(&name, &columns, mode).await?),
                None => None,
            };
            let wanted = Wanted { source, name, columns: (!inferred).then(|| columns.clone()), write_mode: write_mode(mode) };
            let load = Some(Load { columns, inferred, target, slot });
            resumed.open.push(Open { wanted, scope: scope.clone(), load, late: Vec::new() });
        }
        Ok(resumed)
    }

    /// The landing in a source as an earlier executor left it.
    async fn reopen(&mut self, source: SourceId, read: u64, scope: &Scope) -> Result<usize, RunError> {
        let effect = effect(&self.services, source, self.node, self.activation);
        let database = self.services.database(source, scope).await?;
        let markers = database.markers(&effect, 0).await?;
        let last = markers.last();
        let closed = last.is_some_and(|marker| marker.finished);
        let resumed = last.map_or(0, |marker| marker.batch);
        if closed && let Some(last) = last {
            self.services.reporter.rows_out(self.node, last.rows_out);
        }
        let landing = match closed {
            true => None,
            false => Some(database.landing(&effect, &landing_tag(&self.services, self.activation), true).await?),
        };
        if self.targets.is_empty() {
            self.landed = preview::landed(self.mode, &markers, read)?;
        }
        self.targets.push(Target { database: self.services.settings(source, scope)?, landing, resumed });
        Ok(self.targets.len() - 1)
    }

    /// Whether the next batch has landed, with what came of it: nobody needs its reply.
    pub(super) fn has_landed(&self) -> bool {
        self.landed.front().is_some_and(|(batch, _)| *batch == self.batch + 1)
    }

    /// What came of a batch that landed before the run was resumed.
    ///
    /// # Errors
    /// A marker is missing: the marker table was changed by somebody else.
    pub(super) fn landed(&mut self, batch: u64) -> Result<Option<Absorbed>, RunError> {
        match self.landed.front() {
            Some((first, _)) if *first == batch => {
                self.batch = batch;
                Ok(self.landed.pop_front().map(|(_, absorbed)| absorbed))
            }
            Some((first, _)) => Err(RunError::new(
                ErrorKind::Database,
                format!("the marker table has batch {first} of this step, but not batch {batch}: it was changed by something else"),
            )),
            None => Ok(None),
        }
    }

    /// What is added from here on belongs to this batch.
    pub(super) fn begin(&mut self, batch: u64, gate: Option<Gate>) {
        self.batch = batch;
        self.gate = gate;
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
        if self.open[index].load.is_none() {
            let columns = inferred(rows);
            if columns.is_empty() {
                return Ok(());
            }
            self.start(index, columns, true).await?;
        }
        let Self { services, open, targets, batch, .. } = self;
        let Open { wanted, load: Some(load), late, .. } = &mut open[index] else { return Ok(()) };
        let (Some(landing), Some(slot)) = (targets[load.target].open_for(*batch), load.slot) else { return Ok(()) };
        let table = &wanted.name.name;
        for row in rows {
            if load.inferred {
                note_late(services, table, &load.columns, row, late);
            }
            load.push(landing, slot, row).map_err(|error| misfit(error, table, load.inferred))?;
            if landing.is_full() {
                landing.flush().await?;
            }
        }
        Ok(())
    }

    /// Adds what `read` gives: cells in the order of the columns, which must be declared. Writes in place when enough is buffered.
    pub(super) async fn stream(
        &mut self,
        wanted: Wanted,
        scope: &Scope,
        read: impl FnOnce(&[ColumnDefinition], &mut dyn FnMut(&[Cell<'_>]) -> Result<(), RunError>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let index = self.table(wanted, scope).await?;
        let Self { open, targets, batch, .. } = self;
        let Open { wanted, load: Some(Load { columns, inferred, target, slot }), .. } = &mut open[index] else { return Ok(()) };
        let (Some(landing), Some(slot)) = (targets[*target].open_for(*batch), *slot) else { return Ok(()) };
        let table = &wanted.name.name;
        read(columns, &mut |cells| {
            landing.push(slot, cells).map_err(|error| misfit(error, table, *inferred))?;
            if landing.is_full() {
                scope.wait(landing.flush())?;
            }
            Ok(())
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// A table that is there in the end, also without rows.
    pub(super) async fn declare(&mut self, wanted: Wanted, scope: &Scope) -> Result<(), RunError> {
        self.table(wanted, scope).await.map(|_| ())
    }

    /// The place of the table, opened where this is its first mention. A table with declared columns is created even if no row comes.
    async fn table(&mut self, wanted: Wanted, scope: &Scope) -> Result<usize, RunError> {
        if let Some(index) = self.open.iter().position(|o| o.wanted.source == wanted.source && o.wanted.name == wanted.name) {
            self.open[index].check_same(&wanted)?;
            return Ok(index);
        }
        let columns = wanted.columns.clone();
        self.open.push(Open { wanted, scope: scope.clone(), load: None, late: Vec::new() });
        let index = self.open.len() - 1;
        if let Some(columns) = columns {
            self.start(index, columns, false).await?;
        }
        Ok(index)
    }

    /// Begins to fill a table. The journal knows of it before its first row can be durable.
    async fn start(&mut self, index: usize, columns: Vec<ColumnDefinition>, inferred: bool) -> Result<(), RunError> {
        let Open { wanted, scope, .. } = &self.open[index];
        let (source, name, mode) = (wanted.source, wanted.name.clone(), mode(wanted.write_mode));
        let settings = self.services.settings(source, scope)?;
        let target = match self.targets.iter().position(|target| target.database == settings) {
            Some(target) => target,
            None => {
                let effect = effect(&self.services, source, self.node, self.activation);
                let database = self.services.database(source, scope).await?;
                let landing = database.landing(&effect, &landing_tag(&self.services, self.activation), false).await?;
                if !landing.has_marker() {
                    self.services.unmarked(self.node, source);
                }
                self.targets.push(Target { database: settings, landing: Some(landing), resumed: 0 });
                self.targets.len() - 1
            }
        };
        let table = LoadedTable { source, name: name.clone(), columns: columns.clone(), mode, inferred };
        self.services.journal.effect(Change::Table { activation: self.activation, table });
        durable(&self.services.journal).await?;
        let slot = match &mut self.targets[target].landing {
            Some(landing) => Some(landing.table(&name, &columns, mode).await?),
            None => None,
        };
        self.open[index].load = Some(Load { columns, inferred, target, slot });
        Ok(())
    }

    /// A table with columns to be inferred, for which no row came: an old table keeps its columns and loses its rows.
    async fn start_empty(&mut self, index: usize) -> Result<(), RunError> {
        let Open { wanted, scope, .. } = &self.open[index];
        if wanted.write_mode == WriteMode::Append {
            return Ok(());
        }
        let database = self.services.database(wanted.source, scope).await?;
        let old = match database.read_table(&wanted.name).await {
            Ok(old) => old.columns().to_vec(),
            Err(error) if error.kind == ErrorKind::Data => Vec::new(),
            Err(error) => return Err(error),
        };
        if old.is_empty() {
            let line = format!(
                "table '{}' is not created: there are no rows to infer its columns from; declare its columns to have it in any case",
                wanted.name.name
            );
            self.services.reporter.log(Level::Warning, &line);
            return Ok(());
        }
        self.start(index, old, true).await
    }

    /// Whether something that is evaluated after the rows are loaded may look for them in a database.
    pub(super) fn are_read_by_what_follows(&self) -> bool {
        self.mode.queries
    }

    /// Ends the batch: its rows and what came of it are committed together. Where there is no one transaction for both, the reply is recorded, and is read
    /// once more after a crash.
    pub(super) async fn commit(&mut self, absorbed: &Absorbed) -> Result<(), RunError> {
        let data = match self.mode.queries || self.targets.len() > 1 {
            true => Vec::new(),
            false => postcard::to_allocvec(absorbed)
                .map_err(|error| RunError::new(ErrorKind::Data, format!("what the reply gave cannot be kept: {error}")))?,
        };
        let rows = self.targets.iter().filter_map(|target| target.landing.as_ref()).map(|landing| landing.pending().rows).sum();
        self.services.reporter.reply(self.node, rows);
        let mut gate = self.gate.take();
        if self.targets.len() > 1
            && let Some(gate) = gate.take()
        {
            gate.await?;
        }
        for target in &mut self.targets {
            if let Some(landing) = target.open_for(self.batch) {
                landing.commit_after(gate.take(), self.batch, data.clone()).await?;
            }
        }
        Ok(())
    }

    /// The last batch that is committed everywhere; `None` where there is no table.
    pub(super) fn committed(&self) -> Option<u64> {
        let committed = |target: &Target| target.landing.as_ref().map_or(u64::MAX, |landing| landing.committed().max(target.resumed));
        self.targets.iter().map(committed).min()
    }

    /// Waits until all batches are committed.
    pub(super) async fn sync(&mut self) -> Result<(), RunError> {
        for landing in self.targets.iter_mut().filter_map(|target| target.landing.as_mut()) {
            landing.sync().await?;
        }
        Ok(())
    }

    pub(super) fn journalled(&mut self, batch: u64) {
        for landing in self.targets.iter_mut().filter_map(|target| target.landing.as_mut()) {
            landing.journalled(batch);
        }
    }

    /// Swaps the created tables in. What landed stays landed if this is interrupted.
    pub(super) async fn close(&mut self, batch: u64) -> Result<(), RunError> {
        for index in 0..self.open.len() {
            if self.open[index].load.is_none() {
                self.start_empty(index).await?;
            }
        }
        for target in &mut self.targets {
            let Some(landing) = &mut target.landing else { continue };
            let rows = landing.finish(batch, Vec::new()).await?;
            target.landing = None;
            self.services.reporter.rows_out(self.node, rows.iter().sum());
        }
        Ok(())
    }

    pub(super) async fn discard(&mut self) {
        for target in &mut self.targets {
            if let Some(landing) = target.landing.take() {
                landing.discard().await;
            }
        }
    }

    pub(super) async fn suspend(&mut self) {
        for target in &mut self.targets {
            if let Some(landing) = target.landing.take() {
                landing.suspend().await;
            }
        }
    }
}

impl Target {
    /// The landing, unless the batch is in it already.
    fn open_for(&mut self, batch: u64) -> Option<&mut Landing> {
        if batch > self.resumed { self.landing.as_mut() } else { None }
    }
}

impl Open {
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

impl Load {
    /// Adds a map or row: columns that it has not are null, what is no column is left out.
    fn push(&self, landing: &mut Landing, slot: Slot, row: &Value) -> Result<(), RunError> {
        let find = |name: &str| match row {
            Value::Map(map) => map.get(name),
            Value::Row(row) => row.get(name),
            _ => None,
        };
        let cells: Vec<Cell<'_>> = self.columns.iter().map(|c| find(&c.name).map_or(Cell::Null, cell)).collect();
        landing.push(slot, &cells)
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
            services.reporter.log(Level::Warning, &line);
        }
    }
}

fn misfit(mut error: RunError, table: &str, inferred: bool) -> RunError {
    error.message = format!("table '{table}': {}", error.message);
    if inferred {
        error.message.push_str("; the column's type was inferred from the first rows: declare the table's columns");
    }
    error
}

fn write_mode(mode: crate::database::Mode) -> WriteMode {
    match mode {
        crate::database::Mode::Create => WriteMode::Create,
        crate::database::Mode::Append => WriteMode::Append,
    }
}
