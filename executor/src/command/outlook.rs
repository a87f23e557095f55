//! `status` and `resume --dry-run`: where a run is, and what a resume will send and write. Reads the state store only.
//!
//! Collected once, as data; printed for people ([`text`]) or as JSON, with the same facts. Fields of the JSON are described in `docs/durability.md` and stay.

use std::io::Write as _;

use sequor_plan_format::op::http_request::{HttpRequest, InDoubt};
use sequor_plan_format::path::node_path;
use sequor_plan_format::{NodeId, Op, Plan};
use serde::Serialize;

use super::Refusal;
use super::resume::Known;
use crate::journal::effects::{Effects, Intent, RequestState};
use crate::journal::members;
use crate::machine::{Activation, Command, OpenFrame, Position};
use crate::op::http_request::{self, Item, Standing};
use crate::state::{RunRow, Store};
use crate::value::Value;

mod text;
mod work;

use work::{Step, Table, Work, loaded, step, work};

/// Counts up when the shape of the JSON changes.
const VERSION: u32 = 1;

/// What is known of a run without its journal: a line of `runs --json`, and a part of `status --json`.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    run: String,
    project: String,
    flow: String,
    /// The digest of its plan.
    plan: String,
    state: &'static str,
    finished: bool,
    started: String,
    ended: Option<String>,
    run_key: Option<String>,
    /// The run that it was forked from.
    parent: Option<String>,
    /// Who runs it now.
    holder: Option<String>,
    last_error: Option<String>,
}

/// Where a run is.
#[derive(Debug, Serialize)]
pub(super) struct Outlook {
    version: u32,
    #[serde(flatten)]
    facts: Facts,
    resume: Resume,
    /// Outermost first.
    position: Vec<Running>,
    loops: Vec<Loop>,
    requests: Vec<Requests>,
    in_doubt: Vec<Doubtful>,
    /// What a resume does first, where that is none of the open requests.
    doing: Option<Work>,
    /// Steps to come, the nearest first.
    ahead: Vec<Work>,
}

/// What a resume does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Resume {
    /// The run is finished.
    Nothing,
    /// Nothing has been done yet.
    Starts,
    GoesOn,
    /// Everything has been done, but that is not recorded.
    Ends,
}

#[derive(Debug, Serialize)]
struct Running {
    #[serde(flatten)]
    step: Step,
    /// Of a loop: the round that it is in, from 1.
    round: Option<u64>,
}

/// A `for_each` that is under way.
#[derive(Debug, Serialize)]
struct Loop {
    step: String,
    /// From 1; 0 before the first one.
    at_item: u64,
    items_total: u64,
}

/// An `http_request` that is under way.
#[derive(Debug, Serialize)]
struct Requests {
    step: String,
    method: &'static str,
    items_done: u64,
    items_total: u64,
    items_not_sent: u64,
    /// Of the item after those that are done; from 1.
    page: Option<u64>,
    replies_loaded: u64,
    /// Received and not loaded: a resume reads them.
    replies_kept: u64,
    /// Requests that are sent again, which does no harm.
    sent_again: u64,
    in_doubt: u64,
    writes: Vec<Table>,
}

/// What may have happened.
#[derive(Debug, Serialize)]
struct Doubtful {
    step: String,
    kind: Kind,
    /// The row by its key columns, else its ordinal from 1.
    item: Option<String>,
    /// Of requests, from 1.
    page: Option<u64>,
    /// `METHOD url`.
    request: Option<String>,
    /// The idempotency key that it was sent with.
    key: Option<String>,
    sent_at: Option<String>,
    /// Of several, from 1.
    statement: Option<u64>,
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Request,
    Statement,
}

/// What a resume does about it where it is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Then {
    Verify,
    Stop,
    Send,
    Skip,
    Done,
}

pub(super) async fn print(known: &Known, store: &mut Store, json: bool) -> Result<(), Refusal> {
    let outlook = if known.row.outcome.is_finished() { Outlook::finished(&known.row) } else { Outlook::of(known, store).await? };
    outlook.print(json)
}

impl Facts {
    pub(super) fn of(row: &RunRow) -> Self {
        Self {
            run: row.id.clone(),
            project: row.project.clone(),
            flow: row.flow.clone(),
            plan: row.plan_digest.clone(),
            state: row.state(),
            finished: row.outcome.is_finished(),
            started: row.started.clone(),
            ended: row.ended.clone(),
            run_key: row.run_key.clone(),
            parent: row.parent.clone(),
            holder: row.holder.clone(),
            last_error: row.report.as_deref().and_then(last_error),
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        text::facts(self)
    }
}

impl Outlook {
    /// Of a run that does not go on.
    pub(super) fn finished(row: &RunRow) -> Self {
        Self {
            version: VERSION,
            facts: Facts::of(row),
            resume: Resume::Nothing,
            position: Vec::new(),
            loops: Vec::new(),
            requests: Vec::new(),
            in_doubt: Vec::new(),
            doing: None,
            ahead: Vec::new(),
        }
    }

    pub(super) fn print(&self, json: bool) -> Result<(), Refusal> {
        let mut out = std::io::stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string(self)?)?;
        } else {
            out.write_all(text::text(self).as_bytes())?;
        }
        Ok(())
    }

    async fn of(known: &Known, store: &mut Store) -> Result<Self, Refusal> {
        let Known { row, plan, restored } = known;
        let progress = &restored.progress;
        let state = &progress.state;
        let mut outlook = Self::finished(row);
        outlook.resume = match (state.is_over(), &progress.pending) {
            (true, _) => Resume::Ends,
            (false, None) => Resume::Starts,
            (false, Some(_)) => Resume::GoesOn,
        };
        let running = |(node, _, round): (NodeId, Activation, Option<u64>)| Running { step: step(plan, node), round };
        outlook.position = state.position().into_iter().map(running).collect();
        for open in state.open_frames() {
            match (&plan.node(open.node).op, open.position) {
                (Op::HttpRequest(op), Position::Requests { .. }) => {
                    let requests = requests(plan, op, &restored.effects, &open, row, store).await?;
                    outlook.requests.push(requests.0);
                    outlook.in_doubt.extend(requests.1);
                }
                (_, Position::Members { taken }) => outlook.loops.push(Loop {
                    step: node_path(plan, open.node),
                    at_item: taken,
                    items_total: count(store, &row.id, open.activation).await?,
                }),
                (_, Position::Requests { .. }) => {}
            }
        }
        if outlook.requests.is_empty()
            && let Some((node, activation)) = progress.pending.as_ref().and_then(doing)
        {
            outlook.doing = Some(work(plan, node));
            outlook.in_doubt.extend(activation.and_then(|activation| statement(plan, node, &restored.effects, activation)));
        }
        outlook.ahead = state.ahead(plan).into_iter().map(|node| work(plan, node)).collect();
        Ok(outlook)
    }
}

/// The step that a command is about, and which of its activations has an effect.
fn doing(command: &Command) -> Option<(NodeId, Option<Activation>)> {
    match command {
        Command::Run { node, activation } => Some((*node, Some(*activation))),
        Command::OpenItems { node, .. } | Command::HttpOpen { node, .. } | Command::Branches { node, .. } => Some((*node, None)),
        Command::Evaluate { node, .. } => node.map(|node| (node, None)),
        Command::Began { .. }
        | Command::Skipped { .. }
        | Command::Ended { .. }
        | Command::Tolerated { .. }
        | Command::Commit { .. }
        | Command::Release { .. }
        | Command::Finish { .. }
        | Command::NextItem { .. }
        | Command::HttpNext { .. }
        | Command::HttpExchange { .. }
        | Command::HttpAbsorb { .. }
        | Command::HttpClose { .. } => None,
    }
}

async fn requests(
    plan: &Plan,
    op: &HttpRequest,
    effects: &Effects,
    open: &OpenFrame,
    row: &RunRow,
    store: &mut Store,
) -> Result<(Requests, Vec<Doubtful>), Refusal> {
    let (ordinal, page, read) = match open.position {
        Position::Requests { ordinal, page, read } => (ordinal, page, read),
        Position::Members { taken } => (taken, None, 0),
    };
    let total = match &op.for_each {
        Some(_) => count(store, &row.id, open.activation).await?,
        None => 1,
    };
    let now = jiff::Timestamp::now().as_millisecond();
    let (mut kept, mut again, mut settled, mut doubtful) = (0u64, 0u64, 0u64, Vec::new());
    let mut cache = None;
    for (id, state) in effects.requests_of(open.activation) {
        match state {
            RequestState::Replied(_) => kept += 1,
            RequestState::Settled(_) => settled += 1,
            RequestState::Cleared(_) => again += 1,
            RequestState::Intended(intent) => match http_request::standing(op, intent, now) {
                Standing::Repeatable => again += 1,
                Standing::Doubtful => {
                    let read = async |name: String, part| store.spool_part(&row.id, &name, part).await;
                    // Without its row an item is named by its ordinal.
                    let value = members::find(id.activation, id.ordinal, &mut cache, read).await.unwrap_or(Value::Null);
                    let item = http_request::label(plan, open.node, &Item { ordinal: id.ordinal, value });
                    doubtful.push(request(node_path(plan, open.node), item, id.page, intent, op));
                }
            },
        }
    }
    let done = ordinal.min(total);
    let requests = Requests {
        step: node_path(plan, open.node),
        method: op.request.method.name(),
        items_done: done,
        items_total: total,
        items_not_sent: total.saturating_sub(done).saturating_sub(kept + again + settled + doubtful.len() as u64),
        page,
        replies_loaded: read,
        replies_kept: kept,
        sent_again: again,
        in_doubt: doubtful.len() as u64,
        writes: loaded(plan, op),
    };
    Ok((requests, doubtful))
}

fn request(step: String, item: Option<String>, page: u64, intent: &Intent, op: &HttpRequest) -> Doubtful {
    Doubtful {
        step,
        kind: Kind::Request,
        item,
        page: Some(page),
        request: Some(intent.title.clone()),
        key: intent.key.clone(),
        sent_at: jiff::Timestamp::from_millisecond(intent.at_ms).ok().map(|at| format!("{at:.3}")),
        statement: None,
        then: match op.in_doubt {
            _ if op.verify.is_some() => Then::Verify,
            InDoubt::Stop => Then::Stop,
            InDoubt::Send => Then::Send,
            InDoubt::Skip => Then::Skip,
            InDoubt::Done => Then::Done,
        },
    }
}

/// A statement outside a transaction that had begun.
fn statement(plan: &Plan, node: NodeId, effects: &Effects, activation: Activation) -> Option<Doubtful> {
    let Op::Execute(op) = &plan.node(node).op else { return None };
    let known = effects.statements_of(activation);
    (!op.transaction && known.begun).then(|| Doubtful {
        step: node_path(plan, node),
        kind: Kind::Statement,
        item: None,
        page: None,
        request: None,
        key: None,
        sent_at: None,
        statement: Some(u64::from(known.done) + 1),
        then: Then::Stop,
    })
}

async fn count(store: &mut Store, run: &str, activation: Activation) -> Result<u64, Refusal> {
    let counted = members::count(activation, async |name, part| store.spool_part(run, &name, part).await).await;
    counted.map_err(|error| Refusal(error.message.clone()))
}

fn last_error(report: &str) -> Option<String> {
    let report: serde_json::Value = serde_json::from_str(report).ok()?;
    Some(report.get("error")?.get("message")?.as_str()?.to_owned())
}
