//! Rows on their way into tables, and the events that wait for them.
//!
//! Events of an op that fills tables are journalled only once the rows they stand for are committed. Where requests may be repeated and one database is filled, the
//! marker carries the events: rows and checkpoint are one transaction. Otherwise replies are in the journal, and are read again.

use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::op::WriteMode;
use sequor_plan_format::op::http_request::Method;

use super::journal::{Record, encode};
use super::life::{Simulation, Stop};
use super::memory::{Life, Open};
use super::outside::{Marker, Target};
use super::trace::Batch;
use crate::machine::{Command, Event};

pub(super) struct Landing {
    target: Target,
    /// Databases to fill.
    databases: Vec<usize>,
    refetches: bool,
    held: Vec<String>,
    /// Events of the run before the first that is held.
    start: u64,
    pending: Vec<Pending>,
    /// The reply being read.
    pub(super) absorbed: Option<Batch>,
}

struct Pending {
    number: u64,
    batch: Batch,
    /// Events that are held up to and with the batch's own.
    held: usize,
}

/// Whether replies must be durable before they are read.
pub(super) fn records(op: &HttpRequest) -> bool {
    op.request.method == Method::Post || op.response.tables.len() > 1
}

impl Landing {
    pub(super) fn hold(&mut self, event: String) {
        self.held.push(event);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.pending.is_empty()
    }

    fn marker(&self, events: &[String], last: bool) -> Marker {
        Marker { start: self.start, events: if self.refetches { events.to_vec() } else { Vec::new() }, last }
    }
}

impl Simulation<'_> {
    fn landing(&self, open: Open, op: &HttpRequest, start: u64) -> Option<Landing> {
        let tables = &op.response.tables;
        let create = tables.first()?.write_mode == WriteMode::Create;
        let n = self.outside.execution(open.node, open.activation);
        Some(Landing {
            target: Target { node: open.node, activation: open.activation, n, create },
            databases: tables.iter().map(|table| table.table.source.index()).collect(),
            refetches: !records(op),
            held: Vec::new(),
            start,
            pending: Vec::new(),
            absorbed: None,
        })
    }

    /// After a crash: events that a marker has and the journal has not.
    pub(super) fn recover(&mut self, life: &mut Life) -> Result<(), Stop> {
        let Some((open, op)) = life.requesting(self.plan) else { return Ok(()) };
        for index in op.response.tables.iter().map(|table| table.table.source.index()) {
            let markers: Vec<Marker> =
                self.outside.databases[index].markers_of(open.activation).map(|(_, marker)| marker.clone()).collect();
            for marker in markers {
                if marker.start > life.events && !marker.events.is_empty() {
                    return Err(Stop::Wrong(format!("events {} to {} are lost", life.events + 1, marker.start)));
                }
                let known = usize::try_from(life.events - marker.start.min(life.events)).unwrap();
                for event in marker.events.iter().skip(known) {
                    self.journal.append(Record::Event(event.clone()));
                    // What a journalled event led to has been dealt with; this one is journalled only now.
                    for notice in self.replay(life, event)? {
                        self.notice(life, notice)?;
                    }
                }
            }
        }
        if let Some((open, op)) = life.requesting(self.plan) {
            life.landing = self.landing(open, op, life.events);
        }
        Ok(())
    }

    /// A command of an op that fills tables was answered well.
    pub(super) fn landed(&mut self, life: &mut Life, answered: Option<Command>) {
        match answered {
            Some(Command::HttpOpen { .. }) => {
                if let Some((open, op)) = life.requesting(self.plan) {
                    life.landing = self.landing(open, op, life.events);
                }
            }
            Some(Command::HttpAbsorb { batch: number, .. }) => {
                if let Some(landing) = &mut life.landing
                    && let Some(batch) = landing.absorbed.take()
                {
                    landing.pending.push(Pending { number, batch, held: landing.held.len() });
                }
            }
            Some(Command::HttpClose { .. }) => self.let_go(life),
            _ => {}
        }
    }

    /// Commits batches at any time after they were absorbed.
    pub(super) fn land(&mut self, life: &mut Life) -> Result<(), Stop> {
        let Some(landing) = &mut life.landing else { return Ok(()) };
        let waiting = landing.pending.len();
        if waiting == 0 || !(waiting > 3 || self.random.one_in(4)) {
            return Ok(());
        }
        // That the op has begun, and the members of its loop, are durable before its first rows.
        self.flush_before();
        let Some(landing) = &mut life.landing else { return Ok(()) };
        let count = usize::try_from(self.random.between(1, waiting as u64)).unwrap();
        let (number, held) = (landing.pending[count - 1].number, landing.pending[count - 1].held);
        for index in landing.databases.clone() {
            let events = landing.held.get(..held).unwrap_or_default();
            self.commit(landing, index, count, number, landing.marker(events, false))?;
        }
        let events: Vec<String> = landing.held.drain(..held).collect();
        landing.start += events.len() as u64;
        landing.pending.drain(..count);
        landing.pending.iter_mut().for_each(|pending| pending.held -= held);
        events.into_iter().for_each(|event| self.journal.append(Record::Event(event)));
        self.point("landed, not journalled")
    }

    /// Batches that an earlier life has committed are not written again.
    fn commit(&mut self, landing: &Landing, index: usize, count: usize, number: u64, marker: Marker) -> Result<(), Stop> {
        self.point("not landed")?;
        let database = &mut self.outside.databases[index];
        let committed = if self.discipline.asks { database.committed(landing.target.activation) } else { None };
        if committed.is_some_and(|(last, marker)| last >= number || marker.last) {
            return Ok(());
        }
        let first = committed.map_or(0, |(last, _)| last);
        let batches: Vec<Batch> = landing.pending[..count].iter().filter(|p| p.number > first).map(|p| p.batch).collect();
        database.commit(landing.target, &batches, number, marker);
        self.point("landed")
    }

    /// The last rows, the swap and the last marker are one transaction in each database.
    pub(super) fn close(&mut self, life: &mut Life, number: u64) -> Result<Event, Stop> {
        let done = Event::Done { assigned: Vec::new() };
        self.flush_before();
        let Some(landing) = &life.landing else { return Ok(done) };
        let mut events = landing.held.clone();
        events.push(encode(&done));
        for index in landing.databases.clone() {
            self.commit(landing, index, landing.pending.len(), number, landing.marker(&events, true))?;
        }
        Ok(done)
    }

    /// The op failed: its events are durable, then what it staged goes.
    pub(super) fn give_up(&mut self, life: &mut Life) -> Result<(), Stop> {
        let Some(landing) = &life.landing else { return Ok(()) };
        let activation = landing.target.activation;
        self.let_go(life);
        self.flush();
        self.point("failure durable")?;
        self.outside.databases.iter_mut().for_each(|database| database.clean(|other| other != activation));
        self.point("staging gone")
    }

    /// Nothing waits any more.
    fn let_go(&mut self, life: &mut Life) {
        let held = life.landing.take().map(|landing| landing.held).unwrap_or_default();
        held.into_iter().for_each(|event| self.journal.append(Record::Event(event)));
    }
}
