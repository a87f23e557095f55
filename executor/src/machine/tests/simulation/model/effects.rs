//! Steps that ask something of the world.

use std::sync::Arc;

use sequor_plan_format::op::http_request::{HttpRequest, Method};
use sequor_plan_format::{NodeId, Op};

use super::super::expression::Sight;
use super::super::trace::{Batch, Entry, Fill, What};
use super::{Attempts, Model, Outcome};
use crate::error::{ErrorKind, RunError};
use crate::value::Value;

impl Model<'_> {
    /// The world is asked for the first thing of an execution. Gives the number of the execution.
    pub(super) fn act(&mut self, node: NodeId, what: What) -> Outcome<u64> {
        let n = self.execution(node);
        self.act_again(node, n, what)?;
        Ok(n)
    }

    fn execution(&mut self, node: NodeId) -> u64 {
        let executions = self.executions.entry(node).or_default();
        *executions += 1;
        *executions
    }

    fn act_again(&mut self, node: NodeId, n: u64, what: What) -> Outcome {
        self.entries.push(Entry::Acted { node, what, seen: self.variables.clone() });
        self.succeeds(node, n, what)
    }

    fn succeeds(&self, node: NodeId, n: u64, what: What) -> Outcome {
        self.settle(self.answers.failure(node, n, what).map_or(Ok(()), Err))
    }

    pub(super) fn effect(&mut self, node: NodeId, op: &Op, attempts: &mut Attempts, set: &mut Vec<Arc<str>>) -> Outcome {
        let n = attempts.execution.unwrap_or_else(|| self.execution(node));
        attempts.execution = Some(n);
        self.act_again(node, n, if attempts.failures == 0 { What::Run } else { What::RunAgain(attempts.failures) })?;
        match op {
            Op::Print(op) => self.evaluate(op.message).map(drop),
            Op::SetVariable(op) => {
                let assigned = self.settle(self.sight().assignments(&op.assigns))?;
                self.assign(assigned, set);
                Ok(())
            }
            Op::Fail(op) => {
                let message = self.evaluate(op.message)?.to_text();
                let kind = op.kind.map_or(Ok(Value::text("failed")), |kind| self.evaluate(kind))?.to_text();
                self.settle(Err(RunError::new(ErrorKind::Failed(kind), message)))
            }
            Op::Execute(op) => {
                let statements = attempts.statements..op.statements.len() as u64;
                if op.transaction {
                    self.effects.push((node, n, What::Run));
                    self.rows[op.source.index()] += op.statements.len();
                    return Ok(());
                }
                for number in statements {
                    // What was done before the error stays done.
                    self.succeeds(node, n, What::Statement(number))?;
                    self.effects.push((node, n, What::Statement(number)));
                    self.rows[op.source.index()] += 1;
                    attempts.statements += 1;
                }
                Ok(())
            }
            other => panic!("the generator makes no {}", other.name()),
        }
    }

    /// For each member, for each page: the request, then its reply. Tables are finished at the end, or not at all.
    pub(super) fn request(&mut self, node: NodeId, op: &HttpRequest, set: &mut Vec<Arc<str>>) -> Outcome {
        let n = self.act(node, What::Open)?;
        let members = match &op.for_each {
            Some(for_each) => self.settle(self.sight().members(&for_each.rows))?,
            None => vec![Value::Null],
        };
        let init = self.settle(self.sight().assignments(&op.init))?;
        self.assign(init, set);
        let mut fill = Fill { node, n, succeeded: false, batches: Vec::new() };
        let outside = self.variables.bound.len();
        let outcome = self.pages(op, members, &mut fill, set);
        self.variables.bound.truncate(outside);
        fill.succeeded = outcome.is_ok();
        self.fills.push(fill);
        outcome
    }

    fn pages(&mut self, op: &HttpRequest, members: Vec<Value>, fill: &mut Fill, set: &mut Vec<Arc<str>>) -> Outcome {
        let outside = self.variables.bound.len();
        for (ordinal, member) in (0..).zip(members) {
            if let Some(for_each) = &op.for_each {
                self.variables.bound.push((self.plan.text(for_each.item).into(), member));
            }
            let mut page = 1;
            while self.page(op, ordinal, page, fill, set)? {
                page += 1;
            }
            self.variables.bound.truncate(outside);
        }
        let batch = fill.batches.len() as u64 + 1;
        self.act_again(fill.node, fill.n, What::Close { batch })
    }

    /// Whether another page is to be asked for.
    fn page(&mut self, op: &HttpRequest, ordinal: u64, page: u64, fill: &mut Fill, set: &mut Vec<Arc<str>>) -> Outcome<bool> {
        let (node, n) = (fill.node, fill.n);
        let exchange = What::Exchange { ordinal, page };
        self.act_again(node, n, exchange)?;
        let reply = self.answers.reply(node, n, ordinal, page, self.posted);
        if op.request.method == Method::Post {
            self.posted += 1;
            self.effects.push((node, n, exchange));
        }
        self.act_again(node, n, What::Absorb { ordinal, page, batch: fill.batches.len() as u64 + 1 })?;
        let sight = Sight { reply: Some(&reply), ..self.sight() };
        let assigned = self.settle(sight.assignments(&op.response.variables))?;
        let again = match op.response.repeat {
            Some(repeat) => self.settle(sight.evaluate(repeat))?.is_true(),
            None => false,
        };
        fill.batches.push(Batch { ordinal, page, value: reply.value });
        self.assign(assigned, set);
        Ok(again)
    }
}
