//! An `http_request` that is under way: which requests a resume sends, and what is in doubt.

use sequor_plan_format::Plan;
use sequor_plan_format::op::http_request::HttpRequest;
use sequor_plan_format::path::node_path;
use serde::Serialize;

use super::look::Look;
use super::work::{Table, filled};
use super::{Doubtful, Kind, SaidBy, Then, count};
use crate::command::Refusal;
use crate::driver::{Answers, Policy};
use crate::journal::effects::{Doubt, Intent, RequestId, RequestState};
use crate::journal::members;
use crate::machine::{OpenFrame, Position};
use crate::op::http_request::{self, Item, Standing};
use crate::state::{RunRow, Store};
use crate::value::Value;

#[derive(Debug, Serialize)]
pub(super) struct Requests {
    pub(super) step: String,
    pub(super) method: &'static str,
    /// It has a `for_each`.
    pub(super) each: bool,
    pub(super) items_done: u64,
    pub(super) items_total: u64,
    pub(super) items_not_sent: u64,
    /// Of the item after those that are done; from 1.
    pub(super) page: Option<u64>,
    pub(super) replies_loaded: u64,
    /// Received and not loaded: a resume reads them.
    pub(super) replies_kept: u64,
    /// Requests that are sent again, which does no harm.
    pub(super) sent_again: u64,
    pub(super) in_doubt: u64,
    /// Requests that a resume sends in this step, by what is known now.
    pub(super) sends: u64,
    /// Replies may ask for further pages: how many, nobody knows before.
    pub(super) pages_unknown: bool,
    pub(super) next: Option<Next>,
    /// Everything was asked for and read; the tables are swapped in, or that was done too.
    pub(super) closes: bool,
    pub(super) writes: Vec<Table>,
}

/// The request that comes next.
#[derive(Debug, Serialize)]
pub(super) struct Next {
    pub(super) item: Option<String>,
    pub(super) page: u64,
    /// `METHOD url`.
    pub(super) request: Option<String>,
    /// Why that is not known.
    pub(super) unknown: Option<String>,
    pub(super) does: Does,
}

/// What a resume does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Does {
    Send,
    /// It was sent before, which does no harm.
    SendAgain,
    /// Its reply is here and is read.
    Read,
    /// Nothing: somebody decided so.
    Nothing,
    /// It may have arrived.
    InDoubt,
}

/// How many requests of a step are in which state.
#[derive(Default)]
struct Tally {
    kept: u64,
    again: u64,
    settled: u64,
}

pub(super) async fn requests(
    plan: &Plan,
    (open, op): (&OpenFrame, &HttpRequest),
    look: &Look,
    answers: &Answers,
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
    let (mut tally, mut doubtful, mut next) = (Tally::default(), Vec::new(), None);
    let mut cache = None;
    for (id, state) in look.effects.requests_of(open.activation) {
        let is_next = id.ordinal == ordinal && Some(id.page) == page;
        let does = match state {
            RequestState::Replied(_) => Does::Read,
            RequestState::Settled(_) => Does::Nothing,
            RequestState::Cleared(_) => Does::SendAgain,
            RequestState::Intended(intent) => match http_request::standing(op, intent, now) {
                Standing::Repeatable => Does::SendAgain,
                Standing::Doubtful => Does::InDoubt,
            },
        };
        let mut label = None;
        if is_next || does == Does::InDoubt {
            let read = async |name: String, part| store.spool_part(&row.id, &name, part).await;
            // Without its row an item is named by its ordinal.
            let value = members::find(id.activation, id.ordinal, &mut cache, read).await.unwrap_or(Value::Null);
            label = http_request::label(plan, open.node, &Item { ordinal: id.ordinal, value });
        }
        if is_next {
            next = Some(Next { item: label.clone(), page: id.page, request: title(state), unknown: None, does });
        }
        match (does, state) {
            (Does::InDoubt, RequestState::Intended(intent)) => {
                doubtful.push(request(node_path(plan, open.node), label, id, intent, op, answers));
            }
            (Does::Read, _) => tally.kept += 1,
            (Does::Nothing, _) => tally.settled += 1,
            (Does::SendAgain | Does::Send | Does::InDoubt, _) => tally.again += 1,
        }
    }
    let closes = page.is_none() && ordinal >= total;
    if next.is_none()
        && !look.closed
        && let Some(page) = page
    {
        let read = async |name: String, part| store.spool_part(&row.id, &name, part).await;
        let value = members::find(open.activation, ordinal, &mut cache, read).await.unwrap_or(Value::Null);
        let item = http_request::label(plan, open.node, &Item { ordinal, value });
        let (request, unknown) = match look.address(op) {
            Ok(title) => (Some(title), None),
            Err(reason) => (None, Some(reason)),
        };
        next = Some(Next { item, page, request, unknown, does: Does::Send });
    }
    let done = ordinal.min(total);
    // Of an item whose further pages are asked for, at least one request has been sent.
    let within = u64::from(page.is_some_and(|page| page > 1) && next.as_ref().is_some_and(|next| next.does == Does::Send));
    let open_requests = tally.kept + tally.again + tally.settled + doubtful.len() as u64 + within;
    let items_not_sent = total.saturating_sub(done).saturating_sub(open_requests);
    let sent_by_answer = doubtful.iter().filter(|doubt| doubt.then == Then::Send).count() as u64;
    let requests = Requests {
        step: node_path(plan, open.node),
        method: op.request.method.name(),
        each: op.for_each.is_some(),
        items_done: done,
        items_total: total,
        items_not_sent,
        page,
        replies_loaded: read,
        replies_kept: tally.kept,
        sent_again: tally.again,
        in_doubt: doubtful.len() as u64,
        sends: items_not_sent + tally.again + within + sent_by_answer,
        pages_unknown: !closes && http_request::may_have_pages(op),
        next,
        closes,
        writes: filled(plan, op, &look.effects.tables_of(open.activation)),
    };
    Ok((requests, doubtful))
}

fn title(state: &RequestState) -> Option<String> {
    match state {
        RequestState::Intended(intent) | RequestState::Cleared(intent) => Some(intent.title.clone()),
        RequestState::Replied(reply) => Some(reply.title.clone()),
        RequestState::Settled(_) => None,
    }
}

fn request(step: String, item: Option<String>, id: RequestId, intent: &Intent, op: &HttpRequest, answers: &Answers) -> Doubtful {
    let doubt = Doubt { node: step, item, page: id.page, title: intent.title.clone(), settled: None };
    let said = answers.about(&doubt.id());
    let (then, said_by) = match (said, &op.verify, Policy::of(op.in_doubt)) {
        (Some(policy), _, _) => (policy.into(), Some(SaidBy::Operator)),
        (None, Some(_), _) => (Then::Verify, Some(SaidBy::Flow)),
        (None, None, Some(policy)) => (policy.into(), Some(SaidBy::Flow)),
        (None, None, None) => (Then::Stop, None),
    };
    Doubtful {
        id: doubt.id(),
        step: doubt.node,
        kind: Kind::Request,
        item: doubt.item,
        page: Some(doubt.page),
        request: Some(doubt.title),
        key: intent.key.clone(),
        sent_at: jiff::Timestamp::from_millisecond(intent.at_ms).ok().map(|at| format!("{at:.3}")),
        statement: None,
        then,
        said_by,
    }
}
