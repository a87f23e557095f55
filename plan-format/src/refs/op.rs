//! Ids in the payloads of ops.

use super::{Ref, Refs};
use crate::op::assert::{Check, Expect};
use crate::op::copy::{Copy, From};
use crate::op::http_request::{
    Body, Columns, ForEachRow, Key, KeyIn, KeyValue, Pairs, PathStep, Request, Response, ResponseTable, TableData, Verify,
};
use crate::op::if_else::Arm;
use crate::op::parallel::{Branch, Parallel};
use crate::op::try_catch::Catch;
use crate::op::{
    Assert, Assign, Execute, Fail, ForEach, Group, HttpRequest, IfElse, Leave, Print, Rows, RunFlow, SetVariable, Sleep, Table, Transform,
    TryCatch, WhileLoop,
};
use crate::{Column, Op};

impl Refs for Op {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::HttpRequest(op) => op.refs(visit),
            Self::Transform(op) => op.refs(visit),
            Self::Execute(op) => op.refs(visit),
            Self::SetVariable(op) => op.refs(visit),
            Self::Print(op) => op.refs(visit),
            Self::Fail(op) => op.refs(visit),
            Self::IfElse(op) => op.refs(visit),
            Self::WhileLoop(op) => op.refs(visit),
            Self::ForEach(op) => op.refs(visit),
            Self::TryCatch(op) => op.refs(visit),
            Self::Parallel(op) => op.refs(visit),
            Self::Copy(op) => op.refs(visit),
            Self::Block(op) => op.refs(visit),
            Self::RunFlow(op) => op.refs(visit),
            Self::Sleep(op) => op.refs(visit),
            Self::Assert(op) => op.refs(visit),
            Self::Leave(op) => op.refs(visit),
        }
    }
}

impl Refs for HttpRequest {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { init, for_each, request, response, verify, in_doubt: _ } = self;
        init.refs(visit);
        for_each.refs(visit);
        request.refs(visit);
        response.refs(visit);
        verify.refs(visit);
    }
}

impl Refs for Verify {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { request, arrived, reply } = self;
        request.refs(visit);
        arrived.refs(visit);
        reply.refs(visit);
    }
}

impl Refs for Key {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { value, place, quoted: _, validity_ms: _ } = self;
        match value {
            KeyValue::Auto => {}
            KeyValue::Given(value) => value.refs(visit),
        }
        match place {
            KeyIn::Header(name) | KeyIn::Field(name) => name.refs(visit),
        }
    }
}

impl Refs for ForEachRow {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { rows, item, key, concurrency: _ } = self;
        rows.refs(visit);
        item.refs(visit);
        key.refs(visit);
    }
}

impl Refs for Request {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { source, url, method: _, parameters, headers, body, timeout_ms: _, retry: _, idempotent: _, key } = self;
        source.refs(visit);
        url.refs(visit);
        parameters.refs(visit);
        headers.refs(visit);
        body.refs(visit);
        key.refs(visit);
    }
}

impl Refs for Pairs {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Listed(pairs) => pairs.refs(visit),
            Self::Computed(map) => map.refs(visit),
        }
    }
}

impl Refs for Body {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { format: _, value } = self;
        value.refs(visit);
    }
}

impl Refs for Response {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { success: _, format: _, tables, parser, variables, repeat } = self;
        tables.refs(visit);
        parser.refs(visit);
        variables.refs(visit);
        repeat.refs(visit);
    }
}

impl Refs for ResponseTable {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { table, columns, write_mode: _, data } = self;
        table.refs(visit);
        columns.refs(visit);
        data.refs(visit);
    }
}

impl Refs for Columns {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Auto => {}
            Self::Declared(columns) => columns.refs(visit),
        }
    }
}

impl Refs for Column {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { name, kind: _ } = self;
        name.refs(visit);
    }
}

impl Refs for TableData {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Parser => {}
            Self::Path(steps) => steps.refs(visit),
            Self::Value(expr) => expr.refs(visit),
        }
    }
}

impl Refs for PathStep {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Key(key) => key.refs(visit),
            Self::Index(_) | Self::Each => {}
        }
    }
}

impl Refs for Transform {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { source, query, target, write_mode: _ } = self;
        source.refs(visit);
        query.refs(visit);
        target.refs(visit);
    }
}

impl Refs for Execute {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { source, statements, transaction: _ } = self;
        source.refs(visit);
        statements.refs(visit);
    }
}

impl Refs for SetVariable {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { assigns } = self;
        assigns.refs(visit);
    }
}

impl Refs for Print {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { message, level: _ } = self;
        message.refs(visit);
    }
}

impl Refs for Fail {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { message, kind } = self;
        message.refs(visit);
        kind.refs(visit);
    }
}

impl Refs for Sleep {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { seconds } = self;
        seconds.refs(visit);
    }
}

impl Refs for Assert {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { check, message, severity: _ } = self;
        check.refs(visit);
        message.refs(visit);
    }
}

impl Refs for Check {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Condition(condition) => condition.refs(visit),
            Self::Query { source, query, expect } => {
                source.refs(visit);
                query.refs(visit);
                match expect {
                    Expect::Empty | Expect::NotEmpty => {}
                    Expect::Value(value) => value.refs(visit),
                }
            }
        }
    }
}

impl Refs for Leave {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Break | Self::Continue => {}
            Self::Return(value) => value.refs(visit),
        }
    }
}

impl Refs for IfElse {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { arms, otherwise } = self;
        arms.refs(visit);
        otherwise.refs(visit);
    }
}

impl Refs for Arm {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { condition, then } = self;
        condition.refs(visit);
        then.refs(visit);
    }
}

impl Refs for WhileLoop {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { condition, body, max_iterations: _ } = self;
        condition.refs(visit);
        body.refs(visit);
    }
}

impl Refs for ForEach {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { rows, item, index, body, on_error: _ } = self;
        rows.refs(visit);
        item.refs(visit);
        index.refs(visit);
        body.refs(visit);
    }
}

impl Refs for TryCatch {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { body, catches, finally } = self;
        body.refs(visit);
        catches.refs(visit);
        finally.refs(visit);
    }
}

impl Refs for Catch {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { kinds, error, body } = self;
        kinds.refs(visit);
        error.refs(visit);
        body.refs(visit);
    }
}

impl Refs for Group {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { body } = self;
        body.refs(visit);
    }
}

impl Refs for RunFlow {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { flow, parameters, output, start } = self;
        flow.refs(visit);
        parameters.refs(visit);
        output.refs(visit);
        start.refs(visit);
    }
}

impl Refs for Assign {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { name, scope: _, value } = self;
        name.refs(visit);
        value.refs(visit);
    }
}

impl Refs for Table {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { source, database, namespace, name } = self;
        source.refs(visit);
        database.refs(visit);
        namespace.refs(visit);
        name.refs(visit);
    }
}

impl Refs for Rows {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Table(table) => table.refs(visit),
            Self::Query { source, sql } => {
                source.refs(visit);
                sql.refs(visit);
            }
            Self::Items(items) => items.refs(visit),
        }
    }
}

impl Refs for Parallel {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { branches, max_concurrency: _ } = self;
        branches.refs(visit);
    }
}

impl Refs for Branch {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { name, body } = self;
        name.refs(visit);
        body.refs(visit);
    }
}

impl Refs for Copy {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { from, target, columns, write_mode: _ } = self;
        from.refs(visit);
        target.refs(visit);
        columns.refs(visit);
    }
}

impl Refs for From {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Table(table) => table.refs(visit),
            Self::Query { source, sql } => {
                source.refs(visit);
                sql.refs(visit);
            }
        }
    }
}
