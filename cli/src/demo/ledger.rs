//! What the demo API was told, in a file: it lives in the process that users are asked to kill, and must be as it was afterwards.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;

/// The file, with what stood in it when it was opened.
pub(super) struct Ledger {
    file: Mutex<File>,
    /// POSTs that came, those that were refused too.
    pub(super) posts: u64,
    /// What those that were not refused have made.
    pub(super) members: Vec<Value>,
}

impl Ledger {
    /// A line for each POST: what it made, null where it was refused. The last line may have been cut by a kill: nobody was told of it.
    ///
    /// # Errors
    /// The file's.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let lines: Vec<Value> = whole.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let file = File::options().append(true).create(true).open(path)?;
        file.set_len(whole.len() as u64)?;
        let members = lines.iter().filter(|line| !line.is_null()).cloned().collect();
        Ok(Self { file: Mutex::new(file), posts: lines.len() as u64, members })
    }

    /// # Errors
    /// The file's: then nothing may come of the POST.
    pub(super) fn note(&self, post: &Value) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(format!("{post}\n").as_bytes())
    }

    /// The run is done: the next demo begins with an empty shop.
    ///
    /// # Errors
    /// The file's.
    pub(super) fn remove(path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }
}
