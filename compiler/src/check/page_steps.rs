//! C320: a page loop comes to every page, and to each of them once.
//!
//! Of a reply, `variables` are set before `while` is looked at, and `init` is done once for the op: not once for each row of `for_each`.

use sequor_plan_format::expr::{Compare, Function, Method};

use super::counting::{added, compared, growth, number, variable};
use super::graph::constant;
use super::parsed::{literal_values, may_repeat, parsed_names, shows_variables};
use crate::diagnostic::{Diagnostic, Span};
use crate::op::Op;
use crate::op::http_request::{HttpRequest, Pairs};
use crate::resolve::Resolved;
use crate::snippet::expression::{DictItem, Expression, Kind};
use crate::syntax::Step;
use crate::syntax::visit::{self, Visitor};
use crate::tables::text;

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        visit::steps(&flow.steps, &mut Pages { faults });
    }
}

struct Pages<'f> {
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Pages<'_> {
    fn enter_step(&mut self, step: &'p Step) {
        if let Op::HttpRequest(op) = &step.op
            && repeats(op)
        {
            self.faults.extend(not_begun_anew(op));
            self.faults.extend(other_step(op));
            self.faults.extend(last_page(op));
            self.faults.extend(never_true(op));
        }
    }
}

fn repeats(op: &HttpRequest) -> bool {
    match &op.response.repeat {
        Some(repeat) => constant(repeat) != Some(false),
        None => op.response.parser.as_ref().is_some_and(|parser| may_repeat(&parser.expression)),
    }
}

/// A variable that a reply sets.
struct Set<'p> {
    name: &'p str,
    at: &'p Span,
    value: &'p Expression,
}

/// What replies set, where all of it can be seen.
fn sets(op: &HttpRequest) -> Vec<Set<'_>> {
    let mut sets: Vec<Set<'_>> =
        op.response.variables.iter().map(|assign| Set { name: &assign.name.name, at: &assign.name.span, value: &assign.value }).collect();
    if let Some(parser) = &op.response.parser {
        if shows_variables(&parser.expression) {
            sets.extend(literal_values(&parser.expression).into_iter().map(|(name, at, value)| Set { name, at, value }));
        } else {
            let names = parsed_names(&parser.expression);
            sets.retain(|set| !names.contains(set.name));
        }
    }
    sets
}

/// The only way in which replies set the variable.
fn only<'s, 'p>(sets: &'s [Set<'p>], name: &str) -> Option<&'s Set<'p>> {
    let mut same = sets.iter().filter(|set| set.name == name);
    same.next().filter(|_| same.next().is_none())
}

fn is_asked_for(op: &HttpRequest, name: &str) -> bool {
    op.request.expressions().into_iter().any(|value| value.uses().variables.iter().any(|used| used.name == name))
}

/// `init` gives the first page, and the second row does not begin with it.
fn not_begun_anew(op: &HttpRequest) -> Option<Diagnostic> {
    let for_each = op.for_each.as_ref()?;
    let sets = sets(op);
    let (first, set) = op.init.iter().find_map(|first| {
        let name = first.name.name.as_str();
        let set = only(&sets, name)?;
        let grows = added(set.value, name).is_some_and(|by| !by.uses().variables.iter().any(|used| used.name == for_each.item.name));
        (number(&first.value).is_some() && grows && is_asked_for(op, name)).then_some((first, set))
    })?;
    let name = set.name;
    let message = format!("'{name}' is not set back for the next row of 'for_each', whose first pages are then left out");
    Some(
        Diagnostic::warning("C320", set.at.clone(), message)
            .also(first.name.span.clone(), "this is done once for the whole op")
            .help("set it back with the last page: `… + 1 if MORE else 1`; or put the request into an op 'for_each', where 'init' is done for each row"),
    )
}

/// A parameter that says how many rows a page has, and the one that says with which it begins.
fn other_step(op: &HttpRequest) -> Option<Diagnostic> {
    const STARTS: &[&str] = &["offset", "skip", "start", "startat", "startindex"];
    let asked = asked(op);
    let (size, size_at) = page_size(&asked)?;
    let sets = sets(op);
    asked.iter().filter(|(name, _)| STARTS.contains(&plain(name).as_str())).find_map(|(asked, value)| {
        let name = variable(value)?;
        let set = only(&sets, name)?;
        let by = growth(set.value, name)?;
        // By one, `start` is more likely to be a page's number.
        let least = if ["offset", "skip"].contains(&plain(asked).as_str()) { 1.0 } else { 2.0 };
        if by < least || size <= 1.0 || (by - size).abs() < 0.5 {
            return None;
        }
        let what = if by < size { "rows are loaded twice" } else { "rows are left out" };
        let message = format!("pages have {size} rows and '{name}' grows by {by}, so that {what}");
        Some(
            Diagnostic::warning("C320", set.value.span.clone(), message)
                .also(size_at.span.clone(), "the rows of a page")
                .help(format!("add {size}, or the number of rows that came")),
        )
    })
}

/// How many rows a page has at most, where the request says it once.
fn page_size<'p>(asked: &[(&'p str, &'p Expression)]) -> Option<(f64, &'p Expression)> {
    const SIZES: &[&str] = &["limit", "perpage", "pagesize", "maxresults", "pagelimit"];
    let sizes = asked.iter().filter(|(name, _)| SIZES.contains(&plain(name).as_str()));
    let mut sizes = sizes.filter_map(|(_, value)| Some((number(value)?, *value)));
    sizes.next().filter(|_| sizes.next().is_none())
}

/// A name without what its spellings differ in.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

/// `while` waits for more rows than a page has, or for a page behind the last one.
fn never_true(op: &HttpRequest) -> Option<Diagnostic> {
    const PAGES: &[&str] = &["page", "currentpage", "pagenumber"];
    let repeat = op.response.repeat.as_ref()?;
    let Kind::Compare { operator, left, right } = &repeat.kind else { return None };
    let fault = |message: String| Diagnostic::warning("C320", repeat.span.clone(), message);
    let (page, pages, more) = match operator {
        Compare::Greater | Compare::GreaterEqual => (left, right, left),
        Compare::Less | Compare::LessEqual => (right, left, right),
        Compare::Equal => (left, left, left),
        Compare::NotEqual | Compare::In | Compare::NotIn | Compare::Is | Compare::IsNot => return None,
    };
    if let (Some(page), Some(pages)) = (field(page), counts_pages(pages))
        && PAGES.contains(&plain(page).as_str())
    {
        let message = format!("'{page}' of a reply is never behind '{pages}', so that the loop ends after the first page");
        return Some(fault(message).help("turn the comparison around: `while` says whether to go on"));
    }
    let Kind::Call { function: Function::Len, arguments } = &more.kind else { return None };
    let wanted = if std::ptr::eq(more, left) { number(right) } else { number(left) }?;
    let (size, at) = page_size(&asked(op))?;
    let is_reply = arguments.iter().all(|rows| rows.uses().response);
    let strict = matches!(operator, Compare::Greater | Compare::Less);
    (is_reply && (wanted > size || (strict && wanted >= size))).then(|| {
        fault(format!("a page has {size} rows at most, so that the loop ends after the first page"))
            .also(at.span.clone(), "the rows of a page")
            .help(format!("compare with {size}"))
    })
}

/// The parameters of a request, and the fields of its body.
fn asked(op: &HttpRequest) -> Vec<(&str, &Expression)> {
    let mut asked: Vec<(&str, &Expression)> = match &op.request.parameters {
        Pairs::Listed(pairs) => pairs.iter().map(|(name, value)| (name.name.as_str(), value)).collect(),
        Pairs::Computed(map) => fields(map),
    };
    asked.extend(op.request.body.iter().flat_map(|(_, body)| fields(body)));
    asked
}

fn fields(map: &Expression) -> Vec<(&str, &Expression)> {
    let Kind::Dict(items) = &map.kind else { return Vec::new() };
    let mut found = Vec::new();
    for item in items {
        if let DictItem::Pair(key, value) = item {
            found.extend(text(key).map(|key| (key, value)));
        }
    }
    found
}

/// `while` compares the number of the next page with how many pages there are.
fn last_page(op: &HttpRequest) -> Option<Diagnostic> {
    let repeat = op.response.repeat.as_ref()?;
    let (name, Compare::Less, limit) = compared(repeat)? else { return None };
    let counted = counts_pages(limit)?;
    let first = op.init.iter().find(|first| first.name.name == name)?;
    let sets = sets(op);
    let set = only(&sets, name)?;
    let by_one = |value: f64| (value - 1.0).abs() < f64::EPSILON;
    let asked = asked(op).into_iter().any(|(_, value)| variable(value) == Some(name)) || in_url(&op.request.url, name);
    if !number(&first.value).is_some_and(by_one) || !growth(set.value, name).is_some_and(by_one) || !asked {
        return None;
    }
    let message =
        format!("'{name}' is the next page here, as 'variables' are set before 'while': the loop ends one page before '{counted}'");
    Some(
        Diagnostic::warning("C320", repeat.span.clone(), message)
            .also(set.at.clone(), "it is set to the next page here")
            .help("write `<=`"),
    )
}

/// The field of a reply that says how many pages there are.
fn counts_pages(value: &Expression) -> Option<&str> {
    const COUNTS: &[&str] = &["totalpages", "pages", "lastpage", "pagecount", "numpages", "pagestotal", "totalpagecount"];
    field(value).filter(|name| COUNTS.contains(&plain(name).as_str()))
}

/// The name of the field of a reply that a value is.
fn field(value: &Expression) -> Option<&str> {
    let name = match &value.kind {
        Kind::Index { key, .. } => text(key)?,
        Kind::Attribute { name, .. } => name,
        Kind::Method { method: Method::Get, arguments, .. } => text(arguments.first()?)?,
        Kind::Call { function: Function::Int, arguments } => match arguments.as_slice() {
            [only] => return field(only),
            _ => return None,
        },
        _ => return None,
    };
    value.uses().response.then_some(name)
}

/// The URL has the variable as it is.
fn in_url(url: &Expression, name: &str) -> bool {
    match &url.kind {
        Kind::Concat(parts) => parts.iter().any(|part| variable(part) == Some(name)),
        _ => false,
    }
}
