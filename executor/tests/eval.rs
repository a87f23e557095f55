//! What native expressions and templates give, and how their errors read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod eval_support;

use eval_support::{Run, Snippets, row, value};
use sequor_executor::error::{ErrorKind, RunError};
use sequor_executor::eval::PythonLimits;
use sequor_executor::json;
use sequor_executor::value::Value;
use sequor_plan_format::expr::{Binary, Clause, Comprehension, Conversion, Function, Method, ResponsePart};
use sequor_plan_format::{Expr, ExprId, PlanBuilder, SourceId, Value as Constant};

fn native(run: &Run, build: impl FnOnce(&mut PlanBuilder) -> ExprId) -> Result<Value, RunError> {
    let mut snippets = Snippets::new();
    let id = build(&mut snippets.builder);
    snippets.evaluator(PythonLimits::default()).evaluate(id, run)
}

fn jinja(run: &Run, text: &str, typed: bool) -> Result<Value, RunError> {
    let mut snippets = Snippets::new();
    let id = snippets.jinja(text, typed);
    snippets.evaluator(PythonLimits::default()).evaluate(id, run)
}

fn message(result: Result<Value, RunError>) -> String {
    result.unwrap_err().message.clone()
}

fn var(b: &mut PlanBuilder, name: &str) -> ExprId {
    let name = b.text(name);
    b.expr(Expr::Var(name))
}

fn int(b: &mut PlanBuilder, number: i64) -> ExprId {
    b.constant(Constant::Int(number))
}

fn index(b: &mut PlanBuilder, base: ExprId, key: &str) -> ExprId {
    let key = b.text_constant(key);
    b.expr(Expr::Index { base, key })
}

fn binary(b: &mut PlanBuilder, operator: Binary, left: ExprId, right: ExprId) -> ExprId {
    b.expr(Expr::Binary { operator, left, right })
}

#[test]
fn variables_are_found_or_their_neighbours_named() {
    let run = Run::with(&[("store_hash", "\"abc\""), ("page", "null")]);
    assert_eq!(native(&run, |b| var(b, "store_hash")).unwrap(), Value::text("abc"));
    assert_eq!(native(&run, |b| var(b, "page")).unwrap(), Value::Null);
    let error = native(&run, |b| var(b, "store_hsh")).unwrap_err();
    assert_eq!(
        (error.kind.clone(), error.message.as_str()),
        (ErrorKind::Expression, "variable 'store_hsh' is not defined — did you mean 'store_hash'?")
    );
}

#[test]
fn text_prints_its_parts_as_python_does() {
    let run = Run::with(&[("a", "10.20"), ("b", "[true, null, \"x\", 12345678901234567890]")]);
    let text = native(&run, |b| {
        let parts = vec![b.text_constant("v="), var(b, "a"), b.text_constant(" "), var(b, "b")];
        b.expr(Expr::Concat(parts))
    });
    assert_eq!(text.unwrap(), Value::text("v=10.20 [True, None, 'x', 12345678901234567890]"));
}

#[test]
fn paths_into_the_reply() {
    let run = Run::default().replied(r#"{"data": [{"id": 1, "name": "A"}], "next": null}"#);
    let first_id = |b: &mut PlanBuilder| {
        let json = b.expr(Expr::Response(ResponsePart::Json));
        let (data, zero) = (index(b, json, "data"), int(b, 0));
        let first = b.expr(Expr::Index { base: data, key: zero });
        index(b, first, "id")
    };
    assert_eq!(native(&run, first_id).unwrap(), Value::Int(1));
    let missing = native(&run, |b| {
        let json = b.expr(Expr::Response(ResponsePart::Json));
        index(b, json, "items")
    });
    assert_eq!(message(missing), "KeyError: 'items' — the keys there are: data, next");
    let null = native(&run, |b| {
        let json = b.expr(Expr::Response(ResponsePart::Json));
        let next = index(b, json, "next");
        index(b, next, "url")
    });
    assert_eq!(message(null), "TypeError: 'NoneType' object is not subscriptable — the value is null");
    let header = native(&run, |b| {
        let headers = b.expr(Expr::Response(ResponsePart::Headers));
        let local = b.expr(Expr::Local(0));
        let body = index(b, local, "X-Next");
        b.expr(Expr::Let { slot: 0, value: headers, body })
    });
    assert_eq!(header.unwrap(), Value::text("2"));
    let error = native(&Run::default().replied("oops"), first_id).unwrap_err();
    assert_eq!(
        (error.kind.clone(), error.message.as_str()),
        (ErrorKind::Reply, "the reply is not JSON: expected value at line 1 column 1 (it starts with `oops`)")
    );
}

#[test]
fn rows_name_their_columns_and_default_their_nulls() {
    let mut run = Run::default();
    run.variables.insert("c".to_owned(), row(&[("id", "7"), ("City", "null")]));
    let get = |b: &mut PlanBuilder, column: &str| {
        let (base, column, default) = (var(b, "c"), b.text_constant(column), b.text_constant("-"));
        b.expr(Expr::Method { base, method: Method::Get, arguments: vec![column, default] })
    };
    assert_eq!(native(&run, |b| get(b, "city")).unwrap(), Value::text("-"));
    assert_eq!(message(native(&run, |b| get(b, "name"))), "KeyError: 'name' — the row's columns are: id, City");
}

#[test]
fn comprehensions_and_their_scopes() {
    let run = Run::with(&[("rows", r#"[{"id": 1, "tags": ["a", "b"]}, {"id": 2, "tags": []}, {"id": 3, "tags": ["a"]}]"#)]);
    let flat = native(&run, |b| {
        let rows = var(b, "rows");
        let (row, tag) = (b.expr(Expr::Local(0)), b.expr(Expr::Local(1)));
        let row_again = b.expr(Expr::Local(0));
        let tags = index(b, row, "tags");
        let id = index(b, row_again, "id");
        let element = b.expr(Expr::Tuple(vec![id, tag]));
        let clauses = vec![
            Clause { slots: vec![0], iterable: rows, conditions: vec![] },
            Clause { slots: vec![1], iterable: tags, conditions: vec![] },
        ];
        b.expr(Expr::Comprehension { kind: Comprehension::List, key: None, element, clauses })
    });
    assert_eq!(flat.unwrap().to_text(), "[(1, 'a'), (1, 'b'), (3, 'a')]");
}

#[test]
fn limits_hold_before_memory_is_taken() {
    let run = Run::default();
    let huge = native(&run, |b| {
        let (text, count) = (b.text_constant("a"), int(b, 10_000_000_000));
        binary(b, Binary::Multiply, text, count)
    });
    assert_eq!(huge.unwrap_err().kind, ErrorKind::Limit);
    let tower = native(&run, |b| {
        let (a, c) = (int(b, 9), int(b, 387_420_489));
        binary(b, Binary::Power, a, c)
    });
    assert_eq!(tower.unwrap_err().kind, ErrorKind::Limit);
    let endless = native(&run, |b| {
        let count = int(b, 1 << 40);
        b.expr(Expr::Call { function: Function::Range, arguments: vec![count] })
    });
    assert_eq!(endless.unwrap_err().kind, ErrorKind::Limit);
    let fuel = native(&run, |b| {
        let mut clauses = Vec::new();
        for slot in 0..3 {
            let count = int(b, 1000);
            clauses.push(Clause {
                slots: vec![slot],
                iterable: b.expr(Expr::Call { function: Function::Range, arguments: vec![count] }),
                conditions: vec![],
            });
        }
        let never = b.constant(Constant::Bool(false));
        clauses[2].conditions.push(never);
        let element = int(b, 1);
        b.expr(Expr::Comprehension { kind: Comprehension::List, key: None, element, clauses })
    });
    assert!(message(fuel).contains("50 million steps"));
}

#[test]
fn long_chains_and_deep_trees() {
    let run = Run::default();
    let chain = native(&run, |b| {
        (0..5000).fold(int(b, 0), |left, _| {
            let one = int(b, 1);
            binary(b, Binary::Add, left, one)
        })
    });
    assert_eq!(chain.unwrap(), Value::Int(5000));
    let deep = native(&run, |b| (0..5000).fold(int(b, 0), |inner, _| b.expr(Expr::List(vec![inner]))));
    assert_eq!(deep.unwrap_err().kind, ErrorKind::Limit);
    // A loop that wraps its variable again and again builds no value that cannot be dropped.
    let mut run = Run::with(&[("x", "1")]);
    let stopped = (0..10_000).find(|_| match native_wrap(&run) {
        Ok(value) => {
            run.variables.insert("x".to_owned(), value);
            false
        }
        Err(error) => error.kind == ErrorKind::Limit,
    });
    assert_eq!(stopped, Some(201));
}

fn native_wrap(run: &Run) -> Result<Value, RunError> {
    native(run, |b| {
        let x = var(b, "x");
        b.expr(Expr::List(vec![x]))
    })
}

#[test]
fn query_values_and_casts() {
    let mut run = Run::default();
    run.queries.insert("select count(*) from t".to_owned(), r#"[{"count": "42"}]"#.to_owned());
    run.queries.insert("none".to_owned(), "[]".to_owned());
    let query = |b: &mut PlanBuilder, sql: &str| {
        let sql = b.text_constant(sql);
        b.expr(Expr::QueryValue { source: SourceId(0), sql, cast: Some(Function::Int) })
    };
    assert_eq!(native(&run, |b| query(b, "select count(*) from t")).unwrap(), Value::Int(42));
    assert_eq!(native(&run, |b| query(b, "none")).unwrap(), Value::Null);
}

#[test]
fn only_what_can_wait_says_so() {
    let mut snippets = Snippets::new();
    let plain = var(&mut snippets.builder, "x");
    let sql = snippets.builder.text_constant("select 1");
    let query = snippets.builder.expr(Expr::Query { source: SourceId(0), sql });
    let list = snippets.builder.expr(Expr::List(vec![query]));
    let evaluator = snippets.evaluator(PythonLimits::default());
    assert_eq!([plain, query, list].map(|id| evaluator.may_wait(id)), [false, true, true]);
}

#[test]
fn templates_print_as_jinja2_does() {
    let mut run = Run::with(&[
        ("n", "10.20"),
        ("big", "12345678901234567890"),
        ("l", "[1, \"it's\", null, 1e16, {\"a\": true}]"),
        ("x", "null"),
        ("s", "\"Hi There\""),
    ])
    .replied(r#"{"items": [{"id": 1}], "next": 2}"#);
    run.environment.insert("HOME_URL".to_owned(), value("\"https://h\""));
    run.variables.insert("row".to_owned(), row(&[("id", "7"), ("city", "null")]));
    run.queries.insert("select 1".to_owned(), r#"[{"a": "42"}]"#.to_owned());
    for (template, expected) in [
        ("a{{ var('n') }}b{{ var('big') }}", "a10.20b12345678901234567890"),
        ("{{ var('l') }}", "[1, \"it's\", None, 1e16, {'a': True}]"),
        ("{{ var('x') }}|{{ missing }}|{{ true }}|{{ 1.0 }}|{{ 7 // 2 }}|{{ 7 / 2 }}", "None||True|1.0|3|3.5"),
        ("{% for i in var('l')[:2] %}{{ loop.index }}:{{ i }};{% endfor %}\n", "1:1;2:it's;"),
        (
            "{{ var('row').id }} {{ var('row')['id'] }} {{ var('row').get('city', '__NULL__') }} {{ var('row').keys() | length }}",
            "7 7 __NULL__ 2",
        ),
        ("{{ query_value('select 1', int) + 1 }} {{ query_value('stage', 'select 1') }} {{ query('select 1')[0].a }}", "43 42 42"),
        ("{{ env('HOME_URL') }}/{{ is_var_defined('nothing') }}/{{ is_var_defined('n') }}", "https://h/False/True"),
        (
            "{{ response.status_code }} {{ response.json()['items'][0].id }} {{ response.headers['X-Next'] }} {{ response.headers.get('x-none', 0) }}",
            "201 1 2 0",
        ),
        (
            "{{ var('s').upper() }} {{ var('s') | lower | replace(' ', '_') }} {{ 'a,b'.split(',') }} {{ var('s')[:2] }}",
            "HI THERE hi_there ['a', 'b'] Hi",
        ),
        (
            "{{ {'b': [1, 'é<'], 'a': none} | tojson }} {{ 'a b/ü' | urlencode }} {{ 'x' | int }} {{ '12.7' | int }} {{ 'y' | center(4) }}|",
            "{\"a\": null, \"b\": [1, \"\\u00e9\\u003c\"]} a%20b/%C3%BC 0 12  y  |",
        ),
        ("{{ var('x') | default('d') }} {{ var('x') | default('d', true) }} {{ nope | default('e') }}", "None d e"),
        ("{{ [1, 2, 3] | sum }} {{ [3, 1] | sort | join('-') }} {{ 'ab' ~ 1 ~ none }} {{ 3.14159 | round(2) }}", "6 1-3 ab1None 3.14"),
    ] {
        match jinja(&run, template, false) {
            Ok(value) => assert_eq!(value.to_text(), expected, "{template}"),
            Err(error) => panic!("{template}: {}", error.message),
        }
    }
}

#[test]
fn exact_decimals_keep_their_digits_in_text() {
    let run = Run::with(&[
        ("n", "12.50"),
        ("big", "99999999999999999.99"),
        ("rows", r#"[{"v": 0.10}, {"v": 1.5}, {"v": 99999999999999999.99}]"#),
    ]);
    for (template, expected) in [
        (
            "{{ var('n') }} {{ var('big') }} {{ var('rows') }}",
            "12.50 99999999999999999.99 [{'v': 0.10}, {'v': 1.5}, {'v': 99999999999999999.99}]",
        ),
        ("{% for r in var('rows') %}({{ r.v }}){% endfor %}", "(0.10)(1.5)(99999999999999999.99)"),
        (
            "{{ var('rows') | map(attribute='v') | join(', ') }} {{ var('rows') | join('-', attribute='v') }}",
            "0.10, 1.5, 99999999999999999.99 0.10-1.5-99999999999999999.99",
        ),
        ("{{ [1, none, 'a', true] | join }} {{ 'abc' | join('.') }}", "1NoneaTrue a.b.c"),
        ("{{ var('n') + 1 }} {{ var('n') > 12 }} {{ var('n') | string }} {{ var('n') | tojson }}", "13.5 True 12.50 12.50"),
        ("{{ 2.675 | round(2) }} {{ 25 | round(-1) }} {{ 1.21 | round(1, 'ceil') }} {{ 2.5 | round }}", "2.67 20 1.3 2.0"),
    ] {
        assert_eq!(jinja(&run, template, false).map_err(|e| e.message.clone()), Ok(Value::text(expected)), "{template}");
    }
    assert_eq!(json::to_text(&jinja(&run, "{{ var('rows')[0].v }}", true).unwrap()).unwrap(), "0.10");
    for (spec, expected) in [
        ("", "99999999999999999.99"),
        (".2f", "99999999999999999.99"),
        (",.1f", "100,000,000,000,000,000.0"),
        (">22", "  99999999999999999.99"),
    ] {
        let text = native(&run, |b| {
            let (value, spec) = (var(b, "big"), b.text(spec));
            b.expr(Expr::Format { value, conversion: Conversion::None, spec })
        });
        assert_eq!(text.unwrap(), Value::text(expected), "{spec}");
    }
}

#[test]
fn filters_and_methods_give_what_jinja2_gives() {
    let run = Run::with(&[("e", "\"\""), ("m", r#"{"b": [1, {}], "a": "x"}"#)]);
    for (template, expected) in [
        ("{{ var('e') | default('y', boolean=True) }}{{ nope | d(default_value='z') }}{{ var('e') | default('y') }}|", "yz|"),
        ("{{ var('m') | tojson(indent=2) }}", "{\n  \"a\": \"x\",\n  \"b\": [\n    1,\n    {}\n  ]\n}"),
        ("{{ 'aaa' | replace('a', 'b', 2) }} {{ 12 | replace(1, 'x') }}", "bba x2"),
        ("{{ '{} {1} {x!r:>4} {:.1f} {{}}'.format(1, 2, x='q') }}", "1 2  'q' 2.0 {}"),
        ("[{{ 'a'.ljust(3) }}{{ 'a'.rjust(3, '*') }}{{ 'ab'.center(5, '-') }}]", "[a  **a--ab-]"),
        (
            "{{ 'k=v=w'.partition('=') }} {{ 'k=v=w'.rpartition('=') }} {{ 'abab'.rfind('b') }} {{ 'abab'.rfind('x') }}",
            "('k', '=', 'v=w') ('k=v', '=', 'w') 3 -1",
        ),
        (
            "{{ 'prefix-x.csv'.removeprefix('prefix-').removesuffix('.csv') }} {{ 'aB'.swapcase() }} {{ 'ab'.islower() }} {{ 'A1'.isupper() }}",
            "x Ab True True",
        ),
        ("{{ 'a\nb\n\nc\n' | indent(2) }}|", "a\n  b\n\n  c\n|"),
        ("{{ '<a href=\"/x\">it\\'s & co' | e }}", "&lt;a href=&#34;/x&#34;&gt;it&#39;s &amp; co"),
    ] {
        assert_eq!(jinja(&run, template, false).map_err(|e| e.message.clone()), Ok(Value::text(expected)), "{template}");
    }
}

fn attributes(run: &Run, variable: &str, names: &[&str]) -> Result<Value, RunError> {
    native(run, |b| {
        let root = var(b, variable);
        names.iter().fold(root, |base, name| {
            let name = b.text(name);
            b.expr(Expr::Attribute { base, name })
        })
    })
}

#[test]
fn what_is_missing_is_undefined_and_has_nothing_in_it() {
    let run = Run::with(&[("d", r#"{"a": {"b": 1}}"#), ("nul", "null")]);
    for (variable, names, expected) in [
        ("d", ["a", "b"].as_slice(), Ok("1")),
        ("d", &["x"], Ok("")),
        ("d", &["a", "x"], Ok("")),
        ("nul", &["x"], Ok("")),
        ("d", &["x", "y"], Err("'x' is undefined")),
        ("d", &["a", "x", "y"], Err("'a.x' is undefined")),
        ("nul", &["x", "y"], Err("'x' is undefined")),
    ] {
        let template = format!("{{{{ var('{variable}').{} }}}}", names.join("."));
        for result in [attributes(&run, variable, names), jinja(&run, &template, false)] {
            match (result, expected) {
                (Ok(value), Ok(text)) => assert_eq!(value.to_text(), text, "{template}"),
                (Err(error), Err(part)) => assert!(error.message.contains("undefined"), "{template}: {} for {part}", error.message),
                (other, _) => panic!("{template}: {other:?}"),
            }
        }
        if let Err(part) = expected {
            assert!(message(attributes(&run, variable, names)).contains(part));
        }
    }
}

#[test]
fn the_reply_names_its_parts() {
    let run = Run::default().replied("{}");
    assert_eq!(jinja(&run, "{{ response.ok }}", true).unwrap(), Value::Bool(true));
    for template in ["{{ response.status }}", "{{ response.status > 400 }}", "{{ response.status() }}"] {
        let message = message(jinja(&run, template, false));
        assert!(message.contains("response has no 'status': it has status_code, ok, headers"), "{template}: {message}");
    }
}

#[test]
fn typed_templates_keep_their_value() {
    let run = Run::with(&[("l", "[1, 2.5]"), ("n", "null"), ("m", r#"{"a": {"b": 10.20}}"#)]);
    let typed = |text: &str| json::to_text(&jinja(&run, text, true).unwrap()).unwrap();
    assert_eq!(typed("{{ var('l') }}"), "[1,2.5]");
    assert_eq!(typed("{{ var('n') }}"), "null");
    assert_eq!(typed("{{ var('m').a }}"), r#"{"b":10.20}"#);
    assert_eq!(typed("{{ var('l') | length > 1 }}"), "true");
    assert_eq!(typed("{{ {'x': var('l')[0] + 1} }}"), r#"{"x":2}"#);
    assert_eq!(typed("{{ missing }}"), r#""""#);
}

#[test]
fn template_errors_name_their_line() {
    let mut run = Run::with(&[("page_size", "1")]);
    run.variables.insert("row".to_owned(), row(&[("id", "7")]));
    let error = jinja(&run, "a\n{{ var('page_sise') }}", false).unwrap_err();
    assert_eq!(error.message, "variable 'page_sise' is not defined — did you mean 'page_size'?");
    assert_eq!(error.place.as_ref().unwrap().span.line, 11);
    assert!(message(jinja(&run, "{{ var('row').name }}", false)).contains("the row's columns are: id"));
    assert!(message(jinja(&run, "{{ missing.x }}", false)).contains("undefined"));
    assert!(message(jinja(&run, "{{ query('nothing') }}", false)).contains("no such table: nothing"));
    let endless = "{% for a in range(10000) %}{% for b in range(10000) %}{{ b }}{% endfor %}{% endfor %}";
    assert_eq!(jinja(&run, endless, false).unwrap_err().kind, ErrorKind::Limit);
}
