//! Requests that may have arrived before a crash: what is known of them, and how to find out more.

use std::sync::Arc;

use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::op::http_request::{SuccessStatus, Verify};

use super::recorded::stand_in;
use super::{build, in_source};
use crate::error::RunError;
use crate::http::{Observer, Received, Unanswered};
use crate::journal::effects::{Intent, Recorded};
use crate::json;
use crate::machine::holds;
use crate::scope::Scope;
use crate::services::Services;
use sequor_plan_format::NodeId;

/// A clock that was set back by more than this says nothing about a key's age.
const CLOCK_SLACK_MS: i64 = 300_000;

/// What an intent without a reply means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Sent again, the server does it once.
    Repeatable,
    /// It is not known whether the request arrived.
    Doubtful,
}

/// `now_ms`: milliseconds since 1970.
pub(crate) fn standing(op: &HttpRequest, intent: &Intent, now_ms: i64) -> Standing {
    if op.request.idempotent || op.request.method.is_idempotent() {
        return Standing::Repeatable;
    }
    let Some(key) = op.request.key.as_ref().filter(|_| intent.key.is_some()) else { return Standing::Doubtful };
    let age = now_ms - intent.at_ms;
    let in_force = match key.validity_ms {
        None => true,
        Some(validity) => age >= -CLOCK_SLACK_MS && age < i64::try_from(validity).unwrap_or(i64::MAX),
    };
    if in_force { Standing::Repeatable } else { Standing::Doubtful }
}

/// What the server says about a request.
pub(crate) enum Verified {
    NotArrived,
    /// With what stands for its reply, where the flow says what that is.
    Arrived(Option<Recorded>),
}

/// Asks whether a request has arrived. `scope` holds the item.
///
/// # Errors
/// The question's own: then the request stays in doubt.
pub(crate) async fn verify(
    services: &Arc<Services>,
    node: NodeId,
    op: &HttpRequest,
    verify: &Verify,
    intent: &Intent,
    scope: &Scope,
) -> Result<Verified, RunError> {
    let scope = match verify.request.source {
        Some(source) => scope.in_source(source),
        None => in_source(op, scope),
    };
    let client = services.clients.of(&services.plan, &services.network, verify.request.source);
    let built = build::request(services, &verify.request, &SuccessStatus::Any, &client, &scope, None)?;
    let observer = Observer { reporter: &services.reporter, node };
    let Received { reply, .. } = client.send(&built.outgoing, observer).await.map_err(|Unanswered { error, .. }| error)?;
    let url = reply.url.clone();
    let scope = scope.with_response(Arc::new(reply));
    if !holds(&scope.evaluate(services, verify.arrived)?)? {
        return Ok(Verified::NotArrived);
    }
    let Some(expr) = verify.reply else { return Ok(Verified::Arrived(None)) };
    let body = json::to_text(&scope.evaluate(services, expr)?)?;
    Ok(Verified::Arrived(Some(stand_in(url, body, intent.title.clone()))))
}
