//! C304: a `while` has something in it that can end it. C310: a loop has a variable of its own. C313: a `catch` does something.

use std::collections::BTreeMap;

use sequor_plan_format::manifest::Access;

use super::assigned::Assigned;
use super::graph::constant;
use super::parsed::parsed_names;
use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::run_flow::RunFlow;
use crate::op::while_loop::WhileLoop;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind as Expr, Named};
use crate::source::Kind;
use crate::syntax::visit::{self, Visitor, Wanted};
use crate::syntax::{Assign, Flow, SourceRef, Step, TableRef};
use crate::tables::is_slip;

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, assigned: &Assigned<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut Loops { parsed, flow, assigned, bound: Vec::new(), faults });
    }
}

struct Loops<'r, 'p, 'f> {
    parsed: &'r Parsed,
    flow: &'p Flow,
    assigned: &'r Assigned<'p>,
    bound: Vec<&'p Named>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Loops<'_, 'p, '_> {
    fn enter_step(&mut self, step: &'p Step) {
        match &step.op {
            Op::WhileLoop(op) => self.endless(op),
            Op::TryCatch(op) => {
                for catch in op.catches.iter().filter(|c| c.steps.is_empty()) {
                    let place = catch.error.as_ref().or(catch.kinds.first()).map_or(&step.span, |named| &named.span);
                    self.faults.push(
                        Diagnostic::hint("C313", place.clone(), "this 'catch' does nothing, so that errors vanish without a trace")
                            .help("print the error's message, so that somebody can find out"),
                    );
                }
            }
            Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Copy(_)
            | Op::Parallel(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::IfElse(_)
            | Op::ForEach(_)
            | Op::Block(_)
            | Op::RunFlow(_)
            | Op::Sleep(_)
            | Op::Assert(_)
            | Op::Leave(_) => {}
        }
    }

    fn bind(&mut self, name: &'p Named) {
        if let Some(outer) = self.bound.iter().find(|outer| outer.name == name.name) {
            self.faults.push(
                Diagnostic::warning(
                    "C310",
                    name.span.clone(),
                    format!("'{}' is already the variable of the loop or catch around this one", name.name),
                )
                .also(outer.span.clone(), "the outer one")
                .help("give it another name: in these steps the outer one cannot be read"),
            );
        }
        self.bound.push(name);
    }

    fn unbind(&mut self) {
        self.bound.pop();
    }
}

impl Loops<'_, '_, '_> {
    fn endless(&mut self, op: &WhileLoop) {
        if self.flow.unreadable || constant(&op.condition) == Some(false) || leaves(&op.steps) {
            return;
        }
        let uses = op.condition.uses();
        let mut changes = Changes::of(self.assigned);
        visit::steps(&op.steps, &mut changes);
        let asks = asks_outside(&op.condition) || uses.computed_variables || uses.computed_sources;
        let asked: Vec<Option<&str>> =
            uses.query_sources.iter().map(|source| source.as_ref().map(|named| named.name.as_str()).or(self.default())).collect();
        if asks
            || asked.iter().any(|source| self.may_change(*source, &changes))
            || uses.variables.iter().chain(&uses.tested).any(|v| changes.sets(&v.name))
        {
            return;
        }
        let near = uses.variables.iter().find_map(|v| changes.near(&v.name));
        // What could not be read may be the step that ends the loop.
        let unsure = near.is_none() && (uses.variables.is_empty() || !self.flow.suspected_text.is_empty());
        if !self.flow.suspected.is_empty() && (unsure || self.may_end(uses.variables.iter().map(|v| v.name.as_str()))) {
            return;
        }
        let mut names: Vec<String> = uses.variables.iter().map(|v| format!("'{}'", v.name)).collect();
        names.dedup();
        let message = match (names.as_slice(), asked.first()) {
            ([], Some(Some(source))) => format!("nothing in this loop changes what its condition asks '{source}' for, so it never ends"),
            ([], _) => "nothing in this loop can change its condition, so it never ends".to_owned(),
            (names, _) => {
                format!("nothing in this loop changes {}, so its condition stays as it is and the loop never ends", names.join(" or "))
            }
        };
        let at = op.condition.span.clone();
        // Whoever gets the requests may write to the database.
        let sure = asked.is_empty() || !changes.sends;
        let fault = if sure { Diagnostic::error("C304", at, message) } else { Diagnostic::warning("C304", at, message) };
        self.faults.push(match near {
            Some((name, place)) => {
                fault.also(place.clone(), "this is another variable").help(format!("was '{name}' to be the variable of the condition?"))
            }
            None => fault.help("change in its steps what the condition reads, or leave the loop with 'break'"),
        });
    }

    fn default(&self) -> Option<&str> {
        self.parsed.index.default.as_deref()
    }

    /// Whether the steps may change what a query of that source gives.
    fn may_change(&self, source: Option<&str>, changes: &Changes<'_, '_>) -> bool {
        let Some(source) = source else { return true };
        let is_file = self.parsed.index.kinds.get(source) == Some(&Some(Kind::Sqlite));
        let written = changes.written.iter().any(|written| written.or(self.default()).is_none_or(|written| written == source));
        written || changes.anything || changes.waits || (changes.sends && !is_file)
    }

    /// Whether a step that could not be read may end the loop, or set one of the variables.
    fn may_end<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> bool {
        names.any(|name| self.flow.may_name(name) && self.flow.suspected.contains(name))
            || ["break", "return", "fail", "raise", "assert", "run_"].iter().any(|word| self.flow.suspected_text.contains(word))
    }
}

/// Python and Jinja may look at the clock or at chance: words that do so.
pub(super) fn asks_outside(condition: &Expression) -> bool {
    let mut asks = false;
    condition.walk(&mut |e| {
        asks |= match &e.kind {
            Expr::Python { code, .. } | Expr::Jinja { code, .. } => {
                ["now", "time", "today", "random", "uuid"].iter().any(|word| code.text.contains(word))
            }
            _ => false,
        }
    });
    asks
}

/// Some step ends the loop, or may: with an error of its own too. The depth of steps is bounded by the YAML reader.
pub(super) fn leaves(steps: &[Step]) -> bool {
    steps.iter().any(|step| match &step.op {
        Op::Leave(_) | Op::Fail(_) | Op::Assert(_) => true,
        Op::HttpRequest(_)
        | Op::Transform(_)
        | Op::Copy(_)
        | Op::Parallel(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::Sleep(_)
        | Op::RunFlow(_)
        | Op::IfElse(_)
        | Op::TryCatch(_)
        | Op::Block(_)
        | Op::WhileLoop(_)
        | Op::ForEach(_) => step.op.blocks().into_iter().any(leaves),
    })
}

/// What the steps of a loop change.
pub(super) struct Changes<'r, 'p> {
    assigned: &'r Assigned<'p>,
    /// Variables; the places where that is plain to see.
    set: BTreeMap<String, Vec<Option<&'p Span>>>,
    /// Sources whose tables may be written; `None` for the default one.
    written: Vec<Option<&'p str>>,
    /// Requests are sent.
    sends: bool,
    /// It waits for somebody else.
    waits: bool,
    /// A flow is called, or a parser writes tables of its own.
    anything: bool,
}

impl<'r, 'p> Changes<'r, 'p> {
    pub(super) fn of(assigned: &'r Assigned<'p>) -> Self {
        Self { assigned, set: BTreeMap::new(), written: Vec::new(), sends: false, waits: false, anything: false }
    }

    pub(super) fn sets(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    /// How many places may set the variable.
    pub(super) fn count(&self, name: &str) -> usize {
        self.set.get(name).map_or(0, Vec::len)
    }

    /// A variable that is set and is likely to be meant by another name.
    fn near(&self, name: &str) -> Option<(&str, &'p Span)> {
        self.set.iter().filter(|(set, _)| is_slip(set, name)).find_map(|(set, places)| Some((set.as_str(), (*places.first()?)?)))
    }

    fn add(&mut self, name: &str, place: Option<&'p Span>) {
        self.set.entry(name.to_owned()).or_default().push(place);
    }
}

impl<'p> Visitor<'p> for Changes<'_, 'p> {
    fn enter_step(&mut self, step: &'p Step) {
        match &step.op {
            Op::Execute(op) => self.written.push(op.source.name()),
            Op::Sleep(_) => self.waits = true,
            Op::HttpRequest(_)
            | Op::Transform(_)
            | Op::Copy(_)
            | Op::Parallel(_)
            | Op::SetVariable(_)
            | Op::Print(_)
            | Op::Fail(_)
            | Op::IfElse(_)
            | Op::WhileLoop(_)
            | Op::ForEach(_)
            | Op::TryCatch(_)
            | Op::Block(_)
            | Op::RunFlow(_)
            | Op::Assert(_)
            | Op::Leave(_) => {}
        }
    }

    fn source(&mut self, _: &'p SourceRef, wanted: Wanted) {
        self.sends |= wanted == Wanted::Http;
    }

    fn table(&mut self, table: &'p TableRef, access: Access) {
        if access != Access::Read {
            self.written.push(table.source.name());
        }
    }

    fn assign(&mut self, assign: &'p Assign) {
        self.add(&assign.name.name, Some(&assign.name.span));
    }

    fn parser(&mut self, parser: &'p Expression, declared: bool) {
        self.anything |= !declared && may_give_tables(parser);
        for name in parsed_names(parser) {
            self.add(&name, None);
        }
    }

    /// What a called flow does beyond its variables is not looked into.
    fn call(&mut self, call: &'p RunFlow) {
        self.anything = true;
        if let Some(name) = &call.output {
            self.add(&name.name, Some(&name.span));
        }
        for name in self.assigned.sets.get(call.flow.name.as_str()).into_iter().flatten() {
            self.add(name, None);
        }
    }

    fn bind(&mut self, name: &'p Named) {
        self.add(&name.name, Some(&name.span));
    }
}

/// A parser describes tables itself, or may do so.
fn may_give_tables(parser: &Expression) -> bool {
    match &parser.kind {
        Expr::Python { code, .. } => code.text.contains("tables"),
        _ => parser.uses().texts.iter().any(|text| text == "tables"),
    }
}
