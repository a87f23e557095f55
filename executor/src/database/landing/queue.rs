//! Between the caller of a landing, who encodes rows, and the task that writes them.
//!
//! Holds two heaps of work: **sealed** work ends with markers and is committed as soon as the writer is free, however many batches it has become by then;
//! **open** work belongs to a batch that has not ended, and is written into a transaction that stays open. Open work is later than sealed work, and is never
//! in one transaction with the markers of batches before it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::super::effect::Marker;
use super::Gate;
use super::engine::{Rows, Target};
use crate::error::{ErrorKind, RunError};

/// The caller waits when this much is queued.
const LIMIT: usize = 2 << 20;
/// What a marker without data counts for.
const MARKER: usize = 128;

/// Rows of some tables, and the tables that are new with them. A table is known by its number.
pub(super) struct Work<R> {
    pub(super) opens: Vec<Arc<Target>>,
    pub(super) rows: Vec<(usize, R)>,
}

/// The end of one or more batches.
pub(super) struct Seal {
    /// Nothing is committed before they have opened.
    pub(super) gates: Vec<Gate>,
    pub(super) markers: Vec<Marker>,
    /// The rows of each table up to here.
    pub(super) totals: Vec<u64>,
    /// Markers of batches before this one are not needed any more.
    pub(super) trim: Option<u64>,
    /// The created tables are swapped in.
    pub(super) finish: bool,
}

/// How a landing ends other than by a seal that finishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Sealed work is still written.
    Suspend,
    Discard,
    /// The landing was dropped.
    Gone,
}

pub(super) enum Next<R> {
    Open(Work<R>),
    Sealed(Work<R>, Seal),
    End(End),
}

pub(super) struct Queue<R> {
    state: Mutex<State<R>>,
    /// There is something for the writer.
    given: Notify,
    /// There is something for the caller: room, a commit, a fault or the end.
    moved: Notify,
}

struct State<R> {
    open: Work<R>,
    /// At most two: what can be in one transaction, and the end of the landing, which has one of its own.
    sealed: VecDeque<(Work<R>, Seal)>,
    bytes: usize,
    end: Option<End>,
    committed: u64,
    fault: Option<RunError>,
    ended: bool,
}

impl<R> Work<R> {
    pub(super) const fn new() -> Self {
        Self { opens: Vec::new(), rows: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.opens.is_empty() && self.rows.is_empty()
    }
}

impl<R: Rows> Work<R> {
    fn bytes(&self) -> usize {
        self.rows.iter().map(|(_, rows)| rows.bytes()).sum()
    }

    fn add(&mut self, later: Self) {
        self.opens.extend(later.opens);
        for (table, rows) in later.rows {
            match self.rows.iter_mut().find(|(known, _)| *known == table) {
                Some((_, earlier)) => earlier.append(rows),
                None => self.rows.push((table, rows)),
            }
        }
    }
}

impl Seal {
    fn bytes(&self) -> usize {
        self.markers.iter().map(|marker| MARKER + marker.data.len()).sum()
    }

    fn add(&mut self, later: Self) {
        self.gates.extend(later.gates);
        self.markers.extend(later.markers);
        self.totals = later.totals;
        self.trim = later.trim.or(self.trim);
    }
}

/// For the caller.
impl<R: Rows> Queue<R> {
    pub(super) fn new(committed: u64) -> Self {
        let state = State { open: Work::new(), sealed: VecDeque::new(), bytes: 0, end: None, committed, fault: None, ended: false };
        Self { state: Mutex::new(state), given: Notify::new(), moved: Notify::new() }
    }

    /// Waits until this many bytes may be given. There is one caller, so the room stays.
    pub(super) async fn room(&self, bytes: usize) -> Result<(), RunError> {
        self.wait(|state| (state.bytes == 0 || state.bytes + bytes <= LIMIT).then_some(())).await
    }

    /// Waits until a batch is committed.
    pub(super) async fn committed(&self, batch: u64) -> Result<(), RunError> {
        self.wait(|state| (state.committed >= batch).then_some(())).await
    }

    pub(super) fn last_committed(&self) -> u64 {
        self.state().committed
    }

    pub(super) fn give(&self, work: Work<R>, seal: Option<Seal>) {
        let mut state = self.state();
        state.bytes += work.bytes() + seal.as_ref().map_or(0, Seal::bytes);
        state.open.add(work);
        if let Some(seal) = seal {
            let work = std::mem::replace(&mut state.open, Work::new());
            match state.sealed.back_mut() {
                Some((earlier, sealed)) if !seal.finish => {
                    earlier.add(work);
                    sealed.add(seal);
                }
                Some(_) | None => state.sealed.push_back((work, seal)),
            }
        }
        drop(state);
        self.given.notify_one();
    }

    pub(super) fn end(&self, end: End) {
        self.state().end.get_or_insert(end);
        self.given.notify_one();
    }

    async fn wait(&self, ready: impl Fn(&State<R>) -> Option<()>) -> Result<(), RunError> {
        loop {
            {
                let state = self.state();
                if ready(&state).is_some() && state.fault.is_none() {
                    return Ok(());
                }
                if let Some(fault) = &state.fault {
                    return Err(fault.clone());
                }
                if state.ended {
                    return Err(RunError::new(ErrorKind::Database, "the landing has ended; nothing more can be written"));
                }
            }
            self.moved.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For the writer.
impl<R: Rows> Queue<R> {
    pub(super) async fn next(&self) -> Next<R> {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.given.notified().await;
        }
    }

    pub(super) fn set_committed(&self, batch: u64) {
        self.state().committed = batch;
        self.moved.notify_one();
    }

    /// Everything that is queued is dropped, and the caller learns why at its next call.
    pub(super) fn fail(&self, error: RunError) {
        self.state().fault = Some(error);
        self.moved.notify_one();
    }

    fn take(&self) -> Option<Next<R>> {
        let mut state = self.state();
        if let Some(end) = state.end.filter(|end| *end != End::Suspend || state.fault.is_some()) {
            return Some(Next::End(end));
        }
        if state.fault.is_some() {
            return None;
        }
        let next = if let Some((work, seal)) = state.sealed.pop_front() {
            Next::Sealed(work, seal)
        } else if let Some(end) = state.end {
            return Some(Next::End(end));
        } else if !state.open.is_empty() {
            Next::Open(std::mem::replace(&mut state.open, Work::new()))
        } else {
            return None;
        };
        state.bytes = state.open.bytes() + state.sealed.iter().map(|(work, seal)| work.bytes() + seal.bytes()).sum::<usize>();
        drop(state);
        self.moved.notify_one();
        Some(next)
    }
}

/// Tells the caller that the writer is gone, also where it ends in a way that nobody foresaw.
pub(super) struct Ending<R: Rows>(pub(super) Arc<Queue<R>>);

impl<R: Rows> Drop for Ending<R> {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.moved.notify_one();
    }
}
