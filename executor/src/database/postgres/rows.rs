//! Rows encoded for COPY.

use super::super::Cell;
use super::super::fit::{Ranges, TargetColumn};
use super::super::landing::Rows;
use super::*;

/// Rows of one table, as COPY's text format has them.
pub(in super::super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    pub(super) count: u64,
}

impl Rows for Encoded {
    fn new() -> Self {
        Self { bytes: Vec::new(), count: 0 }
    }

    fn push(&mut self, columns: &[TargetColumn], cells: &[Cell<'_>], row: u64) -> Result<(), RunError> {
        let start = self.bytes.len();
        let encoded = encode(&mut self.bytes, columns, cells, row);
        match encoded {
            Ok(()) => self.count += 1,
            Err(_) => self.bytes.truncate(start),
        }
        encoded
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn take(&mut self) -> Self {
        let next = Self { bytes: Vec::with_capacity(self.bytes.len()), count: 0 };
        std::mem::replace(self, next)
    }

    fn append(&mut self, later: Self) {
        self.bytes.extend_from_slice(&later.bytes);
        self.count += later.count;
    }
}

fn encode(buffer: &mut Vec<u8>, columns: &[TargetColumn], cells: &[Cell<'_>], row: u64) -> Result<(), RunError> {
    for (index, (cell, column)) in cells.iter().zip(columns).enumerate() {
        if index > 0 {
            buffer.push(b'\t');
        }
        let fitted = column.fit(cell, Ranges::Postgres, row)?;
        copy_text::write(buffer, &fitted)
            .map_err(|copy_text::HasNul| column.misfit(cell, row, "PostgreSQL cannot store the NUL character; remove it in the parser"))?;
    }
    buffer.push(b'\n');
    Ok(())
}
