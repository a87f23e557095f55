//! JSON text ⇄ values, without loss of numbers, and JSON text → table rows without a tree in between.

pub mod parse;
pub mod rows;
pub mod write;

pub use parse::{parse, scalar_at};
pub use rows::{Step, rows};
pub use write::{cell_of, to_text};

use jiter::{Jiter, JiterError};

/// What is wrong with a text that should be JSON, in one sentence with the place.
pub(crate) fn fault(reader: &Jiter<'_>, body: &[u8], error: &JiterError) -> String {
    let place = error.get_position(reader);
    let mut message = format!("{} at line {} column {}", error.error_type, place.line, place.column);
    let start = String::from_utf8_lossy(body.get(..120).unwrap_or(body));
    let start = start.trim();
    if start.is_empty() {
        message.push_str(" (it is empty)");
    } else if !start.starts_with(['{', '[']) {
        let shown: String = start.chars().take(60).collect();
        message.push_str(&format!(" (it starts with `{}`)", shown.escape_debug()));
    }
    message
}
