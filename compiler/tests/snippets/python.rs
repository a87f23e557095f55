//! Python: what is native and what stays Python.

use crate::common::*;

/// Source, tree.
const NATIVE: &[(&str, &str)] = &[
    ("response.json()['data']", r#"Response.Json["data"]"#),
    ("response.json().get('next_page')", r#"Response.Json.Get("next_page")"#),
    ("response.status_code() == 200", "Equal(Response.StatusCode, 200)"),
    ("response.headers['Link']", r#"Response.Headers["Link"]"#),
    ("'rel=\"next\"' in response.headers.get('Link', '')", r#"In("rel=\"next\"", Response.Headers.Get("Link", ""))"#),
    ("'Link' in response.headers", r#"In("Link", Response.Headers)"#),
    ("var('x')", "Var(x)"),
    ("context.var(\"x\")[-1]", "Var(x)[-1]"),
    ("is_var_defined('x') and context.is_var_defined('y')", "And(IsVarDefined(x), IsVarDefined(y))"),
    ("\n  var('x')\n", "Var(x)"),
    ("var('a')\n  + var('b')  # both\n", "Add(Var(a), Var(b))"),
    ("1 + 2.5 - 10 ** 3", "Subtract(Add(1, 2.5), Power(10, 3))"),
    ("-9223372036854775808", "Negative(Number(9223372036854775808))"),
    ("'a' 'b' + f'c{var(\"x\")}'", r#"Concat("abc", Var(x))"#),
    ("f'{var(\"x\")}'", "Concat(Var(x))"),
    ("f'{var(\"x\"):.2f} {var(\"y\")!r} {{z}}'", r#"Concat(Format(Var(x), None, ".2f"), " ", Format(Var(y), Repr, ""), " {z}")"#),
    ("[1, 'a', None, True, (2, 3)]", r#"[1, "a", null, true, Tuple(2, 3)]"#),
    ("{'a': 1, **var('x'), str(var('y')): 2}", r#"{"a": 1, **Var(x), Str(Var(y)): 2}"#),
    ("dict(a=1, b=var('x'))", r#"{"a": 1, "b": Var(x)}"#),
    ("var('xs')[1:-1:2]", "Var(xs)[1:-1:2]"),
    ("1 < var('n') <= 3", "And(Less(1, Var(n)), LessEqual(Var(n), 3))"),
    ("var('x') is not None", "IsNot(Var(x), null)"),
    ("var('x') in {'a', 'b'}", r#"In(Var(x), Tuple("a", "b"))"#),
    ("'a' if var('x') else None", r#"If(Var(x) ? "a" : null)"#),
    (
        "[c['id'] for c in var('xs') if c.get('on') and c['n'] > 1]",
        r#"List($0["id"] for $0 in Var(xs) if And($0.Get("on"), Greater($0["n"], 1)))"#,
    ),
    (
        "[{**a, 'customer_id': c['id']} for c in response.json()['customers'] for a in c['addresses']]",
        r#"List({**$1, "customer_id": $0["id"]} for $0 in Response.Json["customers"] for $1 in $0["addresses"])"#,
    ),
    ("{k: v for k, v in var('d').items() if v is not None}", "Dict($0: $1 for $0, $1 in Var(d).Items() if IsNot($1, null))"),
    ("any(t == 'x' for t in var('tags'))", r#"Any(List(Equal($0, "x") for $0 in Var(tags)))"#),
    ("','.join(str(i['id']) for i in var('items'))", r#"",".Join(List(Str($0["id"]) for $0 in Var(items)))"#),
    ("len(set(r['a'] for r in var('xs')))", r#"Len(Set($1 for $1 in List($0["a"] for $0 in Var(xs))))"#),
    ("[(i, x) for i, x in enumerate(var('xs'), 1)]", "List(Tuple($0, $1) for $0, $1 in Enumerate(Var(xs), 1))"),
    ("dict(var('row').to_dict())", "Dict(Var(row).ToDict())"),
    ("var('s').strip().lower().replace('a', 'b').split(',')[0]", r#"Var(s).Strip().Lower().Replace("a", "b").Split(",")[0]"#),
    ("context.query_value('select max(id) from t', int)", r#"QueryValue(default, "select max(id) from t", Some(Int))"#),
    ("query_scalar('stage', f'select {var(\"c\")}')", r#"QueryValue(stage, Concat("select ", Var(c)), None)"#),
    ("context.sources.query('stage', 'select 1')", r#"Query(stage, "select 1")"#),
    ("\"Bearer {{ var('token') }}\"", r#"Concat("Bearer ", Var(token))"#),
    ("{'q': '{{ var(\"q\") }}'}", r#"{"q": Str(Var(q))}"#),
    // Bodies and functions.
    ("data = response.json()\nreturn data['items']", r#"$0 = Response.Json; $0["items"]"#),
    ("x = 1\nx = x + var('n')\nreturn x", "$0 = 1; $1 = Add($0, Var(n)); $1"),
    ("if not var('x'):\n    return None\nreturn var('x')['id']", r#"If(Not(Var(x)) ? null : Var(x)["id"])"#),
    (
        "if var('a'):\n    return 1\nelif var('b'):\n    return 2\nelse:\n    y = 3\nreturn y",
        "If(Var(a) ? 1 : If(Var(b) ? 2 : $0 = 3; $0))",
    ),
    ("n = None\nif var('a'):\n    n = 1\nreturn n", "$0 = null; $1 = If(Var(a) ? 1 : $0); $1"),
    ("if var('a'):\n    n = 1\nelse:\n    n = 2\nreturn n", "$0 = If(Var(a) ? 1 : 2); $0"),
    (
        "def evaluate(context):\n    return [{'first_name': context.var('customer').get('first_name')}]",
        r#"[{"first_name": Var(customer).Get("first_name")}]"#,
    ),
    (
        "def evaluate(ctx, reply):\n  '''Doc.'''\n  h = reply.headers\n  return {'while': h.get('next'), 'variables': {'n': ctx.var('n')}}",
        r#"{"while": Response.Headers.Get("next"), "variables": {"n": Var(n)}}"#,
    ),
    ("import json\ndef evaluate(context, response, limit=10):\n  return len(response.json()) == limit", "Equal(Len(Response.Json), 10)"),
];

/// What only Python does as Python does it.
const LEFT_TO_PYTHON: &[&str] = &[
    "var('row').isalnum()",
    "{r['id']: r for r in var('xs')}",
    "{1: 2}",
    "{'a', 'b'}",
    "var('d').items()",
    "range(3)",
    "list(set(var('xs')))",
    "var('xs').append(1)",
    "sorted(var('xs'), key=lambda x: x['id'])",
    "max(var('xs'), default=0)",
    "'%s' % var('x')",
    "'{}'.format(var('x'))",
    "b'x'",
    "1j",
    "1e999",
    "...",
    "(x for x in var('xs'))",
    "(y := var('x')) and y",
    "[*var('xs'), 1]",
    "isinstance(var('x'), dict)",
    "f'{var(\"x\"):{var(\"w\")}}'",
    "f'{var(\"x\")=}'",
    "var('x') is var('y')",
    "response.ok",
    "response.json",
    "response",
    "context",
    "[str]",
    "print(var('x'))",
    "var('x' + 'y')",
    "[len for len in var('xs')]and len(var('xs'))",
    "'a'.join([]) if 1 < len(var('x')) < 5 else ''",
    "x = response.json()\nx['a'] = 1\nreturn x",
    "x = []\nfor r in var('rows'):\n    x.append(r)\nreturn x",
    "x = 0\nx += 1\nreturn x",
    "a, b = var('x')\nreturn a",
    "a = b = var('x')\nreturn a",
    "try:\n    return var('x')\nexcept Exception:\n    return None",
    "import json\nreturn json.loads(var('x'))",
    "def f(x):\n    return x\nreturn f(1)",
    "def len(x):\n    return 3\nreturn len(var('x'))",
    "if var('a'):\n    x = 1\n    y = 2\nreturn 1",
    "def evaluate(context, *rest):\n    return 1",
    "def evaluate(context):\n    yield 1\n    return 2",
    "with var('x') as y:\n    return y",
];

#[test]
fn native_python() {
    for (source, tree) in NATIVE {
        let (e, found) = python(source, ANYWHERE);
        assert_eq!(errors(&found), Vec::<String>::new(), "{source}");
        assert_eq!(&print(&e), tree, "{source}");
    }
}

#[test]
fn python_that_stays_python() {
    for source in LEFT_TO_PYTHON {
        let (e, found) = python(source, ANYWHERE);
        assert_eq!(errors(&found), Vec::<String>::new(), "{source}");
        let form = if source.starts_with("def evaluate") {
            "Evaluate"
        } else if source.contains("return") {
            "Body"
        } else {
            "Expression"
        };
        assert_eq!(print(&e), format!("python {form}<{source}>[]"));
    }
}

/// Values of templates in strings come in by names, never as source.
#[test]
fn templates_in_strings_become_inputs() {
    let cases = [
        (
            "x = []\nx.append(\"Bearer {{ var('token') }}\")\nreturn x",
            "python Body<x = []\nx.append((__sequor_0))\nreturn x>[__sequor_0 = Concat(\"Bearer \", Var(token))]",
        ),
        // The same quotes inside and outside are no valid Python, but were valid in a template.
        (
            "print(\"{{ var(\"a\") }} it's\\t{{ var(\"b\") }}\")",
            "python Expression<print((__sequor_0))>[__sequor_0 = Concat(Var(a), \" it's\\t\", Var(b))]",
        ),
        ("print('''a\n{{ var('b') }}\n''')", "python Expression<print((__sequor_0\n\n))>[__sequor_0 = Concat(\"a\\n\", Var(b), \"\\n\")]"),
        (
            "print('{{ var(\"a\") | default(1) }}')",
            "python Expression<print((__sequor_0))>[__sequor_0 = jinja<{{ var(\"a\") | default(1) }}>]",
        ),
        // Braces that are no templates stay.
        ("'{{}}'.format(1) + '{{\"a\": {0}}}'", "python Expression<'{{}}'.format(1) + '{{\"a\": {0}}}'>[]"),
    ];
    for (source, expected) in cases {
        let (e, found) = python(source, REQUEST);
        assert_eq!(errors(&found), Vec::<String>::new(), "{source}");
        assert_eq!(print(&e), expected, "{source}");
    }
}

#[test]
fn slash_comments_are_mended() {
    let source = "def evaluate(context, response):\n  // don't ask\n  url = 7 // 2\n  return url\n";
    assert_eq!(faults(&python(source, ANYWHERE).1).len(), 1, "a `//` behind code is a division");
    let source = "def evaluate(context, response):\n  // don't ask\n  url = '''\n// text\n'''\n  url.strip()\n  return url\n";
    let (e, found) = python(source, ANYWHERE);
    assert_eq!(faults(&found), ["P603 (warning) 2:3 `//`: `//` does not start a comment in Python; read as `#` [write `#`]"]);
    assert_eq!(print(&e), format!("python Evaluate<{}>[]", source.replacen("// don't", "#  don't", 1)));
    let fix = found[0].fix.as_ref().unwrap();
    assert_eq!(fix.edits[0].1, "#");
    assert_eq!((fix.edits[0].0.start, fix.edits[0].0.end), (35, 37));
}
