//! What may have happened just before a crash, settled before a run goes on: by a key, by asking, by what the flow or the operator says; the rest is listed.

use std::sync::Arc;

use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::op::http_request::InDoubt;
use sequor_plan_format::path::node_path;
use sequor_plan_format::{NodeId, Op};

use super::answers::Answers;
use crate::error::RunError;
use crate::journal::Journal;
use crate::journal::effects::{Change, Decision, Doubt, Intent, RequestId, RequestState, Settlement};
use crate::journal::members::Members;
use crate::journal::progress::Progress;
use crate::machine::{Activation, Command, Position};
use crate::op::http_request::{self, Item, Standing, Verified, durable};
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

/// What the operator says about something that is in doubt; over what the flow says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Send it, although it may have arrived
    Send,
    /// Leave its item out
    Skip,
    /// It arrived: go on without its reply
    Done,
}

impl From<Policy> for Decision {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Send => Self::Send,
            Policy::Skip => Self::Skip,
            Policy::Done => Self::Done,
        }
    }
}

impl Policy {
    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Send, Self::Skip, Self::Done].into_iter().find(|policy| policy.name() == name)
    }

    /// As it is said on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Skip => "skip",
            Self::Done => "done",
        }
    }

    fn settlement(self) -> Option<Settlement> {
        match self {
            Self::Send => None,
            Self::Skip => Some(Settlement::Skip),
            Self::Done => Some(Settlement::Done),
        }
    }

    /// What the flow says.
    pub(crate) fn of(in_doubt: InDoubt) -> Option<Self> {
        match in_doubt {
            InDoubt::Stop => None,
            InDoubt::Send => Some(Self::Send),
            InDoubt::Skip => Some(Self::Skip),
            InDoubt::Done => Some(Self::Done),
        }
    }
}

/// Settles what it can, in branches too. Gives what stays in doubt.
pub(super) async fn settle(services: &Arc<Services>, progress: &Progress, answers: &Answers) -> Result<Vec<Doubt>, RunError> {
    let mut doubts = Vec::new();
    for progress in progress.all() {
        for open in progress.state.open_frames() {
            if let (Op::HttpRequest(op), Position::Requests { .. }) = (&services.plan.node(open.node).op, open.position) {
                doubts.extend(requests(services, progress, open.node, open.activation, op, answers).await?);
            }
        }
        if let Some(Command::Run { node, activation }) = progress.pending {
            doubts.extend(statement(services, node, activation, answers));
        }
    }
    durable(&services.journal).await?;
    Ok(doubts)
}

async fn requests(
    services: &Arc<Services>,
    progress: &Progress,
    node: NodeId,
    activation: Activation,
    op: &HttpRequest,
    answers: &Answers,
) -> Result<Vec<Doubt>, RunError> {
    let journal = &services.journal;
    let now = jiff::Timestamp::now().as_millisecond();
    let mut doubts = Vec::new();
    for (id, intent) in intended(journal, activation) {
        if http_request::standing(op, &intent, now) == Standing::Repeatable {
            continue;
        }
        let mut doubt = of(services, node, id, &intent).await;
        let policy = answers.about(&doubt.id());
        if let Some(verify) = &op.verify
            && policy.is_none()
        {
            let scope = item_scope(services, progress, op, id).await?;
            match http_request::verify(services, node, op, verify, &intent, &scope).await {
                Ok(verified) => {
                    journal.effect(match verified {
                        Verified::NotArrived => Change::Unsent { id },
                        Verified::Arrived(Some(reply)) => Change::Request { id, state: RequestState::Replied(reply) },
                        Verified::Arrived(None) => Change::Request { id, state: RequestState::Settled(Settlement::Done) },
                    });
                    continue;
                }
                Err(error) => {
                    let line = format!("{}: the question whether it arrived failed: {}", intent.title, error.message);
                    services.reporter.log(sequor_plan_format::op::print::Level::Warning, &line);
                }
            }
        }
        match policy.or(Policy::of(op.in_doubt)) {
            None => doubts.push(doubt),
            Some(policy) => {
                let state = match policy.settlement() {
                    None => RequestState::Cleared(intent),
                    Some(settlement) => RequestState::Settled(settlement),
                };
                journal.effect(Change::Request { id, state });
                doubt.settled = Some(policy.into());
                journal.effect(Change::Doubt(doubt));
            }
        }
    }
    Ok(doubts)
}

fn intended(journal: &Journal, activation: Activation) -> Vec<(RequestId, Intent)> {
    journal.with_effects(|effects| {
        let intended = effects.requests_of(activation).filter_map(|(id, state)| match state {
            RequestState::Intended(intent) => Some((id, intent.clone())),
            RequestState::Replied(_) | RequestState::Settled(_) | RequestState::Cleared(_) => None,
        });
        intended.collect()
    })
}

/// A statement outside a transaction that had begun.
fn statement(services: &Services, node: NodeId, activation: Activation, answers: &Answers) -> Option<Doubt> {
    let Op::Execute(op) = &services.plan.node(node).op else { return None };
    let journal = &services.journal;
    let known = journal.with_effects(|effects| effects.statements_of(activation));
    if op.transaction || !known.begun {
        return None;
    }
    let title = format!("statement {} of {}", known.done + 1, op.statements.len());
    let mut doubt = Doubt { node: node_path(&services.plan, node), item: None, page: 1, title, settled: None };
    let policy = answers.about(&doubt.id());
    match policy {
        None => return Some(doubt),
        Some(Policy::Send) => journal.effect(Change::Retry { activation }),
        Some(Policy::Skip | Policy::Done) => journal.effect(Change::Statement { activation, index: known.done, done: true, rows: 0 }),
    }
    doubt.settled = policy.map(Into::into);
    journal.effect(Change::Doubt(doubt));
    None
}

/// A doubt as people read it.
pub(super) async fn of(services: &Services, node: NodeId, id: RequestId, intent: &Intent) -> Doubt {
    // Without its row an item is named by its ordinal.
    let value = match Members::reopen(&services.journal, id.activation).await {
        Ok(mut members) => members.get(id.ordinal).await.ok().flatten(),
        Err(_) => None,
    };
    let item = Item { ordinal: id.ordinal, value: value.unwrap_or(Value::Null) };
    let item = http_request::label(&services.plan, node, &item).map(|label| services.redactor.redact(&label).into_owned());
    Doubt { node: node_path(&services.plan, node), item, page: id.page, title: intent.title.clone(), settled: None }
}

/// The variables as the request saw them.
async fn item_scope(services: &Arc<Services>, progress: &Progress, op: &HttpRequest, id: RequestId) -> Result<Scope, RunError> {
    let visible = progress.state.visible();
    let scope = Scope::new(services, visible.locals, visible.project);
    let scope = visible.bound.into_iter().fold(scope, |scope, (name, value)| scope.with_local(&name, value));
    let Some(for_each) = &op.for_each else { return Ok(scope) };
    let member = Members::reopen(&services.journal, id.activation).await?.get(id.ordinal).await?;
    Ok(scope.with_local(services.plan.text(for_each.item), member.unwrap_or(Value::Null)))
}
