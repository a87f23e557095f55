//! Members of values whose kind is known.

use ruff_text_size::Ranged;
use rustpython_compiler::ast::{ExprAttribute, ExprCall};
use std::rc::Rc;

use super::{Detail, Look, Value};
use crate::diagnostic::did_you_mean;
use crate::kinds::Kinds;

const TEXT: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];
const LIST: &[&str] = &["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];
const MAP: &[&str] = &[
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "move_to_end",
    "pop",
    "popitem",
    "setdefault",
    "to_dict",
    "update",
    "values",
    // Of the map of headers.
    "getlist",
    "get_list",
    "get_all",
];
const INT: &[&str] = &[
    "as_integer_ratio",
    "bit_count",
    "bit_length",
    "conjugate",
    "denominator",
    "from_bytes",
    "imag",
    "is_integer",
    "numerator",
    "real",
    "to_bytes",
];
const FLOAT: &[&str] = &["as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"];
const TUPLE: &[&str] = &["count", "index"];

/// Keys, values and pairs of a map can be gone over and counted, and joined like sets.
const VIEW: Kinds = Kinds::ITERATOR.or(Kinds::SET);

/// What methods give, of the kind of value that they are called on.
const GIVES: &[(Kinds, &[&str], Kinds)] = &[
    (
        Kinds::TEXT,
        &[
            "capitalize",
            "casefold",
            "center",
            "expandtabs",
            "format",
            "format_map",
            "join",
            "ljust",
            "lower",
            "lstrip",
            "removeprefix",
            "removesuffix",
            "replace",
            "rjust",
            "rstrip",
            "strip",
            "swapcase",
            "title",
            "translate",
            "upper",
            "zfill",
        ],
        Kinds::TEXT,
    ),
    (Kinds::TEXT, &["split", "rsplit", "splitlines"], Kinds::LIST),
    (Kinds::TEXT, &["count", "find", "rfind", "index", "rindex"], Kinds::INT),
    (Kinds::TEXT, &["startswith", "endswith", "isdigit", "isalpha", "isnumeric", "isspace", "isupper", "islower", "isalnum"], Kinds::BOOL),
    (Kinds::TEXT, &["encode"], Kinds::BYTES),
    (Kinds::BYTES, &["decode", "hex"], Kinds::TEXT),
    (Kinds::LIST, &["append", "extend", "insert", "sort", "reverse", "clear", "remove"], Kinds::NULL),
    (Kinds::LIST, &["index", "count"], Kinds::INT),
    (Kinds::MAP, &["keys", "values", "items"], VIEW),
    (Kinds::MAP, &["update", "clear"], Kinds::NULL),
    (Kinds::DATE, &["isoformat", "strftime"], Kinds::TEXT),
    (Kinds::MOMENT, &["isoformat", "strftime"], Kinds::TEXT),
    (Kinds::MOMENT, &["timestamp"], Kinds::FLOAT),
    (Kinds::MOMENT, &["date"], Kinds::DATE),
    (Kinds::MOMENT, &["astimezone", "replace"], Kinds::MOMENT),
    (Kinds::DATE, &["replace"], Kinds::DATE),
    (Kinds::DURATION, &["total_seconds"], Kinds::FLOAT),
];

/// Values that are members, not methods.
const FIELDS: &[(Kinds, &[&str])] = &[
    (Kinds::DATE, &["day", "month", "year"]),
    (Kinds::MOMENT, &["day", "hour", "microsecond", "minute", "month", "second", "year"]),
    (Kinds::DURATION, &["days", "microseconds", "seconds"]),
];

/// Methods that take text only.
const TAKE_TEXT: &[&str] = &["endswith", "removeprefix", "removesuffix", "startswith", "replace", "find", "index", "count", "partition"];

/// Least and most values of methods, on the kind that they are called on.
const COUNTS: &[(Kinds, &str, usize, usize)] = &[
    (Kinds::TEXT, "lower", 0, 0),
    (Kinds::TEXT, "upper", 0, 0),
    (Kinds::TEXT, "title", 0, 0),
    (Kinds::TEXT, "strip", 0, 1),
    (Kinds::TEXT, "replace", 2, 3),
    (Kinds::TEXT, "join", 1, 1),
    (Kinds::TEXT, "startswith", 1, 3),
    (Kinds::TEXT, "endswith", 1, 3),
    (Kinds::TEXT, "zfill", 1, 1),
    (Kinds::TEXT, "split", 0, 2),
    (Kinds::LIST, "append", 1, 1),
    (Kinds::LIST, "extend", 1, 1),
    (Kinds::LIST, "insert", 2, 2),
    (Kinds::MAP, "get", 1, 2),
    (Kinds::MAP, "items", 0, 0),
    (Kinds::MAP, "keys", 0, 0),
    (Kinds::MAP, "values", 0, 0),
    (Kinds::DATE, "isoformat", 0, 0),
    (Kinds::DATE, "strftime", 1, 1),
    (Kinds::MOMENT, "strftime", 1, 1),
];

fn members(kind: Kinds) -> Option<&'static [&'static str]> {
    Some(match kind {
        Kinds::TEXT => TEXT,
        Kinds::LIST => LIST,
        Kinds::MAP => MAP,
        Kinds::INT | Kinds::BOOL => INT,
        Kinds::FLOAT => FLOAT,
        Kinds::TUPLE => TUPLE,
        Kinds::NULL => &[],
        _ => return None,
    })
}

const SIMPLE: [Kinds; 8] = [Kinds::TEXT, Kinds::LIST, Kinds::MAP, Kinds::INT, Kinds::BOOL, Kinds::FLOAT, Kinds::TUPLE, Kinds::NULL];

impl<'a> Look<'a> {
    /// What `base.name` is, by the kind of `base`.
    pub(super) fn member(&mut self, a: &'a ExprAttribute, base: Value, name: &str) -> Value {
        let kinds = base.kinds;
        if kinds.is_nothing() || name.starts_with("__") {
            return Value::UNKNOWN;
        }
        let simple = SIMPLE.iter().fold(Kinds::NOTHING, |all, kind| all.or(*kind));
        if kinds.within(simple) {
            let has = SIMPLE.iter().any(|kind| kinds.meets(*kind) && members(*kind).is_some_and(|m| m.contains(&name)));
            if !has {
                self.no_member(a, &base, name);
                return Value::UNKNOWN;
            }
            return Value { kinds: Kinds::FUNCTION, detail: Detail::Method(Rc::new(base), Rc::from(name)) };
        }
        if let Some((_, _)) = FIELDS.iter().find(|(kind, fields)| *kind == kinds && fields.contains(&name)) {
            return Value::of(Kinds::INT);
        }
        if kinds.within(Kinds::DATE.or(Kinds::MOMENT).or(Kinds::DURATION).or(Kinds::BYTES)) {
            return Value { kinds: Kinds::FUNCTION, detail: Detail::Method(Rc::new(base), Rc::from(name)) };
        }
        Value::UNKNOWN
    }

    fn no_member(&mut self, a: &'a ExprAttribute, base: &Value, name: &str) {
        let kinds = base.kinds;
        let own: Vec<&str> = SIMPLE.iter().filter(|k| kinds.meets(**k)).filter_map(|k| members(*k)).flatten().copied().collect();
        let help = if kinds == Kinds::NULL {
            "there is no value here: look at what gives it".to_owned()
        } else if kinds.meets(Kinds::TEXT) && matches!(name, "isoformat" | "strftime") {
            "dates and times are text here: `datetime.fromisoformat(…)` makes a datetime of one".to_owned()
        } else if kinds.meets(Kinds::MAP) {
            format!("a key is read with brackets: `['{name}']`; the dot is for templates")
        } else if kinds == Kinds::LIST && MAP.contains(&name) {
            format!("a list has members: go over it, or take one: `[0].{name}`")
        } else if kinds == Kinds::TEXT && matches!(name, "isoformat" | "strftime" | "date" | "year" | "month" | "day" | "timestamp") {
            "dates and times are text here: `datetime.fromisoformat(…)` makes a datetime of one".to_owned()
        } else {
            match did_you_mean(name, own.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "look at what the value is".to_owned(),
            }
        };
        self.fault("P608", a.attr.range(), format!("{kinds} has no `{name}` in Python"), help);
    }

    /// What a method gives.
    pub(super) fn method_call(&mut self, base: &Value, name: &str, call: &'a ExprCall, arguments: &Option<Vec<Value>>) -> Value {
        let kinds = base.kinds;
        if let (Some((_, _, least, most)), Some(given)) =
            (COUNTS.iter().find(|(kind, method, ..)| *kind == kinds && *method == name), arguments)
        {
            let keywords = call.arguments.keywords.len();
            if given.len() > *most || given.len() + keywords < *least {
                self.wrong_count(&format!(".{name}"), *least, *most, given.len(), call);
                return Value::UNKNOWN;
            }
        }
        if matches!(name, "strftime" | "strptime") {
            self.time_format(call);
        }
        if let (true, "format", Detail::Text(text)) = (kinds == Kinds::TEXT, name, &base.detail) {
            self.formatted(&text.clone(), call);
        }
        let first = arguments.as_ref().and_then(|a| a.first()).zip(call.arguments.args.first());
        if let (Some((first, at)), true) = (first, kinds == Kinds::TEXT) {
            let texts = Kinds::TEXT.or(Kinds::TUPLE).or(Kinds::OTHER);
            if TAKE_TEXT.contains(&name) && !first.kinds.meets(texts) && !first.kinds.is_nothing() {
                let message = format!("`.{name}(…)` of text takes text, and this is {}", first.kinds);
                self.fault("P619", at.range(), message, "make text of it: `str(…)`");
            }
            if name == "join" {
                let element = if first.kinds == Kinds::MAP { Value::UNKNOWN } else { first.element() };
                if element.kinds.within(Kinds::NUMBER.or(Kinds::NULL).or(Kinds::MAP).or(Kinds::LIST)) {
                    let message = format!("`.join(…)` puts texts together, and these are {}", element.kinds);
                    self.fault("P619", at.range(), message, "make text of each: `','.join(str(x) for x in …)`");
                } else {
                    self.iterates(first, at);
                }
            }
        }
        match (kinds, name) {
            (Kinds::MAP, "get") => match (&base.detail, arguments.as_deref()) {
                // A header that is not there gives None.
                (Detail::Each(element), Some([_])) => Value::of(element.kinds.or(Kinds::NULL)),
                (Detail::Each(element), Some([_, default])) => Value::of(element.kinds.or(default.kinds)),
                _ => Value::UNKNOWN,
            },
            (_, "get") if base.detail == Detail::Data => match arguments.as_deref() {
                Some([_, default]) => Value::DATA.or(default.clone()),
                _ => Value::DATA,
            },
            (Kinds::TEXT, "split" | "rsplit" | "splitlines") => Value::list_of(Value::of(Kinds::TEXT)),
            (Kinds::MAP, "items") => {
                let value = if let Detail::Each(value) = &base.detail { value.as_ref().clone() } else { Value::UNKNOWN };
                view_of(Value::tuple(vec![Value::UNKNOWN, value]))
            }
            (_, "items") if base.detail == Detail::Data => view_of(Value::tuple(vec![Value::of(Kinds::TEXT), Value::DATA])),
            (_, "values") if base.detail == Detail::Data => view_of(Value::DATA),
            _ => GIVES
                .iter()
                .find(|(kind, methods, _)| *kind == kinds && methods.contains(&name))
                .map_or(Value::UNKNOWN, |(_, _, gives)| Value::of(*gives)),
        }
    }
}

impl<'a> Look<'a> {
    /// `%Y-%M-%d`: minutes where the month is meant.
    pub(super) fn time_format(&mut self, call: &'a ExprCall) {
        let Some((text, at)) =
            call.arguments.args.iter().find_map(|a| Some((super::super::literal(a)?, a))).filter(|(t, _)| t.contains('%'))
        else {
            return;
        };
        let has = |letters: &[&str]| letters.iter().any(|letter| text.contains(letter));
        if text.contains("%M") && has(&["%Y", "%y", "%d"]) && !has(&["%H", "%I"]) {
            self.warn("P622", at.range(), "`%M` is the minutes here, and no hour stands before it", "the month is `%m`");
        } else if text.contains("%H:%m") {
            self.warn("P622", at.range(), "`%m` is the month here, and stands behind the hour", "the minutes are `%M`");
        }
    }
}

fn view_of(element: Value) -> Value {
    Value { kinds: VIEW, ..Value::iterator_of(element) }
}
