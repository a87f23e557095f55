//! Loops in the graph: `while`, `for_each`, and the rows and pages of `http_request`.

use super::build::{Actions, Builder, Frame, Open};
use super::{Action, Edge};
use crate::op::for_each::ForEach;
use crate::op::http_request::HttpRequest;
use crate::op::while_loop::WhileLoop;
use crate::snippet::expression::Kind;
use crate::syntax::Rows;
use crate::syntax::visit::{self, Visitor};
use sequor_plan_format::op::for_each::OnError;

impl<'p> Builder<'p> {
    pub(super) fn while_loop(&mut self, op: &'p WhileLoop, open: &Open<'p>) -> Open<'p> {
        let head = self.node(Vec::new(), open);
        let (run, mut after) = self.branch(&op.condition, &vec![(head, Edge::Next)]);
        self.frames.push(Frame::Loop { breaks: Vec::new(), continues: Vec::new() });
        let end = self.block(&op.steps, run);
        let (breaks, continues) = self.end_loop();
        self.connect(&end, head);
        self.connect(&continues, head);
        after.extend(breaks);
        after
    }

    pub(super) fn for_each(&mut self, op: &'p ForEach, open: &Open<'p>) -> Open<'p> {
        let mut actions = Actions::default();
        visit::rows(&op.rows, &mut actions);
        let rows = self.node(actions.found, open);
        self.fails(rows);
        let start = self.node(Vec::new(), &vec![(rows, Edge::Next)]);
        self.frames.push(Frame::Loop { breaks: Vec::new(), continues: Vec::new() });
        let skips = op.on_error == OnError::Skip;
        if skips {
            self.frames.push(Frame::Catch { errors: Vec::new() });
        }
        let mut end = self.block(&op.steps, vec![(start, Edge::Next)]);
        if skips {
            end.extend(self.caught());
        }
        let (mut after, continues) = self.end_loop();
        end.extend(continues);
        if !end.is_empty() {
            let round = self.node(Vec::new(), &end);
            self.connect(&vec![(round, Edge::Next)], start);
            after.push((round, Edge::Next));
        }
        if !never_empty(&op.rows) {
            after.push((rows, Edge::Next));
        }
        after
    }

    fn end_loop(&mut self) -> (Open<'p>, Open<'p>) {
        match self.frames.pop() {
            Some(Frame::Loop { breaks, continues }) => (breaks, continues),
            Some(Frame::Catch { .. } | Frame::Finally { .. } | Frame::Branch) | None => (Vec::new(), Vec::new()),
        }
    }

    /// What comes before the rows, and then each request with its reply.
    pub(super) fn http_request(&mut self, op: &'p HttpRequest, open: &Open<'p>) -> Open<'p> {
        let mut before = Actions::default();
        visit::assigns(&op.init, &mut before);
        if let Some(for_each) = &op.for_each {
            visit::rows(&for_each.rows, &mut before);
        }
        let mut rest = Parts { skip: before.found.len(), actions: Actions::default() };
        op.visit(&mut rest);
        let before = self.node(before.found, open);
        let request = self.node(rest.actions.found, &vec![(before, Edge::Next)]);
        self.fails(before);
        self.fails(request);
        if op.for_each.is_some() || op.response.repeat.is_some() || op.response.parser.is_some() {
            self.connect(&vec![(request, Edge::Next)], request);
        }
        let mut after = vec![(request, Edge::Next)];
        if op.for_each.as_ref().is_some_and(|f| !never_empty(&f.rows)) {
            after.push((before, Edge::Next));
        }
        after
    }
}

/// A list that is written out.
fn never_empty(rows: &Rows) -> bool {
    match rows {
        Rows::Items(items) => matches!(&items.kind, Kind::List(members) if !members.is_empty()),
        Rows::Table(_) | Rows::Query { .. } => false,
    }
}

/// The actions of an op without the first ones.
struct Parts<'p> {
    skip: usize,
    actions: Actions<'p>,
}

impl<'p> Parts<'p> {
    fn add(&mut self, action: Action<'p>) {
        if self.skip == 0 {
            self.actions.found.push(action);
        } else {
            self.skip -= 1;
        }
    }
}

impl<'p> Visitor<'p> for Parts<'p> {
    fn expression(&mut self, expression: &'p crate::snippet::expression::Expression) {
        self.add(Action::Read(expression));
    }

    fn parser(&mut self, parser: &'p crate::snippet::expression::Expression, _: bool) {
        self.add(Action::Parse(parser));
    }

    fn assign(&mut self, assign: &'p crate::syntax::Assign) {
        self.add(Action::Set(&assign.name, assign.scope));
    }
}
