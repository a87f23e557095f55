//! Foreign keys during a landing.
//!
//! A table that others refer to can be replaced only while foreign keys are not enforced (see `swap::prepare`); rows are appended to a table that refers
//! to others while they are. SQLite takes the setting between transactions only. Where it cannot be what the appended rows need, the keys are checked before
//! the transaction ends; where it cannot be what the replaced table needs, the landing fails.

use std::sync::Arc;

use super::super::Mode;
use super::super::landing::Target;
use super::*;

pub(super) struct Keys {
    /// Tables that have not been looked at.
    new: Vec<Arc<Target>>,
    /// The connection's setting.
    enforced: bool,
    /// A table that others refer to is replaced.
    replaces: bool,
    /// Rows are appended that foreign keys may refuse.
    appends: bool,
    /// References that lead nowhere, before the open transaction appended anything unchecked.
    broken_before: Option<i64>,
}

impl Keys {
    /// For a new connection. `known`: tables that are filled further.
    pub(super) fn new(known: Vec<Arc<Target>>) -> Self {
        Self { new: known, enforced: true, replaces: false, appends: false, broken_before: None }
    }

    pub(super) fn add(&mut self, tables: &[Arc<Target>]) {
        self.new.extend_from_slice(tables);
    }

    /// Between two transactions: sets what the tables need.
    pub(super) async fn set(&mut self, connection: &mut SqliteConnection) -> Result<(), RunError> {
        self.look(connection).await?;
        let enforced = self.appends && !self.replaces;
        if enforced != self.enforced {
            swap::enforce_foreign_keys(connection, enforced).await?;
            self.enforced = enforced;
        }
        Ok(())
    }

    /// In a transaction, before rows of new tables are written.
    pub(super) async fn before_rows(&mut self, connection: &mut SqliteConnection) -> Result<(), RunError> {
        self.look(connection).await?;
        if self.appends && !self.enforced && self.broken_before.is_none() {
            self.broken_before = Some(catalog::broken_references_of_all(connection).await?);
        }
        Ok(())
    }

    /// Before the transaction is committed.
    pub(super) async fn check(&mut self, connection: &mut SqliteConnection) -> Result<(), RunError> {
        if let Some(before) = self.broken_before
            && catalog::broken_references_of_all(connection).await? > before
        {
            let message = "FOREIGN KEY constraint failed: appended rows refer to rows that are not there";
            return Err(RunError::new(ErrorKind::Data, message));
        }
        Ok(())
    }

    /// Before a table is replaced. Its deletion would take along what refers to it.
    pub(super) async fn before_swap(&self, connection: &mut SqliteConnection, table: &TableName) -> Result<(), RunError> {
        if self.enforced && catalog::is_referred_to(connection, &table.name).await? {
            let message = format!(
                "table {table}, which other tables refer to, cannot be replaced in a transaction that began with rows appended to another \
                 table with foreign keys; name it first among the tables, or fill it in an op of its own"
            );
            return Err(RunError::new(ErrorKind::Data, message));
        }
        Ok(())
    }

    pub(super) fn transaction_ended(&mut self) {
        self.broken_before = None;
    }

    async fn look(&mut self, connection: &mut SqliteConnection) -> Result<(), RunError> {
        for target in std::mem::take(&mut self.new) {
            let table = &target.table.name;
            match target.mode {
                Mode::Create => self.replaces |= catalog::is_referred_to(connection, table).await?,
                Mode::Append => self.appends |= catalog::may_break_references(connection, table).await?,
            }
        }
        Ok(())
    }
}
