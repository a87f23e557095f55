//! `show`: a plan file as text, or the plan of a run with what is known of the run.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context as _;
use sequor_executor::command;
use sequor_plan_format::Plan;
use sequor_plan_format::codec::{self, Digest};
use sequor_plan_format::render::{manifest_view, render, render_manifest};

use crate::arguments::{Global, Show};

/// Reads a plan file and its name.
pub(crate) fn read(path: &Path) -> anyhow::Result<(Plan, Digest)> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    codec::decode(&bytes).with_context(|| format!("{shown} is refused"))
}

/// Gives the exit status.
pub(crate) fn show(arguments: Show, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Show { plan: named, manifest, json, place } = arguments;
    let run = if is_run(&named) {
        match command::stored_plan(&place.into_request(Some(global.project_dir.clone())), &named) {
            Ok(stored) => Some(stored),
            Err(status) => {
                writeln!(io::stderr().lock(), "there is no file '{named}', so a run of that name was looked for")?;
                return Ok(status.code());
            }
        }
    } else {
        None
    };
    let (plan, digest) = match &run {
        Some(stored) => codec::decode(&stored.bytes).with_context(|| format!("the plan of run '{named}' is refused"))?,
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

/// Names of runs are no paths.
pub(crate) fn is_run(text: &str) -> bool {
    let path = Path::new(text);
    !path.exists() && path.extension().is_none() && path.file_name() == Some(path.as_os_str())
}
