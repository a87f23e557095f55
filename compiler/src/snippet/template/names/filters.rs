//! What filters take: how many values, and which names.

use minijinja::machinery::ast::{self, CallArg, Expr, Spanned};

use super::super::catalog;
use super::Check;
use crate::diagnostic::Diagnostic;

/// Least and most values of filters.
const COUNTS: &[(&str, usize, usize)] = &[
    ("abs", 0, 0),
    ("capitalize", 0, 0),
    ("count", 0, 0),
    ("default", 0, 2),
    ("d", 0, 2),
    ("first", 0, 0),
    ("float", 0, 1),
    ("int", 0, 2),
    ("join", 0, 2),
    ("last", 0, 0),
    ("length", 0, 0),
    ("list", 0, 0),
    ("lower", 0, 0),
    ("replace", 2, 3),
    ("round", 0, 2),
    ("string", 0, 0),
    ("title", 0, 0),
    ("tojson", 0, 1),
    ("trim", 0, 1),
    ("upper", 0, 0),
    ("urlencode", 0, 0),
];

impl Check<'_> {
    pub(super) fn filter(&mut self, f: &Spanned<ast::Filter<'_>>) {
        let several = f.args.iter().any(|a| matches!(a, CallArg::PosSplat(_) | CallArg::KwargSplat(_)));
        if let (Some((name, least, most)), false) = (COUNTS.iter().find(|(name, ..)| *name == f.name), several) {
            let given = f.args.len();
            if given < *least || given > *most {
                let takes = if least == most { format!("{least}") } else { format!("{least} to {most}") };
                let is = if given == 1 { "is" } else { "are" };
                let start = f.span().start_offset as usize;
                let place = self.origin.span(start, start + name.len());
                let message = format!("the filter `{name}` takes {takes} values beside the one before it, and {given} {is} given");
                self.faults.push(Diagnostic::error("J503", place, message).help("give as many as it takes"));
            }
        }
        // `map('upper')`, `select('odd')`: the name of another filter or test.
        let first = f.args.first().and_then(|a| if let CallArg::Pos(Expr::Const(c)) = a { Some(c) } else { None });
        let Some((constant, name)) = first.and_then(|c| Some((c, c.value.as_str()?))) else { return };
        let start = constant.span().start_offset as usize + 1;
        let span = minijinja::machinery::Span { start_offset: u32::try_from(start).unwrap_or(u32::MAX), ..constant.span() };
        match f.name {
            "map" => self.known("filter", name, span, catalog::FILTERS),
            "select" | "reject" => self.known("test", name, span, catalog::TESTS),
            _ => {}
        }
    }
}
