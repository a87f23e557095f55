//! The methods of values that are native, with the number of arguments each takes.

use std::ops::RangeInclusive;

use sequor_plan_format::expr::Method;

use super::expression::{Expression, Kind};

/// `base.name(arguments)`, where it is a native method with that many positional arguments.
pub(super) fn method(base: Expression, name: &str, arguments: Vec<Expression>) -> Option<Kind> {
    let (method, count) = find(name)?;
    let fits = count.contains(&arguments.len());
    // A tuple of prefixes is Python's own.
    let plain = !matches!(method, Method::StartsWith | Method::EndsWith) || !arguments.iter().any(|a| matches!(a.kind, Kind::Tuple(_)));
    // What a view can do is little; `get` is the only method of headers that both readings share.
    let base_fits = !base.is_lazy() || (matches!(base.kind, Kind::Response(_)) && method == Method::Get);
    (fits && plain && base_fits).then(|| Kind::Method { base: Box::new(base), method, arguments })
}

fn find(name: &str) -> Option<(Method, RangeInclusive<usize>)> {
    Some(match name {
        "capitalize" => (Method::Capitalize, 0..=0),
        "copy" => (Method::Copy, 0..=0),
        "count" => (Method::Count, 1..=1),
        "endswith" => (Method::EndsWith, 1..=1),
        "find" => (Method::Find, 1..=1),
        "get" => (Method::Get, 1..=2),
        "index" => (Method::Index, 1..=1),
        "isalpha" => (Method::IsAlpha, 0..=0),
        "isdigit" => (Method::IsDigit, 0..=0),
        "items" => (Method::Items, 0..=0),
        "join" => (Method::Join, 1..=1),
        "keys" => (Method::Keys, 0..=0),
        "lower" => (Method::Lower, 0..=0),
        "lstrip" => (Method::LStrip, 0..=1),
        "replace" => (Method::Replace, 2..=3),
        "rsplit" => (Method::RSplit, 0..=2),
        "rstrip" => (Method::RStrip, 0..=1),
        "split" => (Method::Split, 0..=2),
        "splitlines" => (Method::SplitLines, 0..=0),
        "startswith" => (Method::StartsWith, 1..=1),
        "strip" => (Method::Strip, 0..=1),
        "title" => (Method::Title, 0..=0),
        "to_dict" => (Method::ToDict, 0..=0),
        "upper" => (Method::Upper, 0..=0),
        "values" => (Method::Values, 0..=0),
        "zfill" => (Method::ZFill, 1..=1),
        _ => return None,
    })
}
