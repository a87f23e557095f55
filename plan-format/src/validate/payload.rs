//! Payloads are complete and sound by themselves.

use std::collections::BTreeSet;

use super::names::unique;
use super::{Invalid, MAX_NAME_BYTES, Owner, repeat};
use crate::expr::{Comprehension, Function};
use crate::op::copy::From;
use crate::op::http_request::{Columns, Request, Response, ResponseTable, RetryPolicy, StatusRange, SuccessStatus, TableData};
use crate::op::{HttpRequest, Rows, RunFlow, Table};
use crate::refs::Ref;
use crate::{Column, ColumnType, Expr, ExprId, Flow, NodeId, Op, Plan, Source, SourceId, SourceKind, Span, SpanId, Value, ValueId};

pub(super) fn check(plan: &Plan) -> Result<(), Invalid> {
    for (index, value) in (0u32..).zip(&plan.values) {
        constant(plan, Ref::Value(ValueId(index)), value)?;
    }
    for (index, expr) in (0u32..).zip(&plan.exprs) {
        expression(plan, Owner::Entry(Ref::Expr(ExprId(index))), expr)?;
    }
    for (index, span) in (0u32..).zip(&plan.spans) {
        position(plan, Ref::Span(SpanId(index)), span)?;
    }
    for (index, source) in (0u32..).zip(&plan.sources) {
        connection(Owner::Entry(Ref::Source(SourceId(index))), source)?;
    }
    if let Some(default) = plan.project.default_source {
        incomplete(plan.source(default).kind.is_database(), Owner::Project, "the default source is a database")?;
    }
    let required = required(plan);
    for (index, node) in (0u32..).zip(&plan.nodes) {
        let owner = Owner::Entry(Ref::Node(NodeId(index)));
        if let Some(retry) = &node.retry {
            incomplete(retry.attempts > 0, owner, ATTEMPTS)?;
        }
        operation(plan, owner, &node.op, &required)?;
        repeat::check(owner, node)?;
    }
    (0u32..).zip(&plan.lines).try_for_each(|(index, line)| inside_project(Owner::Line(index), plan.text(line.file)))
}

pub(super) fn incomplete(holds: bool, owner: Owner, rule: &'static str) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(Invalid::Incomplete { owner, rule }) }
}

fn constant(plan: &Plan, value: Ref, constant: &Value) -> Result<(), Invalid> {
    match constant {
        Value::Float(number) if number.is_nan() => Err(Invalid::NotANumber { value }),
        Value::Number(text) if !is_json_number(plan.text(*text)) => {
            Err(Invalid::NumberText { value, text: plan.text(*text).chars().take(40).collect() })
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_) => Ok(()),
    }
}

/// RFC 8259, section 6.
fn is_json_number(text: &str) -> bool {
    fn digits(text: &str) -> Option<&str> {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        (rest.len() < text.len()).then_some(rest)
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let Some(mut rest) = unsigned.strip_prefix('0').or_else(|| digits(unsigned)) else { return false };
    if let Some(fraction) = rest.strip_prefix('.') {
        let Some(after) = digits(fraction) else { return false };
        rest = after;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let Some(after) = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)) else { return false };
        rest = after;
    }
    rest.is_empty()
}

fn expression(plan: &Plan, owner: Owner, expr: &Expr) -> Result<(), Invalid> {
    match expr {
        Expr::And(operands) | Expr::Or(operands) => incomplete(!operands.is_empty(), owner, "'and' and 'or' have at least one operand"),
        Expr::Comprehension { kind, key, element: _, clauses } => {
            let keyed = match kind {
                Comprehension::List | Comprehension::Set => false,
                Comprehension::Dict => true,
            };
            incomplete(key.is_some() == keyed, owner, "a dict comprehension has a key, and no other has")?;
            incomplete(!clauses.is_empty(), owner, "a comprehension has at least one 'for'")?;
            incomplete(clauses.iter().all(|clause| !clause.slots.is_empty()), owner, "each 'for' binds a name")
        }
        Expr::QueryValue { source, sql: _, cast } => {
            database(plan, owner, *source)?;
            let sound = matches!(cast, None | Some(Function::Int | Function::Float | Function::Str | Function::Bool));
            incomplete(sound, owner, "query_value converts to int, float, str or bool only")
        }
        Expr::Query { source, sql: _ } => database(plan, owner, *source),
        Expr::Const(_)
        | Expr::Var(_)
        | Expr::IsVarDefined(_)
        | Expr::Env(_)
        | Expr::Local(_)
        | Expr::Response(_)
        | Expr::Concat(_)
        | Expr::Format { .. }
        | Expr::List(_)
        | Expr::Tuple(_)
        | Expr::Dict(_)
        | Expr::Index { .. }
        | Expr::Slice { .. }
        | Expr::Attribute { .. }
        | Expr::Method { .. }
        | Expr::Call { .. }
        | Expr::Unary { .. }
        | Expr::Binary { .. }
        | Expr::Compare { .. }
        | Expr::If { .. }
        | Expr::Let { .. }
        | Expr::Jinja { .. }
        | Expr::Python { .. } => Ok(()),
    }
}

fn position(plan: &Plan, span: Ref, position: &Span) -> Result<(), Invalid> {
    let Span { file, line, column, end_line, end_column } = *position;
    if line == 0 || column == 0 || (end_line, end_column) < (line, column) {
        return Err(Invalid::SpanPosition { span });
    }
    inside_project(Owner::Entry(span), plan.text(file))
}

fn inside_project(owner: Owner, file: &str) -> Result<(), Invalid> {
    if file.len() > MAX_NAME_BYTES {
        return Err(Invalid::LongName { owner });
    }
    if file.starts_with('/') || file.contains('\\') || file.split('/').any(|part| part == "..") {
        return Err(Invalid::FilePath { owner, file: file.to_owned() });
    }
    Ok(())
}

fn connection(owner: Owner, source: &Source) -> Result<(), Invalid> {
    match &source.kind {
        SourceKind::Http(http) => retry(owner, &http.retry),
        SourceKind::Sqlite(_) | SourceKind::Postgres(_) => Ok(()),
    }
}

const ATTEMPTS: &str = "a retry policy has at least one attempt";

fn retry(owner: Owner, policy: &RetryPolicy) -> Result<(), Invalid> {
    incomplete(policy.attempts > 0, owner, ATTEMPTS)?;
    statuses(owner, &policy.statuses)
}

fn statuses(owner: Owner, ranges: &[StatusRange]) -> Result<(), Invalid> {
    match ranges.iter().find(|range| range.first > range.last || range.first < 100 || range.last > 999) {
        Some(&StatusRange { first, last }) => Err(Invalid::StatusRange { owner, first, last }),
        None => Ok(()),
    }
}

fn operation(plan: &Plan, owner: Owner, op: &Op, required: &[Vec<&str>]) -> Result<(), Invalid> {
    match op {
        Op::HttpRequest(op) => http_request(plan, owner, op),
        Op::Transform(op) => {
            database(plan, owner, op.source)?;
            table(plan, owner, &op.target)
        }
        Op::Copy(op) => {
            match &op.from {
                From::Table(from) => table(plan, owner, from)?,
                From::Query { source, sql: _ } => database(plan, owner, *source)?,
            }
            table(plan, owner, &op.target)?;
            if op.columns.is_empty() { Ok(()) } else { declared(plan, owner, &op.columns) }
        }
        Op::Parallel(op) => {
            incomplete(!op.branches.is_empty(), owner, "'parallel' has at least one branch")?;
            incomplete(op.max_concurrency > 0, owner, "'parallel' runs at least one branch at a time")?;
            unique(plan, "branches of a 'parallel'", op.branches.iter().map(|branch| branch.name))
        }
        Op::Execute(op) => {
            database(plan, owner, op.source)?;
            incomplete(!op.statements.is_empty(), owner, "'execute' has at least one statement")
        }
        Op::IfElse(op) => incomplete(!op.arms.is_empty(), owner, "'if' has at least one condition"),
        Op::WhileLoop(op) => incomplete(op.max_iterations > 0, owner, "'while' allows at least one iteration"),
        Op::ForEach(op) => rows(plan, owner, &op.rows),
        Op::RunFlow(op) => call(plan, owner, op, required),
        Op::SetVariable(_) | Op::Print(_) | Op::Fail(_) | Op::Sleep(_) | Op::Assert(_) | Op::Leave(_) | Op::TryCatch(_) | Op::Block(_) => {
            Ok(())
        }
    }
}

fn http_request(plan: &Plan, owner: Owner, op: &HttpRequest) -> Result<(), Invalid> {
    if let Some(for_each) = &op.for_each {
        rows(plan, owner, &for_each.rows)?;
        unique(plan, "key columns of a loop", for_each.key.iter().copied())?;
    }
    request(plan, owner, &op.request)?;
    if let Some(verify) = &op.verify {
        request(plan, owner, &verify.request)?;
    }
    response(plan, owner, &op.response)
}

fn request(plan: &Plan, owner: Owner, request: &Request) -> Result<(), Invalid> {
    if let Some(id) = request.source {
        let source = plan.source(id);
        match &source.kind {
            SourceKind::Http(_) => {}
            SourceKind::Sqlite(_) | SourceKind::Postgres(_) => return Err(wrong_source(plan, owner, source, "an http source")),
        }
    }
    match &request.retry {
        Some(policy) => retry(owner, policy),
        None => Ok(()),
    }
}

fn response(plan: &Plan, owner: Owner, response: &Response) -> Result<(), Invalid> {
    match &response.success {
        SuccessStatus::Default | SuccessStatus::Any => {}
        SuccessStatus::Listed(ranges) => statuses(owner, ranges)?,
    }
    for ResponseTable { table: target, columns, write_mode: _, data } in &response.tables {
        table(plan, owner, target)?;
        match columns {
            Columns::Auto => {}
            Columns::Declared(columns) => declared(plan, owner, columns)?,
        }
        match data {
            TableData::Parser => incomplete(response.parser.is_some(), owner, "a table gets its rows from a parser, but there is none")?,
            TableData::Path(_) | TableData::Value(_) => {}
        }
    }
    Ok(())
}

fn declared(plan: &Plan, owner: Owner, columns: &[Column]) -> Result<(), Invalid> {
    incomplete(!columns.is_empty(), owner, "a table that declares its columns has at least one")?;
    unique(plan, "columns of a table", columns.iter().map(|column| column.name))?;
    let sound = columns.iter().all(|column| match column.kind {
        ColumnType::Varchar(length) => length > 0,
        ColumnType::Numeric(Some((precision, scale))) => ColumnType::numeric(precision.into(), scale.into()).is_some(),
        ColumnType::Numeric(None)
        | ColumnType::Text
        | ColumnType::SmallInt
        | ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Real
        | ColumnType::Double
        | ColumnType::Boolean
        | ColumnType::Date
        | ColumnType::Time
        | ColumnType::Timestamp
        | ColumnType::TimestampTz
        | ColumnType::Json
        | ColumnType::Uuid
        | ColumnType::Binary => true,
    });
    incomplete(sound, owner, "a varchar has a length, and a numeric a precision up to 1000 and a scale that fits it")
}

/// The parameters that calls must give, of each flow.
fn required(plan: &Plan) -> Vec<Vec<&str>> {
    let of_flow = |flow: &Flow| {
        let without_default = flow.parameters.iter().filter(|parameter| parameter.default.is_none());
        without_default.map(|parameter| plan.text(parameter.name)).collect()
    };
    plan.flows.iter().map(of_flow).collect()
}

fn call(plan: &Plan, owner: Owner, op: &RunFlow, required: &[Vec<&str>]) -> Result<(), Invalid> {
    unique(plan, "parameters of a call", op.parameters.iter().map(|(name, _)| *name))?;
    if let Some(start) = op.start {
        let mut steps = plan.block(plan.flow(op.flow).body).nodes.iter();
        incomplete(steps.any(|step| plan.node(*step).id == start), owner, "a call starts with a step of the flow")?;
    }
    let given: BTreeSet<&str> = op.parameters.iter().map(|(name, _)| plan.text(*name)).collect();
    match required[op.flow.index()].iter().find(|name| !given.contains(**name)) {
        Some(missing) => {
            let flow = plan.text(plan.flow(op.flow).name).to_owned();
            Err(Invalid::MissingParameter { owner, flow, parameter: (*missing).to_owned() })
        }
        None => Ok(()),
    }
}

fn rows(plan: &Plan, owner: Owner, rows: &Rows) -> Result<(), Invalid> {
    match rows {
        Rows::Table(from) => table(plan, owner, from),
        Rows::Query { source, sql: _ } => database(plan, owner, *source),
        Rows::Items(_) => Ok(()),
    }
}

fn table(plan: &Plan, owner: Owner, table: &Table) -> Result<(), Invalid> {
    database(plan, owner, table.source)
}

fn database(plan: &Plan, owner: Owner, id: SourceId) -> Result<(), Invalid> {
    let source = plan.source(id);
    if source.kind.is_database() { Ok(()) } else { Err(wrong_source(plan, owner, source, "a database")) }
}

fn wrong_source(plan: &Plan, owner: Owner, source: &Source, needs: &'static str) -> Invalid {
    Invalid::WrongSource { owner, source_name: plan.text(source.name).to_owned(), kind: source.kind.name(), needs }
}
