//! The payload of each op, except `http_request`.

use crate::op::assert::{Check, Expect, Severity};
use crate::op::copy::From;
use crate::op::for_each::OnError;
use crate::op::print::Level;
use crate::op::{Assign, Leave, Rows, Scope, Table, WriteMode};
use crate::{ExprId, Op, Plan, SourceId, TextId};

use super::expr::field;
use super::flow::block;
use super::http::{declared_columns, http_request};
use super::text::{Out, listed, name};

pub(super) fn op(out: &mut Out<'_>, op: &Op) {
    let plan = out.plan;
    match op {
        Op::HttpRequest(op) => http_request(out, op),
        Op::Transform(op) => {
            source(out, op.source);
            field(out, "query", op.query);
            out.line(&format!("target, {}", write_mode(op.write_mode)));
            out.indented(|out| table(out, &op.target));
        }
        Op::Copy(op) => {
            out.line("from");
            out.indented(|out| match &op.from {
                From::Table(from) => table(out, from),
                From::Query { source: id, sql } => {
                    source(out, *id);
                    field(out, "query", *sql);
                }
            });
            out.line(&format!("target, {}", write_mode(op.write_mode)));
            out.indented(|out| {
                table(out, &op.target);
                if op.columns.is_empty() {
                    out.line("columns as they are");
                } else {
                    declared_columns(out, &op.columns);
                }
            });
        }
        Op::Execute(op) => {
            source(out, op.source);
            out.line(if op.transaction { "all statements in one transaction" } else { "each statement in a transaction of its own" });
            for &statement in &op.statements {
                field(out, "statement", statement);
            }
        }
        Op::SetVariable(op) => op.assigns.iter().for_each(|set| assign(out, "set", set)),
        Op::Print(op) => {
            out.line(&format!("level {}", level(op.level)));
            field(out, "message", op.message);
        }
        Op::Fail(op) => {
            optional(out, "kind", op.kind);
            field(out, "message", op.message);
        }
        Op::Sleep(op) => field(out, "seconds", op.seconds),
        Op::Assert(op) => {
            match &op.check {
                Check::Condition(condition) => field(out, "condition", *condition),
                Check::Query { source, query, expect } => {
                    self::source(out, *source);
                    field(out, "query", *query);
                    match expect {
                        Expect::Empty => out.line("expects no row"),
                        Expect::NotEmpty => out.line("expects rows"),
                        Expect::Value(value) => field(out, "expects", *value),
                    }
                }
            }
            optional(out, "message", op.message);
            out.line(match op.severity {
                Severity::Error => "or it fails",
                Severity::Warn => "or it warns",
            });
        }
        Op::Leave(Leave::Break | Leave::Continue) => {}
        Op::Leave(Leave::Return(value)) => optional(out, "value", *value),
        Op::IfElse(op) => {
            for arm in &op.arms {
                field(out, "if", arm.condition);
                block(out, "then", arm.then);
            }
            if let Some(otherwise) = op.otherwise {
                block(out, "else", otherwise);
            }
        }
        Op::WhileLoop(op) => {
            field(out, "while", op.condition);
            out.line(&format!("at most {} iterations", op.max_iterations));
            block(out, "steps", op.body);
        }
        Op::ForEach(op) => {
            rows(out, &op.rows);
            out.line(&format!("as {}", name(plan.text(op.item))));
            if let Some(index) = op.index {
                out.line(&format!("index as {}", name(plan.text(index))));
            }
            out.line(match op.on_error {
                OnError::Fail => "an error ends the loop",
                OnError::Skip => "an item with an error is skipped",
            });
            block(out, "steps", op.body);
        }
        Op::TryCatch(op) => {
            block(out, "try", op.body);
            for catch in &op.catches {
                let kinds = if catch.kinds.is_empty() { "every error".to_owned() } else { listed(&texts(plan, &catch.kinds)) };
                let error = catch.error.map(|id| format!(" as {}", name(plan.text(id)))).unwrap_or_default();
                block(out, &format!("catch {kinds}{error}"), catch.body);
            }
            if let Some(finally) = op.finally {
                block(out, "finally", finally);
            }
        }
        Op::Block(op) => block(out, "steps", op.body),
        Op::Parallel(op) => {
            out.line(&format!("at most {} at a time", op.max_concurrency));
            for branch in &op.branches {
                block(out, &format!("branch {}", name(plan.text(branch.name))), branch.body);
            }
        }
        Op::RunFlow(op) => {
            out.line(&format!("flow {}", name(plan.text(plan.flow(op.flow).name))));
            if let Some(start) = op.start {
                out.line(&format!("starts with step {}", name(plan.text(start))));
            }
            for (parameter, value) in &op.parameters {
                field(out, &format!("parameter {}", name(plan.text(*parameter))), *value);
            }
            if let Some(output) = op.output {
                out.line(&format!("what it returns is {}", name(plan.text(output))));
            }
        }
    }
}

pub(super) fn source(out: &mut Out<'_>, id: SourceId) {
    let plan = out.plan;
    out.line(&format!("source {}", name(plan.text(plan.source(id).name))));
}

pub(super) fn assign(out: &mut Out<'_>, label: &str, assign: &Assign) {
    let Assign { name: variable, scope, value } = assign;
    let scope = match scope {
        Scope::Local => "local",
        Scope::Project => "project",
    };
    field(out, &format!("{label} {scope} {}", name(out.plan.text(*variable))), *value);
}

pub(super) fn table(out: &mut Out<'_>, table: &Table) {
    let Table { source: id, database, namespace, name: table_name } = table;
    source(out, *id);
    optional(out, "database", *database);
    optional(out, "namespace", *namespace);
    field(out, "table", *table_name);
}

pub(super) fn rows(out: &mut Out<'_>, rows: &Rows) {
    out.line("for each");
    out.indented(|out| match rows {
        Rows::Table(from) => table(out, from),
        Rows::Query { source: id, sql } => {
            source(out, *id);
            field(out, "query", *sql);
        }
        Rows::Items(items) => field(out, "items", *items),
    });
}

pub(super) fn optional(out: &mut Out<'_>, label: &str, value: Option<ExprId>) {
    if let Some(value) = value {
        field(out, label, value);
    }
}

pub(super) fn write_mode(mode: WriteMode) -> &'static str {
    match mode {
        WriteMode::Create => "created anew",
        WriteMode::Append => "appended to",
    }
}

pub(super) fn texts<'a>(plan: &'a Plan, ids: &[TextId]) -> Vec<&'a str> {
    ids.iter().map(|&id| plan.text(id)).collect()
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}
