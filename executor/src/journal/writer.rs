//! The task that writes a journal: everything that has come since the last write goes into one transaction.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::JournalError;
use crate::state::{Batch, End, Lease, Mark, Segment, SpoolPart, Store, WriteError};
use crate::value::Value;

/// What nobody waits for is written after this time, so that `status` sees it, …
const LAZY: Duration = Duration::from_millis(250);
/// What somebody waits for who can wait a little is written after this time, if nothing else is written before: most often that is the next request's intent.
const SOON: Duration = Duration::from_millis(2);
/// … or when it has come to this size.
const FULL: usize = 256 << 10;

pub(super) enum Message {
    /// Written together.
    Records {
        records: Vec<u8>,
        project: Vec<(Arc<str>, Value)>,
    },
    /// Replaces all records before it.
    Snapshot(Vec<u8>),
    Spool(SpoolPart),
    DropSpool(String),
    Mark(Mark),
    Sync(oneshot::Sender<Result<(), JournalError>>),
    SyncSoon(oneshot::Sender<Result<(), JournalError>>),
    /// Whoever can wait a little does not want to any more.
    Hurry,
    Read {
        name: String,
        part: u64,
        answer: oneshot::Sender<Result<Vec<u8>, JournalError>>,
    },
    End {
        end: End,
        answer: oneshot::Sender<Result<(), JournalError>>,
    },
}

pub(super) struct Writer {
    store: Store,
    lease: Lease,
    /// The number of the next segment.
    next: u64,
    on: bool,
    open: Open,
    /// Names in the spool that nothing needs but records that are already written: they go with these, at the next snapshot.
    unneeded: Vec<String>,
    broken: Option<JournalError>,
}

/// What has not been written.
#[derive(Default)]
struct Open {
    records: Vec<u8>,
    replaces: bool,
    spool: Vec<SpoolPart>,
    spooled: usize,
    drop_spool: Vec<String>,
    project: Vec<(Arc<str>, Value)>,
    marks: Vec<Mark>,
    end: Option<End>,
    waiting: Vec<oneshot::Sender<Result<(), JournalError>>>,
    /// Those who can wait a little: they are told last.
    patient: Vec<oneshot::Sender<Result<(), JournalError>>>,
    /// Somebody waits who cannot wait.
    hurries: bool,
    /// When those who can wait want it written.
    soon: Option<Instant>,
    since: Option<Instant>,
}

impl Open {
    fn is_empty(&self) -> bool {
        self.since.is_none()
    }

    fn is_due(&self) -> bool {
        self.hurries || self.records.len() + self.spooled >= FULL
    }
}

impl Writer {
    pub(super) fn new(store: Store, lease: Lease, next: u64, on: bool) -> Self {
        Self { store, lease, next, on, open: Open::default(), unneeded: Vec::new(), broken: None }
    }

    /// Writes until every sender is gone; gives the store back.
    pub(super) async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) -> Store {
        let mut renewal = interval(self.lease.renew_every());
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        renewal.tick().await;
        loop {
            let deadline = self.open.soon.or(self.open.since.map(|since| since + LAZY));
            tokio::select! {
                biased;
                _ = renewal.tick() => self.renew().await,
                message = messages.recv() => match message {
                    Some(message) => {
                        self.take(message).await;
                        while let Ok(message) = messages.try_recv() {
                            self.take(message).await;
                        }
                        if self.open.is_due() {
                            self.write().await;
                        }
                    }
                    None => break,
                },
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => self.write().await,
            }
        }
        if !self.open.is_empty() {
            self.write().await;
        }
        self.store
    }

    async fn take(&mut self, message: Message) {
        let open = &mut self.open;
        match message {
            Message::Records { records, project } => {
                open.records.extend_from_slice(&records);
                open.project.extend(project);
            }
            Message::Snapshot(bytes) => {
                open.records = bytes;
                open.replaces = true;
                open.drop_spool.append(&mut self.unneeded);
            }
            Message::Spool(part) => {
                open.spooled += part.bytes.len();
                open.spool.push(part);
            }
            Message::DropSpool(name) => {
                self.unneeded.push(name);
                return;
            }
            Message::Mark(mark) => open.marks.push(mark),
            Message::Sync(answer) => {
                open.waiting.push(answer);
                open.hurries = true;
            }
            Message::SyncSoon(answer) => {
                open.patient.push(answer);
                open.soon.get_or_insert_with(|| Instant::now() + SOON);
            }
            Message::Hurry => {
                open.hurries |= !open.patient.is_empty();
                return;
            }
            Message::End { end, answer } => {
                open.end = Some(end);
                open.waiting.push(answer);
                open.hurries = true;
            }
            Message::Read { name, part, answer } => {
                // What was given before may still be here.
                self.write().await;
                let read = self.store.spool_part(self.lease.run(), &name, part).await;
                let _ = answer.send(read.map_err(|error| JournalError::State(error.to_string())));
                return;
            }
        }
        open.since.get_or_insert_with(Instant::now);
    }

    async fn write(&mut self) {
        let open = std::mem::take(&mut self.open);
        if open.since.is_none() {
            return;
        }
        let waiting = open.waiting.into_iter().chain(open.patient);
        let result = match &self.broken {
            Some(error) => Err(error.clone()),
            None => {
                let mut batch = Batch { spool: open.spool, drop_spool: open.drop_spool, marks: open.marks, ..Batch::default() };
                batch.project_variables = open.project;
                batch.end = open.end;
                if self.on && !open.records.is_empty() {
                    batch.compact_before = open.replaces.then_some(self.next);
                    batch.segments.push(Segment { number: self.next, bytes: open.records });
                }
                if batch.is_empty() { Ok(()) } else { self.commit(&batch).await }
            }
        };
        if let Err(error) = &result {
            self.broken.get_or_insert_with(|| error.clone());
        }
        for answer in waiting {
            // Whoever went away does not build on it.
            let _ = answer.send(result.clone());
        }
    }

    async fn commit(&mut self, batch: &Batch) -> Result<(), JournalError> {
        crate::failpoint::hit("journal.before_write");
        self.store.write(&self.lease, batch).await.map_err(error)?;
        self.next += batch.segments.len() as u64;
        crate::failpoint::hit("journal.after_write");
        Ok(())
    }

    async fn renew(&mut self) {
        if self.broken.is_some() {
            return;
        }
        if let Err(fault) = self.store.renew(&self.lease).await {
            match error(fault) {
                // The next write tries again; a lease that runs out is seen there.
                JournalError::State(_) => {}
                fenced @ JournalError::Fenced { .. } => self.broken = Some(fenced),
            }
        }
    }
}

fn error(error: WriteError) -> JournalError {
    match error {
        WriteError::FencedOff { by } => JournalError::Fenced { by },
        WriteError::State(error) => JournalError::State(error.to_string()),
    }
}
