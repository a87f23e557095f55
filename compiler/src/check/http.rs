//! Requests that cannot work, or that do something else than they seem to.
//!
//! H803, H804, H805, H818, H819, H820: URLs. H806, H808, H809: bodies. H810, H811, H821: who is told the credentials. H812: lists in pages. H813, H825, H826: statuses that
//! nobody looks at. H822: headers. H824: requests that are said to do no harm.
//! Only what a flow says literally is judged; computed parts are unknown.

mod body;
mod credentials;
mod empty;
mod harmless;
mod headers;
mod paging;
mod repeated;
mod shape;
mod status;
mod url;

use std::collections::BTreeSet;

use super::sql_text::data_of;
use crate::compile::Parsed;
use crate::diagnostic::Diagnostic;
use crate::op::Op;
use crate::op::http_request::{HttpRequest, Request};
use crate::resolve::Resolved;
use crate::source::http::Http;
use crate::source::{Definition, Source};
use crate::syntax::{SourceRef, Step};

pub(super) use shape::Shape;

pub(super) fn check(parsed: &Parsed, resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for source in &resolved.sources {
        if let Definition::Http(http) = &source.definition {
            url::base(http, faults);
            credentials::of_source(source, http, faults);
            headers::of_source(http, faults);
        }
    }
    for flow in &resolved.flows {
        block(parsed, &flow.steps, &data_of(flow), false, faults);
    }
}

/// The depth of steps is bounded by the YAML reader.
fn block(parsed: &Parsed, steps: &[Step], data: &BTreeSet<&str>, in_loop: bool, faults: &mut Vec<Diagnostic>) {
    for step in steps {
        if let Op::HttpRequest(op) = &step.op {
            request(parsed, &op.request, data, faults);
            if let Some(verify) = &op.verify {
                request(parsed, &verify.request, data, faults);
            }
            harmless::check(op, faults);
            paging::check(op, &step.span, in_loop, faults);
            status::check(op, faults);
            status::never_there(op, faults);
            empty::check(op, faults);
        }
        let inside = in_loop || matches!(step.op, Op::WhileLoop(_));
        for steps in step.op.blocks() {
            block(parsed, steps, data, inside, faults);
        }
    }
}

/// What is known of the source that a request names.
#[derive(Clone, Copy)]
enum Of<'p> {
    /// The request names none.
    None,
    Http(&'p Source, &'p Http),
    /// It cannot be read, is no API, or does not exist: reported elsewhere.
    Unknown,
}

impl<'p> Of<'p> {
    fn find(parsed: &'p Parsed, request: &Request) -> Self {
        let Some(reference) = &request.source else { return Self::None };
        match reference.name().and_then(|name| parsed.source(name)).map(|s| (s, &s.definition)) {
            Some((source, Definition::Http(http))) => Self::Http(source, http),
            Some((_, Definition::Sqlite(_) | Definition::Postgres(_))) | None => Self::Unknown,
        }
    }

    fn http(self) -> Option<(&'p Source, &'p Http)> {
        match self {
            Self::Http(source, http) => Some((source, http)),
            Self::None | Self::Unknown => None,
        }
    }
}

fn request(parsed: &Parsed, request: &Request, data: &BTreeSet<&str>, faults: &mut Vec<Diagnostic>) {
    let source = Of::find(parsed, request);
    url::of_request(request, source, faults);
    repeated::check(request, source, data, faults);
    headers::of_request(request, faults);
    body::check(request, source, faults);
    credentials::of_request(request, source, faults);
}

/// The source of a request by name, for messages.
fn source_name(reference: Option<&SourceRef>) -> &str {
    reference.and_then(SourceRef::name).unwrap_or_default()
}

/// Everything of an op that looks at its reply.
fn reads_status(op: &HttpRequest) -> bool {
    op.response.parser.as_ref().is_some_and(|p| p.reads_status) || status::looked_at(op)
}
