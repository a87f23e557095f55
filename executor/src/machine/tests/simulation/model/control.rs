//! Branches, loops, errors and calls.

use std::sync::Arc;

use sequor_plan_format::NodeId;
use sequor_plan_format::op::for_each::OnError;
use sequor_plan_format::op::{ForEach, IfElse, Leave, Parallel, RunFlow, Scope, TryCatch, WhileLoop};

use super::super::trace::{Entry, Fault, Variables, What};
use super::{Halt, Model, Outcome};
use crate::op::leave::Exit;
use crate::scope::Assigned;
use crate::value::{Map, Value};

impl Model<'_> {
    /// The first arm that is true, else `else`, else nothing.
    pub(super) fn branch(&mut self, op: &IfElse) -> Outcome {
        for arm in &op.arms {
            if self.holds(arm.condition)? {
                return self.block(arm.then);
            }
        }
        op.otherwise.map_or(Ok(()), |block| self.block(block))
    }

    pub(super) fn turns(&mut self, op: &WhileLoop) -> Outcome {
        let mut turn = 0;
        while self.holds(op.condition)? {
            if turn == op.max_iterations {
                return Err(self.fault("limit", "the condition of this while is still true"));
            }
            turn += 1;
            match self.block(op.body) {
                Ok(()) | Err(Halt::Left(Exit::Continue)) => {}
                Err(Halt::Left(Exit::Break)) => return Ok(()),
                Err(halt) => return Err(halt),
            }
        }
        Ok(())
    }

    /// The members are what they are when the loop starts. The loop's variables live in it only.
    pub(super) fn each(&mut self, id: NodeId, op: &ForEach) -> Outcome {
        self.act(id, What::Items)?;
        let members = self.settle(self.sight().members(&op.rows))?;
        let outside = self.variables.bound.len();
        for (ordinal, member) in members.into_iter().enumerate() {
            self.variables.bound.push((self.plan.text(op.item).into(), member));
            if let Some(index) = op.index {
                self.variables.bound.push((self.plan.text(index).into(), Value::Int(i64::try_from(ordinal).unwrap())));
            }
            let outcome = self.block(op.body);
            self.variables.bound.truncate(outside);
            let mut fault = match outcome {
                Ok(()) | Err(Halt::Left(Exit::Continue)) => continue,
                Err(Halt::Left(Exit::Break)) => return Ok(()),
                Err(halt @ Halt::Left(Exit::Return(_))) => return Err(halt),
                Err(Halt::Fault(fault)) => fault,
            };
            fault.row.get_or_insert_with(|| (ordinal + 1).to_string());
            match op.on_error {
                OnError::Fail => return Err(Halt::Fault(fault)),
                OnError::Skip => self.entries.push(Entry::Tolerated(id, fault)),
            }
        }
        Ok(())
    }

    /// The first `catch` that names the error's kind, or names none. `finally` in every case; an error of its own replaces the other.
    pub(super) fn attempt(&mut self, id: NodeId, op: &TryCatch) -> Outcome {
        let mut outcome = self.block(op.body);
        if let Err(Halt::Fault(fault)) = &outcome {
            let catch = op.catches.iter().find(|c| c.kinds.is_empty() || c.kinds.iter().any(|kind| self.plan.text(*kind) == fault.kind));
            if let Some(catch) = catch {
                let outside = self.variables.bound.len();
                if let Some(name) = catch.error {
                    self.variables.bound.push((self.plan.text(name).into(), self.described(fault)));
                }
                self.entries.push(Entry::Tolerated(id, fault.clone()));
                outcome = self.block(catch.body);
                self.variables.bound.truncate(outside);
            }
        }
        op.finally.map_or(Ok(()), |block| self.block(block))?;
        outcome
    }

    pub(super) fn leave(&mut self, op: &Leave) -> Outcome {
        Err(Halt::Left(match op {
            Leave::Break => Exit::Break,
            Leave::Continue => Exit::Continue,
            Leave::Return(value) => Exit::Return(value.map_or(Ok(Value::Null), |value| self.evaluate(value))?),
        }))
    }

    /// An error as flows see it.
    fn described(&self, fault: &Fault) -> Value {
        let op = fault.node.map_or(Value::Null, |node| Value::text(self.plan.text(self.plan.node(node).id)));
        let members = [
            ("kind", Value::text(fault.kind.as_str())),
            ("message", Value::text(fault.message.as_str())),
            ("op", op),
            ("status_code", Value::Null),
            ("body", Value::Null),
        ];
        Value::Map(Arc::new(members.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>()))
    }

    /// Each branch has a copy of what is visible. What branches set is set again behind them, in their order; or the first error goes up.
    pub(super) fn side_by_side(&mut self, op: &Parallel, set: &mut Vec<Arc<str>>) -> Outcome {
        let before = self.variables.clone();
        let mut flat = before.locals.as_ref().clone();
        flat.extend(before.bound.iter().cloned());
        let flat = Arc::new(flat);
        let (mut assigned, mut first) = (Vec::new(), None);
        for branch in &op.branches {
            self.variables = Variables { bound: Vec::new(), locals: Arc::clone(&flat), project: Arc::clone(&before.project) };
            match self.block(branch.body) {
                Ok(()) => {}
                Err(halt @ Halt::Fault(_)) => {
                    first.get_or_insert(halt);
                    continue;
                }
                Err(Halt::Left(exit)) => panic!("{exit:?} leaves a branch"),
            }
            for (scope, now, before) in
                [(Scope::Local, &self.variables.locals, &flat), (Scope::Project, &self.variables.project, &before.project)]
            {
                let changed = now.iter().filter(|(name, value)| before.get(&***name) != Some(*value));
                assigned.extend(changed.map(|(name, value)| Assigned { name: Arc::clone(name), scope, value: value.clone() }));
            }
        }
        self.variables = before;
        match first {
            Some(halt) => Err(halt),
            None => {
                self.assign(assigned, set);
                Ok(())
            }
        }
    }

    /// Parameters are the caller's expressions, and a missing one is the caller's error.
    pub(super) fn call(&mut self, op: &RunFlow) -> Outcome {
        let mut given = Map::new();
        for (name, expr) in &op.parameters {
            given.insert(self.plan.text(*name).into(), self.evaluate(*expr)?);
        }
        let flow = self.plan.flow(op.flow);
        for parameter in &flow.parameters {
            let name = self.plan.text(parameter.name);
            if parameter.default.is_none() && !given.contains_key(name) {
                return Err(self.lacking(flow, name));
            }
        }
        let returned = self.flow(op.flow, given)?;
        if let Some(name) = op.output {
            self.variables.set(self.plan.text(name), Scope::Local, returned);
        }
        Ok(())
    }
}
