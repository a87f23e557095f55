//! What a flow means, by recursion: written from the language's definition, not from the machine. It knows no state, no events and no crashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use sequor_plan_format::{BlockId, ExprId, FlowId, Node, NodeId, Op, Plan};

use super::answers::Answers;
use super::expression::Sight;
use super::trace::{Entry, Fault, Fill, Story, Variables, What, brief};
use crate::error::RunError;
use crate::op::leave::Exit;
use crate::scope::Assigned;
use crate::value::{Map, Value};

mod control;
mod effects;

/// A run in progress.
pub(super) struct Model<'a> {
    plan: &'a Plan,
    answers: &'a Answers,
    variables: Variables,
    /// Project variables as they are kept after each step that ends well.
    kept: Map,
    /// Flows that run, with the node each is at.
    stack: Vec<(FlowId, Option<NodeId>)>,
    /// How often each node has started an effect.
    executions: BTreeMap<NodeId, u64>,
    entries: Vec<Entry>,
    effects: Vec<(NodeId, u64, What)>,
    /// Rows that statements have written, by database.
    rows: [usize; 2],
    posted: usize,
    fills: Vec<Fill>,
}

/// Why the steps that follow are left out.
enum Halt {
    Fault(Fault),
    Left(Exit),
}

/// What the attempts of a step have come to.
#[derive(Default)]
struct Attempts {
    failures: u32,
    /// The number of the execution of a single effect, which is the same for all attempts.
    execution: Option<u64>,
    /// Statements that are done, each for itself.
    statements: u64,
}

type Outcome<T = ()> = Result<T, Halt>;

/// The run of `flow` from its start to its end, and what its requests put into tables.
pub(super) fn tell(plan: &Plan, answers: &Answers, flow: FlowId, parameters: Map, project: Map) -> (Story, Vec<Fill>) {
    let mut model = Model {
        plan,
        answers,
        variables: Variables { project: Arc::new(project.clone()), ..Variables::default() },
        kept: project,
        stack: Vec::new(),
        executions: BTreeMap::new(),
        entries: Vec::new(),
        effects: Vec::new(),
        rows: [0; 2],
        posted: 0,
        fills: Vec::new(),
    };
    let outcome = match model.flow(flow, parameters) {
        Ok(_) => Ok(()),
        Err(Halt::Fault(fault)) => Err(fault),
        Err(Halt::Left(exit)) => panic!("a flow ends every {exit:?}"),
    };
    let Model { variables, kept, entries, effects, fills, .. } = model;
    let project = Arc::unwrap_or_clone(variables.project);
    (Story { entries, outcome, project, kept, effects }, fills)
}

impl Model<'_> {
    /// A flow has locals of its own, which end with it. Parameters without a value get their defaults, each in sight of those before. Gives what it returns.
    fn flow(&mut self, flow: FlowId, parameters: Map) -> Outcome<Value> {
        let outside = (std::mem::take(&mut self.variables.bound), std::mem::replace(&mut self.variables.locals, Arc::new(parameters)));
        self.stack.push((flow, None));
        let outcome = self.body(flow);
        self.stack.pop();
        (self.variables.bound, self.variables.locals) = outside;
        match outcome {
            Ok(()) => Ok(Value::Null),
            Err(Halt::Left(Exit::Return(value))) => Ok(value),
            Err(halt) => Err(halt),
        }
    }

    fn body(&mut self, flow: FlowId) -> Outcome {
        let flow = self.plan.flow(flow);
        for parameter in &flow.parameters {
            let name = self.plan.text(parameter.name);
            if self.variables.locals.contains_key(name) {
                continue;
            }
            let Some(default) = parameter.default else { return Err(self.lacking(flow, name)) };
            let value = self.evaluate(default)?;
            Arc::make_mut(&mut self.variables.locals).insert(name.into(), value);
        }
        self.block(flow.body)
    }

    fn lacking(&self, flow: &sequor_plan_format::Flow, parameter: &str) -> Halt {
        self.fault("configuration", &format!("flow '{}' needs the parameter '{parameter}'", self.plan.text(flow.name)))
    }

    fn block(&mut self, block: BlockId) -> Outcome {
        self.plan.block(block).nodes.iter().try_for_each(|node| self.node(*node))
    }

    fn node(&mut self, id: NodeId) -> Outcome {
        let node = self.plan.node(id);
        let before = self.stack.last_mut().and_then(|(_, at)| at.replace(id));
        let outcome = self.guarded(id, node);
        if let Some((_, at)) = self.stack.last_mut() {
            *at = before;
        }
        outcome
    }

    fn guarded(&mut self, id: NodeId, node: &Node) -> Outcome {
        let run = match node.when {
            Some(condition) => self.holds(condition),
            None => Ok(true),
        };
        if let Ok(false) = run {
            self.entries.push(Entry::Skipped(id));
            return Ok(());
        }
        // What an op sets is kept when it ends well. What it sets and fails after is in force, but not kept.
        let mut set = Vec::new();
        let mut attempts = Attempts::default();
        let outcome = loop {
            self.entries.push(Entry::Began(id));
            if let Err(halt) = run {
                break Err(halt);
            }
            match self.op(id, &node.op, &mut attempts, &mut set) {
                Err(Halt::Fault(fault)) if self.is_tried_again(node, attempts.failures, &fault) => {
                    self.entries.push(Entry::Ended { node: id, failed: true });
                    self.entries.push(Entry::Tolerated(id, fault));
                    attempts.failures += 1;
                }
                outcome => break outcome,
            }
        };
        let failed = matches!(outcome, Err(Halt::Fault(_)));
        if !failed && !set.is_empty() {
            let values: Vec<_> = set.into_iter().map(|name| (Arc::clone(&name), self.variables.project[&name].clone())).collect();
            self.kept.extend(values.iter().cloned());
            self.entries.push(Entry::Committed(values));
        }
        self.entries.push(Entry::Ended { node: id, failed });
        outcome
    }

    fn is_tried_again(&self, node: &Node, failures: u32, fault: &Fault) -> bool {
        let Some(retry) = &node.retry else { return false };
        let is_meant = retry.kinds.is_empty() || retry.kinds.iter().any(|kind| self.plan.text(*kind) == fault.kind);
        is_meant && failures + 1 < retry.attempts
    }

    /// `set` takes the names of project variables, each once.
    fn op(&mut self, id: NodeId, op: &Op, attempts: &mut Attempts, set: &mut Vec<Arc<str>>) -> Outcome {
        match op {
            Op::Block(op) => self.block(op.body),
            Op::IfElse(op) => self.branch(op),
            Op::WhileLoop(op) => self.turns(op),
            Op::ForEach(op) => self.each(id, op),
            Op::TryCatch(op) => self.attempt(id, op),
            Op::RunFlow(op) => self.call(op),
            Op::Parallel(op) => self.side_by_side(op, set),
            Op::Leave(op) => self.leave(op),
            Op::Print(_)
            | Op::SetVariable(_)
            | Op::Fail(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Execute(_)
            | Op::Transform(_)
            | Op::Copy(_) => self.effect(id, op, attempts, set),
            Op::HttpRequest(op) => self.request(id, op, set),
        }
    }

    fn assign(&mut self, assigned: Vec<Assigned>, set: &mut Vec<Arc<str>>) {
        for Assigned { name, scope, value } in assigned {
            self.variables.set(&name, scope, value);
            if scope == sequor_plan_format::op::Scope::Project && !set.contains(&name) {
                set.push(name);
            }
        }
    }

    fn sight(&self) -> Sight<'_> {
        Sight { plan: self.plan, variables: &self.variables, rows: self.rows, reply: None }
    }

    fn evaluate(&self, expr: ExprId) -> Outcome<Value> {
        self.settle(self.sight().evaluate(expr))
    }

    /// Conditions are true or false as in Python; a text is one of the two words, or nothing.
    fn holds(&self, expr: ExprId) -> Outcome<bool> {
        match self.evaluate(expr)? {
            Value::Bool(value) => Ok(value),
            Value::Int(value) => Ok(value != 0),
            // What a flow without `return` gives, where a step that reads it is tried again.
            Value::Null => Ok(false),
            Value::Text(text) => match text.trim().to_lowercase().as_str() {
                "true" => Ok(true),
                "false" | "" => Ok(false),
                _ => Err(self.fault("expression", &format!("the condition gave the text '{text}'"))),
            },
            other => panic!("the generator makes no condition that gives {}", other.kind()),
        }
    }

    fn settle<T>(&self, result: Result<T, RunError>) -> Outcome<T> {
        result.map_err(|error| self.fault(error.kind.name(), &error.message))
    }

    /// An error where the run is. A flow whose parameters are to blame has no node yet: it is the call's.
    fn fault(&self, kind: &str, message: &str) -> Halt {
        let stack = self.stack.clone();
        let node = stack.iter().rev().find_map(|(_, node)| *node);
        Halt::Fault(Fault { kind: kind.to_owned(), message: brief(message), node, row: None, stack })
    }
}
