//! `diff`: two plan files step by step.

use std::io::Write;

use sequor_plan_format::compare::{Change, compare};

use crate::arguments::Diff;
use crate::show::read;

/// Gives 0 where a run of both plans does the same, else 1.
pub(crate) fn diff(arguments: &Diff, out: &mut dyn Write) -> anyhow::Result<u8> {
    let (before, _) = read(&arguments.before)?;
    let (after, _) = read(&arguments.after)?;
    let found = compare(&before, &after);
    for step in &found.steps {
        let says = match step.change {
            Change::Same => continue,
            Change::Changed => "changed",
            Change::ReplyChanged => "changed: reads replies in another way, sends the same requests",
            Change::Added => "added",
            Change::Removed => "removed",
        };
        writeln!(out, "{}: {says}", step.path.escape_debug())?;
    }
    for flow in &found.parameters {
        writeln!(out, "{}: other parameters", flow.escape_debug())?;
    }
    if found.constants {
        writeln!(out, "project.yaml: other variables")?;
    }
    if found.entries {
        writeln!(out, "other flows that a run may start with")?;
    }
    let same = found.steps.iter().filter(|step| step.change == Change::Same).count();
    let steps = if same == 1 { "1 step is" } else { &format!("{same} steps are") };
    writeln!(out, "{steps} the same")?;
    Ok(u8::from(!found.is_same()))
}
