//! Variables of a state: which are in sight, and where an assignment goes.

use std::sync::Arc;

use sequor_plan_format::op::Scope;

use super::frame::{Frame, State};
use crate::error::{ErrorKind, RunError};
use crate::scope::Assigned;
use crate::value::{Map, Value};

/// A variable's value may be nested this deep. A loop that wraps a variable in a list of itself would otherwise build a value that cannot be
/// walked, printed or even dropped within the stack.
const DEEPEST: usize = 200;

/// The variables that the innermost frame sees, source and environment aside.
#[derive(Clone, Debug)]
pub struct Visible {
    /// Loop members and caught errors, outermost first.
    pub bound: Vec<(Arc<str>, Value)>,
    /// The running flow's.
    pub locals: Arc<Map>,
    /// Set by flows.
    pub project: Arc<Map>,
}

impl State {
    #[must_use]
    pub fn visible(&self) -> Visible {
        let mut locals = Arc::default();
        let mut first = 0;
        for (index, frame) in self.frames.iter().enumerate().rev() {
            if let Frame::Flow(flow) = frame {
                locals = Arc::clone(&flow.locals);
                first = index;
                break;
            }
        }
        let bound = self.frames.get(first..).unwrap_or_default().iter().flat_map(|frame| match frame {
            Frame::Node(node) => node.bound.as_slice(),
            Frame::Flow(_) | Frame::Block(_) => &[],
        });
        Visible { bound: bound.cloned().collect(), locals, project: Arc::clone(&self.project) }
    }

    /// Sets variables, one after the other, on behalf of the innermost node.
    pub(super) fn assign(&mut self, assigned: Vec<Assigned>) -> Result<(), RunError> {
        for Assigned { name, scope, value } in assigned {
            if !is_shallow(&value) {
                let message = format!("variable '{name}' is nested more than {DEEPEST} levels deep");
                return Err(RunError::new(ErrorKind::Limit, message));
            }
            match scope {
                Scope::Local => self.assign_local(name, value),
                Scope::Project => {
                    Arc::make_mut(&mut self.project).insert(Arc::clone(&name), value);
                    if let Some(Frame::Node(node)) = self.frames.last_mut()
                        && !node.dirty.contains(&name)
                    {
                        node.dirty.push(name);
                    }
                }
            }
        }
        Ok(())
    }

    /// A name that a loop or `catch` in force has bound changes there; otherwise it is the flow's.
    fn assign_local(&mut self, name: Arc<str>, value: Value) {
        for frame in self.frames.iter_mut().rev() {
            match frame {
                Frame::Node(node) => {
                    if let Some((_, bound)) = node.bound.iter_mut().rev().find(|(bound, _)| *bound == name) {
                        *bound = value;
                        return;
                    }
                }
                Frame::Flow(flow) => {
                    Arc::make_mut(&mut flow.locals).insert(name, value);
                    return;
                }
                Frame::Block(_) => {}
            }
        }
    }
}

/// Walks breadth first, so that its own depth is bounded.
fn is_shallow(value: &Value) -> bool {
    let mut level = vec![value];
    for _ in 0..DEEPEST {
        let mut inner = Vec::new();
        for value in level {
            match value {
                Value::List(members) | Value::Tuple(members) => inner.extend(members.iter().filter(|m| has_members(m))),
                Value::Map(map) => inner.extend(map.values().filter(|m| has_members(m))),
                Value::Row(row) => inner.extend(row.values.iter().filter(|m| has_members(m))),
                Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Text(_) | Value::Bytes(_) => {}
            }
        }
        if inner.is_empty() {
            return true;
        }
        level = inner;
    }
    false
}

fn has_members(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) => true,
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Text(_) | Value::Bytes(_) => false,
    }
}
