//! Leases: one owner of a run at a time, and what an owner proves with every write.

use std::time::Duration;

use super::connection::Param;
use super::holder::Holder;
use super::{Outcome, StateError, Store, WriteError, open};

/// How often a session that has a run locked is ended, before a takeover is given up.
const EVICTIONS: u32 = 10;

/// The right to write to a run.
#[derive(Clone, Debug)]
pub struct Lease {
    pub(super) run: String,
    pub(super) project: String,
    pub(super) fence: i64,
    pub(super) duration: Duration,
    /// How the run stood before, and when it had ended; `None` for a new one.
    pub(super) before: Option<(String, Option<String>)>,
}

impl Lease {
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Grows with each owner.
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.fence.unsigned_abs()
    }

    /// Often enough that a lease does not run out while its owner lives.
    #[must_use]
    pub fn renew_every(&self) -> Duration {
        self.duration / 3
    }
}

/// Why a run cannot be owned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcquireError {
    #[error("it is held by another executor ({by}); its lease ends in {seconds_left} s unless it is renewed")]
    Held { by: String, seconds_left: u64 },
    #[error("it is {}: there is nothing to go on with", .0.name())]
    Finished(Outcome),
    #[error("there is no such run")]
    Unknown,
    #[error(transparent)]
    State(#[from] StateError),
}

/// 30 seconds. Tests with failpoints may ask for less.
pub(super) fn duration() -> Duration {
    let seconds = if cfg!(feature = "failpoints") {
        std::env::var("SEQUOR_LEASE_SECONDS").ok().and_then(|seconds| seconds.parse().ok())
    } else {
        None
    };
    Duration::from_secs(seconds.unwrap_or(30))
}

impl Store {
    /// Takes a run over: at once where it has no owner, its lease has run out, or its owner was a process of this host that is gone.
    ///
    /// # Errors
    /// Another executor holds it, or it is finished.
    pub async fn acquire(&mut self, run: &str, holder: &Holder) -> Result<Lease, AcquireError> {
        for _ in 0..EVICTIONS {
            self.begin_transaction().await?;
            let result = self.try_acquire(run, holder).await;
            crate::failpoint::hit("state.acquire.before_commit");
            let lease = self.end_transaction(result).await;
            crate::failpoint::hit("state.acquire.after_commit");
            if let Err(AcquireError::Held { .. }) = lease {
                self.shorten(run).await?;
            }
            match lease? {
                Some(lease) => return Ok(lease),
                None => self.evict(run).await?,
            }
        }
        Err(self.fault(format!("run {run} is locked by an open transaction of another session; end that session")).into())
    }

    /// `None` where another session's transaction has the run locked for too long.
    async fn try_acquire(&mut self, run: &str, holder: &Holder) -> Result<Option<Lease>, AcquireError> {
        // The row is locked first: of two executors one waits here.
        let locked = self.connection.lock("UPDATE runs SET fence = fence WHERE id = ?", &[Param::Text(run)]).await;
        if !locked.map_err(|error| open::explain(&self.location, &error))? {
            return Ok(None);
        }
        let now = self.now().await?;
        let rows =
            self.rows("SELECT project, fence, holder, lease_until, outcome, ended FROM runs WHERE id = ?", &[Param::Text(run)]).await?;
        let row = rows.first().ok_or(AcquireError::Unknown)?;
        let (project, fence, known) = self.read(|| Ok((row.text(0)?, row.int(1)?, row.optional_text(2)?)))?;
        let (until, outcome, ended) = self.read(|| Ok((row.int(3)?, row.text(4)?, row.optional_text(5)?)))?;
        if let Some(outcome) = Outcome::parse(&outcome).filter(|outcome| outcome.is_finished()) {
            return Err(AcquireError::Finished(outcome));
        }
        let longest = millis(self.lease);
        if let Some(held) = held(known.as_deref(), until - now, longest) {
            return Err(held);
        }
        let fence = fence + 1;
        let sql = "UPDATE runs SET fence = ?, holder = ?, lease_until = ?, outcome = 'running', ended = NULL WHERE id = ?";
        let holder = holder.to_text();
        self.execute(sql, &[Param::Int(fence), Param::Text(&holder), Param::Int(now + longest), Param::Text(run)]).await?;
        Ok(Some(Lease { run: run.to_owned(), project, fence, duration: self.lease, before: Some((outcome, ended)) }))
    }

    /// A lease that lasts longer than any can was given by a clock that was ahead: from now on it lasts as long as a new one. An owner that lives renews it.
    async fn shorten(&mut self, run: &str) -> Result<(), StateError> {
        let latest = self.now().await? + millis(self.lease);
        let sql = "UPDATE runs SET lease_until = ? WHERE id = ? AND lease_until > ?";
        self.execute(sql, &[Param::Int(latest), Param::Text(run), Param::Int(latest)]).await.map(drop)
    }

    /// Ends the session that has a run locked though its owner's lease has run out: a process that was stopped, or a host that went away without
    /// closing its connections, would keep the lock for hours.
    async fn evict(&mut self, run: &str) -> Result<(), AcquireError> {
        let now = self.now().await?;
        let rows = self.rows("SELECT holder, lease_until FROM runs WHERE id = ?", &[Param::Text(run)]).await?;
        let row = rows.first().ok_or(AcquireError::Unknown)?;
        let (known, until) = self.read(|| Ok((row.optional_text(0)?, row.int(1)?)))?;
        if let Some(held) = held(known.as_deref(), until - now, millis(self.lease)) {
            return Err(held);
        }
        let sql = "SELECT pg_terminate_backend(a.pid)::int::bigint FROM runs r JOIN pg_stat_activity a ON a.backend_xid = r.xmax
            WHERE r.id = ? AND a.usename = current_user AND a.pid <> pg_backend_pid()";
        self.rows(sql, &[Param::Text(run)]).await?;
        Ok(())
    }

    /// Makes the lease last longer.
    ///
    /// # Errors
    /// Another executor has taken the run over.
    pub async fn renew(&mut self, lease: &Lease) -> Result<(), WriteError> {
        match self.try_renew(lease).await {
            Err(WriteError::State(_)) if self.reconnect().await => self.try_renew(lease).await,
            result => result,
        }
    }

    async fn try_renew(&mut self, lease: &Lease) -> Result<(), WriteError> {
        let until = self.now().await? + millis(self.lease);
        let sql = "UPDATE runs SET lease_until = ? WHERE id = ? AND fence = ?";
        match self.execute(sql, &[Param::Int(until), Param::Text(&lease.run), Param::Int(lease.fence)]).await? {
            1 => Ok(()),
            _ => Err(self.fenced(lease).await),
        }
    }

    /// Gives the run up without an end: somebody else may take it over at once.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn release(&mut self, lease: &Lease) -> Result<(), StateError> {
        let sql = "UPDATE runs SET holder = NULL, lease_until = 0 WHERE id = ? AND fence = ?";
        self.execute(sql, &[Param::Text(&lease.run), Param::Int(lease.fence)]).await.map(drop)
    }

    /// Ends the ownership of a run that nothing was done with: it stands as it stood before.
    pub async fn give_back(&mut self, lease: &Lease) -> Result<(), StateError> {
        let Some((outcome, ended)) = &lease.before else { return self.release(lease).await };
        let sql = "UPDATE runs SET holder = NULL, lease_until = 0, outcome = ?, ended = ? WHERE id = ? AND fence = ?";
        self.execute(sql, &[Param::Text(outcome), Param::OptionalText(ended.as_deref()), Param::Text(&lease.run), Param::Int(lease.fence)])
            .await
            .map(drop)
    }

    pub(super) async fn fenced(&mut self, lease: &Lease) -> WriteError {
        match self.rows("SELECT holder FROM runs WHERE id = ?", &[Param::Text(&lease.run)]).await {
            Ok(rows) => {
                let holder = rows.first().and_then(|row| row.optional_text(0).ok().flatten());
                let by = holder.as_deref().and_then(Holder::parse).map_or_else(|| "it is not running now".to_owned(), |by| by.to_string());
                WriteError::FencedOff { by }
            }
            Err(error) => WriteError::State(error),
        }
    }

    pub(super) async fn now(&mut self) -> Result<i64, StateError> {
        let result = self.connection.now().await;
        result.map_err(|error| open::explain(&self.location, &error))
    }
}

/// Whether an owner still has the run, by what its row says.
fn held(holder: Option<&str>, left: i64, longest: i64) -> Option<AcquireError> {
    // More is left where the clock was set back.
    let left = left.min(longest);
    let known = holder.and_then(Holder::parse).filter(|known| left > 0 && !known.is_dead_here())?;
    let seconds_left = u64::try_from(left).unwrap_or_default().div_ceil(1000);
    Some(AcquireError::Held { by: known.to_string(), seconds_left })
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
