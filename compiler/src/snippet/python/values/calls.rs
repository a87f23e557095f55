//! Calls: of built-in functions, of the run's functions, and of what modules have.

use ruff_text_size::Ranged;
use rustpython_compiler::ast::{Expr, ExprAttribute, ExprCall};

use super::super::literal;
use super::{Detail, Look, Value};
use crate::kinds::Kinds;
use crate::snippet::python::embedded::BLANK;

/// A built-in function: how many values it takes, what kinds its first one may be, and what it gives.
pub(super) struct Builtin {
    pub(super) name: &'static str,
    least: usize,
    most: usize,
    first: Kinds,
    gives: Kinds,
}

const MANY: usize = usize::MAX;

const fn builtin(name: &'static str, least: usize, most: usize, first: Kinds, gives: Kinds) -> Builtin {
    Builtin { name, least, most, first, gives }
}

const fn numbers() -> Kinds {
    Kinds::NUMBER.or(Kinds::DURATION).or(Kinds::OTHER)
}

const fn readable_as_number() -> Kinds {
    Kinds::NUMBER.or(Kinds::TEXT).or(Kinds::BYTES).or(Kinds::OTHER)
}

/// Those that are looked at.
pub(super) const BUILTINS: &[Builtin] = &[
    builtin("abs", 1, 1, numbers(), Kinds::UNKNOWN),
    builtin("all", 1, 1, Kinds::ITERABLE, Kinds::BOOL),
    builtin("any", 1, 1, Kinds::ITERABLE, Kinds::BOOL),
    builtin("bool", 0, 1, Kinds::UNKNOWN, Kinds::BOOL),
    builtin("chr", 1, 1, Kinds::INT.or(Kinds::BOOL).or(Kinds::OTHER), Kinds::TEXT),
    builtin("dict", 0, 1, Kinds::ITERABLE, Kinds::MAP),
    builtin("divmod", 2, 2, numbers(), Kinds::TUPLE),
    builtin("enumerate", 1, 2, Kinds::ITERABLE, Kinds::ITERATOR),
    builtin("filter", 2, 2, Kinds::UNKNOWN, Kinds::ITERATOR),
    builtin("float", 0, 1, readable_as_number(), Kinds::FLOAT),
    builtin("frozenset", 0, 1, Kinds::ITERABLE, Kinds::UNKNOWN),
    builtin("hasattr", 2, 2, Kinds::UNKNOWN, Kinds::BOOL),
    builtin("int", 0, 2, readable_as_number(), Kinds::INT),
    builtin("isinstance", 2, 2, Kinds::UNKNOWN, Kinds::BOOL),
    builtin("iter", 1, 2, Kinds::UNKNOWN, Kinds::UNKNOWN),
    builtin("len", 1, 1, Kinds::SIZED, Kinds::INT),
    builtin("list", 0, 1, Kinds::ITERABLE, Kinds::LIST),
    builtin("map", 2, MANY, Kinds::UNKNOWN, Kinds::ITERATOR),
    builtin("max", 1, MANY, Kinds::UNKNOWN, Kinds::UNKNOWN),
    builtin("min", 1, MANY, Kinds::UNKNOWN, Kinds::UNKNOWN),
    builtin("next", 1, 2, Kinds::UNKNOWN, Kinds::UNKNOWN),
    builtin("ord", 1, 1, Kinds::TEXT.or(Kinds::BYTES).or(Kinds::OTHER), Kinds::INT),
    builtin("print", 0, MANY, Kinds::UNKNOWN, Kinds::NULL),
    builtin("range", 1, 3, Kinds::INT.or(Kinds::BOOL).or(Kinds::OTHER), Kinds::RANGE),
    builtin("repr", 1, 1, Kinds::UNKNOWN, Kinds::TEXT),
    builtin("reversed", 1, 1, Kinds::SIZED, Kinds::ITERATOR),
    builtin("round", 1, 2, numbers(), Kinds::INT.or(Kinds::FLOAT)),
    builtin("set", 0, 1, Kinds::ITERABLE, Kinds::SET),
    builtin("sorted", 1, 1, Kinds::ITERABLE, Kinds::LIST),
    builtin("str", 0, 3, Kinds::UNKNOWN, Kinds::TEXT),
    builtin("sum", 1, 2, Kinds::ITERABLE, Kinds::UNKNOWN),
    builtin("tuple", 0, 1, Kinds::ITERABLE, Kinds::TUPLE),
    builtin("type", 1, 3, Kinds::UNKNOWN, Kinds::UNKNOWN),
    builtin("zip", 0, MANY, Kinds::UNKNOWN, Kinds::ITERATOR),
];

/// What calls of a module's members give, where their arguments are few: least and most of those that stand in order.
const MEMBERS: &[(&str, usize, usize, Kinds)] = &[
    ("datetime.datetime.now", 0, 1, Kinds::MOMENT),
    ("datetime.datetime.utcnow", 0, 0, Kinds::MOMENT),
    ("datetime.datetime.today", 0, 0, Kinds::MOMENT),
    ("datetime.datetime.fromisoformat", 1, 1, Kinds::MOMENT),
    ("datetime.datetime.fromtimestamp", 1, 2, Kinds::MOMENT),
    ("datetime.datetime.strptime", 2, 2, Kinds::MOMENT),
    ("datetime.datetime", 3, 8, Kinds::MOMENT),
    ("datetime.date.today", 0, 0, Kinds::DATE),
    ("datetime.date.fromisoformat", 1, 1, Kinds::DATE),
    ("datetime.date", 3, 3, Kinds::DATE),
    ("datetime.timedelta", 0, 7, Kinds::DURATION),
    ("json.dumps", 1, 1, Kinds::TEXT),
    ("json.loads", 1, 1, Kinds::DATA),
    ("re.sub", 3, 5, Kinds::TEXT),
    ("re.split", 2, 4, Kinds::LIST),
    ("re.findall", 2, 3, Kinds::LIST),
    ("math.floor", 1, 1, Kinds::INT),
    ("math.ceil", 1, 1, Kinds::INT),
    ("math.sqrt", 1, 1, Kinds::FLOAT),
    ("time.time", 0, 0, Kinds::FLOAT),
    ("base64.b64encode", 1, 2, Kinds::BYTES),
    ("urllib.parse.quote", 1, 4, Kinds::TEXT),
    ("urllib.parse.urlencode", 1, 6, Kinds::TEXT),
];

/// How long a snippet may take.
const SECONDS: i64 = 10;
/// What a span of time is given in.
const SPANS: [&str; 7] = ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds"];

/// Of these, the first argument is bytes, or fails.
const TAKE_BYTES: &[&str] = &[
    "hashlib.sha256",
    "hashlib.sha1",
    "hashlib.md5",
    "hashlib.sha512",
    "hashlib.sha384",
    "hashlib.sha224",
    "hashlib.blake2b",
    "base64.b64encode",
    "hmac.new",
];

/// Of these, the first argument is text, or fails.
const TAKE_TEXT: &[&str] = &["datetime.datetime.fromisoformat", "datetime.datetime.strptime", "datetime.date.fromisoformat", "json.loads"];

impl<'a> Look<'a> {
    pub(super) fn call(&mut self, call: &'a ExprCall) -> Value {
        if let Some(value) = self.of_the_run(call) {
            return value;
        }
        let function = self.value(&call.func);
        let arguments = self.arguments(call);
        let at = call.range;
        match &function.detail {
            Detail::Function(id) => {
                self.fits(*id, call);
                self.result_of(*id)
            }
            Detail::Builtin(name) => match BUILTINS.iter().find(|b| b.name == *name) {
                Some(builtin) => self.built_in(builtin, call, &arguments),
                None => Value::UNKNOWN,
            },
            Detail::Member(path) => self.member_call(&path.clone(), call, &arguments),
            Detail::Method(base, name) => {
                let (base, name) = (base.as_ref().clone(), name.clone());
                self.method_call(&base, &name, call, &arguments)
            }
            _ if function.kinds.within(Kinds::UNKNOWN.without(Kinds::FUNCTION.or(Kinds::OTHER))) => {
                let text = self.source.text(call.func.range());
                let message = format!("`{text}` is {} and cannot be called", function.kinds);
                self.fault("P619", at, message, "take the parentheses away; a member is read by `[…]`");
                Value::UNKNOWN
            }
            _ => Value::UNKNOWN,
        }
    }

    /// The values of a call that stand in order; `None` where there may be any number of them.
    fn arguments(&mut self, call: &'a ExprCall) -> Option<Vec<Value>> {
        let values: Vec<Value> = call.arguments.args.iter().map(|a| self.value(a)).collect();
        call.arguments.keywords.iter().for_each(|k| {
            self.value(&k.value);
        });
        let plain = !call.arguments.args.iter().any(|a| matches!(a, Expr::Starred(_)));
        plain.then_some(values)
    }

    /// `var(…)`, `query(…)` and what the reply has.
    fn of_the_run(&mut self, call: &'a ExprCall) -> Option<Value> {
        let as_expr = call.func.as_ref();
        let name = match as_expr {
            Expr::Name(n) if !self.names.bound.contains(n.id.as_str()) => n.id.as_str(),
            Expr::Attribute(a) if self.roots.is_context(&a.value) => a.attr.as_str(),
            // Its members may be called or not.
            Expr::Attribute(a) if self.roots.is_response(&a.value) => {
                self.arguments(call);
                return Some(if a.attr.as_str() == "json" { Value::DATA } else { self.value_quietly(as_expr) });
            }
            _ => return None,
        };
        let given = match name {
            "var" => self.variable(call),
            "is_var_defined" => Value::of(Kinds::BOOL),
            "query" => Value::list_of(self.row(call)),
            "table" => Value::list_of(self.row_of_table(call)),
            "query_value" | "query_scalar" => {
                let kinds = match call.arguments.args.last() {
                    Some(Expr::Name(n)) if call.arguments.args.len() > 1 => match n.id.as_str() {
                        "int" => Some(Kinds::INT),
                        "float" => Some(Kinds::FLOAT),
                        "str" => Some(Kinds::TEXT),
                        "bool" => Some(Kinds::BOOL),
                        _ => None,
                    },
                    _ => None,
                };
                match (kinds, self.row(call).detail) {
                    (Some(kinds), _) => Value::of(kinds.or(Kinds::NULL)),
                    (None, Detail::Row(row)) => row.columns.first().map_or(Value::DATA, |(_, value)| value.clone()),
                    (None, _) => Value::DATA,
                }
            }
            _ => return None,
        };
        for argument in &call.arguments.args {
            self.value(argument);
        }
        let count = call.arguments.args.len() + call.arguments.keywords.len();
        if name == "table" && count < 2 && !call.arguments.args.iter().any(|a| matches!(a, Expr::Starred(_))) {
            self.fault("P619", call.range, "`table` takes a source and a table", "write `table('source', 'table')`");
        }
        Some(given)
    }

    /// What a variable with a literal name holds.
    fn variable(&self, call: &ExprCall) -> Value {
        let Some(surroundings) = self.surroundings else { return Value::DATA };
        match call.arguments.args.first().and_then(literal) {
            Some(name) if call.arguments.args.len() == 1 => {
                let value = surroundings.variable(name);
                if value.kinds == Kinds::UNKNOWN { Value::DATA } else { value }
            }
            _ => Value::DATA,
        }
    }

    /// A row of a query that is literal.
    fn row(&self, call: &ExprCall) -> Value {
        let unknown = Value::map_of(Value::DATA);
        let Some(surroundings) = self.surroundings else { return unknown };
        let texts: Vec<&Expr> = call.arguments.args.iter().filter(|a| !matches!(a, Expr::Name(n) if is_type(n.id.as_str()))).collect();
        let (source, sql) = match texts.as_slice() {
            [sql] => (None, *sql),
            [source, sql] => match literal(source) {
                Some(source) => (Some(source), *sql),
                None => return unknown,
            },
            _ => return unknown,
        };
        if !call.arguments.keywords.is_empty() {
            return unknown;
        }
        match literal(sql).filter(|sql| !sql.contains(BLANK) && !sql.contains("{{")) {
            Some(text) => surroundings.row(source, text, &self.source.span(sql.range())),
            None => unknown,
        }
    }

    /// A row of a table that is named literally.
    fn row_of_table(&mut self, call: &ExprCall) -> Value {
        let unknown = Value::map_of(Value::DATA);
        let [source, table] = call.arguments.args.as_ref() else { return unknown };
        let Some(name) = literal(table) else { return unknown };
        if name.contains(char::is_whitespace) && ["select", "with"].iter().any(|w| name.trim_start().to_ascii_lowercase().starts_with(w)) {
            self.fault(
                "P619",
                table.range(),
                "`table` takes the name of a table, and this is a query",
                "write `query('source', 'select …')`",
            );
            return unknown;
        }
        match (self.surroundings, literal(source), call.arguments.keywords.is_empty()) {
            (Some(surroundings), Some(source), true) => surroundings.table(source, name),
            _ => unknown,
        }
    }

    fn built_in(&mut self, builtin: &Builtin, call: &'a ExprCall, arguments: &Option<Vec<Value>>) -> Value {
        let name = builtin.name;
        let Some(arguments) = arguments else { return Value::of(builtin.gives) };
        let keywords = !call.arguments.keywords.is_empty();
        if (arguments.len() < builtin.least && !keywords) || arguments.len() > builtin.most {
            self.wrong_count(name, builtin.least, builtin.most, arguments.len(), call);
            return Value::of(builtin.gives);
        }
        let (Some(first), Some(at)) = (arguments.first(), call.arguments.args.first()) else { return Value::of(builtin.gives) };
        if !first.kinds.meets(builtin.first) && !first.kinds.is_nothing() {
            let help = match name {
                "len" => "lists, maps and text have a length",
                "int" | "float" if first.kinds == Kinds::NULL => "ask for None first: `int(x) if x is not None else 0`",
                "int" | "float" | "abs" | "round" => "it takes a number, or text that shows one",
                "range" => "it takes whole numbers: `range(int(…))`",
                "sum" | "list" | "set" | "tuple" | "sorted" | "any" | "all" | "enumerate" => "it takes a list or something else to go over",
                _ => "look at what comes before this line",
            };
            self.fault("P619", at.range(), format!("`{name}(…)` of {} fails", first.kinds), help);
            return Value::of(builtin.gives);
        }
        if let ("range", Some((argument, at))) =
            (name, arguments.iter().zip(&call.arguments.args).skip(1).find(|(v, _)| !v.kinds.meets(builtin.first)))
            && !argument.kinds.is_nothing()
        {
            let message = format!("`range(…)` takes whole numbers, and this is {}", argument.kinds);
            self.fault("P619", at.range(), message, "write `int(…)`, or `//` instead of `/`");
        }
        self.particular(name, first, at, arguments, keywords);
        match name {
            "list" | "sorted" => Value::list_of(first.element()),
            "reversed" => Value::iterator_of(first.element()),
            "enumerate" => Value::iterator_of(Value::tuple(vec![Value::of(Kinds::INT), first.element()])),
            "map" => Value::iterator_of(Value::UNKNOWN),
            "len" => match &first.detail {
                Detail::Items(items) => Value::int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
                _ => Value::of(Kinds::INT),
            },
            "round" if arguments.len() == 1 && first.kinds.within(Kinds::NUMBER) => Value::of(Kinds::INT),
            "abs" => Value::of(first.kinds),
            _ => Value::of(builtin.gives),
        }
    }

    /// What single functions refuse.
    fn particular(&mut self, name: &'static str, first: &Value, at: &'a Expr, arguments: &[Value], keywords: bool) {
        match (name, &first.detail) {
            ("int", Detail::Text(text)) if arguments.len() == 1 && !reads_as_int(text) => {
                self.fault("P619", at.range(), format!("'{text}' is no whole number"), "`int(…)` reads digits, with a sign before them");
            }
            ("float", Detail::Text(text)) if text.trim().replace('_', "").parse::<f64>().is_err() => {
                self.fault("P619", at.range(), format!("'{text}' is no number"), "`float(…)` reads digits with a point");
            }
            ("max" | "min", Detail::Items(items)) if arguments.len() == 1 && items.is_empty() && !keywords => {
                self.fault("P619", at.range(), format!("`{name}(…)` of an empty list fails"), "give what it is then: `default=0`");
            }
            ("max" | "min", _) if arguments.len() == 1 && !first.kinds.meets(Kinds::ITERABLE) => {
                let message = format!("`{name}(…)` of one value goes over it, and this is {}", first.kinds);
                self.fault("P619", at.range(), message, "give it a list, or several values");
            }
            ("sum", _) if arguments.len() == 1 && first.kinds != Kinds::MAP => {
                let element = first.element();
                if element.kinds.within(Kinds::TEXT.or(Kinds::MAP).or(Kinds::NULL).or(Kinds::LIST)) {
                    let message = format!("`sum(…)` adds numbers, and these are {}", plural(element.kinds));
                    self.fault("P619", at.range(), message, "make numbers of them first: `sum(int(x) for x in …)`");
                }
            }
            _ => {}
        }
    }

    fn member_call(&mut self, path: &str, call: &'a ExprCall, arguments: &Option<Vec<Value>>) -> Value {
        // `from datetime import datetime` and `import datetime` come to the same path.
        if let ("time.sleep", Some([Value { detail: Detail::Int(seconds), .. }])) = (path, arguments.as_deref())
            && *seconds >= SECONDS
        {
            let message = format!("a snippet may take {SECONDS} seconds, and this waits for {seconds}");
            self.fault("P616", call.range, message, "wait by a step: `op: sleep` with `seconds`");
        }
        if let (true, Some(first), Some(at)) =
            (TAKE_BYTES.contains(&path), arguments.as_ref().and_then(|a| a.first()), call.arguments.args.first())
            && first.kinds == Kinds::TEXT
        {
            self.fault("P619", at.range(), format!("`{path}(…)` reads bytes, and this is text"), "write `….encode()` behind it");
        }
        let Some((name, least, most, gives)) = MEMBERS.iter().find(|(name, ..)| *name == path) else { return Value::UNKNOWN };
        let Some(arguments) = arguments else { return Value::of(*gives) };
        let keywords = call.arguments.keywords.len();
        if arguments.len() > *most || arguments.len() + keywords < *least {
            self.wrong_count(name.rsplit_once("datetime.").map_or(name, |(_, n)| n), *least, *most, arguments.len(), call);
            return Value::of(*gives);
        }
        if *name == "datetime.timedelta"
            && let Some((keyword, name)) =
                call.arguments.keywords.iter().find_map(|k| Some((k, k.arg.as_ref()?.as_str()))).filter(|(_, name)| !SPANS.contains(name))
        {
            let help = match name {
                "months" | "month" | "years" | "year" => "a month has no fixed length: count days, or go by `date.replace(month=…)`",
                _ => "it takes weeks, days, hours, minutes, seconds, milliseconds and microseconds",
            };
            self.fault("P619", keyword.range(), format!("`timedelta` has no `{name}`"), help);
        }
        if *name == "json.loads"
            && let Some(reply) = call.arguments.args.first().filter(|a| self.roots.is_response(a))
        {
            self.fault("P619", reply.range(), "`json.loads(…)` reads text, and this is the reply", "write `response.json()`");
            return Value::DATA;
        }
        if let (true, Some(first), Some(at)) = (TAKE_TEXT.contains(name), arguments.first(), call.arguments.args.first())
            && !first.kinds.meets(Kinds::TEXT.or(Kinds::BYTES).or(Kinds::OTHER))
        {
            self.fault("P619", at.range(), format!("`{}(…)` reads text, and this is {}", name, first.kinds), "look at what it is given");
        }
        if *name == "json.loads" { Value::DATA } else { Value::of(*gives) }
    }

    pub(super) fn wrong_count(&mut self, name: &str, least: usize, most: usize, given: usize, call: &ExprCall) {
        let takes = if least == most {
            format!("{least}")
        } else if most == MANY {
            format!("at least {least}")
        } else if given > most {
            format!("at most {most}")
        } else {
            format!("at least {least}")
        };
        let values = if takes == "1" || takes.ends_with(" 1") { "value" } else { "values" };
        let is = if given == 1 { "is" } else { "are" };
        self.fault("P619", call.range, format!("`{name}` takes {takes} {values}, and {given} {is} given"), "give as many as it takes");
    }

    /// What `base.name` is.
    pub(super) fn attribute(&mut self, a: &'a ExprAttribute, base: Value) -> Value {
        let name = a.attr.as_str();
        if let Detail::Member(path) = &base.detail {
            const CALLED: [&str; 4] =
                ["datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"];
            if CALLED.contains(&path.as_ref()) && !name.starts_with('_') {
                let text = self.source.text(a.value.range());
                let message = format!("`{text}` is a function, and is not called here");
                self.fault("P608", a.value.range(), message, format!("write `{text}().{name}`"));
                return Value::UNKNOWN;
            }
            return super::names::member(&format!("{path}.{name}"));
        }
        if self.roots.is_response(&a.value) {
            return match name {
                "status_code" => Value::of(Kinds::INT),
                "text" | "url" => Value::of(Kinds::TEXT),
                "ok" => Value::of(Kinds::BOOL),
                // Values are text, and there may be none.
                "headers" => Value::map_of(Value::of(Kinds::TEXT)),
                _ => Value::UNKNOWN,
            };
        }
        self.member(a, base, name)
    }
}

fn reads_as_int(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.chars().all(|c| c.is_numeric() || c == '_') && !digits.starts_with('_') && !digits.ends_with('_')
}

fn plural(kinds: Kinds) -> String {
    if kinds == Kinds::TEXT {
        "texts".to_owned()
    } else if kinds == Kinds::MAP {
        "maps".to_owned()
    } else if kinds == Kinds::LIST {
        "lists".to_owned()
    } else {
        kinds.to_string()
    }
}

/// The types that `query_value` takes.
fn is_type(name: &str) -> bool {
    matches!(name, "int" | "float" | "str" | "bool")
}
