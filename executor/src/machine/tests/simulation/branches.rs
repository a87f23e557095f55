//! Branches side by side: whichever of them takes the next step, and whenever the process is killed, what comes of a run is what the model tells of branches that run one
//! after the other.
//!
//! Unlike the rest of the simulation this drives [`Progress`], which has the branches, as `driver` does.

use std::collections::{BTreeMap, BTreeSet};

use sequor_plan_format::render::render;
use sequor_plan_format::{NodeId, Op, Plan};

use super::answers::Answers;
use super::expression::Sight;
use super::random::Random;
use super::trace::{Fault, Variables};
use super::{SEEDS, generate, model, parameters, project};
use crate::error::RunError;
use crate::journal::effects::Effects;
use crate::journal::progress::Progress;
use crate::machine::{Activation, Command, Counter, Event, State};
use crate::value::{Map, Value};

type Path = Vec<u32>;

/// What the journal has.
enum Record {
    Event(Event),
    Rewound,
    Passed(Counter),
}

struct Run<'a> {
    plan: &'a Plan,
    random: Random,
    progress: Progress,
    /// The last snapshot, and the records since; as many of them are durable.
    snapshot: Vec<u8>,
    records: Vec<(Path, Record)>,
    durable: usize,
    /// Branches that have failed in this life.
    failed: BTreeMap<Path, RunError>,
    /// Branches that have been told to start in this life: they do, whatever becomes of the others.
    admitted: BTreeSet<Path>,
    /// What members a loop has: kept when it starts.
    members: BTreeMap<Activation, Vec<Value>>,
    /// What each number stands for, and the records since the snapshot that led to it: where they are lost, it may be given to another.
    names: BTreeMap<Activation, (NodeId, usize)>,
    crashes: u64,
    interleaved: u64,
}

impl Run<'_> {
    fn go(&mut self) -> Result<Result<(), Fault>, String> {
        let mut last = Path::new();
        for _ in 0..200_000 {
            if self.crashes > 0 && self.random.one_in(40) {
                self.crash();
            }
            let ready = self.ready();
            if ready.is_empty() {
                return Err(format!("nobody can go on: {:?}", self.progress));
            }
            let path = self.random.pick(&ready).clone();
            self.interleaved += u64::from(path != last);
            last.clone_from(&path);
            if let Some(outcome) = self.step(path)? {
                return Ok(outcome);
            }
        }
        Err("the run does not end".to_owned())
    }

    /// Whoever can take a step: those whose command can be answered, and branches that may start.
    fn ready(&mut self) -> Vec<Path> {
        let mut ready = Vec::new();
        let progress = self.progress.clone();
        self.look(&progress, Vec::new(), &mut ready);
        ready
    }

    fn look(&mut self, progress: &Progress, path: Path, ready: &mut Vec<Path>) {
        let Some(Command::Branches { node, .. }) = progress.pending else {
            ready.push(path);
            return;
        };
        let Op::Parallel(op) = &self.plan.node(node).op else { unreachable!("branches are a parallel's") };
        let paths: Vec<Path> = (0..op.branches.len()).map(|index| [path.as_slice(), &[u32::try_from(index).unwrap()]].concat()).collect();
        let over: Vec<bool> =
            (0..paths.len()).map(|index| progress.branches()[index].state.is_over() || self.failed.contains_key(&paths[index])).collect();
        // As many as may run are told to start, in their order, until one has failed.
        let mut running = 0;
        for (index, path) in paths.iter().enumerate().filter(|(index, _)| !over[*index]) {
            let some_failed = paths.iter().any(|path| self.failed.contains_key(path));
            let started = self.admitted.contains(path);
            if started || (running < op.max_concurrency as usize && !some_failed) {
                running += 1;
                self.admitted.insert(path.clone());
                if progress.branches()[index].pending.is_some() {
                    self.look(&progress.branches()[index], path.clone(), ready);
                } else {
                    ready.push(path.clone());
                }
            }
        }
        if running == 0 {
            ready.push(path);
        }
    }

    fn step(&mut self, path: Path) -> Result<Option<Result<(), Fault>>, String> {
        let progress = self.progress.at(&path).unwrap().clone();
        let event = match &progress.pending {
            None => Event::Start,
            Some(command) => self.perform(&path, &progress, command.clone())?,
        };
        let stepped = self.progress.at(&path).unwrap().step(self.plan, event.clone(), Vec::new(), &mut Effects::default());
        if !stepped.fatal {
            self.records.extend(stepped.passed.map(|counter| (path.clone(), Record::Passed(counter))));
            self.records.push((path.clone(), Record::Event(event)));
            if self.random.one_in(5) {
                self.durable = self.records.len();
            }
            if self.random.one_in(30) {
                self.keep();
            }
            let done = matches!(stepped.notices.last(), Some(Command::Finish { .. })) && path.is_empty();
            return Ok(done.then_some(Ok(())));
        }
        let Some(Command::Finish { outcome: Err(mut error) }) = stepped.notices.into_iter().last() else { unreachable!("it is fatal") };
        if path.is_empty() {
            return Ok(Some(Err(Fault::from(&error))));
        }
        if stepped.rewound {
            self.records.push((path.clone(), Record::Rewound));
        }
        let mut around = self.progress.at(&path[..path.len() - 1]).unwrap().state.stack();
        around.pop();
        around.append(&mut error.stack);
        error.stack = around;
        self.failed.insert(path, error);
        Ok(None)
    }

    fn perform(&mut self, path: &Path, progress: &Progress, command: Command) -> Result<Event, String> {
        let variables = Variables::from(progress.state.visible());
        let sight = Sight { plan: self.plan, variables: &variables, rows: [0; 2], reply: None };
        let answer = match command {
            Command::Evaluate { expr, .. } => sight.evaluate(expr).map(Event::Value),
            Command::Run { node, activation } => {
                self.named(activation, node)?;
                self.effect(node, sight)
            }
            Command::OpenItems { node, activation, .. } => {
                self.named(activation, node)?;
                let Op::ForEach(op) = &self.plan.node(node).op else { return Err("it is no loop".to_owned()) };
                sight.members(&op.rows).map(|members| {
                    self.members.insert(activation, members);
                    Event::Done { assigned: Vec::new() }
                })
            }
            Command::NextItem { frame } => {
                let open = progress.state.open_frames().into_iter().find(|open| open.frame == frame).unwrap();
                let crate::machine::Position::Members { taken } = open.position else { return Err("it has no members".to_owned()) };
                Ok(Event::Item(self.members[&open.activation].get(usize::try_from(taken).unwrap()).cloned()))
            }
            Command::Pause { .. } => Ok(Event::Done { assigned: Vec::new() }),
            Command::Branches { .. } => Ok(self.joined(path, progress)),
            other => return Err(format!("{other:?} has no answer")),
        };
        Ok(answer.unwrap_or_else(Event::Failed))
    }

    /// A number names one start of one node only.
    fn named(&mut self, activation: Activation, node: NodeId) -> Result<(), String> {
        match self.names.get(&activation) {
            Some((before, _)) if *before != node => Err(format!("{activation:?} is {before:?} and {node:?}")),
            Some(_) => Ok(()),
            None => {
                self.names.insert(activation, (node, self.records.len()));
                Ok(())
            }
        }
    }

    fn effect(&self, node: NodeId, sight: Sight<'_>) -> Result<Event, RunError> {
        let assigned = match &self.plan.node(node).op {
            Op::Print(op) => sight.evaluate(op.message).map(|_| Vec::new())?,
            Op::SetVariable(op) => sight.assignments(&op.assigns)?,
            Op::Fail(op) => {
                let message = sight.evaluate(op.message)?.to_text();
                let kind = op.kind.map_or(Ok(Value::text("failed")), |kind| sight.evaluate(kind))?.to_text();
                return Err(RunError::new(crate::error::ErrorKind::Failed(kind), message));
            }
            other => panic!("the generator makes no {} here", other.name()),
        };
        Ok(Event::Done { assigned })
    }

    fn joined(&mut self, path: &Path, progress: &Progress) -> Event {
        let failed = self.failed.iter().filter(|(failed, _)| failed.len() == path.len() + 1 && failed.starts_with(path));
        let first = failed.map(|(_, error)| error.clone()).next();
        self.failed.retain(|failed, _| !failed.starts_with(path) || failed.len() == path.len());
        self.admitted.retain(|admitted| !admitted.starts_with(path) || admitted.len() == path.len());
        match first {
            Some(error) => Event::Failed(error),
            None => Event::Done { assigned: progress.state.joined(progress.branches().iter().map(|branch| &branch.state)) },
        }
    }

    fn keep(&mut self) {
        self.snapshot = postcard::to_allocvec(&self.progress).unwrap();
        self.records.clear();
        self.names.values_mut().for_each(|(_, records)| *records = 0);
        self.durable = 0;
    }

    /// The process is killed; another one reads the journal. Numbers that were not durable may be given to others.
    fn crash(&mut self) {
        self.crashes -= 1;
        self.failed.clear();
        self.admitted.clear();
        let lost = self.records.len() - self.durable;
        let kept = self.durable + usize::try_from(self.random.below(lost as u64 + 1)).unwrap();
        self.records.truncate(kept);
        self.names.retain(|_, (_, records)| *records <= kept);
        self.durable = kept;
        self.progress = postcard::from_bytes(&self.snapshot).unwrap();
        for (path, record) in &self.records {
            let progress = self.progress.at(path).unwrap();
            match record {
                Record::Event(event) => drop(progress.step(self.plan, event.clone(), Vec::new(), &mut Effects::default())),
                Record::Rewound => progress.rewind(),
                Record::Passed(counter) => progress.go_on_from(*counter),
            }
        }
        // What was started and lost starts again, in another order.
        let running: BTreeSet<Activation> = self
            .progress
            .all()
            .into_iter()
            .flat_map(|progress| progress.state.position().into_iter().map(|(_, activation, _)| activation))
            .collect();
        self.members.retain(|activation, _| running.contains(activation));
    }
}

/// Whether not all branches of some step run at once.
fn waits(plan: &Plan) -> bool {
    plan.nodes.iter().any(|node| matches!(&node.op, Op::Parallel(op) if (op.max_concurrency as usize) < op.branches.len()))
}

/// What the run comes to, and how often another branch took the next step.
fn try_seed(seed: u64) -> (Result<(), String>, u64, Plan) {
    let mut random = Random::new(seed ^ 0xb4a9);
    let (plan, main) = generate::branching(seed);
    let (parameters, project) = (parameters(&plan, main, &mut random), project(&mut random));
    let (told, _) = model::tell(&plan, &Answers { seed, failing: 0 }, main, parameters.clone(), project.clone());
    let progress = Progress::new(State::new(main, parameters, project));
    let crashes = random.between(0, 4);
    let mut run = Run {
        plan: &plan,
        random,
        snapshot: postcard::to_allocvec(&progress).unwrap(),
        progress,
        records: Vec::new(),
        durable: 0,
        failed: BTreeMap::new(),
        admitted: BTreeSet::new(),
        members: BTreeMap::new(),
        names: BTreeMap::new(),
        crashes,
        interleaved: 0,
    };
    let compared = run.go().and_then(|outcome| {
        let left: Map = run.progress.state.visible().project.as_ref().clone();
        match (&outcome, &told.outcome) {
            (Ok(()), Ok(())) if left == told.project => Ok(()),
            (Ok(()), Ok(())) => Err(format!("variables are {left:?} instead of {:?}", told.project)),
            (Err(fault), Err(expected)) if fault == expected => Ok(()),
            // Which branches start before one has failed is a matter of time.
            (Err(_), Err(_)) if waits(&plan) => Ok(()),
            _ => Err(format!("it ended with {outcome:?} instead of {:?}", told.outcome)),
        }
    });
    let interleaved = run.interleaved;
    (compared, interleaved, plan)
}

#[test]
fn branches_side_by_side_come_to_what_they_come_to_one_by_one() {
    let mut interleaved = 0;
    for seed in SEEDS {
        let (compared, switches, plan) = try_seed(seed);
        assert!(compared.is_ok(), "seed {seed}: {}\n{}", compared.unwrap_err(), render(&plan));
        interleaved += switches;
    }
    assert!(interleaved > SEEDS.end * 3, "{interleaved} turns");
}
