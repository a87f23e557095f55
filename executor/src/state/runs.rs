//! Runs: begun, found, listed, given up, forgotten.

use super::connection::{Param, Row};
use super::lease::millis;
use super::{Batch, Holder, Lease, Mark, Outcome, Segment, StateError, Store, WriteError, checksum};

/// What is known when a run starts. Texts are redacted.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    pub id: &'a str,
    pub project: &'a str,
    pub flow: &'a str,
    pub plan_digest: &'a str,
    pub plan: &'a [u8],
    /// A JSON object.
    pub parameters: &'a str,
    /// RFC 3339, UTC.
    pub started: &'a str,
    /// Runs of one project with the same key are one run.
    pub run_key: Option<&'a str>,
    /// Makes idempotency keys.
    pub secret: &'a [u8; 32],
    /// What a resume needs to be started alike: JSON.
    pub settings: &'a str,
    /// The run that this one was forked from.
    pub parent: Option<&'a str>,
}

/// Why a run cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeginError {
    #[error("its key belongs to run {run}")]
    KeyTaken { run: String },
    #[error(transparent)]
    State(#[from] StateError),
}

/// A run as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    pub id: String,
    pub project: String,
    pub flow: String,
    pub plan_digest: String,
    pub parameters: String,
    pub started: String,
    pub ended: Option<String>,
    pub outcome: Outcome,
    pub report: Option<String>,
    pub run_key: Option<String>,
    pub secret: [u8; 32],
    pub settings: String,
    pub parent: Option<String>,
    /// Whoever runs it now, as people read it. One that has died without an end is none.
    pub holder: Option<String>,
}

/// Another plan for a run, with what the run has in terms of it.
#[derive(Clone, Debug)]
pub struct PlanChange<'a> {
    pub digest: &'a str,
    pub plan: &'a [u8],
    /// The journal's next segment: it replaces those before.
    pub snapshot: Segment,
    /// They replace the run's marks.
    pub marks: Vec<Mark>,
}

/// The columns that `Store::row` reads, with the rest of a statement.
macro_rules! select_runs {
    ($rest:literal) => {
        concat!(
            "SELECT id, project, flow, plan, parameters, started, ended, outcome, report, run_key, secret, settings, parent, holder, checksum, lease_until FROM runs ",
            $rest
        )
    };
}

impl RunRow {
    /// It was running, and its executor is gone.
    #[must_use]
    pub fn was_killed(&self) -> bool {
        self.outcome == Outcome::Running && self.holder.is_none()
    }

    /// What became of it, as people read it.
    #[must_use]
    pub fn state(&self) -> &'static str {
        if self.was_killed() { "interrupted" } else { self.outcome.name() }
    }

    /// What its checksum is of.
    fn known(&self) -> NewRun<'_> {
        NewRun {
            id: &self.id,
            project: &self.project,
            flow: &self.flow,
            plan_digest: &self.plan_digest,
            plan: &[],
            parameters: &self.parameters,
            started: &self.started,
            run_key: self.run_key.as_deref(),
            secret: &self.secret,
            settings: &self.settings,
            parent: self.parent.as_deref(),
        }
    }
}

impl Store {
    /// Notes that a run starts. Its owner is `holder`.
    ///
    /// # Errors
    /// The key belongs to another run, or the store cannot be written.
    pub async fn begin(&mut self, run: &NewRun<'_>, holder: &Holder) -> Result<Lease, BeginError> {
        self.begin_with(run, holder, None).await
    }

    /// The same for a run that does not start with its flow: the place where it starts is in its journal as soon as the run is there,
    /// and it can be forked from there in its turn.
    ///
    /// # Errors
    /// As `begin`.
    pub async fn begin_at(&mut self, run: &NewRun<'_>, holder: &Holder, place: Mark) -> Result<Lease, BeginError> {
        let segments = vec![Segment { number: 0, bytes: place.data.clone() }];
        self.begin_with(run, holder, Some(Batch { segments, marks: vec![place], ..Batch::default() })).await
    }

    async fn begin_with(&mut self, run: &NewRun<'_>, holder: &Holder, batch: Option<Batch>) -> Result<Lease, BeginError> {
        self.begin_transaction().await?;
        let mut result = self.try_begin(run, holder).await;
        if let (Ok(lease), Some(batch)) = (&result, &batch)
            && let Err(error) = self.try_write(lease, batch).await
        {
            result = Err(match error {
                WriteError::State(error) => error.into(),
                fenced @ WriteError::FencedOff { .. } => self.fault(fenced.to_string()).into(),
            });
        }
        crate::failpoint::hit("state.begin.before_commit");
        let lease = self.end_transaction(result).await;
        if let (Ok(lease), Some(_)) = (&lease, &batch) {
            self.watermarks.note(&lease.run, 1);
        }
        crate::failpoint::hit("state.begin.after_commit");
        lease
    }

    /// A plan is kept once, however often it runs.
    async fn try_begin(&mut self, run: &NewRun<'_>, holder: &Holder) -> Result<Lease, BeginError> {
        if let Some(key) = run.run_key
            && let Some(known) = self.run_of_key(run.project, key).await?
        {
            return Err(BeginError::KeyTaken { run: known.id });
        }
        let sql = "INSERT INTO plans (digest, bytes) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING";
        self.execute(sql, &[Param::Text(run.plan_digest), Param::Bytes(run.plan)]).await?;
        let until = self.now().await? + millis(self.lease);
        let sum = static_checksum(run);
        let holder = holder.to_text();
        let sql = "INSERT INTO runs (id, project, flow, plan, parameters, started, outcome, run_key, secret, settings, parent, fence, holder, lease_until, segments, checksum)
            VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, 1, ?, ?, 0, ?) ON CONFLICT DO NOTHING";
        let params = [
            Param::Text(run.id),
            Param::Text(run.project),
            Param::Text(run.flow),
            Param::Text(run.plan_digest),
            Param::Text(run.parameters),
            Param::Text(run.started),
            Param::OptionalText(run.run_key),
            Param::Bytes(run.secret),
            Param::Text(run.settings),
            Param::OptionalText(run.parent),
            Param::Text(&holder),
            Param::Int(until),
            Param::Bytes(&sum),
        ];
        if self.execute(sql, &params).await? == 1 {
            return Ok(Lease { run: run.id.to_owned(), project: run.project.to_owned(), fence: 1, duration: self.lease, before: None });
        }
        // Another executor began with the same key at the same moment.
        let known = match run.run_key {
            Some(key) => self.run_of_key(run.project, key).await?,
            None => None,
        };
        Err(match known {
            Some(known) => BeginError::KeyTaken { run: known.id },
            None => self.fault(format!("there is a run {} already", run.id)).into(),
        })
    }

    /// # Errors
    /// The store cannot be read, or the row is damaged.
    pub async fn run(&mut self, id: &str) -> Result<Option<RunRow>, StateError> {
        let rows = self.rows(select_runs!("WHERE id = ?"), &[Param::Text(id)]).await?;
        let now = self.now().await?;
        rows.first().map(|row| self.row(row, now)).transpose()
    }

    /// The runs that a text names: by its whole id, or the beginning or the end of it.
    ///
    /// # Errors
    /// As `run`.
    pub async fn find(&mut self, text: &str) -> Result<Vec<RunRow>, StateError> {
        if let Some(run) = self.run(text).await? {
            return Ok(vec![run]);
        }
        let all = self.runs(None, false, u32::MAX).await?;
        Ok(all.into_iter().filter(|run| run.id.starts_with(text) || run.id.ends_with(text)).collect())
    }

    /// # Errors
    /// As `run`.
    pub async fn run_of_key(&mut self, project: &str, key: &str) -> Result<Option<RunRow>, StateError> {
        let sql = select_runs!("WHERE project = ? AND run_key = ?");
        let rows = self.rows(sql, &[Param::Text(project), Param::Text(key)]).await?;
        let now = self.now().await?;
        rows.first().map(|row| self.row(row, now)).transpose()
    }

    /// The newest first.
    ///
    /// # Errors
    /// As `run`.
    pub async fn runs(&mut self, project: Option<&str>, unfinished: bool, limit: u32) -> Result<Vec<RunRow>, StateError> {
        let sql = select_runs!(
            "WHERE (? = '' OR project = ?) AND (? = 0 OR outcome NOT IN ('done', 'abandoned')) ORDER BY started DESC, id DESC LIMIT ?"
        );
        let project = project.unwrap_or_default();
        let params = [Param::Text(project), Param::Text(project), Param::Int(i64::from(unfinished)), Param::Int(i64::from(limit))];
        let rows = self.rows(sql, &params).await?;
        let now = self.now().await?;
        rows.iter().map(|row| self.row(row, now)).collect()
    }

    /// The bytes of a plan that a run was started with.
    ///
    /// # Errors
    /// The store cannot be read, or there is no such plan.
    pub async fn plan(&mut self, digest: &str) -> Result<Vec<u8>, StateError> {
        let rows = self.rows("SELECT bytes FROM plans WHERE digest = ?", &[Param::Text(digest)]).await?;
        let row = rows.first().ok_or_else(|| self.fault(format!("the plan {digest} is missing")))?;
        self.read(|| row.bytes(0))
    }

    /// From here on the run follows another plan: the plan, the run's place in it and the points to fork from change together.
    ///
    /// # Errors
    /// Another executor has taken the run over, or the store cannot be written. Nothing is changed then.
    pub async fn change_plan(&mut self, lease: &Lease, row: &RunRow, change: PlanChange<'_>) -> Result<(), WriteError> {
        self.begin_transaction().await?;
        let result = self.try_change_plan(lease, row, change).await;
        crate::failpoint::hit("state.change_plan.before_commit");
        let result = self.end_transaction(result).await;
        crate::failpoint::hit("state.change_plan.after_commit");
        result
    }

    async fn try_change_plan(&mut self, lease: &Lease, row: &RunRow, change: PlanChange<'_>) -> Result<(), WriteError> {
        let PlanChange { digest, plan, snapshot, marks } = change;
        let sql = "INSERT INTO plans (digest, bytes) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING";
        self.execute(sql, &[Param::Text(digest), Param::Bytes(plan)]).await?;
        let sum = static_checksum(&NewRun { plan_digest: digest, ..row.known() });
        let sql = "UPDATE runs SET plan = ?, checksum = ? WHERE id = ? AND fence = ?";
        let params = [Param::Text(digest), Param::Bytes(&sum), Param::Text(&row.id), Param::Int(lease.fence)];
        if self.execute(sql, &params).await? != 1 {
            return Err(self.fenced(lease).await);
        }
        self.execute("DELETE FROM marks WHERE run = ?", &[Param::Text(&row.id)]).await?;
        let compact_before = Some(snapshot.number);
        self.try_write(lease, &Batch { segments: vec![snapshot], compact_before, marks, ..Batch::default() }).await
    }

    /// Removes a run with everything that was kept of it.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn forget(&mut self, run: &str) -> Result<(), StateError> {
        self.watermarks.forget(run);
        self.begin_transaction().await?;
        let result = self.try_forget(run).await;
        self.end_transaction(result).await
    }

    async fn try_forget(&mut self, run: &str) -> Result<(), StateError> {
        for sql in [
            "DELETE FROM journal WHERE run = ?",
            "DELETE FROM spool WHERE run = ?",
            "DELETE FROM marks WHERE run = ?",
            "DELETE FROM runs WHERE id = ?",
        ] {
            self.execute(sql, &[Param::Text(run)]).await?;
        }
        self.execute("DELETE FROM plans WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.plan = plans.digest)", &[]).await.map(drop)
    }

    /// `now`: by the clock of the store, in milliseconds since 1970.
    fn row(&self, row: &Row, now: i64) -> Result<RunRow, StateError> {
        let text = |column| self.read(|| row.text(column));
        let optional = |column| self.read(|| row.optional_text(column));
        let (id, project, flow, plan_digest) = (text(0)?, text(1)?, text(2)?, text(3)?);
        let (parameters, started, settings, outcome) = (text(4)?, text(5)?, text(11)?, text(7)?);
        let (run_key, parent) = (optional(9)?, optional(12)?);
        let damaged = || self.fault(format!("the record of run {id} is damaged (its checksum does not match)"));
        let secret: [u8; 32] = self.read(|| row.bytes(10))?.try_into().map_err(|_| damaged())?;
        let known = NewRun {
            id: &id,
            project: &project,
            flow: &flow,
            plan_digest: &plan_digest,
            plan: &[],
            parameters: &parameters,
            started: &started,
            run_key: run_key.as_deref(),
            secret: &secret,
            settings: &settings,
            parent: parent.as_deref(),
        };
        if self.read(|| row.bytes(14))? != static_checksum(&known) {
            return Err(damaged());
        }
        let outcome = Outcome::parse(&outcome).ok_or_else(damaged)?;
        let leased = self.read(|| row.int(15))? > now;
        let holder = optional(13)?.as_deref().and_then(Holder::parse).filter(|holder| leased && !holder.is_dead_here());
        Ok(RunRow {
            ended: optional(6)?,
            outcome,
            report: optional(8)?,
            secret,
            holder: holder.map(|holder| holder.to_string()),
            id,
            project,
            flow,
            plan_digest,
            parameters,
            started,
            run_key,
            settings,
            parent,
        })
    }

    /// An unfinished run does not go on: nobody owns it, and it is given up.
    ///
    /// # Errors
    /// The store cannot be written, or another executor has taken the run over.
    pub async fn abandon(&mut self, lease: &Lease, ended: &str) -> Result<(), WriteError> {
        let report = self.run(&lease.run).await?.and_then(|run| run.report).unwrap_or_else(|| "{}".to_owned());
        let end = super::End { outcome: Outcome::Abandoned, ended: ended.to_owned(), report };
        self.write(lease, &super::Batch { end: Some(end), ..super::Batch::default() }).await
    }
}

/// Of what does not change in a run's life, or only by one owner.
pub(super) fn static_checksum(run: &NewRun<'_>) -> Vec<u8> {
    let optional = |text: Option<&'_ str>| text.map_or_else(Vec::new, |text| [b"=", text.as_bytes()].concat());
    checksum::of(&[
        run.id.as_bytes(),
        run.project.as_bytes(),
        run.flow.as_bytes(),
        run.plan_digest.as_bytes(),
        run.parameters.as_bytes(),
        run.started.as_bytes(),
        &optional(run.run_key),
        run.secret,
        run.settings.as_bytes(),
        &optional(run.parent),
    ])
}
