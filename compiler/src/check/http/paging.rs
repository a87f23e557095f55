//! H812: what comes in pages is asked for page by page.

use sequor_plan_format::op::http_request::Method;

use crate::diagnostic::{Diagnostic, Span};
use crate::op::http_request::{HttpRequest, Pairs};
use crate::snippet::expression::Kind;

/// Parameters that say how much a page holds.
const SIZES: &[&str] =
    &["limit", "per_page", "perpage", "page_size", "pagesize", "max_results", "maxresults", "page[size]", "$top", "results_per_page"];

pub(super) fn check(op: &HttpRequest, step: &Span, in_loop: bool, faults: &mut Vec<Diagnostic>) {
    let Pairs::Listed(pairs) = &op.request.parameters else { return };
    let size = pairs.iter().find(|(name, _)| SIZES.contains(&name.name.to_ascii_lowercase().as_str()));
    let asks_for_one = |kind: &Kind| matches!(kind, Kind::Int(1)) || matches!(kind, Kind::Text(t) if t == "1");
    let Some((name, value)) = size.filter(|(_, value)| !asks_for_one(&value.kind)) else { return };
    // A parser may give `while` itself.
    let goes_on = op.response.repeat.is_some() || op.response.parser.as_ref().is_some_and(|p| gives_while(&p.expression));
    if op.request.method != Method::Get || goes_on || in_loop || op.response.tables.is_empty() && op.response.parser.is_none() {
        return;
    }
    faults.push(
        Diagnostic::hint("H812", step.clone(), format!("only the first page is read: '{}' limits it, and there is no 'while'", name.name))
            .also(value.span.clone(), "the size of a page")
            .help("add 'response.while' with the parameter that asks for the next page"),
    );
}

fn gives_while(parser: &crate::snippet::expression::Expression) -> bool {
    match &parser.kind {
        Kind::Python { code, .. } => code.text.contains("while"),
        _ => parser.uses().texts.iter().any(|t| t == "while"),
    }
}
