//! `auth` of an http source.

use sequor_plan_format::source::KeyPlace;

use crate::diagnostic::{Diagnostic, Span};
use crate::snippet::expression::Expression;
use crate::syntax::BEFORE_REPLY;
use crate::syntax::fields::{Fields, is_null, not_a_choice, scalar, wrong_kind};
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::value::text_of_key;
use crate::yaml::{self, Node};

const TYPE: Key = Key::new("type", Kind::Choice(TYPES), "how requests are authenticated").required().later_values(LATER);

/// What `type` may be.
pub const TYPES: &[&str] = &["none", "basic_auth", "bearer_token", "api_key"];

const LATER: &[&str] = &["digest_auth", "oauth1", "oauth2", "session", "aws_sigv4", "hmac"];

pub static NONE: Table = Table::of_source("'auth'", "No authentication.", &[TYPE]);

pub static BASIC: Table = Table::of_source(
    "'auth' of type basic_auth",
    "A user name and a password (RFC 7617).",
    &[
        TYPE,
        Key::dynamic("username", Kind::Text, "the user name").aliases(&["user"]).required(),
        Key::dynamic("password", Kind::Text, "the password").required(),
    ],
);

pub static BEARER: Table = Table::of_source(
    "'auth' of type bearer_token",
    "A token in the Authorization header (RFC 6750).",
    &[
        TYPE,
        Key::dynamic("token", Kind::Text, "the token, sent as `Authorization: Bearer TOKEN`")
            .mistaken(&["bearer_token", "access_token", "value"])
            .required(),
    ],
);

pub static API_KEY: Table = Table::of_source(
    "'auth' of type api_key",
    "A key in a header, a query parameter or a cookie.",
    &[
        TYPE,
        Key::dynamic("key_name", Kind::Text, "the name of the header, parameter or cookie").mistaken(&["name", "header"]).required(),
        Key::dynamic("key_value", Kind::Text, "the key").mistaken(&["value", "key", "api_key", "token"]).required(),
        Key::new("add_to", Kind::Choice(&["header", "query", "cookie"]), "where the key is sent")
            .mistaken(&["in", "location"])
            .default("header"),
    ],
);

/// All forms, in the order of [`TYPES`].
pub static TABLES: [&Table; 4] = [&NONE, &BASIC, &BEARER, &API_KEY];

#[derive(Debug)]
pub enum Auth {
    None,
    Basic { username: Expression, password: Expression },
    Bearer { token: Expression },
    ApiKey { name: Expression, value: Expression, place: KeyPlace },
}

/// Reads `auth`. One with a fault counts as none: there is no plan then.
pub(super) fn read(node: &Node, at: &Span, faults: &mut Vec<Diagnostic>) -> Auth {
    read_auth(node, at, faults).unwrap_or(Auth::None)
}

fn read_auth(node: &Node, at: &Span, faults: &mut Vec<Diagnostic>) -> Option<Auth> {
    if scalar(node).is_some_and(|s| s.text == "none") || is_null(node) {
        return Some(Auth::None);
    }
    let kind = match &node.kind {
        yaml::Kind::Mapping(entries) => entries.iter().find(|e| e.key == "type"),
        yaml::Kind::Scalar(_) | yaml::Kind::Sequence(_) => None,
    };
    let Some(entry) = kind else {
        let fault = match node.kind {
            // Which other keys there may be is known with the type only.
            yaml::Kind::Mapping(_) => Diagnostic::error(NONE.missing, at.clone(), "'type' is missing in 'auth'"),
            yaml::Kind::Scalar(_) | yaml::Kind::Sequence(_) => wrong_kind(node, "'auth'", "a mapping of keys to values"),
        };
        faults.push(fault.help(format!("type: one of {}", TYPES.join(", "))));
        return None;
    };
    let text = scalar(&entry.value).map_or("", |s| s.text.as_str());
    let table = match text.to_ascii_lowercase().as_str() {
        "none" => &NONE,
        "basic_auth" | "basic" => &BASIC,
        "bearer_token" | "bearer" => &BEARER,
        "api_key" | "apikey" => &API_KEY,
        _ => {
            faults.push(not_a_choice("auth type", text, &entry.value.span, TYPES, LATER));
            return None;
        }
    };
    let fields = Fields::read(node, at, &[table], faults)?;
    let mut text = |key: &str| text_of_key(&fields, key, BEFORE_REPLY, faults);
    match table.what {
        what if what == BASIC.what => {
            let (username, password) = (text("username"), text("password"));
            Some(Auth::Basic { username: username?, password: password? })
        }
        what if what == BEARER.what => Some(Auth::Bearer { token: text("token")? }),
        what if what == API_KEY.what => {
            let (name, value) = (text("key_name"), text("key_value"));
            let place = match fields.choice("add_to", faults) {
                Some("query") => KeyPlace::Query,
                Some("cookie") => KeyPlace::Cookie,
                _ => KeyPlace::Header,
            };
            Some(Auth::ApiKey { name: name?, value: value?, place })
        }
        _ => Some(Auth::None),
    }
}
