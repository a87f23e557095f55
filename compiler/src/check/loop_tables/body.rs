//! What the steps of a loop do to tables.

use std::collections::BTreeSet;

use sequor_plan_format::manifest::Access;

use crate::check::writers::mentions;
use crate::op::Op;
use crate::op::execute::Execute;
use crate::op::leave::Leave;
use crate::op::run_flow::RunFlow;
use crate::snippet::expression::{Expression, Kind};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Step, TableRef};
use crate::tables::text;

/// All steps of a loop, those of inner loops too.
#[derive(Default)]
pub(in crate::check) struct Body<'p> {
    /// Tables that are written by keys, and whether the step creates them.
    pub(super) written: Vec<(&'p TableRef, bool)>,
    pub(super) statements: Vec<&'p Execute>,
    /// Texts that may read tables, in small letters.
    texts: Vec<String>,
    /// Tables that are read by keys.
    read: BTreeSet<&'p str>,
    /// A step reads what cannot be seen here.
    hidden: bool,
    /// Names of tables: they are not text that reads them.
    names: BTreeSet<u32>,
}

impl<'p> Body<'p> {
    pub(in crate::check) fn of(steps: &'p [Step], condition: Option<&'p Expression>) -> Self {
        let mut body = Self::default();
        visit::optional(condition, &mut body);
        visit::steps(steps, &mut body);
        body
    }

    /// Whether a step may read the table.
    pub(in crate::check) fn reads(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        self.hidden || self.read.iter().any(|read| read.eq_ignore_ascii_case(name)) || self.texts.iter().any(|text| mentions(text, &lower))
    }

    fn text(&mut self, text: &str) {
        let text = text.to_lowercase();
        // A template follows that names the table.
        self.hidden |= ["from", "join"].iter().any(|word| text.trim_end().ends_with(word));
        // To delete all rows is not to read them.
        let deletes = text.trim_start().starts_with("delete from") && !text.contains("where") && !text.contains("using");
        if (text.contains("from") && !deletes) || text.contains("table(") {
            self.texts.push(text);
        }
    }
}

impl<'p> Visitor<'p> for Body<'p> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::Execute(op) = &step.op {
            self.statements.push(op);
        }
    }

    fn table(&mut self, table: &'p TableRef, access: Access) {
        self.names.insert(table.name.span.start);
        match access {
            Access::Read => match text(&table.name) {
                Some(name) => {
                    self.read.insert(name);
                }
                None => self.hidden = true,
            },
            Access::Append => self.written.push((table, false)),
            Access::Create => self.written.push((table, true)),
            Access::Sql => self.hidden = true,
        }
    }

    fn expression(&mut self, expression: &'p Expression) {
        if self.names.contains(&expression.span.start) {
            return;
        }
        expression.walk(&mut |e| match &e.kind {
            Kind::Text(text) => self.text(text),
            Kind::Jinja { code, .. } | Kind::Python { code, .. } => self.text(&code.text),
            _ => {}
        });
    }

    fn call(&mut self, _: &'p RunFlow) {
        self.hidden = true;
    }
}

/// A table that a step of the loop itself creates.
pub(super) struct Created<'p> {
    pub(super) table: &'p TableRef,
    /// Not in every turn.
    pub(super) guarded: bool,
    /// Inside of a `try`, or in a step that is tried again.
    pub(super) tried: bool,
}

/// What the steps create, without those of inner loops. The depth of steps is bounded by the YAML reader.
pub(super) fn created(steps: &[Step]) -> Vec<Created<'_>> {
    let mut found = Vec::new();
    for step in steps {
        let (guards, tries) = match &step.op {
            Op::WhileLoop(_) | Op::ForEach(_) => continue,
            Op::IfElse(_) => (true, false),
            Op::TryCatch(_) => (false, true),
            Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::RunFlow(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_) => (false, false),
        };
        let (guarded, tried) = (guards || step.when.is_some(), tries || step.retry.is_some());
        let blocks = step.op.blocks();
        if blocks.is_empty() {
            let mut body = Body::default();
            step.op.visit(&mut body);
            let creates = body.written.into_iter().filter(|(_, creates)| *creates);
            found.extend(creates.map(|(table, _)| Created { table, guarded, tried }));
        }
        let inner = blocks.into_iter().flat_map(created);
        found.extend(inner.map(|c| Created { guarded: c.guarded || guarded, tried: c.tried || tried, ..c }));
    }
    found
}

/// Some step leaves the loop.
pub(super) fn is_left(steps: &[Step]) -> bool {
    leaves(steps, true)
}

/// `own`: a `break` among the steps is the loop's own, and not that of a loop within it. The depth of steps is bounded by the YAML reader.
fn leaves(steps: &[Step], own: bool) -> bool {
    steps.iter().any(|step| match &step.op {
        Op::Leave(Leave::Return(_)) => true,
        Op::Leave(Leave::Break) => own,
        Op::Leave(Leave::Continue) => false,
        Op::WhileLoop(_) | Op::ForEach(_) => step.op.blocks().into_iter().any(|block| leaves(block, false)),
        Op::HttpRequest(_)
        | Op::Transform(_)
        | Op::Copy(_)
        | Op::Parallel(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::RunFlow(_)
        | Op::Assert(_)
        | Op::IfElse(_)
        | Op::TryCatch(_)
        | Op::Block(_) => step.op.blocks().into_iter().any(|block| leaves(block, own)),
    })
}
