//! `status` and `resume --dry-run`: where a run is, and what a resume will send and write. Reads the state store only.

use std::fmt::Write as _;
use std::io::Write as _;

use sequor_plan_format::op::http_request::InDoubt;
use sequor_plan_format::op::{Rows, WriteMode};
use sequor_plan_format::path::node_path;
use sequor_plan_format::{Expr, ExprId, NodeId, Op, Plan, Value as Constant};

use super::Refusal;
use super::resume::Known;
use crate::journal::effects::{Effects, RequestState};
use crate::journal::members;
use crate::machine::{Activation, Command, OpenFrame, Position};
use crate::op::http_request::{self, Item, Standing};
use crate::state::{Outcome, Store};
use crate::value::Value;

/// Steps to come that are listed one by one.
const LISTED: usize = 20;

pub(super) async fn print(known: &Known, store: &mut Store) -> Result<(), Refusal> {
    let text = describe(known, store).await?;
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

async fn describe(known: &Known, store: &mut Store) -> Result<String, Refusal> {
    let Known { row, plan, restored } = known;
    let mut text = String::new();
    let ended = row.ended.as_deref().map(|ended| format!(", ended {ended}")).unwrap_or_default();
    let _ = writeln!(text, "run {}: flow '{}', {} (started {}{ended})", row.id, row.flow, row.state(), row.started);
    if let Some(key) = &row.run_key {
        let _ = writeln!(text, "run key: {key}");
    }
    if let Some(parent) = &row.parent {
        let _ = writeln!(text, "forked from: {parent}");
    }
    if let Some(holder) = &row.holder {
        let _ = writeln!(text, "held by: {holder}");
    }
    if let Some(error) = row.report.as_deref().and_then(last_error) {
        let _ = writeln!(text, "last error: {error}");
    }
    if row.outcome.is_finished() {
        let verdict = if row.outcome == Outcome::Done { "it is done" } else { "it was given up" };
        let _ = writeln!(text, "nothing is left to do: {verdict}");
        return Ok(text);
    }
    let state = &restored.progress.state;
    text.push_str("\nwhere it is:\n");
    for (node, _, round) in state.position() {
        let round = round.map(|round| format!(", round {round}")).unwrap_or_default();
        let _ = writeln!(text, "  {}{round}", place(plan, node));
    }
    text.push_str("\nwhat a resume does:\n");
    let mut requests = false;
    for open in state.open_frames() {
        if let Op::HttpRequest(_) = plan.node(open.node).op {
            requests = true;
            request_lines(&mut text, plan, &restored.effects, &open, &row.id, store).await?;
        } else if let Position::Members { taken } = open.position {
            let count = count(store, &row.id, open.activation).await?;
            let _ = writeln!(
                text,
                "  - goes on with {} at member {taken} of {count}; {} are left after it",
                node_path(plan, open.node),
                count.saturating_sub(taken)
            );
        }
    }
    if let Some(command) = &restored.progress.pending
        && !requests
    {
        pending_line(&mut text, plan, &restored.effects, command);
    }
    let ahead = state.ahead(plan);
    for node in ahead.iter().take(LISTED) {
        let _ = writeln!(text, "  - then {}: {}", node_path(plan, *node), effect(plan, *node));
    }
    if ahead.len() > LISTED {
        let _ = writeln!(text, "  - and {} more steps", ahead.len() - LISTED);
    }
    if state.is_over() {
        text.push_str("  - everything was done; the end is recorded\n");
    } else if restored.progress.pending.is_none() {
        text.push_str("  - starts from the beginning: nothing was done yet\n");
    }
    let _ = writeln!(text, "\nto go on: resume {}", row.id);
    Ok(text)
}

async fn request_lines(
    text: &mut String,
    plan: &Plan,
    effects: &Effects,
    open: &OpenFrame,
    run: &str,
    store: &mut Store,
) -> Result<(), Refusal> {
    let (Op::HttpRequest(op), Position::Requests { ordinal, page, read }) = (&plan.node(open.node).op, open.position) else {
        return Ok(());
    };
    let (path, method) = (node_path(plan, open.node), op.request.method.name());
    let total = match &op.for_each {
        Some(_) => count(store, run, open.activation).await?,
        None => 1,
    };
    let now = jiff::Timestamp::now().as_millisecond();
    let (mut replied, mut again, mut doubtful, mut settled) = (0u64, 0u64, Vec::new(), 0u64);
    let mut cache = None;
    for (id, state) in effects.requests_of(open.activation) {
        match state {
            RequestState::Replied(_) => replied += 1,
            RequestState::Settled(_) => settled += 1,
            RequestState::Cleared(_) => again += 1,
            RequestState::Intended(intent) => match http_request::standing(op, intent, now) {
                Standing::Repeatable => again += 1,
                Standing::Doubtful => {
                    let value =
                        members::find(id.activation, id.ordinal, &mut cache, async |name, part| store.spool_part(run, &name, part).await)
                            .await;
                    let item = Item { ordinal: id.ordinal, value: value.unwrap_or(Value::Null) };
                    doubtful.push((http_request::label(plan, open.node, &item), id.page, intent.title.clone()));
                }
            },
        }
    }
    let done = ordinal.min(total);
    let at = page.map(|page| format!(", at page {page} of item {}", ordinal + 1)).unwrap_or_default();
    let _ = writeln!(text, "  - goes on with {path} ({method}): {done} of {total} items are done, {read} replies are loaded{at}");
    if !doubtful.is_empty() {
        let policy = match op.in_doubt {
            _ if op.verify.is_some() => "the flow's 'verify' asks about each",
            InDoubt::Stop => "it stops and lists them (exit status 75), unless --in-doubt says send, skip or done",
            InDoubt::Send => "they are sent again (on_in_doubt: send)",
            InDoubt::Skip => "their items are left out (on_in_doubt: skip)",
            InDoubt::Done => "they count as done (on_in_doubt: done)",
        };
        let _ = writeln!(text, "    {} requests may have arrived, nobody knows: {policy}", doubtful.len());
        for (item, page, title) in doubtful.iter().take(LISTED) {
            let item = item.as_ref().map(|item| format!(", row {item}")).unwrap_or_default();
            let _ = writeln!(text, "      {title}{item}, page {page}");
        }
    }
    if replied > 0 {
        let _ = writeln!(text, "    {replied} replies were received before: they are read, their requests are not sent again");
    }
    if again > 0 {
        let _ = writeln!(text, "    {again} requests are sent again, which does no harm: by their method, their key, or your decision");
    }
    let untouched = total.saturating_sub(done).saturating_sub(replied + again + settled + doubtful.len() as u64);
    let _ = writeln!(text, "    {untouched} items have not been sent: {method} for each, and what their pages ask for");
    for table in &op.response.tables {
        let _ = writeln!(text, "    rows go into table {}{}", name(plan, table.table.name), mode(table.write_mode));
    }
    Ok(())
}

fn pending_line(text: &mut String, plan: &Plan, effects: &Effects, command: &Command) {
    match command {
        Command::Run { node, activation } => {
            let known = effects.statements_of(*activation);
            let state = match &plan.node(*node).op {
                Op::Execute(op) if !op.transaction && known.begun => format!(
                    "; its statement {} may have run, nobody knows: it stops (exit status 75), unless --in-doubt says send, skip or done",
                    known.done + 1
                ),
                Op::Execute(_) | Op::Transform(_) => {
                    "; if its transaction was committed already, that is seen and it is not done again".to_owned()
                }
                _ => String::new(),
            };
            let _ = writeln!(text, "  - does {}: {}{state}", node_path(plan, *node), effect(plan, *node));
        }
        Command::OpenItems { node, .. } | Command::HttpOpen { node, .. } | Command::Evaluate { node: Some(node), .. } => {
            let _ = writeln!(text, "  - does {}: {}", node_path(plan, *node), effect(plan, *node));
        }
        _ => {}
    }
}

/// What a step does to the world.
fn effect(plan: &Plan, node: NodeId) -> String {
    match &plan.node(node).op {
        Op::HttpRequest(op) => {
            let each = match op.for_each.as_ref().map(|for_each| &for_each.rows) {
                Some(Rows::Table(table)) => format!(" for each row of {}", name(plan, table.name)),
                Some(Rows::Query { .. }) => " for each row of a query".to_owned(),
                Some(Rows::Items(_)) => " for each item".to_owned(),
                None => String::new(),
            };
            let tables: Vec<String> =
                op.response.tables.iter().map(|t| format!("{}{}", name(plan, t.table.name), mode(t.write_mode))).collect();
            let into = if tables.is_empty() { String::new() } else { format!(", rows into {}", tables.join(", ")) };
            format!("sends {}{each}{into}", op.request.method.name())
        }
        Op::Transform(op) => format!("writes table {}{}", name(plan, op.target.name), mode(op.write_mode)),
        Op::Execute(op) => format!("runs {} SQL statements", op.statements.len()),
        other => format!("{} (nothing outside of the run by itself)", other.name()),
    }
}

fn mode(mode: WriteMode) -> &'static str {
    match mode {
        WriteMode::Create => " (replaced at the end of the step)",
        WriteMode::Append => " (appended)",
    }
}

fn name(plan: &Plan, expr: ExprId) -> String {
    match plan.expr(expr) {
        Expr::Const(value) => match plan.value(*value) {
            Constant::Text(text) => format!("'{}'", plan.text(*text)),
            _ => "(computed)".to_owned(),
        },
        _ => "(computed)".to_owned(),
    }
}

/// `main/load (http_request), flows/main.yaml:3`.
fn place(plan: &Plan, node: NodeId) -> String {
    let span = plan.span(plan.node(node).span);
    format!("{} ({}), {}:{}", node_path(plan, node), plan.node(node).op.name(), plan.text(span.file), span.line)
}

async fn count(store: &mut Store, run: &str, activation: Activation) -> Result<u64, Refusal> {
    let counted = members::count(activation, async |name, part| store.spool_part(run, &name, part).await).await;
    counted.map_err(|error| Refusal(error.message.clone()))
}

fn last_error(report: &str) -> Option<String> {
    let report: serde_json::Value = serde_json::from_str(report).ok()?;
    Some(report.get("error")?.get("message")?.as_str()?.to_owned())
}
