//! Sources.

use crate::source::{Auth, Http, KeyPlace, Postgres, Sqlite};
use crate::{Source, SourceKind};

use super::expr::field;
use super::http::{named, retry, timeout};
use super::op::{optional, texts};
use super::text::{Out, listed, name, place};

pub(super) fn source(out: &mut Out<'_>, source: &Source) {
    let plan = out.plan;
    let Source { name: source_name, span, variables: _, kind } = source;
    out.line(&format!("source {}: {} ({})", name(plan.text(*source_name)), kind.name(), place(plan, *span)));
    out.indented(|out| content(out, source));
}

/// What stands below the line with a source's name.
pub(super) fn content(out: &mut Out<'_>, source: &Source) {
    let Source { name: _, span: _, variables, kind } = source;
    named(out, "variable", variables);
    match kind {
        SourceKind::Http(settings) => http(out, settings),
        SourceKind::Sqlite(Sqlite { path }) => field(out, "path", *path),
        SourceKind::Postgres(Postgres { conn_str, username, password, schema }) => {
            field(out, "conn_str", *conn_str);
            optional(out, "username", *username);
            optional(out, "password", *password);
            optional(out, "schema", *schema);
        }
    }
}

fn http(out: &mut Out<'_>, http: &Http) {
    let plan = out.plan;
    let Http { base_url, headers, auth: login, timeout_ms, retry: policy, allow_hosts } = http;
    optional(out, "base_url", *base_url);
    named(out, "header", headers);
    auth(out, login);
    timeout(out, *timeout_ms);
    retry(out, policy);
    if !allow_hosts.is_empty() {
        out.line(&format!("allowed hosts {}", listed(&texts(plan, allow_hosts))));
    }
}

fn auth(out: &mut Out<'_>, auth: &Auth) {
    match auth {
        Auth::None => out.line("auth none"),
        Auth::Basic { username, password } => {
            out.line("auth basic_auth");
            out.indented(|out| {
                field(out, "username", *username);
                field(out, "password", *password);
            });
        }
        Auth::Bearer { token } => {
            out.line("auth bearer_token");
            out.indented(|out| field(out, "token", *token));
        }
        Auth::ApiKey { name, value, place } => {
            out.line(match place {
                KeyPlace::Header => "auth api_key, in a header",
                KeyPlace::Query => "auth api_key, in the query",
                KeyPlace::Cookie => "auth api_key, in a cookie",
            });
            out.indented(|out| {
                field(out, "key_name", *name);
                field(out, "key_value", *value);
            });
        }
    }
}
