//! What an op would do next, found out without doing it: which replies have landed already, and where the next request goes.

use std::collections::VecDeque;

use sequor_plan_format::Plan;
use sequor_plan_format::op::HttpRequest;

use super::mode::Mode;
use super::{Absorbed, build, in_source};
use crate::database::Marker;
use crate::error::{ErrorKind, RunError};
use crate::scope::Scope;
use crate::services::Services;

/// Batches behind `read` that landed before the run was interrupted, with what came of their replies. The first ones may say that; what comes after one that does
/// not is read again.
pub(super) fn landed(mode: Mode, markers: &[Marker], read: u64) -> Result<VecDeque<(u64, Absorbed)>, RunError> {
    let told = |marker: &&Marker| !mode.recorded || !marker.data.is_empty();
    let unread = markers.iter().filter(|marker| marker.batch > read && !marker.finished).take_while(told);
    unread
        .map(|marker| {
            let absorbed = postcard::from_bytes(&marker.data).map_err(|error| {
                RunError::new(ErrorKind::Database, format!("marker {} of the run cannot be read: {error}", marker.batch))
            })?;
            Ok((marker.batch, absorbed))
        })
        .collect()
}

/// The same for whoever only looks.
///
/// # Errors
/// A marker is not readable.
pub(crate) fn has_landed(plan: &Plan, op: &HttpRequest, markers: &[Marker], read: u64) -> Result<VecDeque<(u64, Absorbed)>, RunError> {
    landed(Mode::of(plan, op), markers, read)
}

/// Whether a reply may ask for another page.
pub(crate) fn may_have_pages(op: &HttpRequest) -> bool {
    op.response.repeat.is_some() || op.response.parser.is_some()
}

/// `METHOD url` of the request that `scope` makes, without credentials and secrets; none where it depends on what a database holds at that moment.
///
/// # Errors
/// An expression's, or `Configuration` for what is no URL.
pub(crate) fn address(services: &Services, op: &HttpRequest, scope: &Scope) -> Result<Option<String>, RunError> {
    if Mode::of(&services.plan, op).looks {
        return Ok(None);
    }
    let (_, url) = build::address(services, &op.request, &in_source(op, scope))?;
    let client = services.clients.of(&services.plan, &services.network, op.request.source);
    Ok(Some(services.redactor.redact(&client.title_of(op.request.method, &url)).into_owned()))
}
