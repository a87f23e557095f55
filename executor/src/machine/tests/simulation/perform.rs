//! What the simulated driver does for each command.

use sequor_plan_format::op::Execute;
use sequor_plan_format::op::http_request::Method;
use sequor_plan_format::{NodeId, Op};

use super::answers::Reply;
use super::expression::Sight;
use super::journal::{Record, encode};
use super::landing::records;
use super::life::{Simulation, Stop};
use super::memory::{Life, Open};
use super::outside::{Marker, Target};
use super::trace::{Batch, Entry, Variables, What};
use crate::error::{ErrorKind, RunError};
use crate::machine::{Activation, Command, Event, FrameId};
use crate::value::Value;

/// An event, or why it is none: the op's error, or the end of the process.
type Performed = Result<Event, Trouble>;

enum Trouble {
    Failed(RunError),
    Stopped(Stop),
}

impl From<RunError> for Trouble {
    fn from(error: RunError) -> Self {
        Self::Failed(error)
    }
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

const DONE: Event = Event::Done { assigned: Vec::new() };

impl Simulation<'_> {
    pub(super) fn perform(&mut self, life: &mut Life, command: Command) -> Result<Event, Stop> {
        let seen = Variables::from(life.state.visible());
        match self.try_perform(life, command, &seen) {
            Ok(event) => Ok(event),
            Err(Trouble::Failed(error)) => Ok(Event::Failed(error)),
            Err(Trouble::Stopped(stop)) => Err(stop),
        }
    }

    fn try_perform(&mut self, life: &mut Life, command: Command, seen: &Variables) -> Performed {
        match command {
            Command::Evaluate { expr, .. } => Ok(Event::Value(self.sight(seen).evaluate(expr)?)),
            Command::Run { node, activation } => self.effect(node, activation, life.state.failures(), seen),
            Command::Pause { .. } => {
                self.point("between two attempts")?;
                Ok(DONE)
            }
            Command::OpenItems { node, activation, .. } => {
                self.act(node, activation, What::Items, seen)?;
                self.spool(node, activation, seen)?;
                Ok(DONE)
            }
            Command::HttpOpen { node, activation, .. } => {
                self.act(node, activation, What::Open, seen)?;
                self.spool(node, activation, seen)?;
                let Op::HttpRequest(op) = &self.plan.node(node).op else { return Ok(DONE) };
                Ok(Event::Done { assigned: self.sight(seen).assignments(&op.init)? })
            }
            Command::NextItem { frame } | Command::HttpNext { frame } => {
                let open = life.open[&frame];
                let members = if self.discipline.spools { self.journal.members(open.activation) } else { None };
                let members = members.map_or_else(|| self.members(open.node, seen), Ok)?;
                Ok(Event::Item(members.get(open.taken).cloned()))
            }
            Command::HttpExchange { frame, ordinal, page } => self.exchange(life, frame, (ordinal, page), seen),
            Command::HttpAbsorb { frame, ordinal, page, batch } => self.absorb(life, frame, (ordinal, page, batch), seen),
            Command::HttpClose { frame, batch } => {
                let Open { node, activation, .. } = life.open[&frame];
                self.act(node, activation, What::Close { batch }, seen)?;
                Ok(self.close(life, batch)?)
            }
            other => Err(Stop::Wrong(format!("{other:?} has no answer")).into()),
        }
    }

    fn sight<'s>(&'s self, variables: &'s Variables) -> Sight<'s> {
        Sight { plan: self.plan, variables, rows: self.outside.rows(), reply: None }
    }

    /// Something is asked of the world: it may refuse.
    fn act(&mut self, node: NodeId, activation: Activation, what: What, seen: &Variables) -> Result<(), Trouble> {
        let n = self.outside.attempt(node, activation, what, seen).map_err(Stop::Wrong)?;
        self.acting = Some(Entry::Acted { node, what, seen: seen.clone() });
        self.point("before an effect")?;
        self.answers.failure(node, n, what).map_or(Ok(()), |error| Err(error.into()))
    }

    pub(super) fn flush_before(&mut self) {
        if self.discipline.flushes {
            self.flush();
        }
    }

    fn members(&self, node: NodeId, seen: &Variables) -> Result<Vec<Value>, RunError> {
        match &self.plan.node(node).op {
            Op::ForEach(op) => self.sight(seen).members(&op.rows),
            Op::HttpRequest(op) => match &op.for_each {
                Some(for_each) => self.sight(seen).members(&for_each.rows),
                None => Ok(vec![Value::Null]),
            },
            other => Err(RunError::new(ErrorKind::Data, format!("{} is no loop", other.name()))),
        }
    }

    fn spool(&mut self, node: NodeId, activation: Activation, seen: &Variables) -> Result<(), RunError> {
        let members = self.members(node, seen)?;
        self.journal.append(Record::Spool(activation, encode(&members)));
        Ok(())
    }

    fn effect(&mut self, node: NodeId, activation: Activation, failures: u32, seen: &Variables) -> Performed {
        let what = if failures == 0 { What::Run } else { What::RunAgain(failures) };
        self.act(node, activation, what, seen)?;
        match &self.plan.node(node).op {
            Op::Print(op) => drop(self.sight(seen).evaluate(op.message)?),
            Op::SetVariable(op) => return Ok(Event::Done { assigned: self.sight(seen).assignments(&op.assigns)? }),
            Op::Fail(op) => {
                let message = self.sight(seen).evaluate(op.message)?.to_text();
                let kind = op.kind.map_or(Ok(Value::text("failed")), |kind| self.sight(seen).evaluate(kind))?.to_text();
                return Err(RunError::new(ErrorKind::Failed(kind), message).into());
            }
            Op::Execute(op) if op.transaction => self.transaction(op, node, activation)?,
            Op::Execute(op) => self.statements(op, node, activation)?,
            other => return Err(Stop::Wrong(format!("{} is no effect", other.name())).into()),
        }
        self.point("after an effect")?;
        Ok(DONE)
    }

    /// Rows and marker are one transaction.
    fn transaction(&mut self, op: &Execute, node: NodeId, activation: Activation) -> Result<(), Stop> {
        self.flush_before();
        self.point("before a transaction")?;
        let index = op.source.index();
        if self.discipline.asks && self.outside.databases[index].committed(activation).is_some() {
            return Ok(());
        }
        self.outside.databases[index].rows += op.statements.len();
        self.outside.happens(node, activation, What::Run, Reply { value: 0, more: false });
        let n = self.outside.execution(node, activation);
        let target = Target { node, activation, n, create: false };
        self.outside.databases[index].commit(target, &[], 0, Marker::default());
        Ok(())
    }

    /// Each statement for itself: an intent before it, and a question where the intent is all there is.
    fn statements(&mut self, op: &Execute, node: NodeId, activation: Activation) -> Result<(), Trouble> {
        let n = self.outside.execution(node, activation);
        for number in 0..op.statements.len() as u64 {
            let (what, key) = (What::Statement(number), (activation, number, 0));
            if let Some(error) = self.answers.failure(node, n, what) {
                return Err(error.into());
            }
            let known = self.journal.reply(key).is_some() || (self.journal.intended(key) && self.outside.ask(activation, what).is_some());
            if !(self.discipline.asks && known) {
                self.journal.append(Record::Intent(key));
                self.flush_before();
                self.point("intent durable")?;
                self.outside.databases[op.source.index()].rows += 1;
                self.outside.happens(node, activation, what, Reply { value: 0, more: false });
                self.point("statement done, not journalled")?;
            }
            self.journal.append(Record::Reply(key, encode(&Reply { value: 0, more: false })));
        }
        Ok(())
    }

    fn exchange(&mut self, life: &mut Life, frame: FrameId, (ordinal, page): (u64, u64), seen: &Variables) -> Performed {
        let Open { node, activation, .. } = life.open[&frame];
        let what = What::Exchange { ordinal, page };
        self.act(node, activation, what, seen)?;
        let Op::HttpRequest(op) = &self.plan.node(node).op else { return Ok(DONE) };
        let key = (activation, ordinal, page);
        let reply = match self.journal.reply(key) {
            Some(reply) => reply,
            None if op.request.method == Method::Post => {
                let doubted = self.discipline.asks && self.journal.intended(key);
                let answer = if doubted { self.outside.ask(activation, what).cloned() } else { None };
                match answer {
                    Some(reply) => reply,
                    None => {
                        self.journal.append(Record::Intent(key));
                        self.flush_before();
                        self.point("intent durable")?;
                        self.outside.post(self.answers, node, activation, ordinal, page)
                    }
                }
            }
            None => self.outside.reply(self.answers, node, activation, ordinal, page),
        };
        self.point("replied, not durable")?;
        if records(op) {
            self.journal.append(Record::Reply(key, encode(&reply)));
            self.flush();
            self.point("reply durable")?;
        }
        life.reply = Some((key, reply));
        Ok(DONE)
    }

    fn absorb(&mut self, life: &mut Life, frame: FrameId, (ordinal, page, batch): (u64, u64, u64), seen: &Variables) -> Performed {
        let Open { node, activation, .. } = life.open[&frame];
        self.act(node, activation, What::Absorb { ordinal, page, batch }, seen)?;
        let Op::HttpRequest(op) = &self.plan.node(node).op else { return Ok(DONE) };
        let key = (activation, ordinal, page);
        let in_memory = life.reply.take().filter(|(of, _)| *of == key).map(|(_, reply)| reply);
        // A reply that is neither in memory nor in the journal is one that may be asked for again.
        let reply = in_memory
            .or_else(|| self.journal.reply(key))
            .unwrap_or_else(|| self.outside.reply(self.answers, node, activation, ordinal, page));
        let sight = Sight { reply: Some(&reply), ..self.sight(seen) };
        let assigned = sight.assignments(&op.response.variables)?;
        let again = match op.response.repeat {
            Some(repeat) => sight.evaluate(repeat)?.is_true(),
            None => false,
        };
        if let Some(landing) = &mut life.landing {
            landing.absorbed = Some(Batch { ordinal, page, value: reply.value });
        }
        Ok(Event::Absorbed { assigned, again })
    }
}
