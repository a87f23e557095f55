//! J506: what comes from data does not stand between quotes in SQL.
//!
//! A value of the flow's author or of the environment is trusted; one from a row, a reply or a query may hold a quote. Names that end like those of
//! numbers, dates and keys are taken at their word.

use std::collections::BTreeSet;

use sequor_plan_format::expr::{Function, Method};

use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::op::assert::Check;
use crate::op::copy::Origin;
use crate::op::http_request::HttpRequest;
use crate::resolve::Resolved;
use crate::snippet::expression::{Expression, Kind, Named};
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Assign, Flow, Rows, Step};

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(&flow.steps, &data_of(flow), faults);
    }
}

/// The variables of a flow whose values come from data.
pub(super) fn data_of(flow: &Flow) -> BTreeSet<&str> {
    let mut data = Data::default();
    visit::steps(&flow.steps, &mut data);
    data.names
}

#[derive(Default)]
struct Data<'p> {
    names: BTreeSet<&'p str>,
    /// Where a loop over values of the flow's author names them.
    own: Option<u32>,
}

impl Data<'_> {
    fn comes_from_data(&self, value: &Expression) -> bool {
        let uses = value.uses();
        uses.response || !uses.query_sources.is_empty() || uses.variables.iter().any(|v| self.names.contains(v.name.as_str()))
    }
}

impl<'p> Visitor<'p> for Data<'p> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::ForEach(op) = &step.op
            && let Rows::Items(items) = &op.rows
            && !self.comes_from_data(items)
        {
            self.own = Some(op.item.span.start);
        }
    }

    fn bind(&mut self, name: &'p Named) {
        if self.own != Some(name.span.start) {
            self.names.insert(&name.name);
        }
    }

    fn assign(&mut self, assign: &'p Assign) {
        let mut from_data = false;
        assign
            .value
            .walk(&mut |e| from_data |= matches!(e.kind, Kind::Response(_) | Kind::Query { .. } | Kind::QueryValue { cast: None, .. }));
        if from_data {
            self.names.insert(&assign.name.name);
        }
    }
}

/// The depth of steps is bounded by the YAML reader.
fn block(steps: &[Step], data: &BTreeSet<&str>, faults: &mut Vec<Diagnostic>) {
    for step in steps {
        for sql in statements(step) {
            statement(sql, data, faults);
        }
        for steps in step.op.blocks() {
            block(steps, data, faults);
        }
    }
}

/// The SQL of a step, without that of the steps in it.
fn statements(step: &Step) -> Vec<&Expression> {
    let rows = |rows: &'_ Rows| match rows {
        Rows::Query { .. } => true,
        Rows::Table(_) | Rows::Items(_) => false,
    };
    match &step.op {
        Op::Transform(op) => vec![&op.query],
        Op::Copy(op) => match &op.from {
            Origin::Query { sql, .. } => vec![sql],
            Origin::Table(_) => Vec::new(),
        },
        Op::Execute(op) => op.statements.iter().collect(),
        Op::Assert(op) => match &op.check {
            Check::Query { query, .. } => vec![query],
            Check::Condition(_) => Vec::new(),
        },
        Op::ForEach(op) if rows(&op.rows) => of_rows(&op.rows),
        Op::HttpRequest(op) => of_request(op),
        Op::ForEach(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_)
        | Op::Sleep(_)
        | Op::Leave(_) => Vec::new(),
    }
}

fn of_rows(rows: &Rows) -> Vec<&Expression> {
    match rows {
        Rows::Query { sql, .. } => vec![sql],
        Rows::Table(_) | Rows::Items(_) => Vec::new(),
    }
}

fn of_request(op: &HttpRequest) -> Vec<&Expression> {
    op.for_each.iter().flat_map(|f| of_rows(&f.rows)).collect()
}

fn statement(sql: &Expression, data: &BTreeSet<&str>, faults: &mut Vec<Diagnostic>) {
    let Kind::Concat(parts) = &sql.kind else { return };
    let mut quotes = Quotes::default();
    for part in parts {
        match &part.kind {
            Kind::Text(text) => quotes.read(text),
            _ if quotes.unsure => return,
            _ if quotes.inside => {
                if let Some(shown) = text_of_data(part, data) {
                    faults.push(
                        Diagnostic::warning(
                            "J506",
                            part.span.clone(),
                            format!("{shown} comes from data, and a quote in it ends the SQL text around it"),
                        )
                        .help("double its quotes: `{{ … | replace(\"'\", \"''\") }}`; or let the statement read the row from its table"),
                    );
                }
            }
            _ => {}
        }
    }
}

/// Whether a place is inside a SQL text.
#[derive(Default)]
pub(super) struct Quotes {
    pub(super) inside: bool,
    /// Comments and dollar quotes may hold quotes of their own.
    pub(super) unsure: bool,
}

impl Quotes {
    pub(super) fn read(&mut self, text: &str) {
        self.unsure |= text.contains("--") || text.contains("/*") || text.contains('$') || text.contains('\\');
        if text.matches('\'').count() % 2 == 1 {
            self.inside = !self.inside;
        }
    }
}

/// The value's name, where it is text that comes from data.
pub(super) fn text_of_data(value: &Expression, data: &BTreeSet<&str>) -> Option<String> {
    match &value.kind {
        Kind::Var(name) if data.contains(name.as_str()) && may_be_text(name) => Some(format!("'{name}'")),
        Kind::Attribute { base, name } if is_data(base, data) && may_be_text(name) => Some(format!("'{name}'")),
        Kind::Index { base, key } if is_data(base, data) => match &key.kind {
            Kind::Text(name) if may_be_text(name) => Some(format!("'{name}'")),
            _ => None,
        },
        Kind::Method { base, method: Method::Get | Method::Strip | Method::Lower | Method::Upper | Method::Title, arguments } => {
            match arguments.first().map(|a| &a.kind) {
                Some(Kind::Text(name)) if is_data(base, data) && may_be_text(name) => Some(format!("'{name}'")),
                _ => text_of_data(base, data),
            }
        }
        Kind::Call { function: Function::Str, arguments } => arguments.first().and_then(|a| text_of_data(a, data)),
        _ => None,
    }
}

fn is_data(base: &Expression, data: &BTreeSet<&str>) -> bool {
    matches!(&base.kind, Kind::Var(name) if data.contains(name.as_str()))
}

/// By its name: words and sentences, not numbers, dates, keys and states.
pub(crate) fn may_be_text(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "name",
        "title",
        "text",
        "description",
        "comment",
        "note",
        "notes",
        "message",
        "subject",
        "address",
        "street",
        "city",
        "company",
        "label",
        "body",
        "error",
        "email",
        "reason",
        "summary",
        "content",
        "value",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}
