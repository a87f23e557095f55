//! How far the journals of a state file have been: a small file for each run beside it.
//!
//! SQLite goes back to the last transaction that is whole, without a word, when its write-ahead log is cut, damaged or gone. A journal that has lost its end
//! would have requests sent again that nobody could list. So after each commit the number of segments is also written here, and a state file that knows less is
//! refused. This is written after the commit and never synced: it may be late, and is never ahead of what was durable.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Digits of a number, so that each one replaces the one before.
const DIGITS: usize = 20;

/// The files of one state file; nothing for a state store that is none.
pub(super) struct Watermarks {
    folder: Option<PathBuf>,
    /// Of the run that was noted last.
    open: Option<(String, File)>,
}

impl Watermarks {
    /// `state.db` has its files in `state.db-runs`.
    pub(super) fn of(state_file: Option<&Path>) -> Self {
        let folder = state_file.map(|path| {
            let mut name = path.as_os_str().to_owned();
            name.push("-runs");
            PathBuf::from(name)
        });
        Self { folder, open: None }
    }

    /// Runs and the number of segments that each had at least. Files that cannot be read say nothing.
    pub(super) fn all(&self) -> Vec<(String, u64)> {
        let Some(entries) = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok()) else { return Vec::new() };
        let known = entries.filter_map(Result::ok).filter_map(|entry| {
            let run = entry.file_name().into_string().ok()?;
            let text = fs::read_to_string(entry.path()).ok()?;
            let digits = text.strip_suffix('\n').filter(|digits| digits.len() == DIGITS)?;
            Some((run, digits.parse().ok()?))
        });
        known.collect()
    }

    /// A run has so many segments, which are durable. A file that cannot be written protects less, and is no fault of the run.
    pub(super) fn note(&mut self, run: &str, segments: u64) {
        if self.open.as_ref().is_none_or(|(known, _)| known != run) {
            self.open = self.create(run).ok().map(|file| (run.to_owned(), file));
        }
        if let Some((_, file)) = &self.open {
            let _ = file.write_all_at(format!("{segments:0DIGITS$}\n").as_bytes(), 0);
        }
    }

    /// The run has no journal any more.
    pub(super) fn forget(&mut self, run: &str) {
        self.open = self.open.take().filter(|(known, _)| known != run);
        if let Some(folder) = &self.folder {
            // There may be none, and other runs may have theirs.
            let _ = fs::remove_file(folder.join(run));
            let _ = fs::remove_dir(folder);
        }
    }

    /// The state file is a new one.
    pub(super) fn clear(&self) {
        for (run, _) in self.all() {
            if let Some(folder) = &self.folder {
                let _ = fs::remove_file(folder.join(run));
            }
        }
    }

    fn create(&self, run: &str) -> io::Result<File> {
        let folder = self.folder.as_ref().ok_or(io::ErrorKind::NotFound)?;
        fs::create_dir_all(folder)?;
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(run))
    }
}
