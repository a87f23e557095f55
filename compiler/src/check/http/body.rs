//! H806: a text that looks like data is sent as text. H808: a body where none is read. H809: a header that says something else than the body is.

use sequor_plan_format::op::http_request::{BodyFormat, Method};

use super::Of;
use super::shape::Shape;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::http_request::{Pairs, Request};
use crate::snippet::expression::{Expression, Kind};

/// A `Content-Type` that is written literally, and where.
struct Header<'a> {
    value: &'a str,
    span: &'a Span,
    /// It is the source's.
    of_source: bool,
}

pub(super) fn check(request: &Request, source: Of<'_>, faults: &mut Vec<Diagnostic>) {
    let Some((format, body)) = &request.body else { return };
    if matches!(body.kind, Kind::Null) {
        return;
    }
    let is_get = matches!(request.method, Method::Get | Method::Head);
    let is_search = Shape::of(&request.url).is_some_and(|s| s.text.contains("/_"));
    if is_get && !is_search {
        faults.push(
            Diagnostic::warning(
                "H808",
                body.span.clone(),
                format!("a {} request has no body: servers ignore it or refuse the request", request.method.name()),
            )
            .help("say 'method: POST' (or PUT, PATCH), or move the values into 'parameters'"),
        );
        return;
    }
    match content_type(request, source) {
        Some(Some(header)) => clash(*format, body, &header, faults),
        Some(None) => {}
        None => faults.extend(plain_text(*format, body)),
    }
}

/// The header that goes with the body: `None` where there is none, `Some(None)` where there may be one that is not known.
#[allow(clippy::option_option, reason = "no header and an unknown one are different things")]
fn content_type<'a>(request: &'a Request, source: Of<'a>) -> Option<Option<Header<'a>>> {
    let literal = |value: &'a Expression, of_source| match &value.kind {
        Kind::Text(text) => Some(Header { value: text, span: &value.span, of_source }),
        _ => None,
    };
    let is_it = |name: &str| name.eq_ignore_ascii_case("content-type");
    match &request.headers {
        Pairs::Computed(_) => return Some(None),
        Pairs::Listed(pairs) => {
            if let Some((_, value)) = pairs.iter().find(|(name, _)| is_it(&name.name)) {
                return Some(literal(value, false));
            }
        }
    }
    match source {
        Of::None => None,
        Of::Unknown => Some(None),
        Of::Http(_, http) => http.headers.iter().find(|(name, _)| is_it(&name.name)).map(|(_, value)| literal(value, true)),
    }
}

fn clash(format: BodyFormat, body: &Expression, header: &Header<'_>, faults: &mut Vec<Diagnostic>) {
    let media = header.value.to_ascii_lowercase();
    let media = media.split(';').next().unwrap_or_default().trim();
    let is_data = matches!(body.kind, Kind::Dict(_) | Kind::List(_));
    let (json, form) = (media.ends_with("json"), media == "application/x-www-form-urlencoded");
    let sent = match format {
        BodyFormat::Json if !json => "JSON",
        BodyFormat::Form if !form => "a form",
        BodyFormat::Auto if is_data && !json && !form => "JSON",
        BodyFormat::Json | BodyFormat::Form | BodyFormat::Auto | BodyFormat::Text => return,
    };
    let fault = if header.of_source {
        Diagnostic::warning(
            "H809",
            body.span.clone(),
            format!("this body is sent as {sent}, but the source's Content-Type says '{}'", header.value),
        )
        .also(header.span.clone(), "the header")
        .help("take the header out of the source: the format of a body sets it by itself")
    } else {
        Diagnostic::warning("H809", header.span.clone(), format!("Content-Type says '{}', but the body is sent as {sent}", header.value))
            .also(body.span.clone(), "the body")
            .help("take the header out: the format of the body sets it by itself")
    };
    faults.push(fault);
}

/// A text without any word about its format.
fn plain_text(format: BodyFormat, body: &Expression) -> Option<Diagnostic> {
    if format != BodyFormat::Auto {
        return None;
    }
    let shape = Shape::of(body)?;
    let text = shape.text.trim_end();
    let (what, help) = if (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']')) {
        ("JSON", "write the body as YAML, or say 'body_format: json'")
    } else if text.starts_with('<') && text.ends_with('>') {
        ("XML", "say so with a header: 'Content-Type: application/xml'")
    } else if is_form(text) {
        ("a form", "write the body as YAML with 'body_format: form_urlencoded'")
    } else {
        return None;
    };
    Some(Diagnostic::warning("H806", body.span.clone(), format!("this body looks like {what}, but is sent as text/plain")).help(help))
}

/// `a=1&b=2`
fn is_form(text: &str) -> bool {
    text.contains('&')
        && !text.contains(char::is_whitespace)
        && text.split('&').all(|pair| pair.split_once('=').is_some_and(|(name, _)| !name.is_empty()))
}
