//! The journal of a run: what happened, durable before anything is built on it, so that a run goes on where it was.
//!
//! Takes records, pieces of the spool, project variables; gives them to one task that writes all it has at once (group commit). [`Journal::sync`] waits until
//! everything given before is durable. A journal is a snapshot of the run and the records since; a new snapshot replaces it when it has grown.
//!
//! What must be durable before what is decided by its callers: `driver` for events, `op::http_request` for requests and rows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::state::{End, Lease, Mark, SpoolPart, Store};
use crate::value::Value;

pub(crate) mod carry;
pub(crate) mod effects;
pub(crate) mod members;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod restore;
mod writer;

use effects::{Change, Effects, RequestId};
use record::Record;
use writer::{Message, Writer};

/// A journal that has grown by this much since its last snapshot, or by twice that snapshot's size, gets a new one.
const GROWN: usize = 256 << 10;

/// Why a run cannot go on: what it does next could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Another executor has taken the run over.
    #[error("the run was taken over by another executor ({by})")]
    Fenced { by: String },
    #[error("{0}")]
    State(String),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    run: String,
    /// Makes idempotency keys. Random, kept in the state store only.
    secret: [u8; 32],
    fence: u64,
    /// Whether events, requests and the spool are kept.
    on: bool,
    messages: mpsc::UnboundedSender<Message>,
    broken: OnceLock<JournalError>,
    ledger: Mutex<Ledger>,
}

/// Changed together with what is sent to the writing task, so that a snapshot has exactly what came before it.
#[derive(Default)]
struct Ledger {
    effects: Effects,
    /// Bytes of records since the last snapshot, and that one's size.
    grown: usize,
    snapshot: usize,
    /// What it had grown by when a snapshot was put off.
    put_off: usize,
}

/// The writing task. Ends when the last [`Journal`] is gone.
pub(crate) struct Writing {
    task: JoinHandle<Store>,
}

impl Journal {
    /// Starts to write to `store`, which `lease` allows. `next` is the number of the next segment. Where `on` is false only project variables and the end are kept.
    pub(crate) fn start(store: Store, lease: Lease, next: u64, secret: [u8; 32], on: bool) -> (Self, Writing) {
        let (messages, receiver) = mpsc::unbounded_channel();
        let (run, fence) = (lease.run().to_owned(), lease.fence());
        let journal = Self { inner: Arc::new(Inner::new(run, secret, fence, on, messages)) };
        let task = tokio::spawn(Writer::new(store, lease, next, on).run(receiver));
        (journal, Writing { task })
    }

    /// Goes on with the effects that an earlier executor has noted.
    pub(crate) fn restore(&self, effects: Effects) {
        self.ledger().effects = effects;
    }

    /// Keeps nothing: for what runs without a run.
    #[must_use]
    pub fn detached() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let (messages, _) = mpsc::unbounded_channel();
        let run = format!("detached-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        Self { inner: Arc::new(Inner::new(run, [0; 32], 0, false, messages)) }
    }

    /// The run's name.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.inner.run
    }

    #[must_use]
    pub fn fence(&self) -> u64 {
        self.inner.fence
    }

    #[must_use]
    pub fn is_on(&self) -> bool {
        self.inner.on
    }

    /// The idempotency key of a request: the same each time the run is resumed, unlike any other request's.
    pub(crate) fn key(&self, id: RequestId) -> String {
        let RequestId { activation, ordinal, page } = id;
        let mac = blake3::keyed_hash(&self.inner.secret, format!("{} {ordinal} {page}", activation.0).as_bytes());
        let hex = mac.to_hex();
        // The shape of a UUID is what services expect of a key.
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]].join("-")
    }

    /// Adds a record, with the project variables that were set with it. Durable after the next [`Self::sync`], and by itself soon.
    pub(crate) fn append(&self, record: &Record, project: Vec<(Arc<str>, Value)>) {
        let mut ledger = self.ledger();
        self.add(&mut ledger, record, project);
    }

    /// Notes what is known of an effect.
    pub(crate) fn effect(&self, change: Change) {
        let mut ledger = self.ledger();
        ledger.effects.apply(change.clone());
        self.add(&mut ledger, &Record::Effect(change), Vec::new());
    }

    /// What is known of effects, while the lock is held.
    pub(crate) fn with_effects<T>(&self, look: impl FnOnce(&mut Effects) -> T) -> T {
        look(&mut self.ledger().effects)
    }

    /// Whether a new snapshot is due.
    pub(crate) fn has_grown(&self) -> bool {
        let ledger = self.ledger();
        ledger.grown > ledger.put_off + GROWN.max(2 * ledger.snapshot)
    }

    /// A snapshot that was due could not be taken: the next one is due when the journal has grown as much again.
    pub(crate) fn put_off(&self) {
        let mut ledger = self.ledger();
        if ledger.grown > ledger.put_off + GROWN.max(2 * ledger.snapshot) {
            ledger.put_off = ledger.grown;
        }
    }

    /// Replaces everything so far by what `make` makes of the effects that are known, if it makes something. Whether it did.
    pub(crate) fn snapshot(&self, make: impl FnOnce(&Effects) -> Option<record::Snapshot>) -> bool {
        if !self.inner.on {
            return false;
        }
        let mut ledger = self.ledger();
        let Some(snapshot) = make(&ledger.effects) else { return false };
        let mut bytes = Vec::new();
        if !self.encode(&Record::Snapshot(Box::new(snapshot)), &mut bytes) {
            return false;
        }
        ledger.grown = 0;
        ledger.put_off = 0;
        ledger.snapshot = bytes.len();
        self.send(Message::Snapshot(bytes));
        true
    }

    pub(crate) fn spool(&self, name: &str, part: u64, bytes: Vec<u8>) {
        if self.inner.on {
            self.send(Message::Spool(SpoolPart { name: name.to_owned(), part, bytes }));
        }
    }

    /// A part of the spool as it was given.
    ///
    /// # Errors
    /// The state store cannot be read, or is damaged.
    pub(crate) async fn read_spool(&self, name: &str, part: u64) -> Result<Vec<u8>, JournalError> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::Read { name: name.to_owned(), part, answer });
        answered.await.unwrap_or_else(|_| Err(self.ended()))
    }

    /// The spool's parts of that name are not needed by what comes. They stay as long as records that need them.
    pub(crate) fn drop_spool(&self, name: String) {
        if self.inner.on {
            self.send(Message::DropSpool(name));
        }
    }

    /// Where a later run may be forked from.
    pub(crate) fn mark(&self, path: String, snapshot: &record::Snapshot) {
        let mut data = Vec::new();
        if self.inner.on && self.encode(&Record::Snapshot(Box::new(snapshot.clone())), &mut data) {
            self.send(Message::Mark(Mark { path, data }));
        }
    }

    /// Returns when everything given before is durable.
    ///
    /// # Errors
    /// It could not be made durable: nothing may be built on it.
    pub(crate) async fn sync(&self) -> Result<(), JournalError> {
        self.answer(Message::Sync).await
    }

    /// As [`Self::sync`], begun soon, whenever it is waited for: what is written for others meanwhile is written with it.
    pub(crate) fn syncing_soon(&self) -> impl Future<Output = Result<(), JournalError>> + Send + 'static {
        self.answer(Message::SyncSoon)
    }

    /// What is to be synced soon is synced now.
    pub(crate) fn hurry(&self) {
        self.send(Message::Hurry);
    }

    fn answer(
        &self,
        message: fn(oneshot::Sender<Result<(), JournalError>>) -> Message,
    ) -> impl Future<Output = Result<(), JournalError>> + Send + 'static {
        let answered = self.inner.on.then(|| {
            let (answer, answered) = oneshot::channel();
            self.send(message(answer));
            answered
        });
        // The task writes until the last journal is gone: a future must not keep it.
        let inner = Arc::downgrade(&self.inner);
        async move {
            let Some(answered) = answered else { return Ok(()) };
            answered.await.unwrap_or_else(|_| {
                let broken = inner.upgrade().and_then(|inner| inner.broken.get().cloned());
                Err(broken.unwrap_or_else(closed))
            })
        }
    }

    /// The last entry: what came of the run.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub(crate) async fn end(&self, end: End) -> Result<(), JournalError> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::End { end, answer });
        answered.await.unwrap_or_else(|_| Err(self.ended()))
    }

    /// Why nothing more can be kept, once that is so.
    pub(crate) fn broken(&self) -> Option<JournalError> {
        self.inner.broken.get().cloned()
    }

    fn add(&self, ledger: &mut Ledger, record: &Record, project: Vec<(Arc<str>, Value)>) {
        let mut records = Vec::new();
        if self.inner.on && !self.encode(record, &mut records) {
            return;
        }
        ledger.grown += records.len();
        if !records.is_empty() || !project.is_empty() {
            self.send(Message::Records { records, project });
        }
    }

    fn encode(&self, record: &Record, into: &mut Vec<u8>) -> bool {
        match record::encode(record, into) {
            Ok(()) => true,
            Err(error) => {
                let _ = self.inner.broken.set(JournalError::State(error.message.clone()));
                false
            }
        }
    }

    fn send(&self, message: Message) {
        // A task that has ended has said why: `sync` and `broken` give it.
        let _ = self.inner.messages.send(message);
    }

    fn ended(&self) -> JournalError {
        self.broken().unwrap_or_else(closed)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.inner.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the first fault that a caller was told of.
    pub(crate) fn note(&self, error: &JournalError) {
        let _ = self.inner.broken.set(error.clone());
    }
}

fn closed() -> JournalError {
    JournalError::State("the journal is closed".to_owned())
}

impl Inner {
    fn new(run: String, secret: [u8; 32], fence: u64, on: bool, messages: mpsc::UnboundedSender<Message>) -> Self {
        Self { run, secret, fence, on, messages, broken: OnceLock::new(), ledger: Mutex::default() }
    }
}

impl Writing {
    /// Waits for the task, once no [`Journal`] is left; gives the store back.
    pub(crate) async fn ended(self) -> Option<Store> {
        self.task.await.ok()
    }
}
