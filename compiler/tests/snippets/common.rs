//! Snippets read from text alone, and trees printed in a short form: `Var(x)`, `[a, b]`, `If(c ? a : b)`.

use sequor_compiler::diagnostic::{Diagnostic, Severity, SourceFile, Span};
use sequor_compiler::snippet::expression::{DictItem, Expression, Kind};
use sequor_compiler::snippet::{self, Place};
use sequor_compiler::yaml::{Scalar, ScalarValue, Style, TextMap};

pub(crate) const ANYWHERE: Place = Place { response: true, parser: false };
pub(crate) const REQUEST: Place = Place { response: false, parser: false };

/// A scalar that is its whole file.
pub(crate) fn scalar(text: &str) -> (Scalar, Span) {
    let file = SourceFile::new("flow.yaml", text);
    let span = Span { file, start: 0, end: u32::try_from(text.len()).unwrap() };
    (Scalar { text: text.to_owned(), value: ScalarValue::Text, style: Style::Literal, map: TextMap::default() }, span)
}

pub(crate) fn text(source: &str, place: Place) -> (Expression, Vec<Diagnostic>) {
    let (scalar, span) = scalar(source);
    snippet::text(&scalar, &span, place)
}

/// Without the hint about the older form of a snippet, in which users of earlier versions write theirs: fixtures/flows/err/older_forms.yaml is about it.
pub(crate) fn python(source: &str, place: Place) -> (Expression, Vec<Diagnostic>) {
    let (scalar, span) = scalar(source);
    let (expression, faults) = snippet::python(&scalar, &span, place);
    (expression, faults.into_iter().filter(|fault| fault.code != "S115").collect())
}

/// Faults as `CODE line:column marked text: message [help]`.
pub(crate) fn faults(faults: &[Diagnostic]) -> Vec<String> {
    faults
        .iter()
        .map(|f| {
            let span = f.span.as_ref().unwrap();
            let (line, column) = span.file.position(span.start);
            let marked = &span.file.text[span.start as usize..span.end as usize];
            let warning = match f.severity {
                Severity::Error => "",
                Severity::Warning => " (warning)",
                Severity::Hint => " (hint)",
            };
            let help = f.help.as_ref().map(|h| format!(" [{h}]")).unwrap_or_default();
            format!("{}{warning} {line}:{column} `{marked}`: {}{help}", f.code, f.message)
        })
        .collect()
}

/// The errors among faults: what keeps a snippet from being lowered.
pub(crate) fn errors(found: &[Diagnostic]) -> Vec<String> {
    let errors: Vec<Diagnostic> = found.iter().filter(|f| f.severity == Severity::Error).cloned().collect();
    faults(&errors)
}

/// A tree in its short form.
pub(crate) fn print(e: &Expression) -> String {
    let list = |parts: &[Expression]| parts.iter().map(print).collect::<Vec<_>>().join(", ");
    match &e.kind {
        Kind::Null => "null".into(),
        Kind::Bool(b) => b.to_string(),
        Kind::Int(i) => i.to_string(),
        Kind::Float(f) => format!("{f:?}"),
        Kind::Number(n) => format!("Number({n})"),
        Kind::Text(t) => format!("{t:?}"),
        Kind::Var(n) => format!("Var({n})"),
        Kind::IsVarDefined(n) => format!("IsVarDefined({n})"),
        Kind::Env(n) => format!("Env({n})"),
        Kind::Local(slot) => format!("${slot}"),
        Kind::Response(part) => format!("Response.{part:?}"),
        Kind::Concat(parts) => format!("Concat({})", list(parts)),
        Kind::Format { value, conversion, spec } => format!("Format({}, {conversion:?}, {spec:?})", print(value)),
        Kind::List(parts) => format!("[{}]", list(parts)),
        Kind::Tuple(parts) => format!("Tuple({})", list(parts)),
        Kind::Dict(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|i| match i {
                    DictItem::Pair(k, v) => format!("{}: {}", print(k), print(v)),
                    DictItem::Spread(m) => format!("**{}", print(m)),
                })
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Kind::Index { base, key } => format!("{}[{}]", print(base), print(key)),
        Kind::Slice { base, start, stop, step } => {
            let part = |p: &Option<Box<Expression>>| p.as_ref().map(|p| print(p)).unwrap_or_default();
            format!("{}[{}:{}:{}]", print(base), part(start), part(stop), part(step))
        }
        Kind::Attribute { base, name } => format!("{}.{name}", print(base)),
        Kind::Method { base, method, arguments } => format!("{}.{method:?}({})", print(base), list(arguments)),
        Kind::Call { function, arguments } => format!("{function:?}({})", list(arguments)),
        Kind::Unary { operator, operand } => format!("{operator:?}({})", print(operand)),
        Kind::Binary { operator, left, right } => format!("{operator:?}({}, {})", print(left), print(right)),
        Kind::Compare { operator, left, right } => format!("{operator:?}({}, {})", print(left), print(right)),
        Kind::And(parts) => format!("And({})", list(parts)),
        Kind::Or(parts) => format!("Or({})", list(parts)),
        Kind::If { condition, then, otherwise } => format!("If({} ? {} : {})", print(condition), print(then), print(otherwise)),
        Kind::Let { slot, value, body } => format!("${slot} = {}; {}", print(value), print(body)),
        Kind::Comprehension { kind, key, element, clauses } => {
            let key = key.as_ref().map(|k| format!("{}: ", print(k))).unwrap_or_default();
            let clauses: Vec<String> = clauses
                .iter()
                .map(|c| {
                    let slots: Vec<String> = c.slots.iter().map(|s| format!("${s}")).collect();
                    let conditions: String = c.conditions.iter().map(|c| format!(" if {}", print(c))).collect();
                    format!("for {} in {}{conditions}", slots.join(", "), print(&c.iterable))
                })
                .collect();
            format!("{kind:?}({key}{} {})", print(element), clauses.join(" "))
        }
        Kind::QueryValue { source, sql, cast } => {
            format!("QueryValue({}, {}, {cast:?})", source.as_ref().map_or("default", |s| s.name.as_str()), print(sql))
        }
        Kind::Query { source, sql } => format!("Query({}, {})", source.as_ref().map_or("default", |s| s.name.as_str()), print(sql)),
        Kind::Jinja { code, typed } => format!("jinja{}<{}>", if *typed { " typed" } else { "" }, code.text),
        Kind::Python { code, form, inputs } => {
            let inputs: Vec<String> = inputs.iter().map(|(n, v)| format!("{n} = {}", print(v))).collect();
            format!("python {form:?}<{}>[{}]", code.text, inputs.join(", "))
        }
    }
}
