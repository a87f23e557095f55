//! The first rows of the demo's tables, as text.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::anyhow;
use sequor_executor::database::{Database, Settings};
use sequor_executor::value::Value;

/// Rows shown of each table.
const ROWS: usize = 4;
/// Characters shown of a value.
const WIDTH: usize = 24;

/// Every table of the file with its number of rows and the first of them.
pub(super) async fn show(file: &Path) -> anyhow::Result<String> {
    let database = Database::connect(&Settings::Sqlite { path: file.to_path_buf() }).await.map_err(|e| anyhow!("{}", e.message))?;
    let names =
        read(&database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY rowid").await?;
    let mut out = String::new();
    for name in names.rows.iter().filter_map(|r| r.first()) {
        let quoted = name.replace('"', "\"\"");
        let rows = read(&database, &format!("SELECT * FROM \"{quoted}\" LIMIT {ROWS}")).await?;
        let count = read(&database, &format!("SELECT count(*) FROM \"{quoted}\"")).await?;
        let count = count.rows.first().and_then(|r| r.first()).map_or("0", String::as_str);
        let rows_are = if count == "1" { "row" } else { "rows" };
        let _ = writeln!(out, "  {name} ({count} {rows_are})");
        rows.write(&mut out);
        out.push('\n');
    }
    Ok(out)
}

/// Cells as text.
struct Cells {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

async fn read(database: &Database, sql: &str) -> anyhow::Result<Cells> {
    let mut stream = database.query(sql).await.map_err(|e| anyhow!("{}", e.message))?;
    let columns = stream.columns().iter().map(|c| c.name.to_string()).collect();
    let mut rows = Vec::new();
    while let Some(batch) = stream.next_batch().await.map_err(|e| anyhow!("{}", e.message))? {
        rows.extend(batch.iter().map(|row| row.values.iter().map(cell).collect()));
    }
    Ok(Cells { columns, rows })
}

fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => "–".to_owned(),
        other => other.to_text(),
    };
    if text.chars().count() <= WIDTH { text } else { text.chars().take(WIDTH - 1).chain(['…']).collect() }
}

impl Cells {
    fn write(&self, out: &mut String) {
        let width =
            |i: usize| self.rows.iter().chain([&self.columns]).filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        for row in [&self.columns].into_iter().chain(&self.rows) {
            let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            let _ = writeln!(out, "    {}", line.join("  ").trim_end());
        }
    }
}
