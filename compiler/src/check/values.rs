//! V408: what is done with a value is what values of its kind allow. P612: a column that is read of a row is one that its query or table has, wherever the row
//! has come to. C302: what a condition asks is true or false. J509: no text stands in SQL without quotes. Also Python that is looked at again with what is
//! known of its variables and rows (P619 and the like).
//!
//! Known is what a name may hold: the values that anything in the project gives it, whatever the order. Where one of them is not known, nothing is said.

mod held;
mod infer;
mod sight;
mod sql;

use std::collections::BTreeSet;

use crate::compile::Parsed;
use crate::diagnostic::{Diagnostic, Span};
use crate::kinds::Kinds;
use crate::kinds::value::{Detail, Problem, Value, Verdict};
use crate::op::Op;
use crate::op::assert::Check;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind, Named};
use crate::snippet::python;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Flow, Rows, Step};
use crate::tables::Catalog;
use held::Held;
use infer::Infer;
use sight::{Origin, Sight};

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, catalog: &Catalog<'_>, faults: &mut Vec<Diagnostic>) {
    // What is wrong elsewhere may be why a value seems to be of the wrong kind.
    if parsed.all_flows().any(|flow| flow.unreadable) {
        return;
    }
    let held = Held::of(parsed, catalog);
    let told: BTreeSet<(String, u32)> =
        faults.iter().filter(|f| f.code == "P612").filter_map(|f| f.span.as_ref()).map(|s| (s.file.path.clone(), s.start)).collect();
    let mut found = Vec::new();
    for flow in &resolved.flows {
        let sight = Sight {
            flow,
            held: &held,
            catalog,
            bound: Vec::new(),
            next: Vec::new(),
            errors: BTreeSet::new(),
            asked: std::rc::Rc::new(sight::asked(flow)),
        };
        visit::flow(flow, &mut Walk { sight, flow, found: &mut found });
    }
    faults.extend(found.into_iter().filter(|f| f.span.as_ref().is_none_or(|s| !told.contains(&(s.file.path.clone(), s.start)))));
}

struct Walk<'w, 'p> {
    sight: Sight<'w, 'p>,
    flow: &'p Flow,
    found: &'w mut Vec<Diagnostic>,
}

impl Walk<'_, '_> {
    fn value(&mut self, expression: &Expression) -> Value {
        let mut infer = Infer::new(&self.sight);
        infer.template = is_template(expression);
        let value = infer.value(expression);
        let problems = infer.problems;
        for (span, problem, origin) in problems {
            self.found.push(report(span, problem, origin));
        }
        value
    }

    /// The value alone: its problems are reported elsewhere.
    fn quietly(&self, expression: &Expression) -> Value {
        Infer::new(&self.sight).value(expression)
    }

    /// C302
    fn condition(&mut self, condition: &Expression) {
        let value = self.quietly(condition);
        if let (Detail::Text(text), Kind::Var(name)) = (&value.detail, &condition.kind)
            && !["true", "false", ""].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
        {
            let message = format!("variable '{name}' holds the text '{text}', which is neither true nor false");
            let mut fault = Diagnostic::error("C302", condition.span.clone(), message).help("compare it: `{{ var('…') == '…' }}`");
            if let Some(at) = self.sight.held.place(&self.flow.name, name) {
                fault = fault.also(at.clone(), "it is set here");
            }
            self.found.push(fault);
        }
        self.alternative(condition);
    }

    /// `x == 'a' or 'b'`
    fn alternative(&mut self, condition: &Expression) {
        condition.walk(&mut |e| {
            let Kind::Or(parts) = &e.kind else { return };
            if !parts.iter().any(|p| matches!(p.kind, Kind::Compare { .. })) {
                return;
            }
            for part in parts {
                if let Kind::Text(text) = &part.kind
                    && !text.is_empty()
                {
                    let message = format!("'{text}' by itself is always true, and so is the whole condition");
                    self.found.push(
                        Diagnostic::warning("C301", part.span.clone(), message)
                            .help(format!("write the whole comparison again, or `… in ['…', '{text}']`")),
                    );
                }
            }
        });
    }

    /// `{{ query('select count(*) …') }} rows`
    fn rows_as_text(&mut self, message: &Expression) {
        for part in message.parts().unwrap_or_default().iter().filter(|part| matches!(part.kind, Kind::Query { .. })) {
            let fault = Diagnostic::warning(
                "V408",
                part.span.clone(),
                "this is a list of rows, and is printed as one, with its brackets and braces",
            );
            self.found
                .push(fault.help("one value of a database is `query_value(…)`; several rows are gone over with `{% for row in … %}`"));
        }
    }

    fn rows(&mut self, rows: &Rows) {
        let Rows::Items(items) = rows else { return };
        let value = self.quietly(items);
        // Those that are written there have been reported when the flow was read.
        let literal = matches!(items.kind, Kind::Text(_) | Kind::Int(_) | Kind::Float(_) | Kind::Number(_) | Kind::Bool(_) | Kind::Null);
        if !literal && value.kinds.within(Kinds::NUMBER.or(Kinds::TEXT)) {
            let problem = format!("{} is nothing to go over", value.kinds);
            let origin = self.sight.origin(items);
            self.found.push(
                origin
                    .into_iter()
                    .fold(Diagnostic::warning("V408", items.span.clone(), problem), |fault, origin| fault.also(origin.at, "it is set here"))
                    .help("give a list: `items: [a, b]`, a computed one, or `.split(',')` of text"),
            );
        }
    }
}

impl<'p> Visitor<'p> for Walk<'_, 'p> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Some(when) = &step.when {
            self.condition(when);
        }
        match &step.op {
            Op::IfElse(op) => op.arms.iter().for_each(|arm| self.condition(&arm.condition)),
            Op::WhileLoop(op) => self.condition(&op.condition),
            Op::ForEach(op) => self.rows(&op.rows),
            Op::HttpRequest(op) => {
                if let Some(for_each) = &op.for_each {
                    self.rows(&for_each.rows);
                }
            }
            Op::Assert(op) => {
                if let Check::Condition(condition) = &op.check {
                    self.condition(condition);
                }
            }
            Op::RunFlow(call) => {
                if let Some(output) = &call.output
                    && self.sight.held.returned(&call.flow.name).kinds == Kinds::NULL
                {
                    let message = format!("flow '{}' returns nothing, so '{}' is always null", call.flow.name, output.name);
                    self.found.push(
                        Diagnostic::warning("V411", output.span.clone(), message)
                            .help("end that flow with `op: return` and the value, or take 'output' out"),
                    );
                }
            }
            Op::Print(op) => self.rows_as_text(&op.message),
            Op::Fail(op) => self.rows_as_text(&op.message),
            Op::Transform(_)
            | Op::Copy(_)
            | Op::Execute(_)
            | Op::SetVariable(_)
            | Op::TryCatch(_)
            | Op::Parallel(_)
            | Op::Block(_)
            | Op::Sleep(_)
            | Op::Leave(_) => {}
        }
        self.sight.enter(step);
    }

    fn bind(&mut self, name: &'p Named) {
        self.sight.bind(name);
    }

    fn unbind(&mut self) {
        self.sight.unbind();
    }

    fn expression(&mut self, expression: &'p Expression) {
        if self.flow.sql.contains_key(&expression.span.start) {
            sql::check(expression, &self.sight, self.found);
        }
        self.value(expression);
        let mut again = Vec::new();
        expression.walk(&mut |e| {
            if let Kind::Python { code, .. } = &e.kind
                && let Some(written) = &code.written
                && self.sight.knows(&code.uses)
            {
                again.extend(python::follow(written, &self.sight));
            }
        });
        self.found.extend(again);
    }
}

/// Whether braces stand around it in the file.
fn is_template(expression: &Expression) -> bool {
    let span = &expression.span;
    span.file.text.get(span.start as usize..span.end as usize).is_some_and(|text| text.contains("{{"))
}

fn report(span: Span, problem: Problem, origin: Option<Origin>) -> Diagnostic {
    let Problem { message, help, verdict, .. } = problem;
    let fault = match (verdict, &origin) {
        (Verdict::NullOfEmpty, _) => Diagnostic::warning("V412", span, message),
        (Verdict::NullPrinted, _) => Diagnostic::warning("J511", span, message),
        (Verdict::NoColumn, _) => Diagnostic::error("P612", span, message),
        (Verdict::Fails | Verdict::Strange, Some(Origin { variable, .. })) => {
            Diagnostic::warning("V408", span, format!("{message}: look at what '{variable}' holds"))
        }
        (Verdict::Strange, None) => Diagnostic::warning("V408", span, message),
        (Verdict::Fails, None) => Diagnostic::error("V408", span, message),
    };
    let of_rows = matches!(verdict, Verdict::NoColumn | Verdict::NullPrinted);
    let note = if of_rows { "the rows come from here" } else { "it is set here" };
    origin.into_iter().fold(fault, |fault, origin| fault.also(origin.at, note)).help(help)
}
