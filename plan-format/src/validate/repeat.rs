//! What a plan says about requests that are sent again: items in flight, keys, and questions about requests in doubt.

use super::payload::incomplete;
use super::{Invalid, Owner};
use crate::op::HttpRequest;
use crate::op::http_request::{BodyFormat, KeyIn, MAX_CONCURRENCY, Request, Verify};
use crate::{Node, Op, Replay};

pub(super) fn check(owner: Owner, node: &Node) -> Result<(), Invalid> {
    let keyed = match &node.op {
        Op::HttpRequest(op) => {
            request(owner, op)?;
            op.request.key.is_some()
        }
        Op::Transform(_)
        | Op::Copy(_)
        | Op::Execute(_)
        | Op::SetVariable(_)
        | Op::Print(_)
        | Op::Fail(_)
        | Op::Sleep(_)
        | Op::Assert(_)
        | Op::Leave(_)
        | Op::IfElse(_)
        | Op::WhileLoop(_)
        | Op::ForEach(_)
        | Op::TryCatch(_)
        | Op::Parallel(_)
        | Op::Block(_)
        | Op::RunFlow(_) => false,
    };
    incomplete(keyed == (node.replay == Replay::Keyed), owner, "a step whose request has an idempotency key is 'keyed', and no other is")
}

fn request(owner: Owner, op: &HttpRequest) -> Result<(), Invalid> {
    let in_flight = op.for_each.as_ref().map_or(1, |each| each.concurrency);
    incomplete((1..=MAX_CONCURRENCY).contains(&in_flight), owner, "between 1 and 1000 items are in flight together")?;
    key(owner, &op.request)?;
    match &op.verify {
        Some(verify) => question(owner, verify),
        None => Ok(()),
    }
}

fn key(owner: Owner, request: &Request) -> Result<(), Invalid> {
    let Some(key) = &request.key else { return Ok(()) };
    match key.place {
        KeyIn::Header(_) => Ok(()),
        KeyIn::Field(_) => {
            let has_fields = request.body.as_ref().is_some_and(|body| match body.format {
                BodyFormat::Auto | BodyFormat::Json | BodyFormat::Form => true,
                BodyFormat::Text => false,
            });
            incomplete(has_fields, owner, "an idempotency key in a field of the body has a body with fields")
        }
    }
}

/// It is asked again whenever a resume is interrupted.
fn question(owner: Owner, verify: &Verify) -> Result<(), Invalid> {
    let Request { method, idempotent, key, .. } = &verify.request;
    incomplete(*idempotent || method.is_safe(), owner, "the request of 'verify' reads, or is idempotent")?;
    incomplete(key.is_none(), owner, "the request of 'verify' has no idempotency key")
}
