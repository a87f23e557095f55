//! A run that goes on with another plan: what differs, whether the run can bear it, and the change itself.
//!
//! Decided by comparing the run's stored plan with the new one ([`judge`]), by the journal, and by the database that the last step wrote to ([`proof`]). Until
//! [`Store::change_plan`] returns nothing is changed; from then on the run has the new plan, whatever happens to the process.

use std::fmt::Write as _;
use std::sync::Arc;

use sequor_plan_format::compare::{Comparison, compare};
use sequor_plan_format::path::node_path;

use super::resume::Known;
use super::settings::Settings;
use super::{PlanSource, Refusal, entry};
use crate::journal::carry::GoOn;
use crate::journal::effects::Effects;
use crate::journal::progress::Progress;
use crate::journal::record::{Record, decode, encode};
use crate::journal::restore::Restored;
use crate::load::{self, Loaded};
use crate::machine::{Carrier, Lost};
use crate::services::Surroundings;
use crate::state::{Lease, Mark, PlanChange, Segment, Store};
use crate::value::{Map, Value};

mod judge;
mod proof;
mod sources;
mod standing;
mod table;

use judge::{Judgement, judge};

/// What a new plan means for a run.
pub(super) struct Proposal {
    comparison: Comparison,
    /// For people.
    pub(super) table: String,
    /// The same as data.
    rows: Vec<judge::Row>,
    /// The run by the new plan; none where it cannot go on with it.
    accepted: Option<(Restored, GoOn)>,
}

/// The plan that a run is to go on with.
pub(super) fn load(source: PlanSource) -> Result<Loaded, Refusal> {
    Ok(match source {
        PlanSource::File(path) => load::file(&path)?,
        PlanSource::Bytes(bytes, origin) => load::bytes(bytes, &origin)?,
    })
}

/// Reads nothing but what is given, changes nothing.
pub(super) fn propose(known: &Known, new: &Loaded) -> Result<Proposal, Refusal> {
    let comparison = compare(&known.plan, &new.plan);
    let carrier = Carrier { old: &known.plan, new: &new.plan, comparison: &comparison };
    let judgement = judge(carrier, &known.restored, known.row.parent.is_some());
    let mut table = table::table(&judgement.rows);
    let accepted = match judgement.is_accepted() {
        false => None,
        true => match carried(known, new, carrier, &judgement)? {
            Ok(carried) => {
                if let GoOn::Anew(begun) = judgement.go_on
                    && proof::is_needed(&known.plan, &known.restored, begun)
                {
                    let path = node_path(&known.plan, begun.node);
                    let _ = writeln!(
                        table,
                        "the database is asked first: if {path} was committed before the run was interrupted, it is done and must stay"
                    );
                }
                Some((carried, judgement.go_on))
            }
            Err(Lost(what)) => {
                let _ = writeln!(table, "refused: the new plan does not have the place where the run is ({what})");
                None
            }
        },
    };
    Ok(Proposal { comparison, table, rows: judgement.rows, accepted })
}

/// A run of which nothing has started begins with the new plan's flow.
fn carried(known: &Known, new: &Loaded, carrier: Carrier<'_>, judgement: &Judgement) -> Result<Result<Restored, Lost>, Refusal> {
    let state = &known.restored.progress.state;
    if !state.is_at_start() {
        return Ok(known.restored.carried(carrier, judgement.go_on));
    }
    let flow = entry::flow(&new.plan, Some(&known.row.flow))?;
    let parameters = Settings::parse(&known.row.settings)?.parameters;
    let _ = entry::parameters(&new.plan, flow, &as_texts(&parameters))?;
    let progress = Progress::new(state.restarted(flow, parameters));
    Ok(Ok(Restored { progress, effects: Effects::default() }))
}

/// As they are given with `--param`.
fn as_texts(parameters: &Map) -> Vec<(String, String)> {
    let text = |value: &Value| if let Value::Text(text) = value { text.to_string() } else { String::new() };
    parameters.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

impl Proposal {
    pub(super) fn is_accepted(&self) -> bool {
        self.accepted.is_some()
    }

    /// Whether it is accepted, and a row for each difference.
    pub(super) fn json(&self) -> serde_json::Value {
        let rows = self.rows.iter().map(|row| {
            let refused = match &row.verdict {
                judge::Verdict::Allowed => None,
                judge::Verdict::Refused(reason) => Some(reason),
            };
            serde_json::json!({ "step": row.subject, "in_run": row.standing, "differs_in": row.differs, "refused": refused })
        });
        serde_json::json!({ "accepted": self.is_accepted(), "differences": rows.collect::<Vec<_>>() })
    }

    /// The run as it would go on.
    pub(super) fn outlook(self, known: Known, new: Loaded) -> Option<Known> {
        let (restored, _) = self.accepted?;
        Some(Known { row: known.row, plan: new.plan, restored })
    }
}

/// Where a run is changed.
pub(super) struct Place<'a> {
    pub(super) store: &'a mut Store,
    pub(super) lease: &'a Lease,
    /// The number of the journal's next segment.
    pub(super) next: u64,
}

/// The run goes on with the new plan. Gives the run and what people are to see.
pub(super) async fn apply(place: Place<'_>, known: Known, new: Loaded, surroundings: Surroundings) -> Result<(Known, String), Refusal> {
    let Place { store, lease, next } = place;
    let id = known.row.id.clone();
    let Proposal { comparison, table, rows: _, accepted } = propose(&known, &new)?;
    let Some((restored, go_on)) = accepted else {
        return Err(Refusal(format!(
            "run {id} cannot go on with this plan; nothing was changed, and 'resume {id}' goes on with its own\n{table}"
        )));
    };
    let Known { mut row, plan, restored: before } = known;
    let plan = Arc::new(plan);
    if let GoOn::Anew(begun) = go_on {
        let owned = proof::Owned { run: &id, fence: lease.fence() };
        proof::nothing_is_there(&plan, &before, begun, owned, surroundings).await?;
    }
    let carrier = Carrier { old: &plan, new: &new.plan, comparison: &comparison };
    let mut marks = marks(store, &id, carrier).await?;
    if let GoOn::Anew(_) = go_on {
        marks.extend(mark(carrier, &restored)?);
    }
    let snapshot = restored.progress.snapshot(restored.effects.clone());
    let snapshot = Segment { number: next, bytes: encoded(Record::Snapshot(Box::new(snapshot)))? };
    let digest = new.digest.to_string();
    store.change_plan(lease, &row, PlanChange { digest: &digest, plan: &new.bytes, snapshot, marks }).await?;
    row.plan_digest = digest;
    Ok((Known { row, plan: new.plan, restored }, table))
}

/// The points that the run may be forked from, as far as the new plan has them.
async fn marks(store: &mut Store, run: &str, carrier: Carrier<'_>) -> Result<Vec<Mark>, Refusal> {
    let mut carried = Vec::new();
    for path in store.marks(run).await? {
        let Some(data) = store.mark(run, &path).await? else { continue };
        let records = decode(&data).map_err(|error| Refusal(error.message.clone()))?;
        let Some(Record::Snapshot(snapshot)) = records.into_iter().next() else { continue };
        // Steps that began together have one point.
        let depth = snapshot.progress.state.position().iter().position(|(node, ..)| node_path(carrier.old, *node) == path);
        let Ok(snapshot) = snapshot.carried(carrier) else { continue };
        let Some((node, ..)) = depth.and_then(|depth| snapshot.progress.state.position().get(depth).copied()) else { continue };
        carried.push(Mark { path: node_path(carrier.new, node), data: encoded(Record::Snapshot(Box::new(snapshot)))? });
    }
    Ok(carried)
}

/// Of the step that starts anew.
fn mark(carrier: Carrier<'_>, restored: &Restored) -> Result<Option<Mark>, Refusal> {
    let state = &restored.progress.state;
    let Some((node, ..)) = state.position().last().copied().filter(|_| !state.is_in_loop(carrier.new)) else { return Ok(None) };
    let snapshot = restored.progress.snapshot(Effects::default());
    Ok(Some(Mark { path: node_path(carrier.new, node), data: encoded(Record::Snapshot(Box::new(snapshot)))? }))
}

fn encoded(record: Record) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    encode(&record, &mut bytes).map_err(|error| Refusal(error.message.clone()))?;
    Ok(bytes)
}
