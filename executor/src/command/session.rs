//! A run from the moment its owner is known: driven, recorded, reported.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use sequor_plan_format::Plan;
use sequor_plan_format::op::print::Level;

use super::{ExitStatus, Refusal, hint};
use crate::database::is_fenced;
use crate::driver::signals::Signals;
use crate::driver::{Answers, Driver, Ended};
use crate::error::RunError;
use crate::journal::effects::Doubt;
use crate::journal::progress::Progress;
use crate::journal::{JournalError, Writing};
use crate::op::effect::marker_run;
use crate::report::{self, Document, Format, Live, Reporter, RunFacts, Verbosity};
use crate::scope::Scope;
use crate::services::Services;
use crate::state::{End, Outcome};

/// Everything that a run needs to be driven to its end.
pub(super) struct Session {
    pub(super) services: Arc<Services>,
    pub(super) writing: Writing,
    pub(super) progress: Progress,
    pub(super) answers: Answers,
    pub(super) flow: String,
    pub(super) digest: String,
    /// RFC 3339, UTC: of the run, not of this executor.
    pub(super) started: String,
    pub(super) resumed: bool,
    pub(super) report: Option<File>,
    pub(super) format: Format,
    pub(super) verbosity: Verbosity,
}

impl Session {
    pub(super) async fn run(self) -> Result<ExitStatus, Refusal> {
        let Self { services, writing, progress, answers, flow, digest, started, resumed, report, format, verbosity } = self;
        let began = jiff::Timestamp::now();
        let screen = Screen { services: &services, flow: &flow, format, verbosity, began };
        screen.announce(resumed);
        services.evaluator.warm();
        let signals = Signals::listen(screen.how_to_resume_if_any())?;
        let live = Live::start(&services.reporter, &services.plan);
        let ended = Driver::new(&services, progress).run(&answers, &signals).await;
        live.end();
        let ended = fenced(ended);

        let (outcome, status, error) = match &ended {
            Ended::Done => (Outcome::Done, ExitStatus::Done, None),
            Ended::Failed(error) | Ended::Unopened(error) => (Outcome::Failed, ExitStatus::Failed, Some(error)),
            Ended::Stopped(signal) => (Outcome::Stopped, ExitStatus::Stopped(*signal), None),
            Ended::InDoubt(_) => (Outcome::InDoubt, ExitStatus::Paused, None),
            Ended::Broken(error) => {
                screen.broken(error);
                return Ok(match error {
                    JournalError::Fenced { .. } => ExitStatus::Held,
                    JournalError::State(_) => ExitStatus::Paused,
                });
            }
        };
        // Whoever finds no markers any more must find in the journal that nothing is left to do.
        if outcome == Outcome::Done && services.journal.sync().await.is_ok() {
            clean_up(&services).await;
        }
        let doubts = doubts(&services, &ended);
        let unmarked = services.reporter.unmarked_sources();
        let facts = RunFacts {
            run: services.journal.run(),
            flow: &flow,
            plan_digest: &digest,
            environment: services.environment.name(),
            started: &started,
            ended: &format!("{:.3}", jiff::Timestamp::now()),
            outcome: outcome.name(),
            exit_status: status.code(),
            mappings: &services.network.mappings,
            doubts: &doubts,
            at_least_once: &unmarked,
        };
        let counters = services.reporter.counters();
        let mut document = serde_json::to_string(&Document::new(&services.plan, facts, &counters, error))?;
        services.redactor.redact_in_place(&mut document);
        let end = End { outcome, ended: facts.ended.to_owned(), report: document.clone() };
        let recorded = services.journal.end(end).await;
        if let Err(fenced @ JournalError::Fenced { .. }) = &recorded {
            // What failed here is of no interest to whoever has the run now.
            screen.broken(fenced);
            return Ok(ExitStatus::Held);
        }
        screen.conclude(status, error, &doubts, &document);
        if let Some(mut file) = report {
            writeln!(file, "{document}")?;
        }
        drop(services);
        drop(writing);
        recorded.map_err(|error| Refusal(format!("what came of the run cannot be kept: {error}")))?;
        Ok(status)
    }
}

/// A target database may be the first to say that another executor has taken the run over.
fn fenced(ended: Ended) -> Ended {
    match ended {
        Ended::Failed(error) if is_fenced(&error) => Ended::Broken(JournalError::Fenced { by: error.message.clone() }),
        other => other,
    }
}

/// The markers and staging tables of a run that is done. What cannot be removed is named, and harms nobody.
pub(super) async fn clean_up(services: &Arc<Services>) {
    let targets = services.journal.with_effects(|effects| effects.targets().clone());
    let scope = Scope::new(services, Arc::default(), Arc::default());
    for source in targets {
        let result = match services.database(source, &scope).await {
            Ok(database) => database.forget(&marker_run(services, source), &services.run_tag).await,
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            let name = services.plan.text(services.plan.source(source).name);
            let line = format!("source '{name}': what the run kept there to be resumable is not removed: {}", error.message);
            services.reporter.log(Level::Warning, &line);
        }
    }
}

/// What waits for a decision; once nothing does, what was decided in the run.
fn doubts(services: &Services, ended: &Ended) -> Vec<Doubt> {
    if let Ended::InDoubt(open) = ended {
        return open.clone();
    }
    let mut doubts = services.journal.with_effects(|effects| effects.doubts().to_vec());
    if let Ended::Done = ended {
        // Those of ops that ended while an error was on its way up, and that nobody went on with.
        let left =
            services.journal.with_effects(|effects| effects.intended().map(|(id, intent)| (id.page, intent.clone())).collect::<Vec<_>>());
        doubts.extend(left.into_iter().map(|(page, intent)| Doubt {
            node: String::new(),
            item: None,
            page,
            title: intent.title,
            settled: None,
        }));
    }
    doubts
}

/// What people see.
struct Screen<'a> {
    services: &'a Services,
    flow: &'a str,
    format: Format,
    verbosity: Verbosity,
    began: jiff::Timestamp,
}

impl Screen<'_> {
    fn announce(&self, resumed: bool) {
        let Self { services, flow, .. } = self;
        let run = services.journal.run();
        let environment = services.environment.name().map(|name| format!(", environment '{name}'")).unwrap_or_default();
        let verb = if resumed { "goes on" } else { "starts" };
        services.reporter.log(Level::Info, &format!("flow '{flow}' {verb} (run {run}{environment})"));
        for mapping in &services.network.mappings {
            services.reporter.log(Level::Info, &format!("requests for {} go to {}", mapping.from(), mapping.to()));
        }
    }

    fn broken(&self, error: &JournalError) {
        let line = match error {
            JournalError::Fenced { by } => {
                format!("flow '{}' stops here: the run belongs to another executor now ({by}) (exit status 76)", self.flow)
            }
            JournalError::State(reason) => format!(
                "flow '{}' stops here: what it does next cannot be kept: {reason} (exit status 75: it can go on)\n{}",
                self.flow,
                self.how_to_resume()
            ),
        };
        self.services.reporter.log(Level::Error, &line);
    }

    /// What people see at the end.
    fn conclude(&self, status: ExitStatus, error: Option<&RunError>, doubts: &[Doubt], document: &str) {
        let plan: &Plan = &self.services.plan;
        let reporter: &Reporter = &self.services.reporter;
        match self.format {
            Format::Json => reporter.write_out(&format!("{document}\n")),
            Format::Text if self.verbosity == Verbosity::Quiet => {}
            Format::Text => reporter.write_out(&report::table(plan, &reporter.counters())),
        }
        if self.format == Format::Text && !doubts.is_empty() {
            reporter.write_err(&report::doubts(doubts));
        }
        let seconds = jiff::Timestamp::now().duration_since(self.began).as_secs_f64();
        let (flow, code) = (self.flow, status.code());
        match (status, error) {
            (_, Some(error)) => {
                if self.format == Format::Text {
                    reporter.write_err(&report::failure(plan, error));
                }
                reporter.log(Level::Error, &format!("flow '{flow}' failed after {seconds:.1} s (exit status {code}: the flow failed)"));
                self.advise(&self.how_to_resume());
            }
            (ExitStatus::Stopped(signal), None) => {
                let name = signal.name();
                let line = format!("flow '{flow}' was stopped by {name} after {seconds:.1} s (exit status {code}: stopped by a signal)");
                reporter.log(Level::Warning, &line);
                self.advise(&self.how_to_resume());
            }
            (ExitStatus::Paused, None) => {
                let line = format!("flow '{flow}' waits for a decision about what is in doubt (exit status {code}: paused)");
                reporter.log(Level::Warning, &line);
                let resume = hint::resume(self.services.journal.run());
                let one = doubts.first().map(|doubt| hint::quoted(&format!("{}=send", doubt.id()))).unwrap_or_default();
                self.advise(&format!(
                    "find out whether they were carried out, then decide for all that are listed:\n  {resume} --in-doubt send   # sends them again\n  \
                     {resume} --in-doubt skip   # leaves them out\n  {resume} --in-doubt done   # takes them as done, without their replies\n\
                     or for one after the other, by the ids that 'status' lists: {resume} --in-doubt {one} --in-doubt skip\n\
                     or add a 'verify' that asks the other side to the step, and: {resume} --plan NEW"
                ));
            }
            (ExitStatus::Done | ExitStatus::Failed | ExitStatus::Refused | ExitStatus::Held, None) => {
                reporter.log(Level::Info, &format!("flow '{flow}' done in {seconds:.1} s (exit status {code})"));
            }
        }
    }

    fn advise(&self, text: &str) {
        if self.format == Format::Text && self.services.journal.is_on() {
            self.services.reporter.write_err(&format!("{text}\n"));
        }
    }

    /// Nothing for a run that keeps no journal.
    fn how_to_resume_if_any(&self) -> String {
        if self.services.journal.is_on() { self.how_to_resume() } else { String::new() }
    }

    fn how_to_resume(&self) -> String {
        format!("to go on where it stopped: {}", hint::resume(self.services.journal.run()))
    }
}
