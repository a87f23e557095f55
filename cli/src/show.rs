//! `show`: a plan file as text.

use std::io::Write;

use anyhow::Context as _;
use sequor_plan_format::codec;
use sequor_plan_format::render::{manifest_view, render, render_manifest};

use crate::arguments::Show;

pub(crate) fn show(arguments: &Show, out: &mut dyn Write) -> anyhow::Result<()> {
    let path = arguments.plan.display();
    let bytes = std::fs::read(&arguments.plan).with_context(|| format!("cannot read {path}"))?;
    let (plan, digest) = codec::decode(&bytes).with_context(|| format!("{path} is refused"))?;
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
