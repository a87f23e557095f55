//! H818: a URL repeats the path that its source's base_url has already. H819: a `$` before a template, which is sent too. H820: a text of data goes into the
//! query string as it is.

use std::collections::BTreeSet;

use super::Of;
use super::shape::{Shape, is_literal};
use crate::check::sql_text;
use crate::diagnostic::{Diagnostic, Span};
use crate::op::http_request::{Pairs, Request};
use crate::snippet::expression::{DictItem, Expression, Kind};

pub(super) fn check(request: &Request, source: Of<'_>, data: &BTreeSet<&str>, faults: &mut Vec<Diagnostic>) {
    faults.extend(twice(request, source));
    dollars(request, faults);
    query(&request.url, data, faults);
}

/// The path of a base, from its host on.
fn path(base: &Shape) -> Option<&str> {
    let (_, rest) = base.text.split_once("://")?;
    let start = rest.find('/')?;
    rest[start..].split(['?', '#']).next()
}

fn twice(request: &Request, source: Of<'_>) -> Option<Diagnostic> {
    let (source, http) = source.http()?;
    let base = Shape::of(http.base_url.as_ref()?)?;
    let path: Vec<&str> = path(&base)?.split('/').filter(|s| !s.is_empty()).collect();
    let last = path.last().filter(|s| is_literal(s))?;
    let url = Shape::of(&request.url)?;
    if url.text.contains("://") {
        return None;
    }
    let own: Vec<&str> = url.text.split(['?', '#']).next()?.split('/').filter(|s| !s.is_empty()).collect();
    let is_version = |s: &str| s.strip_prefix(['v', 'V']).is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()) && n.len() <= 4);
    let whole = own.len() > path.len() && own.starts_with(&path) && path.iter().all(|s| is_literal(s));
    // One word alone may well be there twice.
    let repeated = if whole && (path.len() > 1 || is_version(last) || matches!(last.to_ascii_lowercase().as_str(), "api" | "rest")) {
        path.join("/")
    } else if own.len() > 1 && own.first() == Some(last) && is_version(last) {
        (*last).to_owned()
    } else {
        return None;
    };
    let message =
        format!("the base_url of source '{}' ends with '/{repeated}' already: this asks for '/{repeated}/{repeated}/…'", source.name);
    Some(
        Diagnostic::warning("H818", request.url.span.clone(), message)
            .also(http.base_url.as_ref()?.span.clone(), "the base_url")
            .help(format!("take '/{repeated}' out of the one or the other")),
    )
}

fn dollars(request: &Request, faults: &mut Vec<Diagnostic>) {
    dollar(&request.url, true, faults);
    for pairs in [&request.parameters, &request.headers] {
        if let Pairs::Listed(pairs) = pairs {
            pairs.iter().for_each(|(_, value)| dollar(value, true, faults));
        }
    }
    if let Some((_, body)) = &request.body {
        values(body, faults);
    }
}

/// The values of a body. Its depth is bounded by the YAML reader.
fn values(body: &Expression, faults: &mut Vec<Diagnostic>) {
    match &body.kind {
        Kind::Dict(items) => items.iter().for_each(|item| match item {
            DictItem::Pair(_, value) | DictItem::Spread(value) => values(value, faults),
        }),
        Kind::List(items) => items.iter().for_each(|value| values(value, faults)),
        _ => dollar(body, false, faults),
    }
}

/// `${{ … }}`; in a text for people it may be a price.
fn dollar(value: &Expression, anywhere: bool, faults: &mut Vec<Diagnostic>) {
    for pair in parts(value).windows(2) {
        let [before, template] = pair else { continue };
        let Kind::Text(text) = &before.kind else { continue };
        let whole = text == "$" && parts(value).len() == 2 && is_no_amount(template);
        if text.ends_with('$') && !matches!(template.kind, Kind::Text(_)) && (anywhere || whole) {
            let at = Span { start: before.span.end.saturating_sub(1), ..before.span.clone() };
            faults.push(
                Diagnostic::warning("H819", at, "this `$` is no part of the template: it is sent as it stands")
                    .help("templates of flows are `{{ … }}` alone: take the `$` out"),
            );
        }
    }
}

/// By its name: keys and words, which have no currency.
fn is_no_amount(template: &Expression) -> bool {
    let name = match &template.kind {
        Kind::Var(name) | Kind::Attribute { name, .. } => name.as_str(),
        Kind::Index { key, .. } => crate::tables::text(key).unwrap_or_default(),
        _ => "",
    };
    let name = name.to_ascii_lowercase();
    ["id", "name", "key", "token", "email", "url", "ref", "code"].iter().any(|end| name.ends_with(end))
}

/// The parts of a text with templates in it.
fn parts(value: &Expression) -> &[Expression] {
    match &value.kind {
        Kind::Concat(parts) => parts,
        Kind::Jinja { code, typed: false } => match code.outline.as_deref().map(|o| &o.kind) {
            Some(Kind::Concat(parts)) => parts,
            _ => &[],
        },
        _ => &[],
    }
}

fn query(url: &Expression, data: &BTreeSet<&str>, faults: &mut Vec<Diagnostic>) {
    let mut written = String::new();
    for part in parts(url) {
        if let Kind::Text(text) = &part.kind {
            written.push_str(text);
            continue;
        }
        let takes_a_value = written.contains('?') && written.ends_with('=');
        if let Some(shown) = sql_text::text_of_data(part, data).filter(|_| takes_a_value) {
            let name = written.rsplit(['?', '&']).next().unwrap_or_default().trim_end_matches('=');
            faults.push(
                Diagnostic::warning(
                    "H820",
                    part.span.clone(),
                    format!("{shown} comes from data and goes into the URL as it is: a `&`, `#` or `+` in it changes what is asked for"),
                )
                .help(format!("write it under 'parameters' (`{name}: \"{{{{ … }}}}\"`), or add the filter `| urlencode`")),
            );
        }
        written.push('\u{1}');
    }
}
