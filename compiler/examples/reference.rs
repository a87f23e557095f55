//! Writes docs/reference from the compiler's tables: `cargo run -p sequor-compiler --example reference`.
//!
//! Files there that are no page any more are removed.

#![allow(clippy::print_stdout, reason = "a tool for developers")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sequor_compiler::reference::pages;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference");
    let mut written = BTreeSet::new();
    for page in pages() {
        let path = folder.join(&page.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, page.text)?;
        written.insert(path);
    }
    for path in files(&folder)? {
        if !written.contains(&path) {
            fs::remove_file(&path)?;
            println!("removed {}", path.display());
        }
    }
    println!("wrote {} pages to {}", written.len(), folder.display());
    Ok(())
}

/// All files below a folder.
fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    Ok(found)
}
