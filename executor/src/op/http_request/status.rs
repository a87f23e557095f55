//! Whether a reply's status is a success, and the error of one that is not.

use sequor_plan_format::op::http_request::SuccessStatus;

use super::build::Built;
use super::text::{body_start, one_line};
use crate::error::{ErrorKind, RunError};
use crate::eval::Reply;
use crate::http::{Client, Received, answered};
use crate::json;
use crate::value::{Map, Value};

/// # Errors
/// Of kind `HttpStatus` with the status, the start of the body, and what the server says is wrong.
pub(super) fn check(built: &Built, client: &Client, received: &Received) -> Result<(), RunError> {
    let reply = &received.reply;
    let success = match &built.outgoing.success {
        SuccessStatus::Default => (200..300).contains(&reply.status),
        SuccessStatus::Any => true,
        SuccessStatus::Listed(ranges) => ranges.iter().any(|r| r.contains(reply.status)),
    };
    if success {
        return Ok(());
    }
    let title = client.title(&built.outgoing);
    let mut message = format!("{title} {}", answered(reply.status));
    if received.attempts > 1 {
        message.push_str(&format!(" (tried {} times)", received.attempts));
    }
    if let Some(reason) = reason(reply) {
        message.push_str(": ");
        message.push_str(&reason);
    }
    message.push_str(&hint(built, reply));
    let mut error = RunError::new(ErrorKind::HttpStatus, message);
    error.status_code = Some(reply.status);
    error.body = Some(body_start(&reply.body));
    error.request = Some(title);
    Err(error)
}

/// Whether a status proves that the server has not done what it was asked for. An error of the server, or of a gateway in between, does not.
pub(super) fn is_refusal(status: u16) -> bool {
    matches!(status, 300..=499 | 501 | 503 | 505)
}

fn hint(built: &Built, reply: &Reply) -> String {
    match (&built.withheld, reply.status) {
        (Some(source), 401 | 403) => {
            let host = built.outgoing.url.host_str().unwrap_or_default();
            format!(
                " (the credentials of source '{source}' were not sent, because the host '{host}' came from data; add it to allow_hosts of the source to send them)"
            )
        }
        (_, 300..=399) => match reply.headers.iter().find(|(name, _)| name == "location") {
            Some((_, location)) => format!(" (it redirects to {}; only GET and HEAD requests are redirected)", one_line(location, 200)),
            None => String::new(),
        },
        _ => String::new(),
    }
}

/// What the server says is wrong: the message in a JSON body, else the body's start.
fn reason(reply: &Reply) -> Option<String> {
    const LONGEST: usize = 500;
    let said = json::parse(&reply.body).ok().and_then(|value| said(&value, 0));
    let text = said.unwrap_or_else(|| body_start(&reply.body));
    let text = one_line(&text, LONGEST);
    (!text.is_empty()).then_some(text)
}

/// The message inside an error object, in the shapes that APIs use.
fn said(value: &Value, depth: u8) -> Option<String> {
    match value {
        Value::Text(text) if depth > 0 => Some(text.to_string()),
        Value::Map(map) if depth < 4 => said_in(map, depth),
        Value::List(list) if depth < 4 => list.first().and_then(|first| said(first, depth + 1)),
        _ => None,
    }
}

fn said_in(map: &Map, depth: u8) -> Option<String> {
    ["message", "error_description", "detail", "error", "errors", "title", "description", "msg"].iter().find_map(|key| {
        let value = map.get(*key)?;
        said(value, depth + 1).filter(|text| !text.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(body: &str) -> Option<String> {
        reason(&Reply {
            status: 422,
            url: String::new(),
            headers: Vec::new(),
            body: body.to_owned().into(),
            elapsed: std::time::Duration::ZERO,
            json: std::sync::OnceLock::new(),
        })
    }

    #[test]
    fn finds_the_message_of_an_error() {
        for body in [
            r#"{"message": "no such customer"}"#,
            r#"{"error": {"code": 7, "message": "no such customer"}}"#,
            r#"{"error": "no such customer"}"#,
            r#"{"errors": [{"message": "no such customer"}, {"message": "other"}]}"#,
            r#"[{"message": "no such customer", "errorCode": "X"}]"#,
            r#"{"error": "invalid", "error_description": "no such customer"}"#,
            "no such\n  customer\n",
        ] {
            assert_eq!(reason_of(body).as_deref(), Some("no such customer"), "{body}");
        }
        assert_eq!(reason_of(r#"{"code": 7}"#).as_deref(), Some(r#"{"code": 7}"#));
        assert_eq!(reason_of(" \n"), None);
    }
}
