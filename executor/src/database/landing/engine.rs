//! What a landing needs of an engine.

use std::sync::Arc;

use crate::error::{ErrorKind, RunError};

use super::super::effect::{Marker, Marking};
use super::super::fit::TargetColumn;
use super::super::{Cell, ColumnDefinition, Mode, TableName};
use super::ledger::Ledger;

pub(in super::super) trait Engine: Send + Sync + 'static {
    type Rows: Rows;
    type Writer: Writer<Rows = Self::Rows>;

    /// The activation's last marker.
    fn last_marker(&self, marking: &Marking) -> impl Future<Output = Result<Option<(Marker, Option<Ledger>)>, RunError>> + Send;

    /// Finds where a table is, and what its columns take. Changes nothing.
    fn locate(&self, wanted: Wanted<'_>) -> impl Future<Output = Result<(Target, Vec<TargetColumn>), RunError>> + Send;

    /// `known`: tables that are filled further.
    fn writer(&self, marking: Option<Marking>, known: Vec<Arc<Target>>) -> Self::Writer;
}

/// A table that is named for the first time, or again after a resume.
#[derive(Clone, Copy)]
pub(in super::super) struct Wanted<'a> {
    pub(in super::super) table: &'a TableName,
    pub(in super::super) columns: &'a [ColumnDefinition],
    pub(in super::super) mode: Mode,
    pub(in super::super) tag: &'a str,
    /// The committed rows of a table that is continued.
    pub(in super::super) committed: Option<u64>,
}

/// A table that is filled.
pub(in super::super) struct Target {
    /// As the flow names it.
    pub(in super::super) named: TableName,
    /// Its full name.
    pub(in super::super) table: TableName,
    /// The table that the rows go into: a staging table, or the table itself.
    pub(in super::super) into: TableName,
    pub(in super::super) columns: Vec<ColumnDefinition>,
    pub(in super::super) mode: Mode,
    /// `into` is created, in the transaction of its first rows; a staging table of that name that is there is dropped.
    pub(in super::super) create: bool,
}

/// Encoded rows of one table.
pub(in super::super) trait Rows: Send + Sized + 'static {
    fn new() -> Self;

    /// Adds a row. One with an error leaves nothing behind.
    fn push(&mut self, columns: &[TargetColumn], cells: &[Cell<'_>], row: u64) -> Result<(), RunError>;

    fn count(&self) -> u64;

    fn bytes(&self) -> usize;

    /// Gives the rows away, and makes ready for as many again.
    fn take(&mut self) -> Self;

    fn append(&mut self, later: Self);
}

/// Writes into one database. At most one transaction is open.
pub(in super::super) trait Writer: Send + 'static {
    type Rows: Rows;

    /// Opens a transaction, where none is open. `new`: tables that will be opened in it.
    fn begin(&mut self, new: &[Arc<Target>]) -> impl Future<Output = Result<(), RunError>> + Send;

    /// Makes a target ready for rows.
    fn open(&mut self, target: &Target) -> impl Future<Output = Result<(), RunError>> + Send;

    /// `before`: the rows of this target so far, for messages.
    fn write(&mut self, target: &Target, rows: Self::Rows, before: u64) -> impl Future<Output = Result<(), RunError>> + Send;

    fn swap(&mut self, target: &Target) -> impl Future<Output = Result<(), RunError>> + Send;

    /// Proves the fence and writes markers; the ledger goes with the last of them. Nothing where the landing has no markers.
    fn mark(&mut self, markers: &[Marker], ledger: &Ledger, trim: Option<u64>) -> impl Future<Output = Result<(), RunError>> + Send;

    /// Ends the open transaction; `batch` is the last one that was marked in it. Where the database's answer is lost, the marker tells.
    fn commit(&mut self, batch: u64) -> impl Future<Output = Result<(), RunError>> + Send;

    fn rollback(&mut self) -> impl Future<Output = ()> + Send;

    /// Drops staging tables, outside a transaction. What cannot be dropped now is replaced by the next landing with the same tag, or forgotten with the run.
    fn drop_staging(&mut self, targets: &[&Target]) -> impl Future<Output = ()> + Send;

    fn close(self) -> impl Future<Output = ()> + Send;
}

impl Target {
    /// A table that is filled further, or its staging table, is not there.
    pub(in super::super) fn gone(table: &TableName, into: &TableName) -> RunError {
        not_to_be_continued(table, &if table == into { "it is gone".into() } else { format!("its staging table {into} is gone") })
    }

    /// Compares the staging table of a landing that is continued with what was committed into it.
    pub(in super::super) fn check_staging(table: &TableName, same_columns: bool, rows: u64, committed: u64) -> Result<(), RunError> {
        if !same_columns {
            return Err(not_to_be_continued(table, "the columns of its staging table were changed"));
        }
        if rows != committed {
            return Err(not_to_be_continued(table, &format!("its staging table has {rows} rows, and {committed} were committed")));
        }
        Ok(())
    }
}

fn not_to_be_continued(table: &TableName, reason: &str) -> RunError {
    let message = format!("table {table} cannot be filled further: {reason}, by something outside this run; start the run anew");
    RunError::new(ErrorKind::Data, message)
}
