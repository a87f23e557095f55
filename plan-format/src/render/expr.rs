//! Expressions, written much like Python.

use std::collections::BTreeSet;

use crate::expr::{Clause, Comprehension, Conversion, DictItem, Input};
use crate::refs::Refs;
use crate::{Expr, ExprId, Plan, SourceId, TextId, Value};

use super::code::{Language, Snippets};
use super::names::{binary, compare, response_part, unary};
use super::text::{Out, escape, quote, visible};
use super::value::json;

/// `label = expression`, and below it whatever does not fit on a line.
pub(super) fn field(out: &mut Out<'_>, label: &str, id: ExprId) {
    let plan = out.plan;
    let path = path(plan, id);
    let mark = if path.is_empty() { String::new() } else { format!("{path} ") };
    if let Some(text) = long_text(plan, id) {
        let mark = mark.trim_end();
        let says = if mark.is_empty() { "text".to_owned() } else { format!("{mark} f-text") };
        out.line(&format!("{label} = {says}"));
        out.indented(|out| {
            out.quoted(&text.shown);
            text.snippets.write(out);
        });
        return;
    }
    let mut write = Writer { plan, snippets: Snippets::default() };
    let text = write.expr(id);
    // A field that is one snippet is marked by the snippet itself.
    let mark = if matches!(plan.expr(id), Expr::Jinja { .. } | Expr::Python { .. }) { "" } else { &mark };
    out.line(&format!("{label} = {mark}{text}"));
    out.indented(|out| write.snippets.write(out));
}

/// The expression on one line, without marks and control characters: of a snippet the first line of its source.
pub(super) fn inline(plan: &Plan, id: ExprId) -> String {
    match plan.expr(id) {
        Expr::Jinja { code, .. } | Expr::Python { code, .. } => {
            let text = plan.text(code.text).trim().replace('\t', " ");
            match text.split_once('\n') {
                Some((first, _)) => format!("{} …", visible(first.trim_end())),
                None => visible(&text),
            }
        }
        _ => Writer { plan, snippets: Snippets::default() }.expr(id),
    }
}

/// The text itself where the expression is a constant text that can stand without quotes, else the expression on one line.
pub(super) fn bare(plan: &Plan, id: ExprId) -> String {
    if let Expr::Const(value) = plan.expr(id)
        && let Value::Text(text) = plan.value(*value)
        && !plan.text(*text).is_empty()
        && !plan.text(*text).contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return visible(plan.text(*text));
    }
    inline(plan, id)
}

/// A text of several lines.
struct LongText<'a> {
    shown: String,
    snippets: Snippets<'a>,
}

/// The field's text where it has several lines: a constant, or the parts of a [`Expr::Concat`] as the inside of an f-string.
fn long_text(plan: &Plan, id: ExprId) -> Option<LongText<'_>> {
    let constant = |id: ExprId| match plan.expr(id) {
        Expr::Const(value) => match plan.value(*value) {
            Value::Text(text) => Some(plan.text(*text)),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::List(_) | Value::Map(_) => None,
        },
        _ => None,
    };
    if let Some(text) = constant(id) {
        return text.contains('\n').then(|| LongText { shown: text.to_owned(), snippets: Snippets::default() });
    }
    let Expr::Concat(parts) = plan.expr(id) else { return None };
    if !parts.iter().any(|&part| constant(part).is_some_and(|text| text.contains('\n'))) {
        return None;
    }
    let mut write = Writer { plan, snippets: Snippets::default() };
    let mut shown = String::new();
    for &part in parts {
        match constant(part) {
            Some(text) => shown.push_str(&text.replace('{', "{{").replace('}', "}}")),
            None => shown.push_str(&write.replacement(part)),
        }
    }
    Some(LongText { shown, snippets: write.snippets })
}

/// Which ways an expression is evaluated on, joined by `+`; nothing for a constant.
pub(super) fn path(plan: &Plan, id: ExprId) -> String {
    let mut found = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        let expr = plan.expr(id);
        match expr {
            Expr::Const(_) | Expr::Concat(_) | Expr::List(_) | Expr::Dict(_) => {}
            Expr::Jinja { .. } => {
                found.insert("jinja");
            }
            Expr::Python { .. } => {
                found.insert("python");
            }
            _ => {
                found.insert("native");
            }
        }
        open.extend(expr.child_exprs());
    }
    // Text, lists and maps built around constants and snippets are put together natively, but only what they hold is of interest.
    if found.is_empty() && !matches!(plan.expr(id), Expr::Const(_)) {
        found.insert("native");
    }
    let order = ["native", "jinja", "python"];
    order.into_iter().filter(|name| found.contains(name)).collect::<Vec<_>>().join("+")
}

struct Writer<'a> {
    plan: &'a Plan,
    snippets: Snippets<'a>,
}

/// Recursion is bounded by the depth of expressions.
impl Writer<'_> {
    fn expr(&mut self, id: ExprId) -> String {
        match self.plan.expr(id) {
            Expr::Const(value) => {
                let mut text = String::new();
                json(self.plan, *value, &mut text);
                text
            }
            Expr::Var(name) => format!("var({})", self.quoted(*name)),
            Expr::IsVarDefined(name) => format!("is_var_defined({})", self.quoted(*name)),
            Expr::Env(name) => format!("env({})", self.quoted(*name)),
            Expr::Local(slot) => local(*slot),
            Expr::Response(part) => format!("response.{}", response_part(*part)),
            Expr::Concat(parts) => {
                let mut text = "f\"".to_owned();
                for &part in parts {
                    text.push_str(&self.replacement(part));
                }
                text + "\""
            }
            Expr::Format { .. } => format!("f\"{}\"", self.replacement(id)),
            Expr::List(members) => format!("[{}]", self.all(members)),
            Expr::Tuple(members) if members.len() == 1 => format!("({},)", self.all(members)),
            Expr::Tuple(members) => format!("({})", self.all(members)),
            Expr::Dict(items) => {
                let items: Vec<String> = items.iter().map(|item| self.item(*item)).collect();
                format!("{{{}}}", items.join(", "))
            }
            Expr::Index { base, key } => format!("{}[{}]", self.operand(*base), self.expr(*key)),
            Expr::Slice { base, start, stop, step } => {
                let base = self.operand(*base);
                let mut bound = |part: &Option<ExprId>| part.map(|id| self.operand(id)).unwrap_or_default();
                let (start, stop) = (bound(start), bound(stop));
                let step = step.map(|id| format!(":{}", self.operand(id))).unwrap_or_default();
                format!("{base}[{start}:{stop}{step}]")
            }
            Expr::Attribute { base, name } => format!("attribute({}, {})", self.expr(*base), self.quoted(*name)),
            Expr::Method { base, method, arguments } => {
                format!("{}.{}({})", self.operand(*base), method.name(), self.all(arguments))
            }
            Expr::Call { function, arguments } => format!("{}({})", function.name(), self.all(arguments)),
            Expr::Unary { operator, operand } => format!("{}{}", unary(*operator), self.operand(*operand)),
            Expr::Binary { operator, left, right } => format!("{} {} {}", self.operand(*left), binary(*operator), self.operand(*right)),
            Expr::Compare { operator, left, right } => format!("{} {} {}", self.operand(*left), compare(*operator), self.operand(*right)),
            Expr::And(operands) => self.chain(operands, "and"),
            Expr::Or(operands) => self.chain(operands, "or"),
            Expr::If { condition, then, otherwise } => {
                format!("{} if {} else {}", self.operand(*then), self.operand(*condition), self.operand(*otherwise))
            }
            Expr::Let { slot, value, body } => format!("let {} = {} in {}", local(*slot), self.operand(*value), self.expr(*body)),
            Expr::Comprehension { kind, key, element, clauses } => self.comprehension(*kind, *key, *element, clauses),
            Expr::QueryValue { source, sql, cast } => {
                let cast = cast.map(|function| format!(", {}", function.name())).unwrap_or_default();
                format!("query_value({}, {}{cast})", self.source(*source), self.expr(*sql))
            }
            Expr::Query { source, sql } => format!("query({}, {})", self.source(*source), self.expr(*sql)),
            Expr::Jinja { code, typed } => self.snippets.mention(self.plan, Language::Jinja { typed: *typed }, code),
            Expr::Python { code, form, inputs } => {
                let text = self.snippets.mention(self.plan, Language::Python(*form), code);
                if inputs.is_empty() {
                    return text;
                }
                let inputs: Vec<String> = inputs.iter().map(|input| self.input(input)).collect();
                format!("{text} with ({})", inputs.join(", "))
            }
        }
    }

    /// In parentheses where the reader would otherwise need to know precedences.
    fn operand(&mut self, id: ExprId) -> String {
        let text = self.expr(id);
        match self.plan.expr(id) {
            Expr::Unary { .. }
            | Expr::Binary { .. }
            | Expr::Compare { .. }
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::If { .. }
            | Expr::Let { .. }
            | Expr::Jinja { .. }
            | Expr::Python { .. } => format!("({text})"),
            Expr::Const(_)
            | Expr::Var(_)
            | Expr::IsVarDefined(_)
            | Expr::Env(_)
            | Expr::Local(_)
            | Expr::Response(_)
            | Expr::Concat(_)
            | Expr::Format { .. }
            | Expr::List(_)
            | Expr::Tuple(_)
            | Expr::Dict(_)
            | Expr::Index { .. }
            | Expr::Slice { .. }
            | Expr::Attribute { .. }
            | Expr::Method { .. }
            | Expr::Call { .. }
            | Expr::Comprehension { .. }
            | Expr::QueryValue { .. }
            | Expr::Query { .. } => text,
        }
    }

    fn all(&mut self, ids: &[ExprId]) -> String {
        ids.iter().map(|&id| self.expr(id)).collect::<Vec<_>>().join(", ")
    }

    fn chain(&mut self, operands: &[ExprId], word: &str) -> String {
        let operands: Vec<String> = operands.iter().map(|&id| self.operand(id)).collect();
        operands.join(&format!(" {word} "))
    }

    /// A part of an f-string: constant text as itself, anything else in braces.
    fn replacement(&mut self, id: ExprId) -> String {
        let plan = self.plan;
        match plan.expr(id) {
            Expr::Const(value) => {
                if let Value::Text(text) = plan.value(*value) {
                    let mut inside = String::new();
                    escape(&plan.text(*text).replace('{', "{{").replace('}', "}}"), &mut inside);
                    return inside;
                }
            }
            Expr::Format { value, conversion, spec } => {
                let conversion = match conversion {
                    Conversion::None => "",
                    Conversion::Str => "!s",
                    Conversion::Repr => "!r",
                    Conversion::Ascii => "!a",
                };
                let mut colon_spec = String::new();
                if !plan.text(*spec).is_empty() {
                    colon_spec.push(':');
                    escape(plan.text(*spec), &mut colon_spec);
                }
                return format!("{{{}{conversion}{colon_spec}}}", self.operand(*value));
            }
            _ => {}
        }
        format!("{{{}}}", self.expr(id))
    }

    fn item(&mut self, item: DictItem) -> String {
        match item {
            DictItem::Pair(key, value) => format!("{}: {}", self.expr(key), self.expr(value)),
            DictItem::Spread(mapping) => format!("**{}", self.operand(mapping)),
        }
    }

    fn input(&mut self, input: &Input) -> String {
        format!("{} = {}", self.plan.text(input.name), self.expr(input.value))
    }

    fn comprehension(&mut self, kind: Comprehension, key: Option<ExprId>, element: ExprId, clauses: &[Clause]) -> String {
        let key = key.map(|key| format!("{}: ", self.expr(key))).unwrap_or_default();
        let mut text = format!("{key}{}", self.expr(element));
        for Clause { slots, iterable, conditions } in clauses {
            let names: Vec<String> = slots.iter().map(|&slot| local(slot)).collect();
            text.push_str(&format!(" for {} in {}", names.join(", "), self.operand(*iterable)));
            for &condition in conditions {
                text.push_str(&format!(" if {}", self.operand(condition)));
            }
        }
        match kind {
            Comprehension::List => format!("[{text}]"),
            Comprehension::Set | Comprehension::Dict => format!("{{{text}}}"),
        }
    }

    /// Names in single quotes: they often stand inside an f-string.
    fn quoted(&self, id: TextId) -> String {
        let text = self.plan.text(id);
        if text.contains(['\'', '\\']) || quote(text).contains('\\') { quote(text) } else { format!("'{text}'") }
    }

    fn source(&self, id: SourceId) -> String {
        self.quoted(self.plan.source(id).name)
    }
}

fn local(slot: u32) -> String {
    format!("_{slot}")
}
