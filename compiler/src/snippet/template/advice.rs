//! What to write instead: for names and filters that other tools, Python and Jinja's relatives have, and for syntax that is theirs.

/// How an unknown name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Plain,
    /// `.attribute` or `[…]` follows.
    Path,
    /// Arguments follow.
    Call,
    /// It stands where `var()` wants the text of a name.
    VariableName,
}

/// Python's functions that are filters in Jinja: what to write for `name(x)`.
const AS_FILTER: &[(&str, &str)] = &[
    ("abs", "x | abs"),
    ("dict", "{'key': value}"),
    ("float", "x | float"),
    ("int", "x | int"),
    ("len", "x | length"),
    ("list", "x | list"),
    ("max", "x | max"),
    ("min", "x | min"),
    ("repr", "x | pprint"),
    ("reversed", "x | reverse"),
    ("round", "x | round"),
    ("set", "x | unique"),
    ("sorted", "x | sort"),
    ("str", "x | string"),
    ("sum", "x | sum"),
    ("tojson", "x | tojson"),
    ("upper", "x | upper"),
    ("lower", "x | lower"),
    ("bool", "x | bool"),
];

/// Names of other tools, and of Python, with what does the same here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("null", "Jinja writes it `none`"),
    ("nil", "Jinja writes it `none`"),
    ("undefined", "write `is_var_defined('…')` to ask whether a variable is there"),
    ("env_var", "write `env('NAME')`"),
    ("lookup", "for an environment variable write `env('NAME')`"),
    ("getenv", "write `env('NAME')`"),
    ("os", "for an environment variable write `env('NAME')`"),
    ("environ", "write `env('NAME')`"),
    ("secret", "a secret is a variable like any other: `var('name')`; the environment says where it comes from"),
    ("loop", "`loop` is there inside `{% for %}` only; for the number of a step's round, name a variable with `index_as`"),
    ("secrets", "a secret is a variable like any other: `var('name')`; the environment says where it comes from"),
    ("ref", "tables are named as they are: write the table's name into the query"),
    ("source", "write the source's name into the step's `source`, and the table's name into the query"),
    ("config", "settings are keys of the step, not part of the query"),
    ("this", "write the table's own name"),
    ("vars", "write `var('name')`"),
    ("variables", "write `var('name')`"),
    ("params", "a parameter is a variable: `var('name')`"),
    ("parameters", "a parameter is a variable: `var('name')`"),
    ("inputs", "a parameter is a variable: `var('name')`"),
    ("args", "a parameter is a variable: `var('name')`"),
    ("item", "the row of a loop is the variable that `as` names: with `as: item` it is `var('item')`"),
    ("row", "the row of a loop is the variable that `as` names: with `as: row` it is `var('row')`"),
    ("record", "the row of a loop is the variable that `as` names: with `as: record` it is `var('record')`"),
    ("steps", "a step hands its results on in variables: `var('name')`"),
    ("now", "templates have no clock; in a key with `_expression` Python's `datetime` does it"),
    ("today", "templates have no clock; in a key with `_expression` Python's `datetime` does it"),
    ("datetime", "templates have no clock; in a key with `_expression` write Python: `from datetime import datetime`"),
    ("time", "templates have no clock; in a key with `_expression` Python's `time` does it"),
    ("ds", "templates have no run date; give it to the flow as a parameter: `var('date')`"),
    ("execution_date", "templates have no run date; give it to the flow as a parameter: `var('date')`"),
    ("uuid", "in a key with `_expression` Python's `uuid` makes one"),
    ("json", "write `… | tojson` for JSON text; a key with `_expression` takes Python"),
    ("enumerate", "write `{% for x in … %}`, where `loop.index0` counts"),
    ("zip", "write `… | zip(…)`"),
    ("print", "write the value itself: `{{ … }}` prints it"),
    ("isinstance", "write a test: `x is string`, `x is number`, `x is mapping`"),
    ("type", "write a test: `x is string`, `x is number`, `x is mapping`"),
    ("request", "there is no request in a template; a key with `_expression` takes Python"),
    ("self", "there are no blocks in the templates of a flow"),
    ("super", "there are no blocks in the templates of a flow"),
];

/// Filters of other tools, with what does the same here.
const FILTERS: &[(&str, &str)] = &[
    ("json", "write `tojson`"),
    ("to_json", "write `tojson`"),
    ("json_encode", "write `tojson`"),
    ("to_nice_json", "write `tojson`"),
    ("from_json", "a key with `_expression` takes Python: `json.loads(…)`"),
    ("len", "write `length`"),
    ("size", "write `length`"),
    ("str", "write `string`"),
    ("text", "write `string`"),
    ("to_int", "write `int`"),
    ("integer", "write `int`"),
    ("number", "write `int` or `float`"),
    ("strip", "write `trim`"),
    ("uppercase", "write `upper`"),
    ("lowercase", "write `lower`"),
    ("downcase", "write `lower`"),
    ("upcase", "write `upper`"),
    ("concat", "write `a ~ b` to join texts"),
    ("append", "write `a ~ b` to join texts"),
    ("add", "write `a + b`"),
    ("plus", "write `a + b`"),
    ("urlescape", "write `urlencode`"),
    ("url_encode", "write `urlencode`"),
    ("quote", "write `urlencode` for a URL, `replace(\"'\", \"''\")` in SQL"),
    ("date", "a key with `_expression` takes Python: `datetime.strptime(…).strftime(…)`"),
    ("strftime", "a key with `_expression` takes Python: `datetime.strptime(…).strftime(…)`"),
    ("to_datetime", "a key with `_expression` takes Python: `datetime.fromisoformat(…)`"),
    ("b64encode", "a key with `_expression` takes Python: `base64.b64encode(…)`"),
    ("b64decode", "a key with `_expression` takes Python: `base64.b64decode(…)`"),
    ("regex_replace", "a key with `_expression` takes Python: `re.sub(…)`"),
    ("regex_search", "a key with `_expression` takes Python: `re.search(…)`"),
    ("hash", "a key with `_expression` takes Python's `hashlib`"),
    ("combine", "a key with `_expression` takes Python: `{**a, **b}`"),
    ("ternary", "write `a if condition else b`"),
    ("coalesce", "write `default(…)`"),
    ("ifnull", "write `default(…)`"),
];

/// What to write for an unknown name; `None` where nothing is known about it.
pub(super) fn of_name(name: &str, used: Use) -> Option<String> {
    if used == Use::VariableName {
        return Some(format!("the name of a variable is text, which needs quotes: `var('{name}')`"));
    }
    if used == Use::Call
        && let Some((_, filter)) = AS_FILTER.iter().find(|(n, _)| *n == name)
    {
        return Some(format!("in Jinja this is a filter: write `{filter}` for `{name}(x)`"));
    }
    ELSEWHERE.iter().find(|(n, _)| *n == name).map(|(_, help)| (*help).to_owned())
}

/// What to write for an unknown filter.
pub(super) fn of_filter(name: &str) -> Option<&'static str> {
    FILTERS.iter().find(|(n, _)| *n == name).map(|(_, help)| *help)
}

/// What to write at a syntax error, from what stands there.
pub(super) fn of_syntax(text: &str, start: usize, detail: &str) -> Option<&'static str> {
    let rest = text.get(start..).unwrap_or_default();
    let before = text.get(..start).unwrap_or_default();
    let word = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    if detail.starts_with("unknown statement ") {
        return of_statement(word);
    }
    Some(match rest.chars().next()? {
        '&' => "write `and`",
        '|' if before.ends_with('|') => "write `or`; for a value where there is none write `x | default('…', true)`",
        '!' => "write `not x`",
        '?' => "write `a if condition else b`",
        '$' => "Jinja has no `$`: write `var('name')`",
        '‘' | '’' | '“' | '”' => "these quotes are typographic: write `'` or `\"`",
        '=' if detail.starts_with("unexpected `=`") => "write `==` to compare; `{% set x = … %}` sets a name",
        '\'' | '"' if before.ends_with(['f', 'F']) => "Jinja has no f-strings: write `'text ' ~ var('x')`",
        '}' if detail == "unexpected end of variable block" => "a value is missing before the end",
        '}' if detail.contains(", expected end of variable block") => "a template ends with two braces: `}}`",
        '}' if ["`,`", "`)`", "`]`"].iter().any(|c| detail.ends_with(c)) => "a bracket is still open here: is there a `)` or `]` missing?",
        ']' | ')' if detail.starts_with("unexpected") => "this bracket closes another one than the last that was opened",
        '+' if before.ends_with('+') => "Jinja has no `++`: write `x + 1`",
        _ => match word {
            "for" => "Jinja has no comprehensions: write `{% for x in … %}`, or Python in a key with `_expression`",
            "if" if before.trim_end().ends_with("else") => "write `elif`",
            "of" => "write `for x in …`",
            "s" | "t" | "re" | "ll" if before.ends_with('\'') => "the quote ends the text: write the text in double quotes",
            _ if ["lambda", "import", "return", "def"].iter().any(|w| before.trim_end().ends_with(w)) => {
                "this is Python: it belongs into a key with `_expression`"
            }
            _ => return None,
        },
    })
}

fn of_statement(word: &str) -> Option<&'static str> {
    Some(match word {
        "break" | "continue" => "Jinja2 has no `break` and `continue`; use a filter on the loop: `{% for x in xs if … %}`",
        "elsif" | "elseif" => "write `elif`",
        "end" | "fi" | "done" => "write `endif` or `endfor`",
        "endif" | "endfor" | "else" | "elif" => {
            "no block is open here that this belongs to: is there an `{% if … %}` or `{% for … %}` missing, or another one open?"
        }
        "unless" => "write `{% if not … %}`",
        "assign" => "write `{% set x = … %}`",
        "foreach" | "each" => "write `{% for x in … %}`",
        "while" => "Jinja has no `while`: use the op `while`, or Python in a key with `_expression`",
        "comment" => "write `{# … #}`",
        "import" | "return" | "def" => "this is Python: it belongs into a key with `_expression`",
        _ => return None,
    })
}

/// Whether the braces before a syntax error were meant as those of another language: JSON, GraphQL, CSS, a format.
pub(super) fn is_collision(text: &str, start: usize, opener: usize, detail: &str) -> bool {
    let inside = text.get(opener + 2..).unwrap_or_default();
    match text.get(opener..opener + 2) {
        // `{{"key": …`, `{{ key: …`
        Some("{{") => {
            let key = inside.trim_start();
            let quoted = key.starts_with(['"', '\'']);
            let colon = text.get(start..).is_some_and(|t| t.starts_with(':') && !t.starts_with(":="));
            colon && (quoted || key.starts_with(|c: char| c.is_alphabetic() || c == '_')) && detail.starts_with("unexpected `:`")
        }
        // `{#fff`, `{#if`: a comment has its end.
        Some("{#") => !inside.starts_with([' ', '-', '\n']) && detail.starts_with("unexpected end of comment"),
        // `'{%'`, `100{%of`
        Some("{%") => {
            let unknown = detail.starts_with("unknown statement ");
            !inside.starts_with([' ', '-', '+', '\n', '\t']) && (unknown || !inside.starts_with(char::is_alphabetic))
        }
        _ => false,
    }
}

/// The first `{ var('x') }` or `${var('x')}` of a text without templates: a template with a brace too few.
/// A text that is nothing but `${name}`, as shells and other tools write it; names in capitals are those of the process, and may be meant for one.
pub(in crate::snippet) fn shell_variable(text: &str) -> Option<(usize, usize)> {
    let start = text.len() - text.trim_start().len();
    let name = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_lowercase());
    is_name.then_some((start, start + name.len() + 3))
}

pub(in crate::snippet) fn half_template(text: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    while let Some(open) = text.get(at..)?.find('{').map(|i| at + i) {
        let inner = &text[open + 1..];
        let call = inner.trim_start();
        let is_call = ["var(", "env("].iter().any(|f| call.strip_prefix(f).is_some_and(|a| a.starts_with(['\'', '"'])));
        if is_call && let Some(close) = inner.find('}') {
            let end = open + 1 + close + 1;
            return Some((open, end + usize::from(text.get(end..).is_some_and(|t| t.starts_with('}')))));
        }
        at = open + 1;
    }
    None
}
