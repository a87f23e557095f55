//! Names of a Python snippet that nothing defines, and imports of what is not there.

use std::collections::BTreeSet;

use super::super::Place;
use super::Source;
use super::advice;
use super::form::Form;
use super::modules::{self, BUILTINS, MODULES, NAMES};
use super::scope::{Import, Read, Scopes};
use crate::diagnostic::{Diagnostic, did_you_mean};

/// What the snippet binds and reads, as far as other steps need it.
pub(super) struct Names {
    /// Every name that is bound anywhere: none of them is surely a built-in one.
    pub(super) bound: BTreeSet<String>,
    /// The run's own `response` is read, under that name.
    pub(super) response: bool,
    /// The run's own names that are read.
    pub(super) run: BTreeSet<String>,
    /// Names may be looked up in ways that reading the text does not show.
    pub(super) dynamic: bool,
}

pub(super) fn check(form: &Form<'_>, source: Source<'_>, place: Place, faults: &mut Vec<Diagnostic>) -> Names {
    let scopes = Scopes::of(form);
    let bound: BTreeSet<String> = scopes.all_bound().into_iter().map(str::to_owned).collect();
    let unbound: Vec<&Read> = scopes.reads.iter().filter(|r| !scopes.binds(r)).collect();
    let reads = |names: &[&str]| unbound.iter().any(|r| names.contains(&r.name.as_str()));
    let dynamic = scopes.star_import || reads(&["eval", "exec", "getattr", "globals", "locals", "vars", "__builtins__", "__import__"]);
    let response = reads(&["response"]);
    let run = unbound.iter().filter(|r| NAMES.contains(&r.name.as_str())).map(|r| r.name.clone()).collect();

    let defines_names = scopes.star_import || reads(&["exec", "globals", "__builtins__"]);
    let mut reported = BTreeSet::new();
    for read in unbound {
        let name = read.name.as_str();
        let known = BUILTINS.contains(&name) || NAMES.contains(&name) || defines_names;
        if !known && !read.tried && reported.insert(name) {
            faults.push(undefined(read, &bound, source));
        }
        if name == "response" && !place.response {
            faults.push(no_response(source.span(read.range)));
        }
    }
    scopes.imports.iter().filter(|i| !i.guarded).for_each(|import| faults.extend(unavailable(import, source)));
    if let (Form::Evaluate { function, .. }, false) = (form, place.response) {
        let positional = function.parameters.posonlyargs.iter().chain(&function.parameters.args);
        if let Some(p) = positional.skip(1).find(|p| p.default.is_none()) {
            faults.push(no_response(source.span(p.parameter.range)));
        }
    }
    Names { bound, response, run, dynamic }
}

fn no_response(span: crate::diagnostic::Span) -> Diagnostic {
    Diagnostic::error("P609", span, "there is no `response` here")
        .help("a reply exists in the keys of `response:` only; put what you need from it into a variable there")
}

fn undefined(read: &Read, bound: &BTreeSet<String>, source: Source<'_>) -> Diagnostic {
    let name = read.name.as_str();
    let span = source.span(read.range);
    if name == "open" {
        return Diagnostic::error("P616", span, "snippets cannot open files").help("read and write data by the steps of the flow");
    }
    if modules::OUTSIDE.contains(&name) && !MODULES.contains(&name) {
        return outside(name, span, format!("there is no `{name}` in snippets"));
    }
    let fault = Diagnostic::error("P604", span, format!("`{name}` is not defined"));
    if let Some(help) = source.start(read.range).and_then(|at| advice::of_name(source.origin.text(), at)) {
        return fault.help(help);
    }
    if name == "env" {
        return fault.help("snippets see no environment: `{{ env('NAME') }}` in a key without `_expression` does, as does a variable");
    }
    let constant = match name {
        "null" | "nil" | "undefined" => Some("None"),
        "true" => Some("True"),
        "false" => Some("False"),
        _ => None,
    };
    if let Some(constant) = constant {
        return fault.help(format!("Python writes it `{constant}`"));
    }
    if SQL_TYPES.contains(&name) && !bound.contains(name) {
        return fault.help("the types of `query_value` are int, float, str, bool; text needs quotes");
    }
    if MODULES.contains(&name) {
        let behind = source.start(read.range).and_then(|at| source.origin.text().get(at + name.len()..)).unwrap_or_default();
        let member = behind.strip_prefix('.').and_then(|b| b.split(|c: char| !(c.is_alphanumeric() || c == '_')).next());
        if name == "datetime" && member.is_some_and(|m| OF_DATETIME.contains(&m)) {
            return fault.help("add `from datetime import datetime`");
        }
        return fault.help(format!("add `import {name}`"));
    }
    if let Some((module, _)) = COMMON_MEMBERS.iter().find(|(_, members)| members.contains(&name)) {
        return fault.help(format!("add `from {module} import {name}`"));
    }
    if bound.contains(name) {
        return fault
            .label("not in this place")
            .help("it is set elsewhere in the snippet, in a function or comprehension that this line cannot see into");
    }
    let known = bound.iter().map(String::as_str).chain(NAMES.iter().copied()).chain(BUILTINS.iter().copied());
    // One letter is close to every other one.
    match did_you_mean(name, known).filter(|_| name.len() > 2) {
        Some(meant) => fault.help(format!("did you mean `{meant}`, or the variable `var('{name}')`?")),
        None => fault.help(format!("for the variable `{name}` write `var('{name}')`; text needs quotes")),
    }
}

/// What the class `datetime` has and the module does not.
const OF_DATETIME: &[&str] =
    &["now", "utcnow", "today", "fromtimestamp", "utcfromtimestamp", "fromisoformat", "strptime", "combine", "fromordinal"];

/// Names that are often used without their import.
const COMMON_MEMBERS: &[(&str, &[&str])] = &[
    ("collections", &["Counter", "OrderedDict", "defaultdict"]),
    ("datetime", &["date", "timedelta", "timezone"]),
    ("decimal", &["Decimal"]),
    ("itertools", &["chain", "groupby", "islice"]),
    ("urllib.parse", &["quote", "quote_plus", "unquote", "urlencode", "urlparse"]),
];

/// Types as databases call them, which are no names in Python.
const SQL_TYPES: &[&str] =
    &["integer", "bigint", "smallint", "number", "numeric", "double", "real", "string", "text", "varchar", "boolean"];

/// P616, for a module that reaches outside of a snippet.
fn outside(module: &str, span: crate::diagnostic::Span, message: String) -> Diagnostic {
    Diagnostic::error("P616", span, message).help(match module {
        "requests" | "httpx" | "urllib3" | "aiohttp" => "send requests by `http_request` steps",
        "os" => "a value of the environment is a variable: `var('name')`; snippets have no files and processes",
        "sqlite3" | "psycopg2" | "sqlalchemy" => "ask a database with `query('source', 'select …')`, or by the steps of the flow",
        _ => "snippets have no files, processes and network; the steps of the flow do that",
    })
}

fn unavailable(import: &Import, source: Source<'_>) -> Option<Diagnostic> {
    let Import { module, range, .. } = import;
    let span = source.span(*range);
    if modules::is_available(module) {
        return None;
    }
    // `urllib` itself is a package with available modules, but a member that is none of them may be a plain name.
    if modules::reaches_outside(module) {
        return Some(outside(module, span, format!("snippets cannot import `{module}`")));
    }
    let fault = Diagnostic::error("P610", span, format!("there is no module `{module}` in snippets"));
    if module.split('.').next() == Some("xml") {
        return Some(
            fault.help(
                "snippets have no reliable XML parser: ask the API for JSON, or take what is needed out of `response.text` with `re`",
            ),
        );
    }
    Some(match did_you_mean(module, MODULES.iter().copied()) {
        Some(meant) => fault.help(format!("did you mean `{meant}`?")),
        None => fault.help(format!("the modules are {}", MODULES.join(", "))),
    })
}
