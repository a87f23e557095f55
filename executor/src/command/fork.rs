//! `fork`: a new run that starts at a step of an old one, with the old one's results up to there and with idempotency keys of its own.

use std::sync::Arc;

use sequor_plan_format::op::print::Level;
use sequor_plan_format::path::{Owner, Paths};
use sequor_plan_format::{NodeId, Op, Plan};

use super::resume::{ResumeRequest, find, open, say_missing};
use super::run::{location, network, on_runtime, open_report};
use super::session::Session;
use super::settings::Settings;
use super::{ExitStatus, Refusal, entry, identity, needed};
use crate::driver::Answers;
use crate::journal::Journal;
use crate::journal::effects::Effects;
use crate::journal::progress::Progress;
use crate::journal::record::{Record, decode, encode};
use crate::load::{self, Loaded};
use crate::redact::Redactor;
use crate::report::Reporter;
use crate::services::{Services, Surroundings};
use crate::state::{BeginError, Holder, Mark, NewRun, RunRow, Store};

/// `from` names a step by its path, or by its id alone.
pub(super) fn fork(request: ResumeRequest, from: &str) -> Result<ExitStatus, Refusal> {
    let location = location(request.state.as_deref(), &request.project_folder.clone().unwrap_or_default())?;
    let from = from.to_owned();
    on_runtime(async move {
        let mut store = open(&location).await?;
        let row = find(&mut store, request.run.as_deref().unwrap_or_default()).await?;
        let Loaded { plan, digest, bytes } = load::bytes(store.plan(&row.plan_digest).await?, &format!("of run {}", row.id))?;
        let mark = mark(&mut store, &row, &plan, &from).await?;
        let progress = progress(&row, &mark)?;
        let old = Settings::parse(&row.settings)?;
        let environment = old.environment(&request.environment, &request.vars)?;
        say_missing(&request, &old, &environment);
        needed::by_rest(&plan, entry::flow(&plan, Some(&row.flow))?, &progress, &environment)?;
        let settings = old.forked(&request.environment, &environment, &request.mappings, &identity::tag()?);
        let report = request.report.as_deref().map(open_report).transpose()?;
        let now = jiff::Timestamp::now();
        let (id, secret, started) = (identity::run(now, &settings.run_tag), identity::secret()?, format!("{now:.3}"));
        let kept = settings.to_text()?;
        let new = NewRun {
            id: &id,
            project: &row.project,
            flow: &row.flow,
            plan_digest: &row.plan_digest,
            plan: &bytes,
            parameters: &row.parameters,
            started: &started,
            run_key: None,
            secret: &secret,
            settings: &kept,
            parent: Some(&row.id),
        };
        let path = mark.path.clone();
        // What the old run has counted is in its own report.
        let mut first = Vec::new();
        encode(&Record::Snapshot(Box::new(progress.snapshot(Effects::default()))), &mut first)
            .map_err(|error| Refusal(error.message.clone()))?;
        let lease = store.begin_at(&new, &Holder::this(), Mark { data: first, ..mark }).await.map_err(|error| match error {
            BeginError::State(error) => Refusal::from(error),
            taken @ BeginError::KeyTaken { .. } => Refusal(taken.to_string()),
        })?;
        let (journal, writing) = Journal::start(store, lease, 1, secret, true);
        let redactor = Arc::new(Redactor::default());
        let surroundings = Surroundings {
            reporter: Arc::new(Reporter::new(Arc::clone(&redactor), request.format, request.verbosity)),
            redactor,
            network: network(settings.mappings(Vec::new()), &environment, &settings.parameters),
            folder: settings.folder(request.project_folder),
            environment,
            run_tag: settings.run_tag.clone(),
            journal,
            program: std::env::current_exe()?,
        };
        let services = Services::new(Arc::new(plan), surroundings);
        services.reporter.log(Level::Info, &format!("run {id} starts at {path}, with the results of run {} up to there", row.id));
        let session = Session {
            services,
            writing,
            progress,
            answers: Answers::default(),
            flow: row.flow,
            digest: digest.to_string(),
            started,
            resumed: false,
            report,
            format: request.format,
            verbosity: request.verbosity,
        };
        Box::pin(session.run()).await
    })
}

/// What was kept when the run came to the step; else why it cannot be forked from there.
async fn mark(store: &mut Store, row: &RunRow, plan: &Plan, from: &str) -> Result<Mark, Refusal> {
    let paths = Paths::new(plan);
    let node = paths.find(from);
    if let Some(path) = node.map(|node| paths.path(node))
        && let Some(data) = store.mark(&row.id, &path).await?
    {
        return Ok(Mark { path, data });
    }
    let why = match node {
        Some(node) => match outermost_loop(plan, &paths, node) {
            Some(around) => format!(
                "run {} cannot be forked from '{}', which is inside of the loop '{}': fork from the loop, or from another step",
                row.id,
                paths.path(node),
                paths.path(around)
            ),
            None => format!("run {} has not come to '{}', or only inside of a loop", row.id, paths.path(node)),
        },
        None => match same_id(plan, &paths, from).as_slice() {
            [] => format!("the plan of run {} has no step '{from}'", row.id),
            paths => format!("several steps are named '{from}': name one by its path: {}", paths.join(", ")),
        },
    };
    let known = store.marks(&row.id).await?;
    let known = match (known.is_empty(), &row.parent) {
        (false, Some(parent)) => format!(
            "it can be forked from the steps below, and run {parent}, which it was forked from, from those before:\n  {}",
            known.join("\n  ")
        ),
        (false, None) => format!("it can be forked from:\n  {}", known.join("\n  ")),
        (true, _) if !Settings::parse(&row.settings)?.journal => {
            "it was started with --no-journal: nothing was kept to fork it from".to_owned()
        }
        (true, _) => "it can be forked from no step: it has not come to any".to_owned(),
    };
    Err(Refusal(format!("{why}; {known}")))
}

/// The loop that is around a step and in no other loop of the flow.
fn outermost_loop(plan: &Plan, paths: &Paths<'_>, node: NodeId) -> Option<NodeId> {
    let mut found = None;
    let mut at = node;
    while let Some(Owner::Node(owner, _)) = paths.owner(at) {
        if let Op::WhileLoop(_) | Op::ForEach(_) = plan.node(owner).op {
            found = Some(owner);
        }
        at = owner;
    }
    found
}

/// The paths of the steps that have this id.
fn same_id(plan: &Plan, paths: &Paths<'_>, id: &str) -> Vec<String> {
    let nodes = (0u32..).zip(&plan.nodes).filter(|(_, node)| plan.text(node.id) == id);
    nodes.map(|(index, _)| paths.path(NodeId(index))).collect()
}

fn progress(row: &RunRow, mark: &Mark) -> Result<Progress, Refusal> {
    let records = decode(&mark.data).map_err(|error| Refusal(error.message.clone()))?;
    let Some(Record::Snapshot(snapshot)) = records.into_iter().next() else {
        return Err(Refusal(format!("what run {} has kept of '{}' cannot be read", row.id, mark.path)));
    };
    // What the parent did is its own.
    let mut progress = snapshot.progress;
    progress.forget_counters();
    Ok(progress)
}
