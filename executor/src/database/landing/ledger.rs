//! What a landing has filled so far, as its last marker holds it: all that is needed to continue it.

use serde::{Deserialize, Serialize};

use super::super::{ColumnDefinition, Mode, TableName};
use crate::error::{ErrorKind, RunError};

/// A table of an activation that was begun before this process opened the landing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    pub table: TableName,
    pub columns: Vec<ColumnDefinition>,
    pub mode: Mode,
    /// Committed rows.
    pub rows: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Ledger {
    /// The created tables are swapped in; no batch follows.
    pub(in super::super) finished: bool,
    pub(in super::super) tables: Vec<Entry>,
}

/// A table: its name as the flow gives it, its columns with their types by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Entry {
    database: Option<String>,
    namespace: Option<String>,
    name: String,
    columns: Vec<(String, String)>,
    append: bool,
    rows: u64,
}

impl Ledger {
    /// Of an effect that fills no staging tables.
    pub(in super::super) const fn of_one_transaction() -> Self {
        Self { finished: true, tables: Vec::new() }
    }
}

impl Entry {
    pub(super) fn new(table: &TableName, columns: &[ColumnDefinition], mode: Mode, rows: u64) -> Self {
        let TableName { database, namespace, name } = table.clone();
        let columns = columns.iter().map(|column| (column.name.to_string(), column.kind.to_string())).collect();
        Self { database, namespace, name, columns, append: mode == Mode::Append, rows }
    }

    pub(super) fn read(self) -> Result<Landed, RunError> {
        let kind = |name: &str, kind: &str| {
            let unknown =
                || RunError::new(ErrorKind::Database, format!("column '{name}' has the type '{kind}', which this version does not know"));
            kind.parse().map_err(|_| unknown())
        };
        let columns = self.columns.iter().map(|(name, k)| Ok(ColumnDefinition { name: name.as_str().into(), kind: kind(name, k)? }));
        let columns = columns.collect::<Result<_, RunError>>()?;
        let mode = if self.append { Mode::Append } else { Mode::Create };
        let table = TableName { database: self.database, namespace: self.namespace, name: self.name };
        Ok(Landed { table, columns, mode, rows: self.rows })
    }
}
