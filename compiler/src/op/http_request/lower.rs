//! Lowering `http_request`: defaults are filled in, names become ids.

use sequor_plan_format::Column;
use sequor_plan_format::op::http_request as plan;

use super::{ForEachRow, HttpRequest, Pairs, Request, Response, ResponseTable, TableData, path};
use crate::lower::{Lowering, Unresolved};

impl HttpRequest {
    pub(in crate::op) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::HttpRequest, Unresolved> {
        Ok(plan::HttpRequest {
            init: lowering.assigns(&self.init),
            for_each: self.for_each.as_ref().map(|f| f.lower(lowering)).transpose()?,
            request: self.request.lower(lowering)?,
            response: self.response.lower(lowering)?,
            verify: self.verify.as_ref().map(|verify| verify.lower(lowering)).transpose()?,
            in_doubt: self.in_doubt.as_ref().map_or(plan::InDoubt::Stop, |(choice, _)| *choice),
        })
    }
}

impl ForEachRow {
    fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::ForEachRow, Unresolved> {
        Ok(plan::ForEachRow {
            rows: lowering.rows(&self.rows)?,
            item: lowering.text(&self.item.name),
            key: self.key.iter().map(|k| lowering.text(&k.name)).collect(),
            concurrency: self.concurrency.as_ref().map_or(1, |(items, _)| *items),
        })
    }
}

impl Request {
    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Request, Unresolved> {
        Ok(plan::Request {
            source: self.source.as_ref().map(|s| lowering.source(s)).transpose()?,
            url: lowering.expr(&self.url),
            method: self.method,
            parameters: pairs(&self.parameters, lowering),
            headers: pairs(&self.headers, lowering),
            body: self.body.as_ref().map(|(format, value)| plan::Body { format: *format, value: lowering.expr(value) }),
            timeout_ms: self.timeout_ms,
            retry: self.retry.as_ref().map(|(policy, _)| policy.clone()),
            idempotent: self.idempotent,
            key: self.key.as_ref().map(|key| key.lower(self.source.as_ref(), lowering)),
        })
    }
}

fn pairs(pairs: &Pairs, lowering: &mut Lowering<'_>) -> plan::Pairs {
    match pairs {
        Pairs::Listed(pairs) => {
            plan::Pairs::Listed(pairs.iter().map(|(name, value)| (lowering.text(&name.name), lowering.expr(value))).collect())
        }
        Pairs::Computed(map) => plan::Pairs::Computed(lowering.expr(map)),
    }
}

impl Response {
    fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Response, Unresolved> {
        let success = match (&self.success, &self.parser) {
            (Some(listed), _) => plan::SuccessStatus::Listed(listed.clone()),
            (None, Some(parser)) if parser.reads_status => plan::SuccessStatus::Any,
            (None, _) => plan::SuccessStatus::Default,
        };
        Ok(plan::Response {
            success,
            format: self.format,
            tables: self.tables.iter().map(|t| t.lower(lowering)).collect::<Result<_, _>>()?,
            parser: lowering.optional(self.parser.as_ref().map(|p| &p.expression)),
            variables: lowering.assigns(&self.variables),
            repeat: lowering.optional(self.repeat.as_ref()),
        })
    }
}

impl ResponseTable {
    fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::ResponseTable, Unresolved> {
        let columns = match &self.columns {
            None => plan::Columns::Auto,
            Some(columns) => {
                plan::Columns::Declared(columns.iter().map(|c| Column { name: lowering.text(&c.name.name), kind: c.kind }).collect())
            }
        };
        let data = match &self.data {
            TableData::Parser => plan::TableData::Parser,
            TableData::Path(steps) => plan::TableData::Path(steps.iter().map(|s| step(s, lowering)).collect()),
            TableData::Value(value) => plan::TableData::Value(lowering.expr(value)),
        };
        Ok(plan::ResponseTable { table: lowering.table(&self.table)?, columns, write_mode: self.write_mode, data })
    }
}

fn step(step: &path::Step, lowering: &mut Lowering<'_>) -> plan::PathStep {
    match step {
        path::Step::Key(name) => plan::PathStep::Key(lowering.text(name)),
        path::Step::Index(index) => plan::PathStep::Index(*index),
        path::Step::Each => plan::PathStep::Each,
    }
}
