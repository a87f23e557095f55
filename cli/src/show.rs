//! `show`: a plan file as text, or the plan of a run with what is known of the run.

use std::io::Write;
use std::path::Path;

use sequor_plan_format::render::{manifest_view, render, render_manifest};

use crate::arguments::{Global, Show};
use crate::target::{decoded, is_run, read, stored};

/// Gives the exit status.
pub(crate) fn show(arguments: Show, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Show { plan: named, manifest, json, place } = arguments;
    let run = if is_run(&named) {
        match stored(&place.into_request(Some(global.project_dir.clone())), &named, "file")? {
            Ok(stored) => Some(stored),
            Err(status) => return Ok(status),
        }
    } else {
        None
    };
    let (plan, digest) = match &run {
        Some(stored) => decoded(stored, &named)?,
        None => read(Path::new(&named))?,
    };
    if json {
        let view = manifest_view(&plan);
        match run {
            Some(stored) => {
                let mut view = serde_json::to_value(view)?;
                view["run"] = stored.json;
                serde_json::to_writer_pretty(&mut *out, &view)?;
            }
            None => serde_json::to_writer_pretty(&mut *out, &view)?,
        }
        writeln!(out)?;
        return Ok(0);
    }
    if let Some(stored) = run {
        writeln!(out, "{}", stored.facts)?;
    }
    if manifest {
        out.write_all(render_manifest(&plan).as_bytes())?;
    } else {
        writeln!(out, "plan {digest}\n")?;
        out.write_all(render(&plan).as_bytes())?;
    }
    Ok(0)
}
