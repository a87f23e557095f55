//! Rows encoded for prepared inserts of many rows.

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::Arguments as _;
use sqlx::sqlite::{SqliteArgumentValue, SqliteArguments};

use super::super::Cell;
use super::super::decimal::Decimal;
use super::super::fit::{Fitted, Ranges, Target, TargetColumn};
use super::super::landing::Rows;
use super::*;

/// SQLite's default limit of parameters in a statement.
const PARAMETERS: usize = 32_766;
/// More rows in one statement make no difference that can be measured.
const ROWS_PER_STATEMENT: usize = 100;

/// Rows of one table: the arguments of statements, in order.
pub(in super::super) struct Encoded {
    statements: Vec<Statement>,
    /// A statement that takes more rows.
    open: Statement,
    count: u64,
    bytes: usize,
}

/// The arguments of an insert.
#[derive(Default)]
pub(super) struct Statement {
    pub(super) arguments: SqliteArguments,
    pub(super) rows: usize,
}

impl Encoded {
    pub(super) fn into_statements(mut self) -> Vec<Statement> {
        self.close();
        self.statements
    }

    fn close(&mut self) {
        if self.open.rows > 0 {
            self.statements.push(std::mem::take(&mut self.open));
        }
    }
}

impl Rows for Encoded {
    fn new() -> Self {
        Self { statements: Vec::new(), open: Statement::default(), count: 0, bytes: 0 }
    }

    fn push(&mut self, columns: &[TargetColumn], cells: &[Cell<'_>], row: u64) -> Result<(), RunError> {
        let fitted = cells.iter().zip(columns).map(|(cell, column)| match column.target {
            Target::Known(_) => column.fit(cell, Ranges::Sqlite, row),
            Target::Other(_) => as_it_is(cell).ok_or_else(|| column.misfit(cell, row, "SQLite has no not-a-number")),
        });
        // All cells first: a row that does not fit must leave nothing behind.
        let fitted = fitted.collect::<Result<Vec<_>, _>>()?;
        let rows_per_statement = (PARAMETERS / columns.len().max(1)).clamp(1, ROWS_PER_STATEMENT);
        if self.open.rows == 0 {
            self.open.arguments.reserve(rows_per_statement * cells.len(), 0);
        }
        for value in fitted {
            self.bytes += bind(&mut self.open.arguments, value)?;
        }
        self.count += 1;
        self.open.rows += 1;
        if self.open.rows == rows_per_statement {
            self.close();
        }
        Ok(())
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new())
    }

    fn append(&mut self, mut later: Self) {
        self.close();
        self.statements.append(&mut later.statements);
        self.open = later.open;
        self.count += later.count;
        self.bytes += later.bytes;
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
    Ok(size + std::mem::size_of::<SqliteArgumentValue>())
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
