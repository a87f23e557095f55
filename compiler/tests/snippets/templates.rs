//! Jinja: what is native, what goes to minijinja, what is reported.

use crate::common::*;

/// Source, tree.
const NATIVE: &[(&str, &str)] = &[
    ("plain text", r#""plain text""#),
    ("{{ var('x') }}", "Var(x)"),
    ("{{ var(\"x\") }}\n", "Var(x)"),
    ("{{- var('x') -}}", "Var(x)"),
    (" {{ var('x') }}", r#"Concat(" ", Var(x))"#),
    ("{{ var('x') }}{{ var('y') }}", "Concat(Var(x), Var(y))"),
    ("{{ var('x') }}\n\n", "Concat(Var(x), \"\\n\")"),
    ("a {{- var('x') -}} b", r#"Concat("a", Var(x), "b")"#),
    ("a {# note #} b", r#""a  b""#),
    ("{{ '' }}", r#""""#),
    ("{{ 'a' }}{{ 'b' }}", r#""ab""#),
    (
        "https://{{ var('store_name') }}.myshopify.com/admin/api/{{ var('api_version') }}/customers.json",
        r#"Concat("https://", Var(store_name), ".myshopify.com/admin/api/", Var(api_version), "/customers.json")"#,
    ),
    ("{{ var('row').get('city', '__NULL__') }}", r#"Var(row).Get("city", "__NULL__")"#),
    ("{{ var('row').city }}", "Var(row).city"),
    ("id:{{ var('row')['id'] }}", r#"Concat("id:", Var(row).id)"#),
    ("{{ var('x')['a'][0] }}", "Var(x).a[0]"),
    ("{{ var('x').a.0 }}", "Var(x).a[0]"),
    ("{{ var('xs')[1:] }}", "Var(xs)[1::]"),
    ("{{ is_var_defined('cursor') }}", "IsVarDefined(cursor)"),
    ("{{ env('HOME') }}", "Env(HOME)"),
    ("{{ query_value('select 1') }}", r#"QueryValue(default, "select 1", None)"#),
    (
        "{{ query_value(\"select count(*) from inventory_to_update\", int) > 0 }}",
        r#"Greater(QueryValue(default, "select count(*) from inventory_to_update", Some(Int)), 0)"#,
    ),
    ("{{ query_value('stage', 'select max(d) from t', str) }}", r#"QueryValue(stage, "select max(d) from t", Some(Str))"#),
    ("{{ query('stage', 'select ' ~ var('c')) }}", r#"Query(stage, Concat("select ", Var(c)))"#),
    ("{{ var('page') + 1 }}", "Add(Var(page), 1)"),
    ("{{ -var('n') ** 2 }}", "Power(Negative(Var(n)), 2)"),
    ("{{ -3 }}", "-3"),
    ("{{ 99999999999999999999 }}", "Number(99999999999999999999)"),
    ("{{ var('a') == 'x' and not var('b') or var('c') in [1, 2] }}", r#"Or(And(Equal(Var(a), "x"), Not(Var(b))), In(Var(c), [1, 2]))"#),
    ("{{ var('a') not in ('x', 'y') }}", r#"Not(In(Var(a), Tuple("x", "y")))"#),
    ("{{ 1 < var('n') <= 10 }}", "And(Less(1, Var(n)), LessEqual(Var(n), 10))"),
    ("{{ 'a' if var('x') else 'b' }}", r#"If(Var(x) ? "a" : "b")"#),
    ("?{{ 'a' if var('x') }}", r#"Concat("?", If(Var(x) ? "a" : ""))"#),
    ("{{ {'a': var('x'), 'b': [true, none, 1.5]} }}", r#"{"a": Var(x), "b": [true, null, 1.5]}"#),
    ("{{ var('a') ~ '-' ~ var('b') }}", r#"Concat(Var(a), "-", Var(b))"#),
    ("{{ response.status_code == 200 }}", "Equal(Response.StatusCode, 200)"),
    ("{{ response.status_code() }}", "Response.StatusCode"),
    ("{{ response.headers['X-Next'] }}", "Response.Headers.X-Next"),
    ("{{ response.headers.get('x-next') }}", r#"Response.Headers.Get("x-next")"#),
    ("{{ response.json()['data'] | length > 0 }}", "jinja typed<{{ response.json()['data'] | length > 0 }}>"),
    ("{{ response.json() | length }}", "Len(Response.Json)"),
    ("{{ var('n') is none }}", "Is(Var(n), null)"),
    ("{{ var('n') is not none }}", "Not(Is(Var(n), null))"),
    ("{{ var('x') | upper }}", "Str(Var(x)).Upper()"),
    ("{{ 'a b' | trim | replace(' ', '%20') }}", r#""a b".Strip().Replace(" ", "%20")"#),
    ("{{ var('x').split(',')[0].strip() }}", r#"Var(x).Split(",")[0].Strip()"#),
    (
        "{% if var('a') %}x{{ var('b') }}{% elif var('c') %}y{% endif %}z",
        r#"Concat(If(Var(a) ? Concat("x", Var(b)) : If(Var(c) ? "y" : "")), "z")"#,
    ),
    ("{{ var('a').b == 5 }}", "Equal(Var(a).b, 5)"),
];

/// What minijinja has to do, for its meaning is Jinja's own: undefined values, loops, other filters, lazy views, keyword arguments.
const LEFT_TO_JINJA: &[&str] = &[
    "{% for x in var('xs') %}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% set a = var('x') %}{{ a }}",
    "{% macro m(a, b=1) %}{{ a }}{{ caller() }}{% endmacro %}{{ m(1) }}",
    "{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
    "{{ var('y') | default('z') }}",
    "{{ var('y') | int }}",
    "{{ var('y') | tojson }}",
    "{{ var('y') | join(',') }}",
    "{{ var('y').a | upper }}",
    "{{ var('y').a == none }}",
    "{{ var('y').a == '' }}",
    "{{ var('y').a + 1 }}",
    "{{ [var('y').a] }}",
    "{{ var('y')[var('k')] }}",
    "{{ var('y').items() }}",
    "{{ var('y').keys() | list }}",
    "{{ '%s' % var('y') }}",
    "{{ {1: 2} }}",
    "{{ 'a' if var('x') }}",
    "{{ var(name='x') }}",
    "{{ var('a' ~ 'b') }}",
    "{{ var('x').unknown_method() }}",
    "{{ var('x') is defined }}",
    "{% raw %}{{ x }}{% endraw %}{% for a in [] %}{% endfor %}",
];

/// Source, faults.
const FAULTS: &[(&str, &[&str])] = &[
    (
        "{{ customer.id }}",
        &[
            "J502 1:4 `customer`: `customer` is not a name that templates know [for the variable `customer` write `var('customer')`, then `.column` or `['column']`]",
        ],
    ),
    (
        "a\n  {{ vra('x') }}",
        &["J502 2:6 `vra`: `vra` is not a name that templates know [did you mean `var`, or the variable `var('vra')`?]"],
    ),
    (
        "{{ context.var('x') }}",
        &["J502 1:4 `context`: `context` is not a name that templates know [in a template write `var('…')` without `context.`]"],
    ),
    (
        "{{ loop.index }}",
        &[
            "J502 1:4 `loop`: `loop` is not a name that templates know [`loop` is there inside `{% for %}` only; for the number of a step's round, name a variable with `index_as`]",
        ],
    ),
    (
        "{{ var('x') | uper }} {{ var('y') is defned }}",
        &[
            "J503 1:15 `uper`: there is no filter `uper` in Jinja [did you mean `upper`?]",
            "J503 1:38 `defned`: there is no test `defned` in Jinja [did you mean `defined`?]",
        ],
    ),
    ("é {{ var('x') + }}", &["J501 1:17 `}}`: Jinja syntax: unexpected end of variable block [a value is missing before the end]"]),
    ("{{ 'a }}", &["J501 1:4 `'`: Jinja syntax: this string is never closed [close it with the same quote that opens it]"]),
    (
        "{{ var('x' }}",
        &["J501 1:12 `}`: Jinja syntax: unexpected `}`, expected `,` [a bracket is still open here: is there a `)` or `]` missing?]"],
    ),
    (
        "{% include 'x' %}",
        &[
            "J501 1:4 `include`: there is no `include` in the templates of a flow [each template stands alone: put shared text into a variable]",
        ],
    ),
    ("{% fro x in y %}", &["J501 1:4 `fro`: Jinja syntax: unknown statement fro"]),
];

#[test]
fn native_templates() {
    for (source, tree) in NATIVE {
        let (e, found) = text(source, ANYWHERE);
        assert_eq!(errors(&found), Vec::<String>::new(), "{source}");
        assert_eq!(&print(&e), tree, "{source}");
    }
}

#[test]
fn templates_for_minijinja() {
    for source in LEFT_TO_JINJA {
        let (e, found) = text(source, ANYWHERE);
        assert_eq!(errors(&found), Vec::<String>::new(), "{source}");
        let typed = if source.starts_with("{{") && source.ends_with("}}") { " typed" } else { "" };
        assert_eq!(print(&e), format!("jinja{typed}<{source}>"));
    }
}

#[test]
fn faults_stand_at_their_column() {
    for (source, expected) in FAULTS {
        assert_eq!(&faults(&text(source, ANYWHERE).1), expected, "{source}");
    }
}

#[test]
fn what_is_never_closed_is_shown_where_it_opens() {
    for (source, place) in [("a {{ var('x')", "1:3 `{{`"), ("{% if var('a') %} x", "1:1 `{%`"), ("{{ 1 }} {# note", "1:9 `{#`")] {
        let found = faults(&text(source, ANYWHERE).1);
        assert!(found.len() == 1 && found[0].starts_with(&format!("J501 {place}")), "{found:?}");
    }
}

#[test]
fn a_reply_is_known_only_where_there_is_one() {
    assert!(text("{{ response.status_code }}", ANYWHERE).1.is_empty());
    let found = faults(&text("{{ response.status_code }}", REQUEST).1);
    assert!(found[0].starts_with("J502 1:4 `response`: there is no `response` here"), "{found:?}");
}
