//! H803: URLs that cannot be used. H804: those without TLS. H805: those with a password in them.

use super::Of;
use super::shape::{Shape, is_literal};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::op::http_request::Request;
use crate::snippet::expression::Expression;
use crate::source::http::Http;

/// A source's `base_url`, which is whole.
pub(super) fn base(http: &Http, faults: &mut Vec<Diagnostic>) {
    if let Some(url) = &http.base_url {
        check(url, "a source's base_url must be a whole URL", faults);
    }
}

pub(super) fn of_request(request: &Request, source: Of<'_>, faults: &mut Vec<Diagnostic>) {
    let relative = match source {
        Of::None => "it is relative, and no source gives it a base",
        Of::Http(_, http) if http.base_url.is_none() => "it is relative, and its source has no base_url",
        Of::Http(..) | Of::Unknown => "",
    };
    check(&request.url, relative, faults);
}

/// `relative` says why a relative URL is a fault, if it is one.
fn check(expression: &Expression, relative: &str, faults: &mut Vec<Diagnostic>) {
    let Some(shape) = Shape::of(expression) else { return };
    let span = &expression.span;
    let url = shape.text.as_str();
    if let Some(fault) = placeholder(url, span) {
        faults.push(fault);
    }
    let scheme = url.split_once("://").filter(|(scheme, _)| is_literal(scheme) && !scheme.contains(['/', '?', '#', ' ']));
    let Some((scheme, rest)) = scheme else {
        faults.extend(without_scheme(&shape, span, relative));
        return;
    };
    let lower = scheme.to_ascii_lowercase();
    if lower != "https" && lower != "http" {
        let help = match did_you_mean(&lower, ["https", "http"]) {
            Some(near) => format!("did you mean '{near}://'?"),
            None => "requests are sent to http:// and https:// URLs; databases have sources of their own".to_owned(),
        };
        faults.push(Diagnostic::error("H803", span.clone(), format!("'{scheme}' is neither http nor https")).help(help));
        return;
    }
    let ends = rest.contains(['/', '?', '#']) || shape.is_whole();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() && ends {
        faults.push(Diagnostic::error("H803", span.clone(), "this URL has no host").help("write it as https://host/path"));
        return;
    }
    let host = match authority.rsplit_once('@') {
        Some((user_info, host)) => {
            // An address of mail in a path that is computed up to here is none of a user.
            if user_info.contains(':') || is_literal(user_info) {
                faults.push(
                    Diagnostic::error("H805", span.clone(), "this URL holds the credentials of a user")
                        .help("take them out of the URL, and give the source an 'auth' of type basic_auth with both of them"),
                );
            }
            host
        }
        None => authority,
    };
    faults.extend(host_fault(host, span));
    if lower == "http" && ends && is_public(host) {
        faults.push(
            Diagnostic::warning(
                "H804",
                span.clone(),
                format!("requests to {host} are sent without TLS: whoever is in between can read them"),
            )
            .help("write https://"),
        );
    }
}

fn host_fault(host: &str, span: &Span) -> Option<Diagnostic> {
    let fault = |what: String| Diagnostic::error("H803", span.clone(), what);
    if host.contains(char::is_whitespace) {
        return Some(fault("there is a blank in the host of this URL".to_owned()).help("take it out"));
    }
    if matches!(host.to_ascii_lowercase().as_str(), "http:" | "https:") {
        return Some(fault("this URL has its scheme twice".to_owned()).help("take one of the two out"));
    }
    let port = host.rsplit_once(':').map(|(_, port)| port).filter(|p| is_literal(p) && !host.ends_with(']'))?;
    let is_port = port.parse::<u16>().is_ok();
    (!is_port).then(|| fault(format!("'{port}' is no port")).help("write the port as a number up to 65535 after the host, or leave it out"))
}

fn without_scheme(shape: &Shape, span: &Span, relative: &str) -> Option<Diagnostic> {
    let start = shape.start();
    let lower = start.to_ascii_lowercase();
    if let Some(scheme) = ["https:", "http:", "https//", "http//"].into_iter().find(|s| lower.starts_with(s)) {
        let name = scheme.trim_end_matches([':', '/']);
        return Some(
            Diagnostic::error("H803", span.clone(), format!("'{scheme}' is no beginning of a URL"))
                .help(format!("write '{name}://' before the host")),
        );
    }
    // What is computed may still give it a scheme: `htt{{ … }}`.
    let is_known = shape.is_whole() || start.contains('/') || start.contains('?');
    if relative.is_empty() || !is_known {
        return None;
    }
    let first = start.split('/').next().unwrap_or_default();
    let looks_like_host = first.contains('.') || first.starts_with("localhost");
    let help = if start.is_empty() {
        "write it as https://host/path".to_owned()
    } else if looks_like_host && is_public(first) {
        format!("write 'https://{first}…'")
    } else if looks_like_host {
        format!("write 'http://{first}…'")
    } else {
        "write it as https://host/path, or name a source with a base_url".to_owned()
    };
    let what = if start.is_empty() { "this URL is empty".to_owned() } else { format!("this URL cannot be used: {relative}") };
    Some(Diagnostic::error("H803", span.clone(), what).help(help))
}

/// `/customers/{id}` and `/customers/:id` as API references write them, `{}` and `%s` as code fills them in.
fn placeholder(url: &str, span: &Span) -> Option<Diagnostic> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    };
    let behind_host = url.split_once("://").map_or(url, |(_, rest)| rest);
    // A query may be in a language of its own.
    let path = behind_host.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.split('/');
    let (written, name) = parts.find_map(|part| {
        let braces = part.find('{').and_then(|open| Some((part.get(open..)?, part.get(open + 1..)?.split_once('}')?.0)));
        match braces {
            Some((from, name)) if is_name(name) || name.is_empty() => return Some((from.get(..name.len() + 2)?, name)),
            _ => {}
        }
        let of_route = part.strip_prefix(':').or_else(|| part.strip_prefix('<').and_then(|p| p.strip_suffix('>')));
        of_route.filter(|name| is_name(name)).map(|name| (part, name)).or((part == "%s").then_some((part, "")))
    })?;
    let name = if name.is_empty() { "…" } else { name };
    Some(
        Diagnostic::warning("H803", span.clone(), format!("'{written}' in this URL is sent as it stands"))
            .help(format!("for a variable write `{{{{ var('{name}') }}}}`")),
    )
}

/// A host that others than this machine and its private network may answer for.
fn is_public(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.to_ascii_lowercase();
    let private_172 =
        name.strip_prefix("172.").and_then(|r| r.split('.').next()?.parse::<u8>().ok()).is_some_and(|n| (16..32).contains(&n));
    let is_private = !is_literal(&name)
        || !name.contains('.')
        || name.starts_with('[')
        || ["127.", "10.", "192.168.", "169.254.", "0."]
            .iter()
            .any(|p| name.starts_with(p) && name.chars().all(|c| c.is_ascii_digit() || c == '.'))
        || private_172
        || [".local", ".internal", ".localhost", ".lan", ".test", ".svc", ".cluster.local", ".docker.internal"]
            .iter()
            .any(|s| name.ends_with(s));
    !is_private
}

#[cfg(test)]
mod tests {
    use super::is_public;

    #[test]
    fn hosts_that_others_may_answer_for() {
        for host in ["api.example.com", "example.com:8080", "8.8.8.8", "172.32.0.1", "10.example.com"] {
            assert!(is_public(host), "{host}");
        }
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "[::1]:80",
            "db",
            "api.internal",
            "svc.cluster.local",
        ] {
            assert!(!is_public(host), "{host}");
        }
    }
}
