//! `diff`: two plan files step by step; or the plan of a run and another one, and what that would mean for the run.

use std::io::Write;
use std::path::Path;

use sequor_executor::command;
use sequor_plan_format::compare::compare;
use sequor_plan_format::render::render_comparison;

use crate::REFUSED;
use crate::arguments::{Diff, Global};
use crate::run::plan_source;
use crate::show::{is_run, read};

/// Gives 0 where nothing differs but positions in files, else 1.
pub(crate) fn diff(arguments: Diff, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Diff { before, after, home, place } = arguments;
    if is_run(&before) {
        let Some(plan) = plan_source(after, &[], home.home_dir, global)? else { return Ok(REFUSED) };
        let request = place.into_request(Some(global.project_dir.clone()));
        return Ok(command::diff(&request, &before, plan).map_or_else(|status| status.code(), |same| u8::from(!same)));
    }
    let (before, _) = read(Path::new(&before))?;
    let (after, _) = read(Path::new(&after))?;
    let found = compare(&before, &after);
    out.write_all(render_comparison(&before, &after, &found).as_bytes())?;
    Ok(u8::from(!found.is_same()))
}
