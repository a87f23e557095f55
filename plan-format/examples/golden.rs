//! Writes the first golden file of this format version: `cargo run -p sequor-plan-format --example golden -- NAME`.
//!
//! Golden files are what users have on disk: once released they are never written again, so this refuses to touch one that is there.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers")]

#[path = "../tests/support/sample.rs"]
mod sample;

use std::fs::OpenOptions;
use std::io::{Error, Write};
use std::path::{Path, PathBuf};

use sequor_plan_format::codec::{FORMAT_VERSION, encode};
use sequor_plan_format::render::render;

fn main() -> std::io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "everything".to_owned());
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fixtures/plans/v{FORMAT_VERSION}"));
    std::fs::create_dir_all(&folder)?;
    let plan = sample::plan();
    let bytes = encode(&plan).map_err(Error::other)?;
    for (extension, content) in [("plan", bytes), ("txt", render(&plan).into_bytes())] {
        let path = folder.join(&name).with_extension(extension);
        let fault = |error: Error| Error::new(error.kind(), format!("{}: {error}", path.display()));
        OpenOptions::new().write(true).create_new(true).open(&path).map_err(fault)?.write_all(&content)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
