//! What is set under a condition (`when`) is there wherever the same condition holds.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::op::Op;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow, Step};

/// As many ways to set one name are looked at.
const MOST: usize = 50;

/// Where a flow sets variables under conditions, and what it reads under conditions.
#[derive(Default)]
pub(super) struct Conditions<'p> {
    around: Vec<Around<'p>>,
    /// How many expressions have been seen.
    seen: usize,
    sets: BTreeMap<&'p str, Vec<Place<'p>>>,
    /// By the start of the expression, with its end.
    reads: BTreeMap<u32, (u32, Place<'p>)>,
}

/// Where something stands.
struct Place<'p> {
    /// How many expressions come before it.
    order: usize,
    around: Rc<[Around<'p>]>,
}

/// A step around a place, and its condition as it is written.
#[derive(Clone, Copy)]
struct Around<'p> {
    step: &'p Step,
    condition: Option<&'p str>,
}

impl<'p> Conditions<'p> {
    pub(super) fn of(flow: &'p Flow) -> Self {
        let mut conditions = Self::default();
        visit::steps(&flow.steps, &mut conditions);
        conditions
    }

    /// Whether a step before sets the variable under conditions that hold where it is read.
    pub(super) fn hold(&self, used: &Named) -> bool {
        let at = &used.span;
        let Some((_, (end, read))) = self.reads.range(..=at.start).next_back() else { return false };
        let Some(sets) = self.sets.get(used.name.as_str()).filter(|_| at.end <= *end) else { return false };
        let holds = |around: &Around<'_>| {
            let same = read.around.iter().any(|r| std::ptr::eq(r.step, around.step));
            // Other steps than these are left, or repeated, or not done at all.
            let is_plain = matches!(around.step.op, Op::Block(_) | Op::SetVariable(_) | Op::HttpRequest(_) | Op::RunFlow(_));
            same || (is_plain && around.condition.is_none_or(|condition| read.around.iter().any(|r| r.condition == Some(condition))))
        };
        sets.iter().any(|set| set.order < read.order && set.around.iter().all(holds))
    }

    fn here(&self) -> Place<'p> {
        Place { order: self.seen, around: self.around.as_slice().into() }
    }

    fn is_conditional(&self) -> bool {
        self.around.iter().any(|around| around.condition.is_some())
    }
}

impl<'p> Visitor<'p> for Conditions<'p> {
    fn enter_step(&mut self, step: &'p Step) {
        let written = step.when.as_ref().and_then(|when| when.span.file.text.get(when.span.start as usize..when.span.end as usize));
        self.around.push(Around { step, condition: written.map(str::trim) });
    }

    fn leave_step(&mut self, _: &'p Step) {
        self.around.pop();
    }

    fn expression(&mut self, expression: &'p Expression) {
        self.seen += 1;
        if self.is_conditional() {
            self.reads.insert(expression.span.start, (expression.span.end, self.here()));
        }
    }

    fn assign(&mut self, assign: &'p Assign) {
        if self.is_conditional() {
            let here = self.here();
            let sets = self.sets.entry(&assign.name.name).or_default();
            if sets.len() < MOST {
                sets.push(here);
            }
        }
    }
}
