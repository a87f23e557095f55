//! `status` and `resume --dry-run`: where a run is, and what a resume will send and write. Reads the state store, and looks into the databases that the run
//! was writing to; changes nothing.
//!
//! Collected once, as data; printed for people ([`text`]) or as JSON, with the same facts. Fields of the JSON are described in `docs/durability.md` and stay.

use std::io::Write as _;

use sequor_plan_format::path::{Field, Owner, Paths, node_path};
use sequor_plan_format::{NodeId, Op, Plan};
use serde::Serialize;

use super::Refusal;
use super::resume::Known;
use crate::driver::{Answers, Policy};
use crate::journal::effects::{Doubt, Effects};
use crate::journal::members;
use crate::machine::{Activation, Command, Position, State};
use crate::state::{RunRow, Store};

mod look;
mod requests;
mod text;
mod work;

pub(super) use look::Given;

use look::Look;
use requests::{Requests, requests};
use work::{Step, When, Work, Worker, step};

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
    /// What was in doubt, with what was decided.
    decided: Vec<Doubt>,
}

/// Where a run is.
#[derive(Debug, Serialize)]
pub(super) struct Outlook {
    version: u32,
    #[serde(flatten)]
    facts: Facts,
    resume: Resume,
    /// What `--in-doubt` would say, as it is given.
    answer: Option<String>,
    /// A resume stops before it sends anything: something is in doubt.
    stops: bool,
    /// What could not be found out, and why.
    unknown: Option<String>,
    /// An error is on its way up: the run ends with it, after the steps of `finally`.
    failing: bool,
    #[serde(flatten)]
    at: At,
    /// In branches, too.
    in_doubt: Vec<Doubtful>,
}

/// Where a run, or a branch of it, is.
#[derive(Debug, Default, Serialize)]
struct At {
    /// Outermost first.
    position: Vec<Running>,
    loops: Vec<Loop>,
    requests: Vec<Requests>,
    /// What a resume does first, where that is none of the open requests.
    doing: Option<Work>,
    /// Of the `parallel` that it is in.
    branches: Vec<Branch>,
    /// Steps to come, the nearest first.
    ahead: Vec<Work>,
}

/// A branch of a `parallel` that is under way.
#[derive(Debug, Serialize)]
struct Branch {
    branch: String,
    stands: Stands,
    #[serde(flatten)]
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stands {
    NotStarted,
    GoesOn,
    Done,
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

/// What may have happened.
#[derive(Debug, Serialize)]
struct Doubtful {
    /// What `--in-doubt ID=…` names it by.
    id: String,
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
    /// Who said so.
    said_by: Option<SaidBy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Request,
    Statement,
}

/// What a resume does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Then {
    Verify,
    Stop,
    Send,
    Skip,
    Done,
}

impl From<Policy> for Then {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Send => Self::Send,
            Policy::Skip => Self::Skip,
            Policy::Done => Self::Done,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum SaidBy {
    /// With `--in-doubt`.
    Operator,
    /// With `verify` or `on_in_doubt`.
    Flow,
}

impl Facts {
    pub(super) fn of(row: &RunRow) -> Self {
        let report: Option<serde_json::Value> = row.report.as_deref().and_then(|report| serde_json::from_str(report).ok());
        let decided = report.as_ref().and_then(|report| serde_json::from_value::<Vec<Doubt>>(report["in_doubt"].clone()).ok());
        let open = matches!(row.outcome, crate::state::Outcome::InDoubt);
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
            last_error: report.as_ref().and_then(|report| Some(report.get("error")?.get("message")?.as_str()?.to_owned())),
            decided: decided.filter(|_| !open).unwrap_or_default(),
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        text::facts(self)
    }

    /// What was in doubt, in few words; empty where nothing was.
    pub(super) fn doubts(&self) -> String {
        text::decided(&self.decided)
    }
}

impl Outlook {
    /// Of a run that does not go on.
    pub(super) fn finished(row: &RunRow) -> Self {
        Self {
            version: VERSION,
            facts: Facts::of(row),
            resume: Resume::Nothing,
            answer: None,
            stops: false,
            unknown: None,
            failing: false,
            at: At::default(),
            in_doubt: Vec::new(),
        }
    }

    pub(super) fn print(&self, json: bool) -> Result<(), Refusal> {
        let mut out = std::io::stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string(self)?)?;
        } else {
            out.write_all(self.text().as_bytes())?;
        }
        Ok(())
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        text::text(self)
    }

    /// What stays in doubt and what is left behind where the run is given up, for people; empty where that is nothing.
    pub(super) fn losses(&self) -> String {
        text::losses(self)
    }

    /// The ids of everything that is in doubt.
    pub(super) fn doubtful_ids(&self) -> impl Iterator<Item = &str> {
        self.in_doubt.iter().map(|doubt| doubt.id.as_str())
    }

    /// Of any run. `answers` is what `--in-doubt` would say.
    pub(super) async fn of(known: &Known, answers: &Answers, given: &Given, store: &mut Store) -> Result<Self, Refusal> {
        let row = &known.row;
        let mut outlook = Self::finished(row);
        if row.outcome.is_finished() {
            return Ok(outlook);
        }
        let look = Look::at(known, given, store).await?;
        let state = &look.progress.state;
        outlook.resume = match (state.is_over(), &look.progress.pending) {
            (true, _) => Resume::Ends,
            (false, None) => Resume::Starts,
            (false, Some(_)) => Resume::GoesOn,
        };
        outlook.answer = (!answers.is_empty()).then(|| answers.to_string());
        outlook.failing = state.is_failing();
        outlook.facts.decided = look.effects.doubts().to_vec();
        outlook.at = at(known, &look, answers, store, &mut outlook.in_doubt).await?;
        outlook.stops = outlook.in_doubt.iter().any(|doubt| doubt.then == Then::Stop);
        outlook.unknown = look.unknown;
        Ok(outlook)
    }
}

async fn at(known: &Known, look: &Look, answers: &Answers, store: &mut Store, in_doubt: &mut Vec<Doubtful>) -> Result<At, Refusal> {
    let Known { row, plan, restored: _ } = known;
    let state = &look.progress.state;
    let running = |(node, _, round): (NodeId, Activation, Option<u64>)| Running { step: step(plan, node), round };
    let mut at = At { position: state.position().into_iter().map(running).collect(), ..At::default() };
    for open in state.open_frames() {
        match (&plan.node(open.node).op, open.position) {
            (Op::HttpRequest(op), Position::Requests { .. }) => {
                let requests = requests(plan, (&open, op), look, answers, row, store).await?;
                at.requests.push(requests.0);
                in_doubt.extend(requests.1);
            }
            (_, Position::Members { taken }) => at.loops.push(Loop {
                step: node_path(plan, open.node),
                at_item: taken,
                items_total: count(store, &row.id, open.activation).await?,
            }),
            (_, Position::Requests { .. }) => {}
        }
    }
    let mut worker = Worker::new(plan);
    let pending = look.progress.pending.as_ref();
    if at.requests.is_empty()
        && let Some((node, activation)) = pending.and_then(doing)
    {
        let work = worker.work(node, None);
        let done = activation.filter(|_| work.transaction == Some(false)).map(|of| u64::from(look.effects.statements_of(of).done));
        let committed = look.committed.filter(|_| work.transaction == Some(true));
        at.doing = Some(Work { statements_done: done, committed, ..work });
        in_doubt.extend(activation.and_then(|activation| statement(plan, node, &look.effects, activation, answers)));
    }
    if let Some(Command::Branches { node, .. }) = pending
        && let Op::Parallel(op) = &plan.node(*node).op
    {
        for (branch, progress) in op.branches.iter().zip(look.progress.branches()) {
            let name = plan.text(branch.name).to_owned();
            let (stands, at_branch) = match (progress.state.is_over(), &progress.pending) {
                (true, _) => (Stands::Done, At::default()),
                (false, None) => (Stands::NotStarted, At { ahead: worker.steps(branch.body, None), ..At::default() }),
                (false, Some(_)) => {
                    let look = look.branch(known, progress, store).await?;
                    (Stands::GoesOn, Box::pin(self::at(known, &look, answers, store, in_doubt)).await?)
                }
            };
            at.branches.push(Branch { branch: name, stands, at: at_branch });
        }
    }
    at.ahead = ahead(plan, state, &mut worker, at.doing.is_some());
    let over = |step: &str| at.loops.iter().any(|one| one.step == step && one.at_item >= one.items_total);
    at.ahead.retain(|work| work.when != Some(When::EachMember) || !over(&work.step.step));
    Ok(at)
}

/// Steps to come: of each running block those that have not started, and what its step does then. A loop comes again, a `finally` in any case.
fn ahead(plan: &Plan, state: &State, worker: &mut Worker<'_>, innermost_begins: bool) -> Vec<Work> {
    let paths = Paths::new(plan);
    let mut left = state.ahead(plan).into_iter().peekable();
    let mut ahead = Vec::new();
    let running: Vec<NodeId> = state.position().into_iter().map(|(node, ..)| node).collect();
    // A step that is about to begin has no block that runs; it is what a resume does first.
    let inner = running.iter().rev().copied();
    for (index, node) in inner.enumerate() {
        if index == 0 && !innermost_begins && matches!(plan.node(node).op, Op::WhileLoop(_) | Op::ForEach(_)) {
            ahead.extend(worker.rest(node, Field::Only));
        }
        let Some(owner) = paths.owner(node) else { continue };
        while let Some(next) = left.next_if(|next| paths.owner(*next) == Some(owner)) {
            ahead.push(worker.work(next, None));
        }
        if let Owner::Node(around, field) = owner {
            ahead.extend(worker.rest(around, field));
        }
    }
    ahead.extend(left.map(|node| worker.work(node, None)));
    ahead
}

/// The step that a command is about, and which of its activations has an effect.
fn doing(command: &Command) -> Option<(NodeId, Option<Activation>)> {
    match command {
        Command::Run { node, activation } => Some((*node, Some(*activation))),
        Command::OpenItems { node, .. } | Command::HttpOpen { node, .. } | Command::Pause { node, .. } => Some((*node, None)),
        // Its branches say it.
        Command::Branches { .. } => None,
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

/// A statement outside a transaction that had begun.
fn statement(plan: &Plan, node: NodeId, effects: &Effects, activation: Activation, answers: &Answers) -> Option<Doubtful> {
    let Op::Execute(op) = &plan.node(node).op else { return None };
    let known = effects.statements_of(activation);
    let step = node_path(plan, node);
    let said = answers.about(&step);
    (!op.transaction && known.begun).then(|| Doubtful {
        id: step.clone(),
        step,
        kind: Kind::Statement,
        item: None,
        page: None,
        request: None,
        key: None,
        sent_at: None,
        statement: Some(u64::from(known.done) + 1),
        then: said.map_or(Then::Stop, Into::into),
        said_by: said.map(|_| SaidBy::Operator),
    })
}

async fn count(store: &mut Store, run: &str, activation: Activation) -> Result<u64, Refusal> {
    let counted = members::count(activation, async |name, part| store.spool_part(run, &name, part).await).await;
    counted.map_err(|error| Refusal(error.message.clone()))
}
