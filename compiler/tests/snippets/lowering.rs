//! Trees in the plan's arena.

use sequor_compiler::diagnostic::{SourceFile, Span};
use sequor_compiler::snippet::expression::{DictItem, Expression, Kind};
use sequor_compiler::snippet::{Names, lower};
use sequor_plan_format::expr::PythonForm;
use sequor_plan_format::{Expr, ExprId, Plan, PlanBuilder, SourceId, Value};

use crate::common::*;

struct Sources;

impl Names for Sources {
    fn source(&self, name: Option<&str>) -> Option<SourceId> {
        match name {
            None => Some(SourceId(0)),
            Some("stage") => Some(SourceId(1)),
            Some(_) => None,
        }
    }
}

fn lowered(e: &Expression) -> (Plan, ExprId) {
    let mut builder = PlanBuilder::new();
    let id = lower(e, &mut builder, &Sources);
    (builder.finish(), id)
}

fn python_plan(source: &str) -> (Plan, ExprId) {
    let (e, found) = python(source, ANYWHERE);
    assert_eq!(errors(&found), Vec::<String>::new());
    lowered(&e)
}

/// The root is the last expression, and each is smaller than its owner and owned once.
#[test]
fn children_come_first_and_have_one_owner() {
    let (plan, root) = python_plan(
        "def evaluate(c, r):\n d = r.json()\n return {'a': [x['i'] for x in d if x.get('k', 1)], 'b': c.var('v') or d[1:2], **d}",
    );
    assert_eq!(root.index() + 1, plan.exprs.len());
    let text = format!("{:?}", plan.exprs);
    for i in 0..plan.exprs.len() - 1 {
        let owners = text.matches(&format!("ExprId({i})")).count();
        assert_eq!(owners, 1, "expression {i} of {text}");
    }
}

#[test]
fn constants_are_folded() {
    let (plan, root) = python_plan("{'columns': [{'name': 'id', 'type': 'text'}, {'name': 'n'}], 'x': None, 'x': -1}");
    assert_eq!(plan.exprs.len(), 1);
    let Expr::Const(id) = plan.expr(root) else { panic!("{:?}", plan.exprs) };
    let Value::Map(entries) = plan.value(*id) else { panic!() };
    assert_eq!(entries.len(), 2);
    assert_eq!(plan.text(entries[1].0), "x");
    assert_eq!(plan.value(entries[1].1), &Value::Int(-1));
}

#[test]
fn neighbouring_texts_are_joined() {
    let (e, _) = text("a{{ 'b' }}{{ var('x') }}c{# d #}e", ANYWHERE);
    let (plan, root) = lowered(&e);
    let Expr::Concat(parts) = plan.expr(root) else { panic!() };
    assert_eq!(parts.len(), 3);
    assert!(plan.texts.iter().any(|t| t == "ab") && plan.texts.iter().any(|t| t == "ce"));
}

#[test]
fn sources_become_ids() {
    let (plan, _) = python_plan("query('stage', 'select 1') + [query_value('select 2')]");
    let sources: Vec<SourceId> = plan
        .exprs
        .iter()
        .filter_map(|e| match e {
            Expr::Query { source, .. } | Expr::QueryValue { source, .. } => Some(*source),
            _ => None,
        })
        .collect();
    assert_eq!(sources, [SourceId(1), SourceId(0)]);
}

#[test]
fn kept_python_says_what_it_needs() {
    let (plan, root) = python_plan("print(var('b'), var('a'), is_var_defined('c'), response.ok, query('stage', 'q'), '{{ var(\"d\") }}')");
    let Expr::Python { code, form, inputs } = plan.expr(root) else { panic!() };
    let variables: Vec<&str> = code.variables.iter().map(|v| plan.text(*v)).collect();
    assert_eq!(variables, ["a", "b", "c"]);
    assert_eq!((code.response, code.queries, code.computed_variables, *form), (true, true, false, PythonForm::Expression));
    assert_eq!(inputs.len(), 1);
    assert_eq!(plan.text(inputs[0].name), "__sequor_0");
    let span = plan.span(code.span);
    assert_eq!((plan.text(span.file), span.line, span.column), ("flow.yaml", 1, 1));
}

/// Depth is no stack: the YAML around snippets may nest as it likes.
#[test]
fn deep_trees_are_lowered_without_recursion() {
    let file = SourceFile::new("flow.yaml", "");
    let span = Span { file, start: 0, end: 0 };
    let mut e = Expression::new(span.clone(), Kind::Var("x".to_owned()));
    for _ in 0..2000 {
        let key = Expression::new(span.clone(), Kind::Text("k".to_owned()));
        e = Expression::new(span.clone(), Kind::Dict(vec![DictItem::Pair(key, e)]));
    }
    assert_eq!(e.depth(), 2001);
    assert_eq!(lowered(&e).1.index() + 1, lowered(&e).0.exprs.len());
}
