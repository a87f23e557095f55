//! `show`: a plan file as text.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use sequor_plan_format::Plan;
use sequor_plan_format::codec::{self, Digest};
use sequor_plan_format::render::{manifest_view, render, render_manifest};

use crate::arguments::Show;

/// Reads a plan file and its name.
pub(crate) fn read(path: &Path) -> anyhow::Result<(Plan, Digest)> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    codec::decode(&bytes).with_context(|| format!("{shown} is refused"))
}

pub(crate) fn show(arguments: &Show, out: &mut dyn Write) -> anyhow::Result<()> {
    let (plan, digest) = read(&arguments.plan)?;
    if arguments.json {
        serde_json::to_writer_pretty(&mut *out, &manifest_view(&plan))?;
        writeln!(out)?;
    } else if arguments.manifest {
        out.write_all(render_manifest(&plan).as_bytes())?;
    } else {
        writeln!(out, "plan {digest}\n")?;
        out.write_all(render(&plan).as_bytes())?;
    }
    Ok(())
}
