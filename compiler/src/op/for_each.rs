//! `for_each`: steps run once for each row or item.

use sequor_plan_format::op as plan;
use sequor_plan_format::op::for_each::OnError;

use super::Op;
use crate::diagnostic::Span;
use crate::lower::{Lowering, Unresolved};
use crate::snippet::expression::Named;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::scalars::named;
use crate::syntax::visit::{self, Visitor};
use crate::syntax::{Reader, Rows, Step, rows, step};

pub static KEYS: Table = Table::new(
    "op 'for_each'",
    "Runs steps once for each row of a table or query, or each item of a list.",
    &[
        Key::new("source", Kind::Text, "the database of 'table' or 'query'; absent: the project's default one"),
        Key::dynamic("database", Kind::Text, "the table's database, as the server names it; absent: the one that the source connects to"),
        Key::dynamic("namespace", Kind::Text, "the table's schema; absent: the source's").aliases(&["schema"]),
        Key::dynamic("table", Kind::Text, "the table that gives the rows; one of 'table', 'query' and 'items' is needed"),
        Key::dynamic("query", Kind::Text, "one query that gives the rows"),
        Key::dynamic("items", Kind::Any, "a list, or a map, which gives its keys").mistaken(&["in", "list", "values"]),
        Key::new("as", Kind::Text, "the variable that holds the row or item; it is there inside the loop only")
            .mistaken(&["var", "variable", "item"])
            .required(),
        Key::new("index_as", Kind::Text, "the variable that holds the number of the round, from 0").mistaken(&["index", "counter"]),
        Key::new("steps", Kind::Steps, "what is done for each, in order").mistaken(&["do", "body", "then"]).required(),
        Key::new(
            "on_error",
            Kind::Choice(&["fail", "skip"]),
            "fail: the first error ends the loop and fails the step; skip: the error is reported, and the loop goes on with the next",
        )
        .default("fail")
        .later_values(&["reject"]),
        Key::later("concurrency", "how many rounds run at the same time"),
    ],
);

#[derive(Debug)]
pub struct ForEach {
    pub rows: Rows,
    pub item: Named,
    pub index: Option<Named>,
    pub steps: Vec<Step>,
    pub on_error: OnError,
}

pub(super) fn read(fields: &Fields<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Op> {
    let on_error = match fields.choice("on_error", &mut reader.faults) {
        Some("skip") => OnError::Skip,
        _ => OnError::Fail,
    };
    let item = fields.name("as", &mut reader.faults).map(named);
    let index = fields.name("index_as", &mut reader.faults).map(named);
    let steps = step::read_key(fields, "steps", reader);
    let rows = rows::read(fields, at, "op 'for_each'", reader)?;
    Some(Op::ForEach(Box::new(ForEach { rows, item: item?, index, steps: steps?, on_error })))
}

impl ForEach {
    pub(super) fn visit<'a>(&'a self, visitor: &mut dyn Visitor<'a>) {
        visit::rows(&self.rows, visitor);
        visitor.bind(&self.item);
        if let Some(index) = &self.index {
            visitor.bind(index);
        }
        visit::steps(&self.steps, visitor);
        if self.index.is_some() {
            visitor.unbind();
        }
        visitor.unbind();
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::ForEach, Unresolved> {
        Ok(plan::ForEach {
            rows: lowering.rows(&self.rows)?,
            item: lowering.text(&self.item.name),
            index: self.index.as_ref().map(|i| lowering.text(&i.name)),
            body: lowering.block(&self.steps)?,
            on_error: self.on_error,
        })
    }
}
