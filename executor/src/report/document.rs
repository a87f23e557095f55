//! The report as JSON, for programs. Its shape is versioned.

use std::collections::BTreeMap;

use sequor_plan_format::{NodeId, Plan};
use serde::Serialize;

use super::Counters;
use super::place::flows;
use crate::error::RunError;
use crate::journal::effects::Doubt;
use crate::services::network::UrlMapping;

/// What a report says about the run as a whole.
#[derive(Clone, Copy, Debug)]
pub struct RunFacts<'a> {
    pub run: &'a str,
    pub flow: &'a str,
    pub plan_digest: &'a str,
    pub environment: Option<&'a str>,
    pub started: &'a str,
    pub ended: &'a str,
    pub outcome: &'a str,
    pub exit_status: u8,
    pub mappings: &'a [UrlMapping],
    /// Requests of which it was not known whether they arrived.
    pub doubts: &'a [Doubt],
    /// Sources whose effects happen at least once, not exactly once.
    pub at_least_once: &'a [String],
}

/// Serialises to the JSON object.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    version: u32,
    run: &'a str,
    flow: &'a str,
    plan: &'a str,
    environment: Option<&'a str>,
    started: &'a str,
    ended: &'a str,
    outcome: &'a str,
    exit_status: u8,
    error: Option<Failure<'a>>,
    ops: Vec<Work<'a>>,
    in_doubt: &'a [Doubt],
    at_least_once: &'a [String],
    map_url: Vec<Mapping<'a>>,
}

#[derive(Debug, Serialize)]
struct Failure<'a> {
    kind: &'a str,
    message: &'a str,
    op: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    /// The quoted line of a snippet.
    snippet: Option<&'a str>,
    /// Outermost first.
    stack: Vec<Call<'a>>,
    request: Option<&'a str>,
    status_code: Option<u16>,
    body: Option<&'a str>,
    row: Option<&'a str>,
    page: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Call<'a> {
    flow: &'a str,
    op: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Work<'a> {
    id: &'a str,
    op: &'a str,
    flow: Option<&'a str>,
    file: &'a str,
    line: u32,
    executed: u64,
    failed: u64,
    rows_in: u64,
    rows_out: u64,
    requests: u64,
    retries: u64,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct Mapping<'a> {
    from: &'a str,
    to: &'a str,
}

impl<'a> Document<'a> {
    #[must_use]
    pub fn new(plan: &'a Plan, facts: RunFacts<'a>, counters: &BTreeMap<NodeId, Counters>, error: Option<&'a RunError>) -> Self {
        Self {
            version: 1,
            run: facts.run,
            flow: facts.flow,
            plan: facts.plan_digest,
            environment: facts.environment,
            started: facts.started,
            ended: facts.ended,
            outcome: facts.outcome,
            exit_status: facts.exit_status,
            error: error.map(|error| failure(plan, error)),
            ops: work(plan, counters),
            in_doubt: facts.doubts,
            at_least_once: facts.at_least_once,
            map_url: facts.mappings.iter().map(|mapping| Mapping { from: mapping.from(), to: mapping.to() }).collect(),
        }
    }
}

fn failure<'a>(plan: &'a Plan, error: &'a RunError) -> Failure<'a> {
    let node = error.node.map(|node| plan.node(node));
    let span = error.place.as_ref().map(|place| &place.span).or_else(|| node.map(|node| plan.span(node.span)));
    Failure {
        kind: error.kind.name(),
        message: &error.message,
        op: node.map(|node| plan.text(node.id)),
        file: span.map(|span| plan.text(span.file)),
        line: span.map(|span| span.line),
        column: span.map(|span| span.column),
        snippet: error.place.as_ref().and_then(|place| place.quote.as_deref()),
        stack: error
            .stack
            .iter()
            .map(|entry| Call { flow: plan.text(plan.flow(entry.flow).name), op: entry.node.map(|node| plan.text(plan.node(node).id)) })
            .collect(),
        request: error.request.as_deref(),
        status_code: error.status_code,
        body: error.body.as_deref(),
        row: error.row.as_deref(),
        page: error.page,
    }
}

fn work<'a>(plan: &'a Plan, counters: &BTreeMap<NodeId, Counters>) -> Vec<Work<'a>> {
    let owners = flows(plan);
    let ran = counters.iter().filter(|(_, counters)| counters.executed > 0);
    ran.map(|(id, counters)| {
        let node = plan.node(*id);
        let span = plan.span(node.span);
        Work {
            id: plan.text(node.id),
            op: node.op.name(),
            flow: owners.get(id).map(|flow| plan.text(plan.flow(*flow).name)),
            file: plan.text(span.file),
            line: span.line,
            executed: counters.executed,
            failed: counters.failed,
            rows_in: counters.rows_in,
            rows_out: counters.rows_out,
            requests: counters.requests,
            retries: counters.retries,
            seconds: counters.elapsed.as_secs_f64(),
        }
    })
    .collect()
}
