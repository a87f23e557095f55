//! Transactions whose end is known: where the answer to COMMIT is lost, the marker is asked.

use std::time::{Duration, Instant};

use super::super::effect::{self, Marking};
use super::*;

const BEGIN: &str = "BEGIN; SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";

/// A marker that is reported as committed must survive a power loss, whatever the server is set to. `BEGIN` does this too.
pub(super) const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";

/// How long the server is asked again for what became of a transaction …
const PATIENCE: Duration = Duration::from_secs(10);
/// … and the pause between two tries.
const PAUSE: Duration = Duration::from_millis(250);

impl Postgres {
    /// Opens a transaction on a connection that is alive: one that was lost in the pool is replaced.
    pub(super) async fn begin(&self) -> Result<Lease<Server>, RunError> {
        loop {
            let mut lease = self.acquire().await?;
            match run(&mut lease.connection, BEGIN.into()).await {
                Ok(_) => return Ok(lease),
                Err(error) if lease.reused && error.kind == ErrorKind::Database => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Commits. `marked`: the batch whose marker the transaction holds. Gives the connection back where it is still one.
    pub(super) async fn commit(
        &self,
        mut lease: Lease<Server>,
        marked: Option<(&Marking, u64)>,
    ) -> Result<Option<Lease<Server>>, RunError> {
        let _committing = self.commits.begin();
        let Err(error) = run_raw(&mut lease.connection, "COMMIT".into()).await else { return Ok(Some(lease)) };
        let lost = fault::of_statement(&error, "");
        // The server sees that this connection is gone, and ends the transaction if it has not done so.
        drop(lease);
        if lost.kind != ErrorKind::Database {
            return Err(lost);
        }
        match marked {
            Some((marking, batch)) => self.settle(marking, batch, lost).await.map(|()| None),
            None => Err(effect::in_doubt(&lost, "there is no marker that could tell")),
        }
    }

    /// Success where the marker is there.
    async fn settle(&self, marking: &Marking, batch: u64, lost: RunError) -> Result<(), RunError> {
        let start = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(start.elapsed());
            let reason = match tokio::time::timeout(left, self.is_committed(marking, batch)).await {
                Ok(Ok(true)) => return Ok(()),
                Ok(Ok(false)) => return Err(lost),
                Ok(Err(error)) => error.message.clone(),
                Err(_) => "the database does not answer".into(),
            };
            if start.elapsed() + PAUSE >= PATIENCE {
                return Err(effect::in_doubt(&lost, &reason));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn is_committed(&self, marking: &Marking, batch: u64) -> Result<bool, RunError> {
        let mut connection = self.pool.opener().open().await?;
        let committed = marker::is_there(&mut connection, marking, batch).await;
        // A connection that does not close in order is gone all the same.
        let _ = connection.close().await;
        committed
    }
}
