//! `runs`, `status`, `diff RUN`, `show RUN` and `gc`: what the state store knows of runs.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use sequor_plan_format::compare::compare;
use sequor_plan_format::render::{comparison_view, render_comparison};

use super::outlook::{Facts, Given, Outlook};
use super::plan_change::Proposal;
use super::resume::{Known, find, meant, open};
use super::run::{location, network, on_runtime};
use super::session::clean_up;
use super::settings::Settings;
use super::{ExitStatus, PlanSource, Refusal, StoredPlan, plan_change};
use crate::driver::Answers;
use crate::environment::Choice;
use crate::journal::Journal;
use crate::redact::Redactor;
use crate::report::{Format, Reporter, Verbosity, count};
use crate::services::{Services, Surroundings};
use crate::state::{AcquireError, Holder, RunRow, Store};

/// Where the state is.
pub struct StateRequest {
    pub project_folder: Option<PathBuf>,
    pub state: Option<String>,
}

/// What `runs` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Only those that can go on.
    pub unfinished: bool,
    pub json: bool,
    /// The newest so many.
    pub limit: u32,
}

/// What `gc` removes.
pub struct GcRequest {
    pub place: StateRequest,
    /// Runs that are given up, whatever their state.
    pub runs: Vec<String>,
    /// Finished runs that ended longer ago than this.
    pub older_than_days: u32,
}

pub(super) fn runs(request: &StateRequest, listing: Listing) -> Result<ExitStatus, Refusal> {
    let Listing { unfinished, json, limit } = listing;
    on_runtime(async {
        let mut store = store(request).await?;
        let mut rows = store.runs(None, unfinished, limit.saturating_add(1)).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let text = if json { as_json(&rows)? } else { as_table(&rows) };
        std::io::stdout().lock().write_all(text.as_bytes())?;
        if more {
            // Not among the lines that a program reads.
            let only = count(u64::from(limit), "run is", "runs are");
            let _ = writeln!(std::io::stderr().lock(), "only the newest {only} listed, there are more: --limit N lists N");
        }
        Ok(ExitStatus::Done)
    })
}

pub(super) fn status(request: &StateRequest, run: Option<&str>, json: bool) -> Result<ExitStatus, Refusal> {
    on_runtime(async {
        let mut store = store(request).await?;
        let row = match run {
            Some(text) => find(&mut store, text).await?,
            None => meant(&mut store).await?,
        };
        if row.outcome.is_finished() {
            // What it was started with is of no interest, and may be gone.
            Outlook::finished(&row).print(json)?;
            return Ok(ExitStatus::Done);
        }
        let known = Known::of(&mut store, row).await?;
        Outlook::of(&known, &Answers::default(), &Given::at(request.project_folder.clone()), &mut store).await?.print(json)?;
        Ok(ExitStatus::Done)
    })
}

pub(super) fn stored_plan(request: &StateRequest, run: &str) -> Result<StoredPlan, Refusal> {
    on_runtime(async {
        let mut store = store(request).await?;
        let row = find(&mut store, run).await?;
        let json = serde_json::to_value(Facts::of(&row))?;
        let bytes = store.plan(&row.plan_digest).await?;
        let facts = match row.outcome.is_finished() {
            true => Facts::of(&row).text(),
            false => {
                let known = Known::of(&mut store, row).await?;
                Outlook::of(&known, &Answers::default(), &Given::at(request.project_folder.clone()), &mut store).await?.text()
            }
        };
        Ok(StoredPlan { bytes, facts, json })
    })
}

/// Gives whether nothing differs.
pub(super) fn diff(request: &StateRequest, run: &str, plan: PlanSource, json: bool) -> Result<bool, Refusal> {
    let new = plan_change::load(plan)?;
    on_runtime(async {
        let mut store = store(request).await?;
        let row = find(&mut store, run).await?;
        let finished = row.outcome.is_finished();
        let known = Known::of(&mut store, row).await?;
        let comparison = compare(&known.plan, &new.plan);
        let proposal = if finished { None } else { Some(plan_change::propose(&known, &new)?) };
        let id = &known.row.id;
        let out = &mut std::io::stdout().lock();
        if json {
            let mut object = serde_json::to_value(comparison_view(&known.plan, &new.plan, &comparison))?;
            object["run"] = serde_json::json!(id);
            object["plan_change"] = proposal.as_ref().map_or(serde_json::Value::Null, Proposal::json);
            writeln!(out, "{object:#}")?;
        } else {
            out.write_all(render_comparison(&known.plan, &new.plan, &comparison).as_bytes())?;
            match &proposal {
                None => writeln!(out, "\nrun {id} is over: nothing of it is left to go on with")?,
                Some(proposal) => {
                    let verdict = if proposal.is_accepted() { "can" } else { "cannot" };
                    writeln!(out, "\n{}run {id} {verdict} go on with this plan", proposal.table)?;
                }
            }
        }
        Ok(comparison.is_same())
    })
}

pub(super) fn gc(request: &GcRequest) -> Result<ExitStatus, Refusal> {
    on_runtime(async {
        let mut store = store(&request.place).await?;
        let mut removed = Vec::new();
        for text in &request.runs {
            let row = find(&mut store, text).await?;
            removed.push(row.id.clone());
            if row.outcome.is_finished() {
                store.forget(&row.id).await?;
            } else {
                store = give_up(store, row, &request.place).await?;
            }
        }
        if request.runs.is_empty() {
            let oldest = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * i64::from(request.older_than_days));
            let oldest = format!("{oldest:.3}");
            for row in store.runs(None, false, u32::MAX).await? {
                if row.outcome.is_finished() && row.ended.as_deref().unwrap_or(&row.started) < oldest.as_str() {
                    store.forget(&row.id).await?;
                    removed.push(row.id);
                }
            }
        }
        let text = match removed.len() {
            0 => "nothing to remove; unfinished runs stay until they are named with --run\n".to_owned(),
            number => format!("removed {}: {}\n", count(number as u64, "run", "runs"), removed.join(", ")),
        };
        std::io::stdout().lock().write_all(text.as_bytes())?;
        Ok(ExitStatus::Done)
    })
}

/// Removes an unfinished run with what it has left in databases.
async fn give_up(mut store: Store, row: RunRow, place: &StateRequest) -> Result<Store, Refusal> {
    let lease = store.acquire(&row.id, &Holder::this()).await.map_err(|error| match error {
        AcquireError::State(error) => Refusal::from(error),
        other => Refusal(format!("run {}: {other}", row.id)),
    })?;
    let settings = Settings::parse(&row.settings)?;
    let known = Known::of(&mut store, row).await?;
    // The holder is this process: what others were writing has come to rest.
    let known = Known { row: RunRow { holder: None, ..known.row }, ..known };
    let outlook = Outlook::of(&known, &Answers::default(), &Given::at(place.project_folder.clone()), &mut store).await?;
    write!(std::io::stdout().lock(), "{}", outlook.losses())?;
    let Known { row, plan, restored } = known;
    let environment = settings.environment(&Choice::default(), &[])?;
    let redactor = Arc::new(Redactor::default());
    let (_, next) = store.journal(&row.id).await?;
    let (journal, writing) = Journal::start(store, lease, next, row.secret, false);
    journal.restore(restored.effects);
    let services = Services::new(
        Arc::new(plan),
        Surroundings {
            reporter: Arc::new(Reporter::new(Arc::clone(&redactor), Format::Text, Verbosity::Normal)),
            redactor,
            network: network(Vec::new(), &environment, &settings.parameters),
            folder: settings.folder(place.project_folder.clone()),
            environment,
            run_tag: settings.run_tag.clone(),
            journal,
            program: std::env::current_exe()?,
        },
    );
    clean_up(&services).await;
    drop(services);
    let mut store = writing.ended().await.ok_or_else(|| Refusal("the state store was lost".to_owned()))?;
    store.forget(&row.id).await?;
    Ok(store)
}

async fn store(request: &StateRequest) -> Result<Store, Refusal> {
    open(&location(request.state.as_deref(), &request.project_folder.clone().unwrap_or_default())?).await
}

fn as_table(rows: &[RunRow]) -> String {
    if rows.is_empty() {
        return "no runs\n".to_owned();
    }
    let mut lines = vec![["run", "flow", "state", "started", "ended", "key"].map(str::to_owned)];
    for row in rows {
        lines.push([
            row.id.clone(),
            row.flow.clone(),
            state(row),
            row.started.clone(),
            row.ended.clone().unwrap_or_else(|| "-".to_owned()),
            row.run_key.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    let widths: [usize; 6] = std::array::from_fn(|i| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// With what came of requests in doubt.
fn state(row: &RunRow) -> String {
    let doubts = Facts::of(row).doubts();
    if doubts.is_empty() { row.state().to_owned() } else { format!("{} ({doubts})", row.state()) }
}

fn as_json(rows: &[RunRow]) -> Result<String, Refusal> {
    let mut text = String::new();
    for row in rows {
        text.push_str(&serde_json::to_string(&Facts::of(row))?);
        text.push('\n');
    }
    Ok(text)
}
