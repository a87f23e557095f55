//! Random plans that end: every loop is bounded, flows call only flows made before them, and a budget bounds what a run does.

use sequor_plan_format as plan;
use sequor_plan_format::op::for_each::OnError;
use sequor_plan_format::op::if_else::Arm;
use sequor_plan_format::op::parallel::{Branch, Parallel};
use sequor_plan_format::op::try_catch::Catch;
use sequor_plan_format::op::{ForEach, Group, IfElse, Leave, RunFlow, Scope, TryCatch, WhileLoop};
use sequor_plan_format::{BlockId, ExprId, FlowId, NodeId, Op, Plan, Source, SourceId, SourceKind, Span, TextId};

use super::random::Random;
use crate::machine::tests::world::Script;

mod effects;
mod expressions;

/// Error kinds that the world, flows and expressions raise.
const KINDS: [&str; 6] = ["network", "data", "sql", "quota", "expression", "limit"];
const NAMES: [(&str, Scope); 5] =
    [("a", Scope::Local), ("b", Scope::Local), ("c", Scope::Local), ("p", Scope::Project), ("q", Scope::Project)];
const DEEPEST: u32 = 5;

pub(super) struct Generator {
    random: Random,
    script: Script,
    flows: Vec<Callable>,
    databases: [SourceId; 2],
    named: u32,
    /// Branches side by side, and no effects but variables.
    branching: bool,
}

struct Callable {
    flow: FlowId,
    cost: u64,
    /// With whether it has a default.
    parameters: Vec<(String, bool)>,
}

/// Where a step stands.
#[derive(Clone, Default)]
struct Place {
    depth: u32,
    /// Variables that are in sight only here.
    bound: Vec<&'static str>,
    /// Variables that hold a caught error.
    errors: Vec<&'static str>,
    /// A loop is around it.
    in_loop: bool,
    /// A branch of the flow is around it.
    in_branch: bool,
    /// Of the flow.
    parameters: Vec<String>,
}

/// A plan and the flow to start.
pub(super) fn generate(seed: u64) -> (Plan, FlowId) {
    behind(Script::default(), seed)
}

/// A plan of branches that run side by side, and the flow to start.
pub(super) fn branching(seed: u64) -> (Plan, FlowId) {
    plans(Script::default(), seed, true)
}

/// The same plan with other things in front, so that everything has another number.
pub(super) fn renumbered(seed: u64) -> Plan {
    let mut script = Script::default();
    database(&mut script, "aside");
    let value = script.text("never");
    let value = script.builder.constant(plan::Value::Text(value));
    let node = script.set("aside", "aside", Scope::Local, value);
    let inner = script.block(&[node]);
    let group = script.node("group", Op::Block(Group { body: inner }));
    script.flow("aside", &[], &[group]);
    behind(script, seed).0
}

fn behind(script: Script, seed: u64) -> (Plan, FlowId) {
    plans(script, seed, false)
}

fn plans(mut script: Script, seed: u64, branching: bool) -> (Plan, FlowId) {
    let _ = script.text("random");
    let databases = ["stage", "other"].map(|name| database(&mut script, name));
    let mut generator = Generator { random: Random::new(seed), script, flows: Vec::new(), databases, named: 0, branching };
    for number in 0..generator.random.below(3) {
        let budget = generator.random.between(4, 16);
        generator.flow(&format!("called{number}"), budget);
    }
    let budget = generator.random.between(10, 70);
    let main = generator.flow("main", budget);
    generator.script.builder.plan_mut().project.entries = vec![main];
    (generator.script.builder.finish(), main)
}

fn database(script: &mut Script, name: &str) -> SourceId {
    let path = script.builder.text_constant(&format!("{name}.db"));
    let file = script.text(&format!("sources/{name}.yaml"));
    let span = script.builder.span(Span { file, line: 1, column: 1, end_line: 1, end_column: 1 });
    let name = script.text(name);
    let kind = SourceKind::Sqlite(plan::source::Sqlite { path });
    script.builder.source(Source { name, span, variables: Vec::new(), kind })
}

impl Generator {
    fn flow(&mut self, name: &str, budget: u64) -> FlowId {
        let parameters: Vec<(String, bool)> =
            (0..self.random.below(3)).map(|i| (format!("{}{i}", self.random.pick(&["x", "y"])), self.random.one_in(2))).collect();
        let place = Place { parameters: parameters.iter().map(|(name, _)| name.clone()).collect(), ..Place::default() };
        let defaults: Vec<(&str, Option<ExprId>)> = parameters
            .iter()
            .enumerate()
            .map(|(i, (name, default))| {
                let before = Place { parameters: place.parameters[..i].to_vec(), ..Place::default() };
                (name.as_str(), default.then(|| self.integer(&before)))
            })
            .collect();
        let mut nodes = Vec::new();
        if !self.random.one_in(12) {
            // Most flows set every variable first, or they would not get far.
            for (name, scope) in NAMES {
                let value = self.script.int(i64::from(self.named));
                let id = self.name("first");
                nodes.push(self.script.set(&id, name, scope, value));
            }
        }
        nodes.extend(self.nodes(&place, budget));
        let flow = self.script.flow(name, &defaults, &nodes);
        self.flows.push(Callable { flow, cost: budget + 6, parameters });
        flow
    }

    fn block(&mut self, place: &Place, budget: u64) -> BlockId {
        let nodes = self.nodes(place, budget);
        self.script.block(&nodes)
    }

    fn inside(&mut self, place: &Place, budget: u64) -> BlockId {
        self.block(&Place { depth: place.depth + 1, ..place.clone() }, budget)
    }

    fn nodes(&mut self, place: &Place, budget: u64) -> Vec<NodeId> {
        let count = self.random.between(1, 4).min(budget.max(1));
        (0..count).map(|_| self.node(place, budget / count)).collect()
    }

    fn node(&mut self, place: &Place, budget: u64) -> NodeId {
        let when = self.random.one_in(8).then(|| self.condition(place));
        let (name, op) = if self.branching && place.depth < DEEPEST && budget >= 3 && self.random.one_in(4) {
            ("parallel", self.parallel(place, budget))
        } else if place.depth >= DEEPEST || budget < 3 {
            self.effect(place, budget)
        } else {
            match self.random.below(13) {
                12 => self.leave(place),
                0 => ("block", Op::Block(Group { body: self.inside(place, budget) })),
                1 | 2 => ("if", self.branch(place, budget)),
                3 => self.turns(place, budget),
                4 | 5 => ("each", self.each(place, budget)),
                6 | 7 => ("try", self.attempt(place, budget)),
                8 => self.call(place, budget),
                _ => self.effect(place, budget),
            }
        };
        let id = self.name(name);
        // The requests of an op have a retry of their own.
        if matches!(op, Op::HttpRequest(_)) || !self.random.one_in(6) {
            return self.script.guarded(&id, when, op);
        }
        let attempts = u32::try_from(self.random.between(1, 3)).unwrap();
        let kinds: Vec<&str> = (0..self.random.below(3)).map(|_| *self.random.pick(&KINDS)).collect();
        self.script.tried(&id, when, attempts, &kinds, op)
    }

    fn name(&mut self, of: &str) -> String {
        self.named += 1;
        format!("{of}{}", self.named)
    }

    fn branch(&mut self, place: &Place, budget: u64) -> Op {
        let arms =
            (0..self.random.between(1, 2)).map(|_| Arm { condition: self.condition(place), then: self.inside(place, budget) }).collect();
        Op::IfElse(IfElse { arms, otherwise: self.random.one_in(2).then(|| self.inside(place, budget)) })
    }

    /// Most count their turns; the limit ends the others, if their condition does not.
    fn turns(&mut self, place: &Place, budget: u64) -> (&'static str, Op) {
        let most = self.random.between(1, 4);
        let mut nodes = self.nodes(&Place { depth: place.depth + 1, in_loop: true, ..place.clone() }, budget / most);
        if self.random.one_in(8) {
            let condition = self.condition(place);
            let body = self.script.block(&nodes);
            return ("while", Op::WhileLoop(WhileLoop { condition, body, max_iterations: most }));
        }
        let turn = format!("turn{}", place.depth);
        let (old, one) = (self.script.var(&turn), self.script.int(1));
        let next = self.sum(old, one);
        let id = self.name("count");
        nodes.insert(0, self.script.set(&id, &turn, Scope::Local, next));
        let body = self.script.block(&nodes);
        let (turned, turns) = (self.script.var(&turn), self.script.int(i64::try_from(most).unwrap()));
        let condition = self.less(turned, turns);
        let id = self.name("while");
        let repeat = self.script.node(&id, Op::WhileLoop(WhileLoop { condition, body, max_iterations: most }));
        let (id, zero) = (self.name("first"), self.script.int(0));
        let start = self.script.set(&id, &turn, Scope::Local, zero);
        ("block", Op::Block(Group { body: self.script.block(&[start, repeat]) }))
    }

    fn each(&mut self, place: &Place, budget: u64) -> Op {
        let rows = self.rows(place);
        let name = *self.random.pick(&["row", "item", "a"]);
        let index = self.random.one_in(2).then_some("i");
        let mut inner = place.clone();
        inner.depth += 1;
        inner.in_loop = true;
        inner.bound.extend([Some(name), index].into_iter().flatten());
        let body = self.block(&inner, budget / 2);
        let on_error = if self.random.one_in(2) { OnError::Fail } else { OnError::Skip };
        let (item, index) = (self.script.text(name), index.map(|name| self.script.text(name)));
        Op::ForEach(ForEach { rows, item, index, body, on_error })
    }

    fn attempt(&mut self, place: &Place, budget: u64) -> Op {
        let body = self.inside(place, budget / 2);
        let catches = (0..self.random.below(3))
            .map(|_| {
                let kinds: Vec<TextId> =
                    (0..self.random.below(4)).map(|_| *self.random.pick(&KINDS)).map(|k| self.script.text(k)).collect();
                let mut inner = place.clone();
                inner.depth += 1;
                let error = self.random.one_in(2).then_some("e");
                inner.errors.extend(error);
                let body = self.block(&inner, budget / 4);
                Catch { kinds, error: error.map(|name| self.script.text(name)), body }
            })
            .collect();
        let finally = self.random.one_in(2).then(|| self.inside(place, budget / 4));
        Op::TryCatch(TryCatch { body, catches, finally })
    }

    /// No loop around it, and not the flow, can be left from a branch.
    fn parallel(&mut self, place: &Place, budget: u64) -> Op {
        let count = self.random.between(1, 3);
        let inner = Place { depth: place.depth + 1, in_loop: false, in_branch: true, ..place.clone() };
        let branches = (0..count)
            .map(|number| Branch { name: self.script.text(&format!("branch{number}")), body: self.block(&inner, budget / count) });
        let branches = branches.collect();
        let most = if self.random.one_in(4) { self.random.between(1, count) } else { count };
        Op::Parallel(Parallel { branches, max_concurrency: u32::try_from(most).unwrap() })
    }

    /// Mostly behind a condition, or little would run.
    fn leave(&mut self, place: &Place) -> (&'static str, Op) {
        let leave = match self.random.below(3) {
            0 if place.in_loop => Leave::Break,
            1 if place.in_loop => Leave::Continue,
            _ if place.in_branch => return self.effect(place, 1),
            _ => Leave::Return(self.random.one_in(2).then(|| self.integer(place))),
        };
        let id = self.name("leave");
        let leave = self.script.node(&id, Op::Leave(leave));
        if self.random.one_in(6) {
            return ("leaves", Op::Block(Group { body: self.script.block(&[leave]) }));
        }
        let arms = vec![Arm { condition: self.condition(place), then: self.script.block(&[leave]) }];
        ("leaves", Op::IfElse(IfElse { arms, otherwise: None }))
    }

    fn call(&mut self, place: &Place, budget: u64) -> (&'static str, Op) {
        let affordable: Vec<usize> = (0..self.flows.len()).filter(|i| self.flows[*i].cost <= budget * 2).collect();
        if affordable.is_empty() {
            return self.effect(place, budget);
        }
        let (flow, wanted) = {
            let callable = &self.flows[*self.random.pick(&affordable)];
            (callable.flow, callable.parameters.clone())
        };
        let mut parameters = Vec::new();
        for (name, default) in wanted {
            // Rarely, a parameter is missing.
            if (default && self.random.one_in(2)) || self.random.one_in(20) {
                continue;
            }
            let value = self.integer(place);
            parameters.push((self.script.text(&name), value));
        }
        let output = self.random.one_in(2).then(|| self.random.pick(&["a", "b", "c"]));
        let output = output.map(|name| self.script.text(name));
        ("call", Op::RunFlow(RunFlow { flow, parameters, output, start: None }))
    }
}
