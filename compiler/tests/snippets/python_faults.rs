//! Python: what is reported, and where.

use crate::common::*;

/// Source, faults. There is no reply here.
const FAULTS: &[(&str, &[&str])] = &[
    ("foo(1, [2, 3", &["P601 1:8 `[`: Python syntax: `[` is never closed"]),
    (
        "x = 'abc\nreturn x",
        &["P601 1:5 `'abc`: Python syntax: missing closing quote in string literal [close the text with the quote that opens it]"],
    ),
    (
        "\"{{ var(iogr'e:\u{1}\u{1}) }}\"",
        &["P601 1:16 `\u{1}`: there is a control character (U+0001) in the code [take it out, or write it as `\\x01` in a string]"],
    ),
    ("", &["P601 1:1 ``: this snippet is empty [write an expression, or leave the key out]"]),
    ("if var('x')\n    return 1", &["P601 1:12 ``: Python syntax: expected `:`, found newline [end this line with `:`]"]),
    ("break\nreturn 1", &["P601 1:1 `break`: Python does not compile: 'break' outside loop"]),
    ("[1, 2", &["P601 1:1 `[`: Python syntax: `[` is never closed"]),
    (
        "requets.get(1)",
        &["P604 1:1 `requets`: `requets` is not defined [for the variable `requets` write `var('requets')`; text needs quotes]"],
    ),
    (
        "{'a': null, 'b': true}",
        &[
            "P604 1:7 `null`: `null` is not defined [Python writes it `None`]",
            "P604 1:18 `true`: `true` is not defined [Python writes it `True`]",
        ],
    ),
    (
        "customer = var('c')\nreturn custmer['id']",
        &["P604 2:8 `custmer`: `custmer` is not defined [did you mean `customer`, or the variable `var('custmer')`?]"],
    ),
    ("json.dumps(1)", &["P604 1:1 `json`: `json` is not defined [add `import json`]"]),
    ("quote(var('x'))", &["P604 1:1 `quote`: `quote` is not defined [add `from urllib.parse import quote`]"]),
    (
        "[a for a in [1]] + a",
        &[
            "P604 1:20 `a`: `a` is not defined [it is set elsewhere in the snippet, in a function or comprehension that this line cannot see into]",
        ],
    ),
    (
        "def f():\n    inner = 1\n    return inner\nreturn inner",
        &[
            "P604 4:8 `inner`: `inner` is not defined [it is set elsewhere in the snippet, in a function or comprehension that this line cannot see into]",
        ],
    ),
    ("x = 1\nx + 1", &["P605 2:1 `x + 1`: this snippet never returns a value [write `return` before the last expression]"]),
    ("def evaluate(context):\n  x = 1", &["P605 1:5 `evaluate`: `evaluate` never returns a value [end it with `return` and the value]"]),
    ("def evaluate(context):\n  return", &["P605 1:5 `evaluate`: `evaluate` never returns a value [end it with `return` and the value]"]),
    (
        "def build(context):\n  return 1",
        &[
            "P605 1:5 `build`: there is neither a `return` nor a function `evaluate`; `build` is never called [name it `evaluate`, or end the snippet with a `return` outside of the functions]",
        ],
    ),
    (
        "def evaluate(a, b, c):\n  return 1",
        &[
            "P605 1:5 `evaluate`: `evaluate` cannot be called with these parameters [write `def evaluate(context):`, or `def evaluate(context, response):` where there is a reply]",
            "P609 1:17 `b`: there is no `response` here [a reply exists in the keys of `response:` only; put what you need from it into a variable there]",
        ],
    ),
    (
        "response.json()",
        &[
            "P609 1:1 `response`: there is no `response` here [a reply exists in the keys of `response:` only; put what you need from it into a variable there]",
        ],
    ),
    (
        "import requests\nreturn requests.get('x')",
        &["P616 1:8 `requests`: snippets cannot import `requests` [send requests by `http_request` steps]"],
    ),
    (
        "from urllib import parse, request\nreturn 1",
        &[
            "P616 1:6 `urllib`: snippets cannot import `urllib.request` [snippets have no files, processes and network; the steps of the flow do that]",
        ],
    ),
    ("import jsn\nreturn 1", &["P610 1:8 `jsn`: there is no module `jsn` in snippets [did you mean `json`?]"]),
    ("open('x').read()", &["P616 1:1 `open`: snippets cannot open files [read and write data by the steps of the flow]"]),
    (
        "x = {{ var('x') }}\nreturn x",
        &[
            "J505 1:5 `{{ var('x') }}`: a template cannot stand in Python code [in Python write `var('…')` without braces; templates are for strings and for keys without `_expression`]",
        ],
    ),
    (
        "{{ x }} + {% if a %}",
        &[
            "J505 1:1 `{{ x }}`: a template cannot stand in Python code [in Python write `var('…')` without braces; templates are for strings and for keys without `_expression`]",
            "J505 1:11 `{% if a %}`: a template cannot stand in Python code [in Python write `var('…')` without braces; templates are for strings and for keys without `_expression`]",
        ],
    ),
    (
        "[{{ var('x') }}]",
        &[
            "J505 1:2 `{{ var('x') }}`: a template cannot stand in Python code [in Python write `var('…')` without braces; templates are for strings and for keys without `_expression`]",
        ],
    ),
    (
        "f\"a {{ var('x') }}\"",
        &[
            "J505 1:3 `a {{ var('x') }}`: a template cannot stand in an f-string [in an f-string write `{var('…')}` with one pair of braces]",
        ],
    ),
    (
        "print('{{ var(x) }}')",
        &["J502 1:15 `x`: `x` is not a name that templates know [the name of a variable is text, which needs quotes: `var('x')`]"],
    ),
    (
        "'Hi {{ name }}'",
        &[
            "J505 (warning) 1:1 `'Hi {{ name }}'`: `{{ name }}` in this string stays as it is: it names nothing of the run [for a variable write `{{ var('…') }}`, or use an f-string]",
        ],
    ),
];

/// Names that are bound in ways that are easily missed.
const NO_FAULTS: &[&str] = &[
    "def evaluate(context):\n  def helper(x, *a, k=1, **kw):\n    nonlocal_free = x\n    return nonlocal_free, a, k, kw, later()\n  def later():\n    return helper\n  return helper(1)",
    "total = 0\ndef add(n):\n  global total\n  total += n\nadd(1)\nreturn total",
    "def evaluate(context):\n  n = 0\n  def inc():\n    nonlocal n\n    n += 1\n  inc()\n  return n",
    "try:\n  import simplejson as json\nexcept ImportError as e:\n  import json\n  print(e)\nreturn json.dumps(1)",
    "from datetime import datetime, timedelta as td\nimport urllib.parse, collections.abc\nreturn [datetime.now() - td(1), urllib.parse.quote, collections]",
    "match var('x'):\n  case {'a': a, **rest}:\n    return a, rest\n  case [b, *c] as d:\n    return b, c, d\n  case _:\n    return 1",
    "class A(Exception):\n  x = 1\n  def f(self):\n    return A.x, __class__\nreturn A",
    "[y for x in var('a') if (y := x)] and y",
    "(lambda a, b=1, *c, d=2, **e: (a, b, c, d, e))(1)",
    "with var('x') as (a, b):\n  return a, b",
    "for i, (a, b) in enumerate(var('x')):\n  pass\nelse:\n  i = a = b = 1\nreturn i, a, b",
    "x: int = 1\ndel x\nreturn __name__",
    "exec('y = 1')\nreturn y",
    "from math import *\ndef evaluate(context):\n  return pi",
    "def f[T](a: T) -> T:\n  return a\ntype X = int\nreturn X",
    "log('x')\nraise ValueError('x')",
    "{'a': [table, query, query_scalar, query_value, is_var_defined, var, log]}",
    "[[a for a in b] for b in var('x')]",
];

#[test]
fn faults_stand_at_their_column() {
    for (source, expected) in FAULTS {
        assert_eq!(&faults(&python(source, REQUEST).1), expected, "{source}");
    }
}

#[test]
fn bound_names_are_not_reported() {
    for source in NO_FAULTS {
        let found: Vec<_> = python(source, REQUEST).1.into_iter().filter(|f| f.code != "P614").collect();
        assert_eq!(faults(&found), Vec::<String>::new(), "{source}");
    }
}
