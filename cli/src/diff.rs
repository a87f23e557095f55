//! `diff`: two plans step by step, each out of a file or compiled; or the plan of a run and another one, and what that would mean for the run.

use std::io::Write;

use sequor_executor::command::{self, PlanSource, StateRequest};
use sequor_plan_format::compare::compare;
use sequor_plan_format::render::{comparison_view, render_comparison};
use sequor_plan_format::{Plan, codec};

use crate::REFUSED;
use crate::arguments::{Diff, Global};
use crate::run::plan_source;
use crate::target::{Target, compiled, decoded, is_plan_file, stored};

/// Gives 0 where nothing differs but positions in files, else 1.
pub(crate) fn diff(arguments: Diff, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Diff { before, after, json, home, place } = arguments;
    let state = place.into_request(Some(global.project_dir.clone()));
    let home = home.home_dir;
    let before = match Target::of(before, global) {
        Target::Run(run) => {
            let plan = match after {
                Some(after) => plan_source(after, &[], home, global)?,
                None => match run_flows(&state, &run)? {
                    Ok(flows) => compiled(&flows, home, global)?.map(|plan| bytes(&plan, &flows)).transpose()?,
                    Err(status) => return Ok(status),
                },
            };
            let Some(plan) = plan else { return Ok(REFUSED) };
            return Ok(command::diff(&state, &run, plan, json).map_or_else(|status| status.code(), |same| u8::from(!same)));
        }
        file_or_flow @ (Target::File(_) | Target::Flow(_)) => match file_or_flow.plan(home.clone(), &state, global)? {
            Ok(plan) => plan,
            Err(status) => return Ok(status),
        },
    };
    let after = match after {
        None => compiled(&entries(&before), home, global)?.ok_or(REFUSED),
        Some(file) if is_plan_file(&file) => Target::File(file.into()).plan(home, &state, global)?,
        Some(flow) => Target::Flow(flow).plan(home, &state, global)?,
    };
    let after = match after {
        Ok(plan) => plan,
        Err(status) => return Ok(status),
    };
    let found = compare(&before, &after);
    if json {
        serde_json::to_writer_pretty(&mut *out, &comparison_view(&before, &after, &found))?;
        writeln!(out)?;
    } else {
        out.write_all(render_comparison(&before, &after, &found).as_bytes())?;
    }
    Ok(u8::from(!found.is_same()))
}

/// The flows that the plan of a run may start with.
fn run_flows(state: &StateRequest, run: &str) -> anyhow::Result<Result<Vec<String>, u8>> {
    Ok(match stored(state, run, "plan file or flow")? {
        Ok(stored) => Ok(entries(&decoded(&stored, run)?.0)),
        Err(status) => Err(status),
    })
}

fn entries(plan: &Plan) -> Vec<String> {
    plan.project.entries.iter().map(|&flow| plan.text(plan.flow(flow).name).to_owned()).collect()
}

fn bytes(plan: &Plan, flows: &[String]) -> anyhow::Result<PlanSource> {
    Ok(PlanSource::Bytes(codec::encode(plan)?, flows.join(" ")))
}
