//! `graph`: the flows of a plan as a drawing.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use sequor_executor::command::{self, PlanSource};
use sequor_plan_format::draw::draw;
use sequor_plan_format::{Plan, codec};

use crate::REFUSED;
use crate::arguments::{Global, Graph};
use crate::run::plan_source;
use crate::show::{is_run, read};

/// Gives the exit status.
pub(crate) fn graph(arguments: Graph, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Graph { plan: named, flow, format, output, home, place } = arguments;
    let plan = if is_run(&named) && !is_flow(&named, global) {
        match command::stored_plan(&place.into_request(Some(global.project_dir.clone())), &named) {
            Ok(stored) => codec::decode(&stored.bytes).with_context(|| format!("the plan of run '{named}' is refused"))?.0,
            Err(status) => {
                writeln!(std::io::stderr().lock(), "there is no flow and no file '{named}', so a run of that name was looked for")?;
                return Ok(status.code());
            }
        }
    } else {
        match plan_source(named, &[], home.home_dir, global)? {
            Some(PlanSource::File(path)) => read(&path)?.0,
            Some(PlanSource::Bytes(bytes, _)) => codec::decode(&bytes)?.0,
            None => return Ok(REFUSED),
        }
    };
    let start = match flow {
        Some(name) => vec![plan.flow_named(&name).with_context(|| no_flow(&plan, &name))?],
        None => Vec::new(),
    };
    let drawing = draw(&plan, &start, format.format());
    match output {
        Some(path) => write_file(&path, &drawing)?,
        None => out.write_all(drawing.as_bytes())?,
    }
    Ok(0)
}

fn no_flow(plan: &Plan, name: &str) -> String {
    let flows: Vec<&str> = plan.flows.iter().map(|flow| plan.text(flow.name)).collect();
    format!("the plan has no flow '{name}'; its flows: {}", flows.join(", "))
}

fn is_flow(name: &str, global: &Global) -> bool {
    global.project_dir.join("flows").join(format!("{name}.yaml")).is_file()
}

fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
