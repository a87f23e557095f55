//! `fork`: a new run that starts at a step of an old one, with the old one's results up to there and with idempotency keys of its own.

use std::sync::Arc;

use sequor_plan_format::path;

use super::resume::{ResumeRequest, find, open};
use super::run::{location, network, on_runtime, open_report};
use super::session::Session;
use super::settings::Settings;
use super::{ExitStatus, Refusal, identity};
use crate::journal::Journal;
use crate::journal::progress::Progress;
use crate::journal::record::{Record, decode};
use crate::load::{self, Loaded};
use crate::redact::Redactor;
use crate::report::Reporter;
use crate::services::{Services, Surroundings};
use crate::state::{BeginError, Holder, NewRun};

/// `from` names a step by its path, or by its id alone.
pub(super) fn fork(request: ResumeRequest, from: &str) -> Result<ExitStatus, Refusal> {
    let location = location(request.state.as_deref(), &request.project_folder.clone().unwrap_or_default())?;
    let report = request.report.as_deref().map(open_report).transpose()?;
    let from = from.to_owned();
    on_runtime(async move {
        let mut store = open(&location).await?;
        let row = find(&mut store, request.run.as_deref().unwrap_or_default()).await?;
        let Loaded { plan, digest, bytes } = load::bytes(store.plan(&row.plan_digest).await?, &format!("of run {}", row.id))?;
        let wanted = path::find(&plan, &from).map(|node| path::node_path(&plan, node)).unwrap_or(from);
        let Some(mark) = store.mark(&row.id, &wanted).await? else {
            let known = store.marks(&row.id).await?;
            let known = if known.is_empty() { "it has none".to_owned() } else { format!("it can be forked from: {}", known.join(", ")) };
            return Err(Refusal(format!(
                "run {} cannot be forked from '{wanted}': {known} (steps that it has reached, outside of loops)",
                row.id
            )));
        };
        let records = decode(&mark).map_err(|error| Refusal(error.message.clone()))?;
        let Some(Record::Snapshot(snapshot)) = records.into_iter().next() else {
            return Err(Refusal(format!("the mark of '{wanted}' in run {} cannot be read", row.id)));
        };
        let (progress, _, _) = Progress::of(*snapshot);
        let mut settings = Settings::parse(&row.settings)?;
        settings.run_tag = identity::tag()?;
        settings.journal = true;
        let environment = settings.environment(&request.environment, &request.vars)?;
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
        let lease = store.begin(&new, &Holder::this()).await.map_err(|error| match error {
            BeginError::State(error) => Refusal::from(error),
            taken @ BeginError::KeyTaken { .. } => Refusal(taken.to_string()),
        })?;
        let (journal, writing) = Journal::start(store, lease, 0, secret, true);
        let redactor = Arc::new(Redactor::default());
        let surroundings = Surroundings {
            reporter: Arc::new(Reporter::new(Arc::clone(&redactor), request.format, request.verbosity)),
            redactor,
            network: network(settings.mappings(request.mappings), &environment, &settings.parameters),
            folder: settings.folder(request.project_folder),
            environment,
            run_tag: settings.run_tag.clone(),
            journal,
            program: std::env::current_exe()?,
        };
        let session = Session {
            services: Services::new(Arc::new(plan), surroundings),
            writing,
            progress,
            policy: None,
            flow: row.flow,
            digest: digest.to_string(),
            started,
            resumed: true,
            report,
            format: request.format,
            verbosity: request.verbosity,
        };
        Box::pin(session.run()).await
    })
}
