//! A source's credentials: what they are, and which servers may see them.
//!
//! They go to the origin of the source's `base_url`, to hosts that the flow's author or the operator wrote (in a URL, even one with templates inside, in a variable's
//! constant value, in `allow_hosts`), and, for a source without `base_url`, to the origin of its first request. They do not go to a host that came from data, such as
//! the next page's URL in a reply.

use base64::Engine as _;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use sequor_plan_format::expr::Binary;
use sequor_plan_format::op::http_request::Request;
use sequor_plan_format::source::{Auth, Http, KeyPlace};
use sequor_plan_format::{Expr, ExprId, Plan, Source, Value as Constant};
use url::Url;

use super::build::{header_name, header_value};
use super::text::required_text;
use crate::error::RunError;
use crate::http::Client;
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

/// Whether the source's credentials may be sent to a URL.
pub(super) fn may_go_to(services: &Services, request: &Request, client: &Client, base: Option<&Url>, url: &Url) -> bool {
    let home = match base {
        Some(base) => base.origin() == url.origin(),
        None => client.is_home(url),
    };
    home || client.is_written(url) || writes_host(&services.plan, request.url)
}

/// Whether the URL's own text names the scheme, so that its author wrote where the host stands.
fn writes_host(plan: &Plan, url: ExprId) -> bool {
    let mut next = Some(url);
    while let Some(expr) = next {
        next = match plan.expr(expr) {
            Expr::Concat(parts) => parts.first().copied(),
            Expr::Binary { operator: Binary::Add, left, .. } => Some(*left),
            Expr::Const(value) => return matches!(plan.value(*value), Constant::Text(text) if has_scheme(plan.text(*text))),
            Expr::Jinja { code, .. } => return has_scheme(plan.text(code.text)),
            Expr::Python { code, .. } => return plan.text(code.text).contains("://"),
            _ => None,
        };
    }
    false
}

fn has_scheme(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    text.starts_with("http://") || text.starts_with("https://")
}

/// Whether a source has anything that only its own servers should see.
pub(super) fn are_there(http: &Http) -> bool {
    !matches!(http.auth, Auth::None) || !http.headers.is_empty()
}

/// Whether any server may see a header of the source.
pub(super) fn is_harmless(name: &HeaderName) -> bool {
    [ACCEPT, ACCEPT_LANGUAGE, USER_AGENT].contains(name)
}

/// Whether a header of this name carries a credential.
pub(super) fn is_secret(name: &HeaderName) -> bool {
    ["auth", "token", "key", "secret", "password", "cookie"].iter().any(|word| name.as_str().contains(word))
}

/// Masks a header's value from now on; of `Bearer …` also what follows the scheme.
pub(super) fn hide(services: &Services, value: &str) {
    services.redactor.add(value);
    if let Some((_, credential)) = value.split_once(' ') {
        services.redactor.add(credential);
    }
}

/// Adds the source's authentication, except where the request has set that header itself. Gives what goes into the query.
pub(super) fn add(
    services: &Services,
    scope: &Scope,
    source: &Source,
    http: &Http,
    is_set: &dyn Fn(&HeaderName) -> bool,
    headers: &mut HeaderMap,
) -> Result<Option<(String, String)>, RunError> {
    let source_name = services.plan.text(source.name);
    let field =
        |what: &str, expr: ExprId| required_text(&format!("'{what}' in auth of source '{source_name}'"), &scope.evaluate(services, expr)?);
    let secret = |what: &str, expr: ExprId| -> Result<String, RunError> {
        let text = field(what, expr)?;
        services.redactor.add(&text);
        services.hide_variables(scope, expr);
        Ok(text)
    };
    match &http.auth {
        Auth::None => Ok(None),
        Auth::Basic { .. } | Auth::Bearer { .. } if is_set(&AUTHORIZATION) => Ok(None),
        Auth::Basic { username, password } => {
            let username = field("username", *username)?;
            let password = match scope.evaluate(services, *password)? {
                // Services that take an API key as the user name leave the password empty.
                Value::Text(text) if text.is_empty() => String::new(),
                _ => secret("password", *password)?,
            };
            let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
            services.redactor.add(&encoded);
            set(headers, AUTHORIZATION, "Authorization", &format!("Basic {encoded}"))?;
            Ok(None)
        }
        Auth::Bearer { token } => {
            let token = secret("token", *token)?;
            set(headers, AUTHORIZATION, "Authorization", &format!("Bearer {token}"))?;
            Ok(None)
        }
        Auth::ApiKey { name, value, place } => {
            let key = field("key_name", *name)?;
            let value = secret("key_value", *value)?;
            match place {
                KeyPlace::Query => return Ok(Some((key, value))),
                KeyPlace::Header => {
                    let name = header_name(&key)?;
                    if !is_set(&name) {
                        set(headers, name, &key, &value)?;
                    }
                }
                KeyPlace::Cookie => {
                    let cookie = format!("{key}={value}");
                    let all = match headers.get(COOKIE).and_then(|c| c.to_str().ok()) {
                        Some(others) => format!("{others}; {cookie}"),
                        None => cookie,
                    };
                    set(headers, COOKIE, "Cookie", &all)?;
                }
            }
            Ok(None)
        }
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, shown: &str, value: &str) -> Result<(), RunError> {
    if let Some(mut value) = header_value(shown, &Value::text(value))? {
        HeaderValue::set_sensitive(&mut value, true);
        headers.insert(name, value);
    }
    Ok(())
}
