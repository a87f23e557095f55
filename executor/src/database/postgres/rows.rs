//! Rows encoded for COPY.

use super::super::Cell;
use super::super::fit::{Ranges, TargetColumn};
use super::super::landing::Rows;
use super::*;

/// Up to here an INSERT is faster than a COPY: that takes one more round trip, and where the data fit into one TCP segment (64 KiB on the loopback
/// interface) the end of it waits for the server's delayed acknowledgement, 40 ms.
const SMALL_BYTES: usize = 64 << 10;
const SMALL_COUNT: u64 = 4_000;

/// Rows of one table, as COPY's text format has them.
pub(in super::super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    pub(super) count: u64,
}

impl Encoded {
    /// The rows as they follow VALUES, if they are few. What is escaped in COPY's text is escaped the same way in an `E'…'` literal.
    pub(super) fn small_values(&self) -> Option<String> {
        if self.bytes.len() > SMALL_BYTES || self.count > SMALL_COUNT {
            return None;
        }
        let mut values = Vec::with_capacity(self.bytes.len() * 2);
        for row in self.bytes.strip_suffix(b"\n")?.split(|byte| *byte == b'\n') {
            values.extend_from_slice(if values.is_empty() { b"(" } else { b", (" });
            for (index, field) in row.split(|byte| *byte == b'\t').enumerate() {
                if index > 0 {
                    values.extend_from_slice(b", ");
                }
                literal_of(field, &mut values);
            }
            values.push(b')');
        }
        String::from_utf8(values).ok()
    }
}

fn literal_of(field: &[u8], values: &mut Vec<u8>) {
    if field == b"\\N" {
        values.extend_from_slice(b"NULL");
        return;
    }
    values.extend_from_slice(b"E'");
    for (index, part) in field.split(|byte| *byte == b'\'').enumerate() {
        if index > 0 {
            values.extend_from_slice(b"''");
        }
        values.extend_from_slice(part);
    }
    values.push(b'\'');
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_become_literals() {
        let rows = Encoded { bytes: b"1\tO'Hara \\\\N\\n\t\\N\n2\t\t\\\\x00\n".to_vec(), count: 2 };
        assert_eq!(rows.small_values().unwrap(), r"(E'1', E'O''Hara \\N\n', NULL), (E'2', E'', E'\\x00')");
        assert!(Encoded { bytes: vec![b'x'; SMALL_BYTES + 1], count: 1 }.small_values().is_none());
        assert!(Encoded::new().small_values().is_none());
    }
}
