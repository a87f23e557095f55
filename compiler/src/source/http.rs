//! Sources of `type: http`.

use sequor_plan_format::op::http_request::RetryPolicy;
use sequor_plan_format::source as plan;

use super::auth::{self, Auth};
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::Lowering;
use crate::snippet::expression::{Expression, Named};
use crate::syntax::BEFORE_REPLY;
use crate::syntax::fields::Fields;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::scalars::{RETRY, duration, names, retry};
use crate::syntax::value::{self, Scalars};
use crate::yaml::Node;

pub static KEYS: Table = Table::of_source(
    "an http source",
    "An HTTP API: where it is, and how to show who asks.",
    &[
        Key::dynamic("base_url", Kind::Text, "put before the URLs of requests that are relative: https://api.example.com/v1")
            .mistaken(&["url", "base", "host", "endpoint"]),
        Key::new("headers", Kind::Entries, "headers of every request, by name; one that the request has itself comes first"),
        Key::new("auth", Kind::Section(&auth::NONE), "how requests are authenticated: a mapping as below, or none; absent: none")
            .mistaken(&["authentication", "authorization"]),
        Key::new("timeout", Kind::Duration, "the longest time that one attempt of a request may take").default("5m"),
        Key::new(
            "retry",
            Kind::Section(&RETRY),
            "when a request is sent again, unless the request says so itself. A number alone is 'attempts'",
        ),
        Key::new(
            "allow_hosts",
            Kind::Names,
            "hosts (api.example.com, *.example.com) that get the credentials, and may have private or local addresses, although only a reply names them",
        ),
        Key::new("idempotency", Kind::Section(&IDEMPOTENCY), "how the idempotency keys of requests are sent"),
        Key::later("rate_limit", "how many requests are sent in a second"),
        Key::later("concurrency", "how many requests are in flight together"),
        Key::later("allow_http", "hosts that are asked without TLS on purpose"),
        Key::later("proxy", "the proxy that requests go through"),
        Key::later("tls", "certificate authorities and client certificates"),
    ],
);

/// The keys of `idempotency`.
pub static IDEMPOTENCY: Table = Table::of_source(
    "'idempotency'",
    "How the API takes idempotency keys; requests that have one say 'idempotency_key'.",
    &[
        Key::new("header", Kind::Text, "the header that holds the key").default("Idempotency-Key"),
        Key::new("field", Kind::Text, "the field of a JSON or form body that holds the key; instead of a header"),
        Key::new("quoted", Kind::Bool, "true: the key is sent in double quotes").default("false"),
        Key::new("validity", Kind::Duration, "how long the API remembers a key: an older one is not relied on; absent: without limit")
            .mistaken(&["ttl", "expires"]),
    ],
);

/// Where keys are sent. With neither header nor field, in the usual header.
#[derive(Clone, Debug, Default)]
pub struct Idempotency {
    pub header: Option<String>,
    pub field: Option<String>,
    pub quoted: bool,
    pub validity_ms: Option<u64>,
}

#[derive(Debug)]
pub struct Http {
    pub base_url: Option<Expression>,
    pub headers: Vec<(Named, Expression)>,
    pub auth: Auth,
    pub timeout_ms: Option<u64>,
    pub retry: Option<RetryPolicy>,
    pub allow_hosts: Vec<Named>,
    pub idempotency: Option<Idempotency>,
}

pub(super) fn read(fields: &Fields<'_>, faults: &mut Vec<Diagnostic>) -> Http {
    let base_url = value::text_of_key(fields, "base_url", BEFORE_REPLY, faults);
    let headers = match fields.node("headers") {
        Some(node) => value::entries(node, "'headers'", Scalars::Written, BEFORE_REPLY, faults)
            .into_iter()
            .map(|(name, entry, value)| (Named { name: name.to_owned(), span: entry.key_span.clone() }, value))
            .collect(),
        None => Vec::new(),
    };
    let auth = fields.filled("auth").map(|f| auth::read(&f.entry.value, &f.entry.key_span, faults)).unwrap_or(Auth::None);
    let timeout_ms = duration(fields, "timeout", faults);
    let retry = retry(fields, faults);
    let allow_hosts = fields.node("allow_hosts").map(|n| names(n, "'allow_hosts'", faults)).unwrap_or_default();
    let idempotency = fields.filled("idempotency").and_then(|f| idempotency(&f.entry.value, &f.entry.key_span, faults));
    Http { base_url, headers, auth, timeout_ms, retry, allow_hosts, idempotency }
}

fn idempotency(node: &Node, at: &Span, faults: &mut Vec<Diagnostic>) -> Option<Idempotency> {
    let fields = Fields::read(node, at, &[&IDEMPOTENCY], faults)?;
    if let (Some(header), Some(field)) = (fields.filled("header"), fields.filled("field")) {
        faults.push(
            Diagnostic::error(
                "S105",
                field.entry.key_span.clone(),
                "an idempotency key is sent in a header or in a field of the body, not in both",
            )
            .also(header.entry.key_span.clone(), "the other one")
            .help("keep one of the two"),
        );
    }
    let text = |name, faults: &mut Vec<Diagnostic>| fields.name(name, faults).map(|(text, _)| text.trim().to_owned());
    Some(Idempotency {
        header: text("header", faults),
        field: text("field", faults),
        quoted: fields.bool("quoted", faults).unwrap_or(false),
        validity_ms: duration(&fields, "validity", faults),
    })
}

impl Http {
    pub(super) fn expressions(&self) -> Vec<&Expression> {
        let mut all: Vec<&Expression> = self.base_url.iter().collect();
        all.extend(self.headers.iter().map(|(_, v)| v));
        match &self.auth {
            Auth::None => {}
            Auth::Basic { username, password } => all.extend([username, password]),
            Auth::Bearer { token } => all.push(token),
            Auth::ApiKey { name, value, .. } => all.extend([name, value]),
        }
        all
    }

    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> plan::Http {
        let auth = match &self.auth {
            Auth::None => plan::Auth::None,
            Auth::Basic { username, password } => {
                plan::Auth::Basic { username: lowering.expr(username), password: lowering.expr(password) }
            }
            Auth::Bearer { token } => plan::Auth::Bearer { token: lowering.expr(token) },
            Auth::ApiKey { name, value, place } => {
                plan::Auth::ApiKey { name: lowering.expr(name), value: lowering.expr(value), place: *place }
            }
        };
        plan::Http {
            base_url: lowering.optional(self.base_url.as_ref()),
            headers: self.headers.iter().map(|(name, value)| (lowering.text(&name.name), lowering.expr(value))).collect(),
            auth,
            timeout_ms: self.timeout_ms,
            retry: self.retry.clone().unwrap_or_default(),
            allow_hosts: self.allow_hosts.iter().map(|h| lowering.text(&h.name)).collect(),
        }
    }
}
