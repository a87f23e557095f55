//! What snippets ask of the run: the names that the rest of the compiler binds.

use crate::common::*;
use sequor_compiler::snippet::expression::Uses;

/// `variables | tested | sources | flags`.
fn print_uses(uses: &Uses) -> String {
    let names = |list: &[sequor_compiler::snippet::expression::Named]| list.iter().map(|n| n.name.clone()).collect::<Vec<_>>().join(",");
    let sources: Vec<&str> = uses.query_sources.iter().map(|s| s.as_ref().map_or("default", |n| n.name.as_str())).collect();
    let flags = [(uses.computed_variables, "computed"), (uses.response, "response"), (uses.computed_sources, "computed-source")];
    let flags: Vec<&str> = flags.iter().filter(|f| f.0).map(|f| f.1).collect();
    format!("{} | {} | {} | {}", names(&uses.variables), names(&uses.tested), sources.join(","), flags.join(","))
}

#[test]
fn python_source_and_native_trees() {
    let cases = [
        ("var('a') + context.var('b')", "a,b |  |  | "),
        ("print(var('a'), is_var_defined('b'))", "a | b |  | "),
        ("print(var('a' + x) for x in [])", " |  |  | computed"),
        ("list(map(var, ['a']))", " |  |  | computed"),
        ("print(response.ok)", " |  |  | response"),
        ("response.text", " |  |  | response"),
        ("query('stage', 'select 1') + [query_value('select 2', int)]", " |  | stage,default | "),
        (
            "print(query('stage', 'x'), query_scalar('s2', 'y'), query_value('z', int), query_value('s3', 'z', int), table('s4', 't'))",
            " |  | stage,s2,default,s3,s4 | ",
        ),
        ("print(query(var('s'), 'x'), context.sources.query('a', 'b'))", "s |  | a | computed-source"),
        ("def helper(c):\n  return c.var('x')\ndef evaluate(context, response):\n  return helper(context)", "x |  |  | response"),
        ("def evaluate(c):\n  v = c.var\n  return v('x')", " |  |  | computed"),
        ("print('{{ var(\"t\") }} {{ query_value(\"select 1\") }}')", "t |  | default | "),
        ("def var(x):\n  return x\nreturn var('x')", " |  |  | "),
        ("getattr(context, 'var')('x')", " |  |  | computed,computed-source"),
    ];
    for (source, expected) in cases {
        let (e, found) = python(source, ANYWHERE);
        assert_eq!(errors(&found), Vec::<String>::new(), "{source}");
        assert_eq!(print_uses(e.uses()), expected, "{source}");
    }
}

#[test]
fn templates() {
    let cases = [
        ("{{ var('a') }}{{ is_var_defined('b') }}", "a | b |  | "),
        ("{% for x in var('a') %}{{ var(x) }}{{ var('b') }}{% endfor %}", "a,b |  |  | computed"),
        ("{% set v = var %}{{ v('a') }}", " |  |  | computed"),
        (
            "{{ query_value('q q', int) | default(1) }}{{ query('s', 'q') | length }}{{ query(var('n'), 'q') | first }}",
            "n |  | default,s | computed-source",
        ),
        ("{{ response.json().a | default(1) }}", " |  |  | response"),
    ];
    for (source, expected) in cases {
        let (e, found) = text(source, ANYWHERE);
        assert_eq!(errors(&found), Vec::<String>::new(), "{source}");
        assert_eq!(print_uses(e.uses()), expected, "{source}");
    }
}

#[test]
fn texts_are_kept_once() {
    let (e, _) = python("[{'source': 'stage', 'table': 'a'}, {'source': 'stage', 'table': 'b'}, print]", ANYWHERE);
    assert_eq!(e.uses().texts, ["source", "stage", "table", "a", "b"]);
    let (e, _) = python("[{'source': 'stage'}, {'source': 'stage'}]", ANYWHERE);
    assert_eq!(e.uses().texts, ["source", "stage"]);
}
