//! H822: a header is given twice, in other capitals. S106: what is no text cannot be the value of a header, and what is no map cannot be all of them.

use crate::diagnostic::{Diagnostic, Span};
use crate::op::http_request::{Pairs, Request};
use crate::snippet::expression::{Expression, Kind, Named};
use crate::source::http::Http;

pub(super) fn of_source(http: &Http, faults: &mut Vec<Diagnostic>) {
    doubled(&http.headers, faults);
    for (name, value) in &http.headers {
        faults.extend(no_text(&name.name, value));
    }
}

pub(super) fn of_request(request: &Request, faults: &mut Vec<Diagnostic>) {
    match &request.headers {
        Pairs::Listed(pairs) => {
            doubled(pairs, faults);
            for (name, value) in pairs {
                faults.extend(no_text(&name.name, value));
            }
        }
        Pairs::Computed(all) => faults.extend(no_map("headers", all)),
    }
    match &request.parameters {
        Pairs::Listed(pairs) => {
            for (name, value) in pairs {
                let Kind::List(members) = &value.kind else { continue };
                if let Some(inner) = members.iter().find(|m| matches!(m.kind, Kind::List(_) | Kind::Tuple(_))) {
                    let message = format!("the parameter '{}' cannot hold a list in a list", name.name);
                    faults.push(
                        Diagnostic::error("S106", inner.span.clone(), message)
                            .help("a list repeats the parameter, once for each member, which must be text or a number"),
                    );
                }
            }
        }
        Pairs::Computed(all) => faults.extend(no_map("parameters", all)),
    }
}

fn doubled(headers: &[(Named, Expression)], faults: &mut Vec<Diagnostic>) {
    for (i, (name, _)) in headers.iter().enumerate() {
        let same = |other: &Named| other.name != name.name && other.name.eq_ignore_ascii_case(&name.name);
        if let Some((first, _)) = headers[..i].iter().find(|(other, _)| same(other)) {
            let message =
                format!("'{}' and '{}' are the same header, so that it is sent twice or one of the two is lost", name.name, first.name);
            faults.push(
                Diagnostic::warning("H822", name.span.clone(), message)
                    .also(first.span.clone(), "the other one")
                    .help("keep one of the two"),
            );
        }
    }
}

/// What a value is, where it is neither text nor null.
fn kind(value: &Expression) -> Option<(&'static str, &Span)> {
    match &value.kind {
        Kind::List(_) => Some(("a list", &value.span)),
        Kind::Tuple(_) => Some(("a tuple", &value.span)),
        Kind::Dict(_) => Some(("a map", &value.span)),
        Kind::Python { code, .. } if is_set(&code.text) => Some(("a set", &value.span)),
        _ => None,
    }
}

fn no_text(name: &str, value: &Expression) -> Option<Diagnostic> {
    let (kind, at) = kind(value)?;
    let help = match kind {
        "a list" => "write its members into one text: 'a, b'",
        _ => "write the text; for JSON in a header `{{ … | tojson }}`",
    };
    Some(Diagnostic::error("S106", at.clone(), format!("the header '{name}' must be text, but is {kind}")).help(help))
}

fn no_map(what: &str, all: &Expression) -> Option<Diagnostic> {
    let (kind, at) = kind(all).filter(|(kind, _)| *kind != "a map")?;
    Some(
        Diagnostic::error("S106", at.clone(), format!("'{what}' must be a map of names to values, but is {kind}"))
            .help("write {'name': value, …}, with a colon behind each name"),
    )
}

/// `{'a' 'b'}`: every map that is not empty has a colon or `**` in it.
fn is_set(python: &str) -> bool {
    let inner = python.trim().strip_prefix("return ").unwrap_or(python.trim()).strip_prefix('{').and_then(|t| t.strip_suffix('}'));
    inner.is_some_and(|inner| !inner.trim().is_empty() && !inner.contains(':') && !inner.contains("**") && !inner.contains(['{', '}']))
}
