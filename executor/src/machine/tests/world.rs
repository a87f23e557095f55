//! Plans written in a few words, and a driver that plays the world's part from a script.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use sequor_plan_format as plan;
use sequor_plan_format::op::http_request::Backoff;
use sequor_plan_format::op::{Assign, Scope};
use sequor_plan_format::{BlockId, Expr, ExprId, FlowId, Node, NodeId, Op, Parameter, Plan, PlanBuilder, Replay, Retry, Span};

use crate::error::{ErrorKind, RunError};
use crate::machine::{Activation, Command, Event, FrameId, State, Visible, step};
use crate::scope::Assigned;
use crate::value::{Map, Value};

/// Builds a plan. Each node's line is its number, so that places can be told apart.
#[derive(Default)]
pub(super) struct Script {
    pub(super) builder: PlanBuilder,
}

impl Script {
    pub(super) fn node(&mut self, id: &str, op: Op) -> NodeId {
        self.guarded(id, None, op)
    }

    /// A node that is started again after an error, up to so many times in all.
    pub(super) fn tried(&mut self, id: &str, when: Option<ExprId>, attempts: u32, kinds: &[&str], op: Op) -> NodeId {
        let node = self.guarded(id, when, op);
        let kinds = kinds.iter().map(|kind| self.builder.text(kind)).collect();
        let retry = Retry { attempts, kinds, backoff: Backoff::Constant, delay_ms: 1, max_delay_ms: 1 };
        self.builder.plan_mut().nodes[node.index()].retry = Some(retry);
        node
    }

    pub(super) fn guarded(&mut self, id: &str, when: Option<ExprId>, op: Op) -> NodeId {
        let line = u32::try_from(self.builder.plan().nodes.len()).unwrap() + 1;
        let file = self.builder.text("flows/main.yaml");
        let span = self.builder.span(Span { file, line, column: 3, end_line: line, end_column: 4 });
        let id = self.builder.text(id);
        self.builder.node(Node { id, title: None, span, when, retry: None, timeout_ms: None, replay: Replay::Pure, op })
    }

    pub(super) fn block(&mut self, nodes: &[NodeId]) -> BlockId {
        self.builder.block(nodes.to_vec())
    }

    pub(super) fn text(&mut self, text: &str) -> plan::TextId {
        self.builder.text(text)
    }

    pub(super) fn var(&mut self, name: &str) -> ExprId {
        let name = self.builder.text(name);
        self.builder.expr(Expr::Var(name))
    }

    pub(super) fn int(&mut self, value: i64) -> ExprId {
        self.builder.constant(plan::Value::Int(value))
    }

    pub(super) fn bool(&mut self, value: bool) -> ExprId {
        self.builder.constant(plan::Value::Bool(value))
    }

    /// Prints its own id.
    pub(super) fn print(&mut self, id: &str) -> NodeId {
        let message = self.builder.text_constant(id);
        self.print_value(id, message)
    }

    pub(super) fn print_value(&mut self, id: &str, message: ExprId) -> NodeId {
        self.node(id, Op::Print(plan::op::Print { message, level: plan::op::print::Level::Info }))
    }

    pub(super) fn set(&mut self, id: &str, name: &str, scope: Scope, value: ExprId) -> NodeId {
        let name = self.builder.text(name);
        self.node(id, Op::SetVariable(plan::op::SetVariable { assigns: vec![Assign { name, scope, value }] }))
    }

    pub(super) fn flow(&mut self, name: &str, parameters: &[(&str, Option<ExprId>)], nodes: &[NodeId]) -> FlowId {
        let body = self.block(nodes);
        let file = self.builder.text(&format!("flows/{name}.yaml"));
        let span = self.builder.span(Span { file, line: 1, column: 1, end_line: 1, end_column: 1 });
        let parameters = parameters.iter().map(|(n, default)| Parameter { name: self.builder.text(n), default: *default }).collect();
        let name = self.builder.text(name);
        self.builder.flow(plan::Flow { name, description: None, parameters, body, span })
    }

    pub(super) fn world(mut self, main: FlowId) -> World {
        self.builder.plan_mut().project.entries = vec![main];
        World {
            plan: self.builder.finish(),
            main,
            failures: BTreeMap::new(),
            late: BTreeMap::new(),
            members: BTreeMap::new(),
            pages: VecDeque::new(),
            parameters: Map::new(),
            seen: Vec::new(),
            open: BTreeMap::new(),
            running: Vec::new(),
        }
    }
}

/// What the world answers, and what it has seen.
pub(super) struct World {
    pub(super) plan: Plan,
    main: FlowId,
    /// Errors of nodes, by id, one for each time it runs; then it succeeds.
    pub(super) failures: BTreeMap<String, VecDeque<ErrorKind>>,
    /// By id, a step within which the time of another one is over; with that one's id.
    pub(super) late: BTreeMap<String, String>,
    /// Members of every `for_each` and `http_request`, by id.
    pub(super) members: BTreeMap<String, Vec<Value>>,
    /// What each page of an `http_request` sets and whether another follows, in the order they are asked for.
    pub(super) pages: VecDeque<(Vec<Assigned>, bool)>,
    pub(super) parameters: Map,
    /// Effects and notices, in their order.
    pub(super) seen: Vec<String>,
    open: BTreeMap<FrameId, (String, VecDeque<Value>)>,
    /// Nodes that have begun and not ended.
    running: Vec<(NodeId, Activation)>,
}

impl World {
    pub(super) fn fail(&mut self, node: &str, kind: ErrorKind) {
        self.failures.entry(node.to_owned()).or_default().push_back(kind);
    }

    /// Runs to the end. The state is stored and loaded between any two steps: it must not matter.
    pub(super) fn run(&mut self) -> Result<(), RunError> {
        let mut state = State::new(self.main, self.parameters.clone(), Map::new());
        let mut event = Event::Start;
        for _ in 0..10_000 {
            let commands = step(&self.plan, &mut state, event);
            let stored = serde_json::to_string(&state).unwrap();
            state = serde_json::from_str(&stored).unwrap();
            let mut answers = Vec::new();
            for command in commands {
                if let Command::Finish { outcome } = command {
                    assert!(self.open.is_empty(), "left open: {:?}", self.open.keys());
                    return outcome;
                }
                answers.extend(self.answer(command, &state.visible()));
            }
            assert_eq!(answers.len(), 1, "exactly one command waits for an answer");
            event = answers.remove(0).unwrap_or_else(Event::Failed);
        }
        panic!("the run does not end; seen: {:?}", self.seen);
    }

    /// What was seen, as one text.
    pub(super) fn trace(&self) -> String {
        self.seen.join(" ")
    }

    fn answer(&mut self, command: Command, visible: &Visible) -> Option<Result<Event, RunError>> {
        Some(match command {
            Command::Began { node, activation } => {
                self.running.push((node, activation));
                return None;
            }
            Command::Ended { node, activation, .. } => {
                assert_eq!(self.running.pop(), Some((node, activation)), "what ends is what began last");
                return None;
            }
            Command::Skipped { node } => {
                self.seen.push(format!("skipped:{}", self.id(node)));
                return None;
            }
            Command::Tolerated { node, error } => {
                self.seen.push(format!("tolerated:{}:{}", self.id(node), error.kind.name()));
                return None;
            }
            Command::Commit { values } => {
                let values: Vec<_> = values.iter().map(|(name, value)| format!("{name}={}", value.to_text())).collect();
                self.seen.push(format!("commit:{}", values.join(",")));
                return None;
            }
            Command::Release { frame, .. } => {
                if let Some((id, _)) = self.open.remove(&frame) {
                    self.seen.push(format!("release:{id}"));
                }
                return None;
            }
            Command::Finish { .. } => unreachable!("handled by the caller"),
            Command::Branches { .. } => panic!("branches are driven side by side: see journal/tests"),
            Command::Evaluate { expr, .. } => evaluate(&self.plan, expr, visible).map(Event::Value),
            Command::Pause { .. } => Ok(Event::Done { assigned: Vec::new() }),
            Command::Run { node, .. } => self.effect(node, visible).map(|assigned| Event::Done { assigned }),
            Command::OpenItems { frame, node, .. } | Command::HttpOpen { frame, node, .. } => {
                let id = self.id(node);
                let members = self.members.get(&id).cloned().unwrap_or_default();
                self.failing(&id).map(|()| {
                    self.open.insert(frame, (id, members.into()));
                    Event::Done { assigned: Vec::new() }
                })
            }
            Command::NextItem { frame } | Command::HttpNext { frame } => {
                Ok(Event::Item(self.open.get_mut(&frame).expect("a frame that was opened").1.pop_front()))
            }
            Command::HttpExchange { frame, ordinal, page } => {
                let id = self.open[&frame].0.clone();
                self.seen.push(format!("{id}:{ordinal}/{page}"));
                self.failing(&format!("{id}:{ordinal}/{page}")).map(|()| Event::Done { assigned: Vec::new() })
            }
            Command::HttpAbsorb { .. } => {
                let (assigned, again) = self.pages.pop_front().unwrap_or_default();
                Ok(Event::Absorbed { assigned, again })
            }
            Command::HttpClose { frame, .. } => {
                let (id, _) = self.open.remove(&frame).expect("a frame that was opened");
                self.seen.push(format!("close:{id}"));
                self.failing(&format!("close:{id}")).map(|()| Event::Done { assigned: Vec::new() })
            }
        })
    }

    /// A print notes its message; a set sets.
    fn effect(&mut self, node: NodeId, visible: &Visible) -> Result<Vec<Assigned>, RunError> {
        let id = self.id(node);
        self.failing(&id)?;
        match &self.plan.node(node).op {
            Op::SetVariable(op) => op
                .assigns
                .iter()
                .map(|a| {
                    let value = evaluate(&self.plan, a.value, visible)?;
                    Ok(Assigned { name: self.plan.text(a.name).into(), scope: a.scope, value })
                })
                .collect(),
            Op::Print(op) => {
                let message = evaluate(&self.plan, op.message, visible)?.to_text();
                self.seen.push(message);
                Ok(Vec::new())
            }
            other => panic!("{} is not in the script", other.name()),
        }
    }

    fn failing(&mut self, what: &str) -> Result<(), RunError> {
        if let Some(late) = self.late.get(what) {
            let mut error = RunError::new(ErrorKind::Timeout, format!("the time of {late} is over"));
            error.ends = self.running.iter().find(|(node, _)| self.id(*node) == *late).map(|(_, activation)| *activation);
            return Err(error);
        }
        match self.failures.get_mut(what).and_then(VecDeque::pop_front) {
            Some(kind) => Err(RunError::new(kind, format!("{what} failed"))),
            None => Ok(()),
        }
    }

    fn id(&self, node: NodeId) -> String {
        self.plan.text(self.plan.node(node).id).to_owned()
    }
}

/// Constants and variables: enough to steer by.
fn evaluate(plan: &Plan, expr: ExprId, visible: &Visible) -> Result<Value, RunError> {
    match plan.expr(expr) {
        Expr::Const(value) => Ok(match plan.value(*value) {
            plan::Value::Null => Value::Null,
            plan::Value::Bool(value) => Value::Bool(*value),
            plan::Value::Int(value) => Value::Int(*value),
            plan::Value::Text(text) => Value::text(plan.text(*text)),
            other => panic!("{other:?} is not in the script"),
        }),
        Expr::Var(name) => {
            let name = plan.text(*name);
            let bound = visible.bound.iter().rev().find(|(bound, _)| &**bound == name).map(|(_, value)| value);
            let value = bound.or_else(|| visible.locals.get(name)).or_else(|| visible.project.get(name));
            value.cloned().ok_or_else(|| RunError::new(ErrorKind::Expression, format!("variable '{name}' is not set")))
        }
        other => panic!("{other:?} is not in the script"),
    }
}

pub(super) fn assigned(name: &str, scope: Scope, value: i64) -> Assigned {
    Assigned { name: Arc::from(name), scope, value: Value::Int(value) }
}
