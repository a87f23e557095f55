//! A bounded set of connections to one database.
//!
//! A connection comes back only by `Lease::give_back`. One that is dropped is closed, whatever state it is in: a cancelled future never hands
//! an open transaction to the next user. (sqlx's own pool gives every dropped connection back, and retries a refused connection until its time is up.)

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ErrorKind, RunError};

/// Opens connections.
pub(super) trait Opener: Send + Sync + 'static {
    type Connection: Connection;

    fn open(&self) -> impl Future<Output = Result<Self::Connection, RunError>> + Send;
}

/// More than any flow holds at once: a stream, a load and a query for each level of nested loops.
const LARGEST: usize = 32;
/// How long a caller waits for a connection that others hold.
const PATIENCE: Duration = Duration::from_secs(60);
/// A connection unused for longer is tried before it is given out: the server or a firewall may have ended it.
const FRESH: Duration = Duration::from_secs(1);

pub(super) struct Pool<O: Opener> {
    shared: Arc<Shared<O>>,
}

struct Shared<O: Opener> {
    opener: O,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<(O::Connection, Instant)>>,
}

/// A connection for one user. Closed when dropped.
pub(super) struct Lease<O: Opener> {
    pub(super) connection: O::Connection,
    /// It was in the pool, and may have been lost there.
    pub(super) reused: bool,
    shared: Arc<Shared<O>>,
    _place: OwnedSemaphorePermit,
}

impl<O: Opener> Clone for Pool<O> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<O: Opener> Pool<O> {
    pub(super) fn new(opener: O) -> Self {
        Self { shared: Arc::new(Shared { opener, places: Arc::new(Semaphore::new(LARGEST)), idle: Mutex::default() }) }
    }

    pub(super) fn opener(&self) -> &O {
        &self.shared.opener
    }

    pub(super) async fn acquire(&self) -> Result<Lease<O>, RunError> {
        let places = Arc::clone(&self.shared.places);
        let busy = || {
            RunError::new(
                ErrorKind::Database,
                format!(
                    "all {LARGEST} connections to the database are in use and none came free in {} s; lower the concurrency",
                    PATIENCE.as_secs()
                ),
            )
        };
        let place = tokio::time::timeout(PATIENCE, places.acquire_owned()).await.ok().and_then(Result::ok).ok_or_else(busy)?;
        while let Some((mut connection, since)) = self.shared.take_idle() {
            if since.elapsed() < FRESH || connection.ping().await.is_ok() {
                return Ok(Lease { connection, reused: true, shared: Arc::clone(&self.shared), _place: place });
            }
        }
        let connection = self.shared.opener.open().await?;
        Ok(Lease { connection, reused: false, shared: Arc::clone(&self.shared), _place: place })
    }

    /// Closes what is idle.
    pub(super) async fn close(&self) {
        while let Some((connection, _)) = self.shared.take_idle() {
            // A connection that does not close in order is gone all the same.
            let _ = connection.close().await;
        }
    }
}

impl<O: Opener> Shared<O> {
    fn take_idle(&self) -> Option<(O::Connection, Instant)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl<O: Opener> Lease<O> {
    /// For a connection in the state in which it was opened: no transaction, nothing unread.
    pub(super) fn give_back(self) {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push((self.connection, Instant::now()));
    }
}
