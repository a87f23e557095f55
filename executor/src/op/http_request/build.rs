//! A request built from the op's expressions.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use sequor_plan_format::op::http_request::{BodyFormat, Pairs, Request, SuccessStatus};
use sequor_plan_format::source::Http;
use sequor_plan_format::{ExprId, SourceKind};
use url::Url;

use super::body::{self, entries};
use super::text::{a_kind, is_null, plain};
use super::{credentials, key};
use crate::error::{ErrorKind, RunError};
use crate::http::{Client, Outgoing};
use crate::journal::effects::RequestId;
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

/// A request, and what a message about its failure needs to know.
pub(super) struct Built {
    pub(super) outgoing: Outgoing,
    /// The source whose credentials were not sent, because its URL's host came from data.
    pub(super) withheld: Option<String>,
    /// The idempotency key that goes with it.
    pub(super) key: Option<String>,
}

/// Builds a request. `scope` sees the source's variables; `id` makes its idempotency key.
///
/// # Errors
/// An expression's, or `Configuration` and `Data` for a part that no request can have.
pub(super) fn request(
    services: &Services,
    request: &Request,
    success: &SuccessStatus,
    client: &Client,
    scope: &Scope,
    id: Option<RequestId>,
) -> Result<Built, RunError> {
    let source = request.source.map(|s| services.plan.source(s));
    let http = http_source(services, request);
    let (base, url) = address(services, request, scope)?;
    if let Some(base) = &base {
        client.trust(base);
    }

    let own = pairs(services, scope, &request.headers, "headers")?;
    let mut headers = HeaderMap::new();
    for (name, value) in &own {
        if let Some(value) = header_value(name, value)? {
            let name = header_name(name)?;
            if credentials::is_secret(&name) {
                credentials::hide(services, value.to_str().unwrap_or_default());
            }
            headers.append(name, value);
        }
    }

    let trusted = credentials::may_go_to(services, request, client, base.as_ref(), &url);
    let mut query_credential = None;
    let mut withheld = None;
    if let (Some(http), Some(source)) = (http, source) {
        let is_set = |name: &HeaderName| own.iter().any(|(own, _)| own.eq_ignore_ascii_case(name.as_str()));
        if trusted {
            query_credential = credentials::add(services, scope, source, http, &is_set, &mut headers)?;
        } else if credentials::are_there(http) {
            withheld = Some(services.plan.text(source.name).to_owned());
        }
        add_source_headers(services, scope, http, &is_set, trusted, &mut headers)?;
    }
    let key = match (&request.key, id) {
        (Some(key), Some(id)) => key::value(services, scope, key, id)?,
        (Some(_), None) | (None, _) => None,
    };
    let body = match &request.body {
        Some(body) => {
            let value = key::into_body(services, request, key.as_deref(), scope.evaluate(services, body.value)?)?;
            body::encode(body_format(body.format, &headers), value)?
        }
        None => None,
    };
    key::into_headers(services, request, key.as_deref(), &mut headers)?;
    if let Some(body) = &body
        && !headers.contains_key(CONTENT_TYPE)
    {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(body.content_type));
    }
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(concat!("sequor/", env!("CARGO_PKG_VERSION"))));

    let timeout = request.timeout_ms.or(http.and_then(|h| h.timeout_ms)).map(Duration::from_millis);
    let retry = request.retry.as_ref().or(http.map(|h| &h.retry)).cloned().unwrap_or_default();
    let outgoing = Outgoing {
        method: request.method,
        url,
        headers,
        query_credential,
        body: body.map(|b| b.bytes),
        timeout,
        retry,
        repeatable: request.idempotent || request.method.is_idempotent() || key.is_some(),
        success: success.clone(),
    };
    Ok(Built { outgoing, withheld, key })
}

fn http_source<'a>(services: &'a Services, request: &Request) -> Option<&'a Http> {
    match request.source.map(|source| &services.plan.source(source).kind) {
        Some(SourceKind::Http(http)) => Some(&**http),
        Some(SourceKind::Sqlite(_) | SourceKind::Postgres(_)) | None => None,
    }
}

/// The base URL of the source, where it has one, and the URL that a request goes to.
///
/// # Errors
/// An expression's, or `Configuration` for what is no URL.
pub(super) fn address(services: &Services, request: &Request, scope: &Scope) -> Result<(Option<Url>, Url), RunError> {
    let base =
        http_source(services, request).and_then(|h| h.base_url).map(|expr| base_url(&scope.evaluate(services, expr)?)).transpose()?;
    let mut url = join(base.as_ref(), &scope.evaluate(services, request.url)?)?;
    add_parameters(services, scope, &request.parameters, &mut url)?;
    Ok((base, url))
}

fn configuration(message: String) -> RunError {
    RunError::new(ErrorKind::Configuration, message)
}

fn base_url(value: &Value) -> Result<Url, RunError> {
    let text = super::text::required_text("the source's base_url", value)?;
    absolute(text.trim()).map_err(|reason| configuration(format!("the source's base_url '{text}' cannot be used: {reason}")))
}

fn absolute(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| match e {
        url::ParseError::RelativeUrlWithoutBase => "it does not start with http:// or https://".to_owned(),
        other => other.to_string(),
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("'{other}' is neither http nor https")),
    }
}

/// A request's URL: as it is where it is absolute, else behind the base's path with one slash in between.
fn join(base: Option<&Url>, value: &Value) -> Result<Url, RunError> {
    let text = match plain(value) {
        Some(text) if !is_null(value) => text,
        _ => return Err(configuration(format!("the request's url must be text, but it is {}", a_kind(value)))),
    };
    let text = text.trim();
    let has_scheme =
        text.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)));
    let joined = match base {
        Some(base) if !has_scheme => {
            let mut url = base.clone();
            let end = text.find(['?', '#']).unwrap_or(text.len());
            let (path, rest) = text.split_at(end);
            if !path.is_empty() {
                url.set_path(&format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/')));
            }
            let (query, fragment) = rest.split_once('#').map_or((rest, None), |(query, fragment)| (query, Some(fragment)));
            let query = query.strip_prefix('?').filter(|q| !q.is_empty());
            let query = match (base.query().filter(|q| !q.is_empty()), query) {
                (Some(base), Some(own)) => Some(format!("{base}&{own}")),
                (base, own) => own.or(base).map(str::to_owned),
            };
            url.set_query(query.as_deref());
            url.set_fragment(fragment);
            Ok(url)
        }
        _ if text.is_empty() => Err("it is empty, and the source has no base_url".to_owned()),
        None if !has_scheme => Err("it is relative, and there is no source with a base_url".to_owned()),
        _ => absolute(text),
    };
    joined.map_err(|reason| configuration(format!("the request's url '{}' cannot be used: {reason}", super::text::one_line(text, 200))))
}

fn add_parameters(services: &Services, scope: &Scope, parameters: &Pairs, url: &mut Url) -> Result<(), RunError> {
    let mut added = Vec::new();
    for (name, value) in pairs(services, scope, parameters, "parameters")? {
        match &value {
            Value::List(list) | Value::Tuple(list) => {
                for member in list.iter() {
                    added.extend(parameter(&name, member)?.map(|text| (name.clone(), text)));
                }
            }
            value => added.extend(parameter(&name, value)?.map(|text| (name, text))),
        }
    }
    // An empty serializer would leave a question mark behind.
    if !added.is_empty() {
        url.query_pairs_mut().extend_pairs(added);
    }
    Ok(())
}

fn parameter(name: &str, value: &Value) -> Result<Option<String>, RunError> {
    if is_null(value) {
        return Ok(None);
    }
    match value {
        Value::Map(_) | Value::Row(_) => crate::json::to_text(value).map(Some),
        value => match plain(value) {
            Some(text) => Ok(Some(text)),
            None => Err(RunError::new(ErrorKind::Data, format!("the parameter '{name}' cannot hold {}", a_kind(value)))),
        },
    }
}

/// Where the flow names no format, a header may.
fn body_format(format: BodyFormat, headers: &HeaderMap) -> BodyFormat {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if format == BodyFormat::Auto && content_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        BodyFormat::Form
    } else {
        format
    }
}

fn add_source_headers(
    services: &Services,
    scope: &Scope,
    http: &Http,
    is_set: &dyn Fn(&HeaderName) -> bool,
    trusted: bool,
    headers: &mut HeaderMap,
) -> Result<(), RunError> {
    for (name, expr) in &http.headers {
        let text = services.plan.text(*name);
        let name = header_name(text)?;
        if is_set(&name) || headers.contains_key(&name) || !(trusted || credentials::is_harmless(&name)) {
            continue;
        }
        if let Some(value) = header_value(text, &scope.evaluate(services, *expr)?)? {
            if credentials::is_secret(&name) {
                credentials::hide(services, value.to_str().unwrap_or_default());
                services.hide_variables(scope, *expr);
            }
            headers.insert(name, value);
        }
    }
    Ok(())
}

fn pairs(services: &Services, scope: &Scope, pairs: &Pairs, what: &str) -> Result<Vec<(String, Value)>, RunError> {
    let one = |(name, expr): &(_, ExprId)| Ok((services.plan.text(*name).to_owned(), scope.evaluate(services, *expr)?));
    match pairs {
        Pairs::Listed(listed) => listed.iter().map(one).collect(),
        Pairs::Computed(expr) => {
            let value = scope.evaluate(services, *expr)?;
            if is_null(&value) {
                return Ok(Vec::new());
            }
            let entries = entries(&value)
                .ok_or_else(|| configuration(format!("'{what}' must be a map of names and values, but it is {}", a_kind(&value))))?;
            Ok(entries.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect())
        }
    }
}

pub(super) fn header_name(name: &str) -> Result<HeaderName, RunError> {
    HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| configuration(format!("'{name}' cannot be the name of a header")))
}

/// `None` where the value is null. The value itself is not shown in errors: it may be a secret.
pub(super) fn header_value(name: &str, value: &Value) -> Result<Option<HeaderValue>, RunError> {
    if is_null(value) {
        return Ok(None);
    }
    let text = plain(value).ok_or_else(|| configuration(format!("the header '{name}' must be text, but it is {}", a_kind(value))))?;
    match HeaderValue::from_bytes(text.as_bytes()) {
        Ok(header) => Ok(Some(header)),
        Err(_) if text.contains(['\r', '\n']) => {
            Err(configuration(format!("the value of the header '{name}' contains a line break; remove it where the value is made")))
        }
        Err(_) => Err(configuration(format!("the value of the header '{name}' contains a character that headers cannot hold"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, url: &str) -> String {
        let base = (!base.is_empty()).then(|| base.parse().unwrap());
        match join(base.as_ref(), &Value::text(url)) {
            Ok(url) => url.to_string(),
            Err(error) => error.message.clone(),
        }
    }

    #[test]
    fn a_relative_url_keeps_the_path_of_its_base() {
        for base in ["https://a.test/v1", "https://a.test/v1/"] {
            assert_eq!(joined(base, "x/y"), "https://a.test/v1/x/y");
            assert_eq!(joined(base, "/x?p=http://b"), "https://a.test/v1/x?p=http://b");
        }
        assert_eq!(joined("https://a.test/v1", "?page=2"), "https://a.test/v1?page=2");
        assert_eq!(joined("https://a.test/v1", ""), "https://a.test/v1");
        assert_eq!(joined("https://a.test/v1?key=1", "x?b=2"), "https://a.test/v1/x?key=1&b=2");
        assert_eq!(joined("https://a.test", "//evil.test/x"), "https://a.test/evil.test/x");
        assert_eq!(joined("https://a.test/v1", "https://b.test/x"), "https://b.test/x");
        assert_eq!(joined("https://a.test", "a b/ü"), "https://a.test/a%20b/%C3%BC");
    }

    #[test]
    fn a_url_that_leads_nowhere_says_why() {
        assert_eq!(
            joined("", "customers"),
            "the request's url 'customers' cannot be used: it is relative, and there is no source with a base_url"
        );
        assert_eq!(joined("", "ftp://a.test/"), "the request's url 'ftp://a.test/' cannot be used: 'ftp' is neither http nor https");
        assert!(joined("", "http://").contains("empty host"));
    }

    #[test]
    fn header_values_cannot_smuggle_headers() {
        let error = header_value("X-Token", &Value::text("a\r\nX-Other: b")).unwrap_err();
        assert!(error.message.contains("'X-Token' contains a line break") && !error.message.contains("X-Other"));
        assert!(header_value("X-Token", &Value::text("__NULL__")).unwrap().is_none());
        assert_eq!(header_value("X-Token", &Value::Int(5)).unwrap().unwrap(), "5");
    }
}
