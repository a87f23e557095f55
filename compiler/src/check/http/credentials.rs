//! H810: a request shows who sends it in two ways. H811: its credentials go to another host than its source's. H821: a token has its scheme before it.

use sequor_plan_format::source::KeyPlace;

use super::shape::{Shape, is_literal};
use super::{Of, source_name};
use crate::diagnostic::{Diagnostic, Span};
use crate::op::http_request::{Pairs, Request};
use crate::secret::is_secret_name;
use crate::snippet::expression::{Expression, Kind, Named};
use crate::source::Source;
use crate::source::auth::Auth;
use crate::source::http::Http;

/// The header that an authentication sets.
fn header(auth: &Auth) -> Option<String> {
    match auth {
        Auth::None => None,
        Auth::Basic { .. } | Auth::Bearer { .. } => Some("authorization".to_owned()),
        Auth::ApiKey { name, place, .. } => match (&name.kind, place) {
            (Kind::Text(name), KeyPlace::Header) => Some(name.to_ascii_lowercase()),
            (_, KeyPlace::Header | KeyPlace::Query | KeyPlace::Cookie) => None,
        },
    }
}

pub(super) fn of_source(source: &Source, http: &Http, faults: &mut Vec<Diagnostic>) {
    with_scheme(&http.auth, faults);
    by_hand(&http.headers, faults);
    let Some(header) = header(&http.auth) else { return };
    for (name, _) in http.headers.iter().filter(|(name, _)| name.name.eq_ignore_ascii_case(&header)) {
        faults.push(twice(&name.name, &name.span, &source.name));
    }
}

/// `Bearer …` where the authentication itself writes `Bearer`.
fn with_scheme(auth: &Auth, faults: &mut Vec<Diagnostic>) {
    let (written, values) = match auth {
        Auth::Bearer { token } => ("Bearer", vec![("token", token)]),
        Auth::Basic { username, password } => ("Basic", vec![("username", username), ("password", password)]),
        Auth::None | Auth::ApiKey { .. } => return,
    };
    for (key, value) in values {
        let Some(shape) = Shape::of(value) else { continue };
        let start = shape.start();
        let scheme = ["Bearer", "Basic", "Token"].into_iter().find(|s| {
            let (word, rest) = start.split_at_checked(s.len()).unwrap_or_default();
            word.eq_ignore_ascii_case(s) && rest.starts_with(' ')
        });
        if let Some(scheme) = scheme {
            let message =
                format!("'{scheme}' is no part of the {key}: the header becomes '{written} {scheme} …', and the request is refused");
            let help = if scheme == written {
                format!("write the {key} alone: '{written}' is put before it")
            } else {
                "for another scheme write 'type: api_key' with 'key_name: Authorization' and the whole text as 'key_value'".to_owned()
            };
            faults.push(Diagnostic::warning("H821", value.span.clone(), message).help(help));
        }
    }
}

/// `Authorization: Bearer{{ … }}`, and `Basic` with a name and a password that nothing encodes.
fn by_hand(headers: &[(Named, Expression)], faults: &mut Vec<Diagnostic>) {
    for (_, value) in headers.iter().filter(|(name, _)| name.name.eq_ignore_ascii_case("authorization")) {
        let Some(shape) = Shape::of(value).filter(|shape| !shape.is_whole()) else { continue };
        let start = shape.start();
        let rest = &shape.text[start.len()..];
        if let Some(scheme) = ["Bearer", "Basic", "Token"].into_iter().find(|s| start.eq_ignore_ascii_case(s)) {
            let message = format!("there is no blank between '{scheme}' and what follows it");
            faults.push(Diagnostic::warning("H821", value.span.clone(), message).help(format!("write `{scheme} {{{{ … }}}}`")));
        } else if start.trim().eq_ignore_ascii_case("basic") && rest.contains(':') {
            let message = "after 'Basic' the name and the password stand in base64, and here they are sent as they are";
            faults.push(
                Diagnostic::warning("H821", value.span.clone(), message)
                    .help("take the header out, and give the source `auth: {type: basic_auth, username: …, password: …}`"),
            );
        }
    }
}

pub(super) fn of_request(request: &Request, source: Of<'_>, faults: &mut Vec<Diagnostic>) {
    if let Pairs::Listed(headers) = &request.headers {
        by_hand(headers, faults);
    }
    let Some((source, http)) = source.http() else { return };
    if let (Some(header), Pairs::Listed(pairs)) = (header(&http.auth), &request.headers) {
        for (name, _) in pairs.iter().filter(|(name, _)| name.name.eq_ignore_ascii_case(&header)) {
            faults.push(twice(&name.name, &name.span, &source.name));
        }
    }
    other_host(request, http, faults);
}

fn twice(header: &str, at: &Span, source: &str) -> Diagnostic {
    Diagnostic::warning("H810", at.clone(), format!("'{header}' is sent by the 'auth' of source '{source}' too: this header wins"))
        .help("keep one of the two; where this request needs another token, give it a source of its own")
}

fn other_host(request: &Request, http: &Http, faults: &mut Vec<Diagnostic>) {
    let has_credentials = !matches!(http.auth, Auth::None) || http.headers.iter().any(|(name, _)| is_secret_name(&name.name));
    let host = |e| Shape::of(e).and_then(|s| host(&s));
    let (Some(base), Some(other)) = (http.base_url.as_ref().and_then(host), host(&request.url)) else { return };
    if has_credentials && domain(&base) != domain(&other) {
        let name = source_name(request.source.as_ref());
        faults.push(
            Diagnostic::warning(
                "H811",
                request.url.span.clone(),
                format!("the credentials of source '{name}' belong to {base}, and are sent to {other} here"),
            )
            .help("give the other host a source of its own, or leave 'source' out of this request"),
        );
    }
}

/// The host of a URL, where it is literal.
fn host(shape: &Shape) -> Option<String> {
    let (scheme, rest) = shape.text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let ends = rest.contains(['/', '?', '#']) || shape.is_whole();
    let host = authority.rsplit('@').next()?.split(':').next()?;
    (ends && is_literal(scheme) && is_literal(host) && !host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// The last two names of a host: those who own them own what is below them, nearly always.
fn domain(host: &str) -> &str {
    let start = host.rmatch_indices('.').nth(1).map_or(0, |(i, _)| i + 1);
    let is_address = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    if is_address { host } else { &host[start..] }
}
