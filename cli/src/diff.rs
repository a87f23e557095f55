//! `diff`: two plan files step by step.

use std::io::Write;

use sequor_plan_format::compare::compare;
use sequor_plan_format::render::render_comparison;

use crate::arguments::Diff;
use crate::show::read;

/// Gives 0 where nothing differs but positions in files, else 1.
pub(crate) fn diff(arguments: &Diff, out: &mut dyn Write) -> anyhow::Result<u8> {
    let (before, _) = read(&arguments.before)?;
    let (after, _) = read(&arguments.after)?;
    let found = compare(&before, &after);
    out.write_all(render_comparison(&before, &after, &found).as_bytes())?;
    Ok(u8::from(!found.is_same()))
}
