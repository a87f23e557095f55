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
        visit::steps(&flow.steps, &mut Pages { loops: 0, faults });
    }
}

struct Pages<'f> {
    /// Loops around the step.
    loops: usize,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'p> Visitor<'p> for Pages<'_> {
    fn enter_step(&mut self, step: &'p Step) {
        self.loops += usize::from(matches!(step.op, Op::WhileLoop(_) | Op::ForEach(_)));
        if let Op::HttpRequest(op) = &step.op
            && !repeats(op)
            && self.loops == 0
        {
            self.faults.extend(only_the_first(op));
        }
        if let Op::HttpRequest(op) = &step.op
            && repeats(op)
        {
            self.faults.extend(not_begun_anew(op));
            self.faults.extend(other_step(op));
            self.faults.extend(other_count(op));
            self.faults.extend(last_page(op));
            self.faults.extend(turned_around(op));
            self.faults.extend(stays(op));
        }
    }

    fn leave_step(&mut self, step: &'p Step) {
        self.loops -= usize::from(matches!(step.op, Op::WhileLoop(_) | Op::ForEach(_)));
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

/// C305: a reply sets the page to what it was.
fn stays(op: &HttpRequest) -> Option<Diagnostic> {
    let sets = sets(op);
    let asked: Vec<&Set<'_>> = sets.iter().filter(|set| is_asked_for(op, set.name)).collect();
    let all_stay = !asked.is_empty() && asked.iter().all(|set| variable(set.value) == Some(set.name));
    let set = asked.into_iter().next().filter(|_| all_stay && op.request.key.is_none())?;
    let message = format!("this sets '{}' to what it was, so every round asks for the same page", set.name);
    Some(Diagnostic::error("C305", set.value.span.clone(), message).help(format!("write what comes next: `var('{}') + 1`", set.name)))
}

/// `init` gives the first page, a reply the next one, and nothing asks for it.
fn only_the_first(op: &HttpRequest) -> Option<Diagnostic> {
    if op.response.repeat.is_some() || op.for_each.is_some() {
        return None;
    }
    let sets = sets(op);
    let set = op.init.iter().find_map(|first| {
        let name = first.name.name.as_str();
        let set = only(&sets, name)?;
        (number(&first.value).is_some() && growth(set.value, name).is_some() && is_asked_for(op, name)).then_some(set)
    })?;
    let message = format!("'{}' is raised for a next page, and without 'while' only the first one is asked for", set.name);
    Some(
        Diagnostic::warning("C320", set.at.clone(), message)
            .help("add a 'while' that is true while there are more: `while_expression: len(response.json()['data']) == 100`"),
    )
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

/// `while: len(rows) == 100`, where a page has 50.
fn other_count(op: &HttpRequest) -> Option<Diagnostic> {
    let asked = asked(op);
    let mut sizes = asked.iter().filter(|(name, _)| has(SIZES, name)).filter_map(|(_, value)| Some((number(value)?, *value)));
    let ((size, size_at), None) = (sizes.next()?, sizes.next()) else { return None };
    let repeat = op.response.repeat.as_ref()?;
    let Kind::Compare { operator, left, right } = &repeat.seen().kind else { return None };
    let is_length = |e: &Expression| matches!(e.seen().kind, Kind::Call { function: Function::Len, .. });
    let count = match (is_length(left), is_length(right)) {
        (true, false) => number(right)?,
        (false, true) => number(left)?,
        _ => return None,
    };
    let never = match operator {
        Compare::Equal => (count - size).abs() > 0.5,
        Compare::GreaterEqual => is_length(left) && count > size,
        _ => false,
    };
    (never && count > 0.0).then(|| {
        let message = format!("a page has {size} rows, so that this is never true: the loop ends behind the first page");
        Diagnostic::warning("C320", repeat.span.clone(), message)
            .also(size_at.span.clone(), "the rows of a page")
            .help(format!("compare with {size}"))
    })
}

const SIZES: &[&str] = &["limit", "perpage", "pagesize", "maxresults", "pagelimit"];

/// Whether a name is one of those, whatever its spelling.
fn has(names: &[&str], name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    names.contains(&name.as_str())
}

/// A parameter that says how many rows a page has, and the one that says with which it begins.
fn other_step(op: &HttpRequest) -> Option<Diagnostic> {
    const STARTS: &[&str] = &["offset", "skip", "start", "startat", "startindex"];
    let asked = asked(op);
    let mut sizes = asked.iter().filter(|(name, _)| has(SIZES, name)).filter_map(|(_, value)| Some((number(value)?, *value)));
    let ((size, size_at), None) = (sizes.next()?, sizes.next()) else { return None };
    let sets = sets(op);
    asked.iter().filter(|(name, _)| has(STARTS, name)).find_map(|(parameter, value)| {
        let name = variable(value)?;
        let set = only(&sets, name)?;
        let by = growth(set.value, name)?;
        // By one, it is more likely to be a page's number, unless it is called otherwise.
        let of_rows = has(&["offset", "skip"], parameter);
        if by < 1.0 || (by <= 1.0 && !of_rows) || size <= 1.0 || (by - size).abs() < 0.5 {
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
    let Kind::Dict(items) = &map.seen().kind else { return Vec::new() };
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
    field(value).filter(|name| has(COUNTS, name))
}

/// The name of the field of a reply that a value is.
fn field(value: &Expression) -> Option<&str> {
    let name = match &value.seen().kind {
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

/// `while` goes on only behind the last page.
fn turned_around(op: &HttpRequest) -> Option<Diagnostic> {
    const PAGES: &[&str] = &["page", "currentpage", "pagenumber"];
    let repeat = op.response.repeat.as_ref()?;
    let Kind::Compare { operator, left, right } = &repeat.seen().kind else { return None };
    let (page, pages) = match operator {
        Compare::Greater | Compare::GreaterEqual => (left, right),
        Compare::Less | Compare::LessEqual => (right, left),
        _ => return None,
    };
    let (page, pages) = (field(page).filter(|name| has(PAGES, name))?, counts_pages(pages)?);
    let message = format!("'{page}' of a reply is not behind '{pages}' while there are more pages: the loop ends after the first one");
    Some(Diagnostic::warning("C320", repeat.span.clone(), message).help("turn the comparison around: `while` says whether to go on"))
}

/// The URL has the variable as it is.
fn in_url(url: &Expression, name: &str) -> bool {
    match &url.seen().kind {
        Kind::Concat(parts) => parts.iter().any(|part| variable(part) == Some(name)),
        _ => false,
    }
}
