//! The table at the end of a run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sequor_plan_format::{NodeId, Op, Plan};

use super::Counters;
use super::place::flows;

const HEAD: [&str; 6] = ["op", "rows in", "rows out", "requests", "retries", "time"];

/// A line for each op that moved data, in the order of the plan; empty where there is none.
#[must_use]
pub fn table(plan: &Plan, counters: &BTreeMap<NodeId, Counters>) -> String {
    let owners = flows(plan);
    let several = plan.flows.len() > 1;
    let mut lines: Vec<[String; 6]> = Vec::new();
    for (node, counters) in counters.iter().filter(|(node, counters)| counters.executed > 0 && moves_data(&plan.node(**node).op)) {
        let mut name = plan.text(plan.node(*node).id).to_owned();
        if let Some(flow) = owners.get(node).filter(|_| several) {
            name = format!("{}/{name}", plan.text(plan.flow(*flow).name));
        }
        if counters.failed > 0 {
            let _ = write!(name, " ({} failed)", counters.failed);
        }
        let time = format!("{:.1} s", counters.elapsed.as_secs_f64());
        let numbers = [counters.rows_in, counters.rows_out, counters.requests, counters.retries].map(|n| n.to_string());
        let [rows_in, rows_out, requests, retries] = numbers;
        lines.push([name, rows_in, rows_out, requests, retries, time]);
    }
    if lines.is_empty() {
        return String::new();
    }
    lines.insert(0, HEAD.map(str::to_owned));
    let widths: [usize; 6] = std::array::from_fn(|i| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for line in &lines {
        let _ = write!(text, "{:<width$}", line[0], width = widths[0]);
        for (cell, width) in line.iter().zip(widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.push('\n');
    }
    text
}

fn moves_data(op: &Op) -> bool {
    match op {
        Op::HttpRequest(_) | Op::Transform(_) | Op::Copy(_) | Op::Execute(_) => true,
        Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::ForEach(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_) => false,
    }
}
