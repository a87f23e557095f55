//! Variables of a state: which are in sight, and where an assignment goes.

use std::sync::Arc;

use sequor_plan_format::op::Scope;

use super::frame::{Frame, State};
use crate::error::{ErrorKind, RunError};
use crate::scope::Assigned;
use crate::value::{MAX_DEPTH, Map, Value};

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
            if !value.is_shallow() {
                let message = format!("variable '{name}' is nested more than {MAX_DEPTH} levels deep");
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
