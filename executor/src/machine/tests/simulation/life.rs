//! The simulation: lives of a process that drives the machine, each ended by a crash but the last one.

use std::collections::BTreeMap;

use sequor_plan_format::{FlowId, Plan};
use serde::{Deserialize, Serialize};

use super::answers::Answers;
use super::journal::{Journal, Record, decode, encode};
use super::memory::{Life, Open};
use super::outside::Outside;
use super::random::Random;
use super::trace::{Entry, Fault, Story};
use super::twin::Twin;
use crate::machine::{Command, Event, FrameId, State, step};
use crate::value::Map;

/// What an executor must do so that nothing is lost. Each can be left out, to see that it is noticed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Discipline {
    /// What was appended is durable before an effect starts.
    pub(super) flushes: bool,
    /// Markers and ledgers are asked before an effect is repeated.
    pub(super) asks: bool,
    /// The members of a loop are kept as they were at its start.
    pub(super) spools: bool,
    /// Events of absorbed replies wait for their rows.
    pub(super) holds: bool,
}

impl Discipline {
    pub(super) const ALL: Self = Self { flushes: true, asks: true, spools: true, holds: true };
}

/// Why a life ends before the run does.
pub(super) enum Stop {
    Crash,
    /// Something that must not be.
    Wrong(String),
}

pub(super) struct Simulation<'a> {
    pub(super) plan: &'a Plan,
    pub(super) answers: &'a Answers,
    pub(super) discipline: Discipline,
    pub(super) random: Random,
    pub(super) outside: Outside,
    pub(super) journal: Journal,
    /// What each event of the run that was not lost came from and led to.
    history: Vec<Vec<Entry>>,
    /// What was asked of the world last.
    pub(super) acting: Option<Entry>,
    /// Where it crashed.
    pub(super) crashes: Vec<String>,
    /// Crashes that may still come, and the places to pass until the next.
    left: u64,
    fuse: Option<u64>,
    /// Places that a run passes, roughly.
    span: u64,
    /// The run by another plan, beside this one.
    pub(super) twin: Option<Twin<'a>>,
}

/// State alone does not do: the command that waits, and what is open, belong to it.
#[derive(Serialize, Deserialize)]
struct Snapshot {
    state: State,
    events: u64,
    command: Option<Command>,
    open: BTreeMap<FrameId, Open>,
}

impl<'a> Simulation<'a> {
    /// A run that will crash up to `crashes` times. It is durable before its first step.
    pub(super) fn new(plan: &'a Plan, answers: &'a Answers, start: (FlowId, Map, Map), crashes: u64, span: u64) -> Self {
        let (flow, parameters, project) = start;
        let mut journal = Journal::new(project.clone());
        let state = State::new(flow, parameters, project);
        journal.compact(&Snapshot { state, events: 0, command: None, open: BTreeMap::new() });
        let mut simulation = Self {
            plan,
            answers,
            discipline: Discipline::ALL,
            random: Random::new(answers.seed ^ 0xc0ffee),
            outside: Outside::default(),
            journal,
            history: Vec::new(),
            acting: None,
            crashes: Vec::new(),
            left: crashes,
            fuse: None,
            span,
            twin: None,
        };
        simulation.light();
        simulation
    }

    pub(super) fn run(&mut self) -> Result<Story, String> {
        loop {
            match self.live() {
                Ok(life) => return Ok(self.story(life)),
                Err(Stop::Wrong(what)) => return Err(what),
                Err(Stop::Crash) => {
                    self.journal.crash();
                    self.light();
                }
            }
        }
    }

    /// Half of the crashes hit soon after the one before.
    fn light(&mut self) {
        self.fuse = (self.left > 0).then(|| if self.random.one_in(2) { self.random.below(8) } else { self.random.below(self.span) });
        self.left = self.left.saturating_sub(1);
    }

    /// A place where the process may be killed.
    pub(super) fn point(&mut self, place: &str) -> Result<(), Stop> {
        match &mut self.fuse {
            None => Ok(()),
            Some(0) => {
                self.crashes.push(place.to_owned());
                Err(Stop::Crash)
            }
            Some(places) => {
                *places -= 1;
                Ok(())
            }
        }
    }

    fn live(&mut self) -> Result<Life, Stop> {
        let mut life = self.load()?;
        while life.outcome.is_none() {
            let event = match life.command.clone() {
                None => Event::Start,
                Some(command) => self.perform(&mut life, command)?,
            };
            self.point("answered, not journalled")?;
            self.take(&mut life, event)?;
            if life.events > 100_000 {
                return Err(Stop::Wrong("the run does not end".to_owned()));
            }
        }
        self.point("ended, not durable")?;
        self.journal.flush();
        self.point("ended")?;
        Ok(life)
    }

    /// From the last snapshot, by the events since, to the command that waits.
    fn load(&mut self) -> Result<Life, Stop> {
        self.point("starting")?;
        let Snapshot { state, events, command, open } = self.journal.snapshot();
        let twinned = self.twin.as_ref().map(|twin| twin.of(&state, command.as_ref())).transpose().map_err(Stop::Wrong)?;
        let mut life = Life { state, events, command, open, landing: None, reply: None, outcome: None, twinned };
        for event in self.journal.events() {
            self.replay(&mut life, &event)?;
        }
        self.recover(&mut life)?;
        self.acting = None;
        self.history.truncate(usize::try_from(life.events).unwrap());
        for database in &mut self.outside.databases {
            database.clean(|activation| life.open.values().any(|open| open.activation == activation));
        }
        self.point("loaded")?;
        Ok(life)
    }

    /// Leads to what it led to before the crash. Gives the notices.
    pub(super) fn replay(&mut self, life: &mut Life, event: &str) -> Result<Vec<Command>, Stop> {
        let notices = self.apply(life, decode(event))?;
        let now: Vec<Entry> = notices.iter().filter_map(entry).collect();
        let Some(told) = self.history.get(usize::try_from(life.events).unwrap() - 1) else {
            // The process was killed between the effect and what it led to.
            self.history.push(self.acting.take().into_iter().chain(now).collect());
            return Ok(notices);
        };
        if told.iter().filter(|entry| !matches!(entry, Entry::Acted { .. })).eq(&now) {
            return Ok(notices);
        }
        Err(Stop::Wrong(format!("event {} led to {told:?}, on replay to {notices:?}", life.events)))
    }

    /// An event is journalled, then it changes the state.
    fn take(&mut self, life: &mut Life, event: Event) -> Result<(), Stop> {
        let text = encode(&event);
        match &mut life.landing {
            Some(landing) if self.discipline.holds => landing.hold(text),
            _ => self.journal.append(Record::Event(text)),
        }
        let answered = life.command.clone();
        let done = !matches!(event, Event::Failed(_));
        let notices = self.apply(life, event)?;
        let acted = self.acting.take();
        self.history.push(acted.into_iter().chain(notices.iter().filter_map(entry)).collect());
        if done {
            self.landed(life, answered);
        }
        for notice in notices {
            self.notice(life, notice)?;
        }
        self.land(life)?;
        if self.random.one_in(6) {
            self.flush();
            self.point("flushed")?;
        }
        if self.random.one_in(25) { self.compact(life) } else { Ok(()) }
    }

    /// A state is kept only as far as the journal goes: no event waits for its rows. How a run ended is in its last event, not in the state.
    fn compact(&mut self, life: &Life) -> Result<(), Stop> {
        if life.outcome.is_some() || life.landing.as_ref().is_some_and(|landing| !landing.is_empty()) {
            return Ok(());
        }
        let (state, open) = (life.state.clone(), life.open.clone());
        self.journal.compact(&Snapshot { state, events: life.events, command: life.command.clone(), open });
        self.point("compacted")
    }

    pub(super) fn notice(&mut self, life: &mut Life, notice: Command) -> Result<(), Stop> {
        match notice {
            Command::Commit { values } => {
                self.journal.append(Record::Commit(values));
                self.point("variables not durable")?;
                self.flush();
                self.point("variables durable")
            }
            // A failed op: that it failed is durable before what it staged goes.
            Command::Release { .. } => self.give_up(life),
            _ => Ok(()),
        }
    }

    /// Gives the notices.
    fn apply(&mut self, life: &mut Life, event: Event) -> Result<Vec<Command>, Stop> {
        if let Some(command) = life.command.take() {
            life.observe(command, &event);
        }
        life.events += 1;
        let mut notices = Vec::new();
        let told = life.twinned.is_some().then(|| event.clone());
        for command in step(self.plan, &mut life.state, event) {
            match command {
                Command::Began { .. } | Command::Skipped { .. } | Command::Ended { .. } | Command::Tolerated { .. } => {
                    notices.push(command)
                }
                Command::Commit { .. } => notices.push(command),
                Command::Release { frame, .. } => {
                    life.open.remove(&frame);
                    notices.push(command);
                }
                Command::Finish { outcome } => life.outcome = Some(outcome),
                waiting => {
                    if let Some(other) = life.command.replace(waiting) {
                        return Err(Stop::Wrong(format!("two commands at once: {other:?}")));
                    }
                }
            }
        }
        if let (Some(twin), Some(twinned), Some(event)) = (&self.twin, &mut life.twinned, told) {
            twin.step(twinned, event, &life.state, life.command.as_ref()).map_err(Stop::Wrong)?;
        }
        match (&life.command, &life.outcome) {
            (Some(_), None) | (None, Some(_)) => Ok(notices),
            (command, _) => Err(Stop::Wrong(format!("neither one command nor the end: {command:?}"))),
        }
    }

    /// Journal first, then markers that it makes superfluous.
    pub(super) fn flush(&mut self) {
        self.journal.flush();
        let count = self.journal.count();
        self.outside.databases.iter_mut().for_each(|database| database.journalled(count));
    }

    fn story(&mut self, life: Life) -> Story {
        Story {
            entries: std::mem::take(&mut self.history).into_iter().flatten().collect(),
            outcome: life.outcome.unwrap_or(Ok(())).map_err(|error| Fault::from(&error)),
            project: life.state.visible().project.as_ref().clone(),
            kept: self.journal.kept().clone(),
            effects: self.outside.effects.clone(),
        }
    }
}

fn entry(notice: &Command) -> Option<Entry> {
    match notice {
        Command::Began { node, .. } => Some(Entry::Began(*node)),
        Command::Skipped { node } => Some(Entry::Skipped(*node)),
        Command::Ended { node, failed, .. } => Some(Entry::Ended { node: *node, failed: *failed }),
        Command::Tolerated { node, error } => Some(Entry::Tolerated(*node, Fault::from(error))),
        Command::Commit { values } => Some(Entry::Committed(values.clone())),
        _ => None,
    }
}
