//! The native evaluator against Python: every operator, function, method and format over a pool of values, evaluated natively, by RustPython in a
//! worker, and by CPython where there is one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod eval_support;

use std::collections::HashSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use eval_support::{Run, Snippets, Uses, value};
use sequor_executor::error::RunError;
use sequor_executor::eval::PythonLimits;
use sequor_executor::json;
use sequor_executor::value::Value;
use sequor_plan_format::expr::{Binary, Compare, Conversion, Function, Method, PythonForm, Unary};
use sequor_plan_format::{Expr, ExprId, PlanBuilder, Value as Constant, ValueId};

/// Evaluates Python texts: the `repr` of each, or the name of its exception.
const SCRIPT: &str =
    "def one(text):\n    try:\n        return repr(eval(text))\n    except Exception as error:\n        return type(error).__name__\n";

struct Cases {
    builder: PlanBuilder,
    cases: Vec<(String, ExprId)>,
}

impl Cases {
    fn constant(&mut self, value: &Value) -> ValueId {
        let constant = match value {
            Value::Null => Constant::Null,
            Value::Bool(b) => Constant::Bool(*b),
            Value::Int(i) => Constant::Int(*i),
            Value::Float(f) => Constant::Float(*f),
            Value::Number(n) => Constant::Number(self.builder.text(n)),
            Value::Text(t) => Constant::Text(self.builder.text(t)),
            Value::List(members) => Constant::List(members.iter().map(|m| self.constant(m)).collect()),
            Value::Map(map) => Constant::Map(map.iter().map(|(k, v)| (self.builder.text(k), self.constant(v))).collect()),
            other => panic!("no constant: {other:?}"),
        };
        self.builder.value(constant)
    }

    fn expr(&mut self, value: &Value) -> ExprId {
        if let Value::Tuple(members) = value {
            let members = members.iter().map(|m| self.expr(m)).collect();
            return self.builder.expr(Expr::Tuple(members));
        }
        let constant = self.constant(value);
        self.builder.expr(Expr::Const(constant))
    }

    fn add(&mut self, text: String, expr: Expr) {
        let id = self.builder.expr(expr);
        self.cases.push((text, id));
    }

    fn binary(&mut self, pool: &[Value]) {
        let operators = [
            (Binary::Add, "+"),
            (Binary::Subtract, "-"),
            (Binary::Multiply, "*"),
            (Binary::Divide, "/"),
            (Binary::FloorDivide, "//"),
            (Binary::Modulo, "%"),
            (Binary::Power, "**"),
            (Binary::BitAnd, "&"),
            (Binary::BitOr, "|"),
            (Binary::BitXor, "^"),
            (Binary::ShiftLeft, "<<"),
            (Binary::ShiftRight, ">>"),
        ];
        for a in pool {
            for b in pool {
                for (operator, symbol) in operators {
                    if matches!(operator, Binary::Power | Binary::ShiftLeft | Binary::Multiply) && is_large(b)
                        || operator == Binary::Multiply && is_large(a)
                    {
                        continue;
                    }
                    let (left, right) = (self.expr(a), self.expr(b));
                    self.add(format!("({}) {symbol} ({})", a.to_repr(), b.to_repr()), Expr::Binary { operator, left, right });
                }
            }
        }
    }

    fn compare(&mut self, pool: &[Value]) {
        let operators = [
            (Compare::Equal, "=="),
            (Compare::NotEqual, "!="),
            (Compare::Less, "<"),
            (Compare::LessEqual, "<="),
            (Compare::Greater, ">"),
            (Compare::GreaterEqual, ">="),
            (Compare::In, "in"),
            (Compare::NotIn, "not in"),
        ];
        for a in pool {
            for b in pool {
                for (operator, symbol) in operators {
                    let (left, right) = (self.expr(a), self.expr(b));
                    self.add(format!("({}) {symbol} ({})", a.to_repr(), b.to_repr()), Expr::Compare { operator, left, right });
                }
            }
        }
    }

    fn unary(&mut self, pool: &[Value]) {
        for a in pool {
            for (operator, symbol) in [(Unary::Not, "not "), (Unary::Negative, "-"), (Unary::Positive, "+"), (Unary::Invert, "~")] {
                let operand = self.expr(a);
                self.add(format!("{symbol}({})", a.to_repr()), Expr::Unary { operator, operand });
            }
        }
    }

    fn function(&mut self, function: Function, name: &str, arguments: &[Value]) {
        let texts: Vec<String> = arguments.iter().map(Value::to_repr).collect();
        let call = format!("{name}({})", texts.join(", "));
        let lazy = matches!(function, Function::Enumerate | Function::Range | Function::Reversed | Function::Zip);
        let arguments = arguments.iter().map(|a| self.expr(a)).collect();
        self.add(if lazy { format!("list({call})") } else { call }, Expr::Call { function, arguments });
    }

    fn method(&mut self, base: &Value, method: Method, name: &str, arguments: &[Value]) {
        let texts: Vec<String> = arguments.iter().map(Value::to_repr).collect();
        let call = format!("({}).{name}({})", base.to_repr(), texts.join(", "));
        let lazy = matches!(method, Method::Items | Method::Keys | Method::Values);
        let base = self.expr(base);
        let arguments = arguments.iter().map(|a| self.expr(a)).collect();
        self.add(if lazy { format!("list({call})") } else { call }, Expr::Method { base, method, arguments });
    }

    fn format(&mut self, a: &Value, spec: &str) {
        let value = self.expr(a);
        let text = self.builder.text(spec);
        self.add(format!("format({}, {spec:?})", a.to_repr()), Expr::Format { value, conversion: Conversion::None, spec: text });
    }

    fn slice(&mut self, a: &Value, bounds: &[Value; 3]) {
        let base = self.expr(a);
        let [start, stop, step] = bounds.each_ref().map(|bound| Some(self.expr(bound)));
        let texts = bounds.each_ref().map(Value::to_repr);
        self.add(format!("({})[{}]", a.to_repr(), texts.join(":")), Expr::Slice { base, start, stop, step });
    }

    fn index(&mut self, a: &Value, key: &Value) {
        let (base, index) = (self.expr(a), self.expr(key));
        self.add(format!("({})[{}]", a.to_repr(), key.to_repr()), Expr::Index { base, key: index });
    }
}

fn is_large(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::Int(i) => i.unsigned_abs() > 1000,
        _ => false,
    }
}

fn values(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| value(text)).collect()
}

fn tuple(texts: &[&str]) -> Value {
    Value::Tuple(Arc::new(values(texts)))
}

fn all() -> Cases {
    let mut cases = Cases { builder: PlanBuilder::new(), cases: Vec::new() };
    let mut pool = values(&[
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "7",
        "-7",
        "3",
        "0.0",
        "0.5",
        "-2.5",
        "1e+16",
        "1e-07",
        "123456.789",
        "9223372036854775807",
        "-9223372036854775808",
        "123456789012345678901234567890",
        "9007199254740993",
        "\"\"",
        "\"a\"",
        "\"abc\"",
        "\"%s|%d\"",
        "[]",
        "[1, 2]",
        "[1, \"a\", null]",
        "{}",
        "{\"a\": 1, \"b\": [2]}",
    ]);
    pool.push(tuple(&["1"]));
    pool.push(tuple(&["\"x\"", "2"]));
    cases.binary(&pool);
    cases.compare(&pool);
    cases.unary(&pool);
    for a in &pool {
        for (function, name) in [
            (Function::Abs, "abs"),
            (Function::All, "all"),
            (Function::Any, "any"),
            (Function::Bool, "bool"),
            (Function::Dict, "dict"),
            (Function::Enumerate, "enumerate"),
            (Function::Float, "float"),
            (Function::Int, "int"),
            (Function::Len, "len"),
            (Function::List, "list"),
            (Function::Max, "max"),
            (Function::Min, "min"),
            (Function::Repr, "repr"),
            (Function::Round, "round"),
            (Function::Sorted, "sorted"),
            (Function::Str, "str"),
            (Function::Sum, "sum"),
            (Function::Tuple, "tuple"),
        ] {
            cases.function(function, name, std::slice::from_ref(a));
        }
        for spec in [
            "", ">10", "^9", "<5", "05", "+", ",", ".2f", "010.3f", "e", ".3g", "%", "x", "#X", "_", "d", "s", ".2", "*^12", " ,.1f", "n",
            "b",
        ] {
            cases.format(a, spec);
        }
        for key in ["0", "-1", "5", "\"a\"", "\"z\"", "null", "true", "1.0"] {
            cases.index(a, &value(key));
        }
    }
    for text in [
        "\" 12 \"",
        "\"1_000\"",
        "\"_1\"",
        "\"-0x1f\"",
        "\"1e3\"",
        "\"nan\"",
        "\"-inf\"",
        "\"+5\"",
        "\"1.5\"",
        "\"--1\"",
        "\"12345678901234567890123\"",
    ] {
        cases.function(Function::Int, "int", &[value(text)]);
        cases.function(Function::Float, "float", &[value(text)]);
        cases.function(Function::Int, "int", &[value(text), value("16")]);
        cases.function(Function::Int, "int", &[value(text), value("0")]);
    }
    for number in ["2.675", "-0.5", "0.5", "1.5", "2.5", "1234.5678", "1e300", "-1250", "1350", "25"] {
        for digits in ["0", "1", "2", "-1", "-2", "null"] {
            cases.function(Function::Round, "round", &[value(number), value(digits)]);
        }
    }
    for bounds in [["5", "null", "null"], ["1", "8", "3"], ["9", "2", "-2"], ["0", "5", "0"]] {
        let bounds: Vec<Value> = bounds.iter().map(|b| value(b)).filter(|b| !matches!(b, Value::Null)).collect();
        cases.function(Function::Range, "range", &bounds);
    }
    cases.function(Function::Zip, "zip", &values(&["[1, 2, 3]", "\"ab\""]));
    cases.function(Function::Reversed, "reversed", &values(&["[1, 2, 3]"]));
    cases.function(Function::Dict, "dict", &[value("[[\"a\", 1], [\"b\", 2], [\"a\", 3]]")]);
    let sequences = values(&["\"héllo wörld\"", "\"abcdef\"", "[1, 2, 3, 4, 5]", "[]"]);
    for a in &sequences {
        for start in ["null", "0", "2", "-2", "-9", "9"] {
            for stop in ["null", "3", "-1", "-9", "9"] {
                for step in ["null", "1", "2", "-1", "-2"] {
                    cases.slice(a, &[value(start), value(stop), value(step)]);
                }
            }
        }
    }
    let texts = values(&[
        "\"\"",
        "\"Hello World\"",
        "\"  a b\\t c \\n\"",
        "\"a,b,,c\"",
        "\"ÄÖß straße\"",
        "\"it's 3rd-time\"",
        "\"123\"",
        "\"-42\"",
        "\"x\\r\\ny\\nz\\n\"",
        "\"aXbXc\"",
        "\"²\"",
    ]);
    for text in &texts {
        for (method, name) in [
            (Method::Capitalize, "capitalize"),
            (Method::IsAlpha, "isalpha"),
            (Method::IsDigit, "isdigit"),
            (Method::Lower, "lower"),
            (Method::LStrip, "lstrip"),
            (Method::RSplit, "rsplit"),
            (Method::RStrip, "rstrip"),
            (Method::Split, "split"),
            (Method::SplitLines, "splitlines"),
            (Method::Strip, "strip"),
            (Method::Title, "title"),
            (Method::Upper, "upper"),
            (Method::Items, "items"),
        ] {
            cases.method(text, method, name, &[]);
        }
        for arguments in [vec!["\",\""], vec!["\",\"", "1"], vec!["null", "1"], vec!["\"\""], vec!["\"X\"", "-1"]] {
            cases.method(text, Method::Split, "split", &values(&arguments));
            cases.method(text, Method::RSplit, "rsplit", &values(&arguments));
        }
        for part in ["\"\"", "\"a\"", "\"World\"", "\"o\"", "5"] {
            for (method, name) in [
                (Method::Find, "find"),
                (Method::Index, "index"),
                (Method::Count, "count"),
                (Method::StartsWith, "startswith"),
                (Method::EndsWith, "endswith"),
                (Method::Strip, "strip"),
            ] {
                cases.method(text, method, name, &[value(part)]);
            }
            cases.method(text, Method::Find, "find", &[value(part), value("2"), value("-1")]);
            cases.method(text, Method::Replace, "replace", &[value(part), value("\"<>\"")]);
            cases.method(text, Method::Replace, "replace", &[value(part), value("\"<>\""), value("1")]);
        }
        cases.method(text, Method::StartsWith, "startswith", &[tuple(&["\"a\"", "\"H\""])]);
        cases.method(text, Method::ZFill, "zfill", &[value("6")]);
        cases.method(text, Method::SplitLines, "splitlines", &[value("true")]);
        cases.method(text, Method::Join, "join", &[value("[\"p\", \"q\", \"r\"]")]);
        cases.method(text, Method::Join, "join", &[value("[\"p\", 1]")]);
    }
    for base in values(&["{\"a\": 1, \"b\": null}", "[1, 2, 1]", "null", "5"]) {
        for (method, name) in [(Method::Items, "items"), (Method::Keys, "keys"), (Method::Values, "values"), (Method::Copy, "copy")] {
            cases.method(&base, method, name, &[]);
        }
        for arguments in [vec!["\"a\""], vec!["\"b\"", "2"], vec!["\"c\"", "2"], vec!["1"]] {
            cases.method(&base, Method::Get, "get", &values(&arguments));
            cases.method(&base, Method::Count, "count", &values(&arguments));
            cases.method(&base, Method::Index, "index", &values(&arguments));
        }
    }
    for (template, arguments) in [
        ("\"%5.1f|%-6s|%05d|%x|%r|%%\"", tuple(&["2.25", "\"ab\"", "42", "255", "\"q\""])),
        ("\"%(a)s-%(b)s\"", value("{\"a\": 1, \"b\": null}")),
        ("\"%s\"", tuple(&["1", "2"])),
        ("\"%s %s\"", value("1")),
        ("\"%d\"", value("\"x\"")),
        ("\"%+.2e\"", value("12345.678")),
        ("\"%g\"", value("1e-5")),
    ] {
        let (left, right) = (cases.expr(&value(template)), cases.expr(&arguments));
        cases.add(
            format!("{} % {}", value(template).to_repr(), arguments.to_repr()),
            Expr::Binary { operator: Binary::Modulo, left, right },
        );
    }
    cases
}

fn shown(result: Result<Value, RunError>) -> String {
    match result {
        Ok(value) => value.to_repr(),
        Err(error) => error.message.split(':').next().unwrap_or_default().to_owned(),
    }
}

fn by_worker(cases: &[(String, ExprId)]) -> Vec<String> {
    let mut snippets = Snippets::new();
    let text = format!("{SCRIPT}return one(var('text'))");
    let id = snippets.python(&text, PythonForm::Body, Uses { variables: &["text"], response: false });
    let evaluator = snippets.evaluator(PythonLimits { workers: 1, ..PythonLimits::default() });
    let mut run = Run::default();
    let evaluate = |(text, _): &(String, ExprId)| {
        run.variables.insert("text".to_owned(), Value::text(text.as_str()));
        evaluator.evaluate(id, &run).map_or_else(|error| error.message.clone(), |value| value.to_text())
    };
    cases.iter().map(evaluate).collect()
}

/// `None` without a `python3`.
fn by_cpython(texts: &str) -> Option<Vec<Value>> {
    let script = format!(
        "import json, sys, warnings\nwarnings.simplefilter('ignore')\n{SCRIPT}print(json.dumps([one(text) for text in json.load(sys.stdin)]))"
    );
    let mut child = Command::new("python3").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.take()?.write_all(texts.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    match json::parse(&output.stdout).ok()? {
        Value::List(results) => Some(results.to_vec()),
        _ => None,
    }
}

/// Where native evaluation is meant to differ: complex numbers, which no plan value can hold, and keys of maps that are no text.
fn is_meant_to_differ(text: &str, expected: &str) -> bool {
    expected.ends_with("j)")
        || text.contains("** (123456.789)")
        || text.starts_with("dict(") && expected.starts_with('{') && !expected.starts_with("{'") && expected != "{}"
}

/// Where RustPython 0.5 is known to differ from CPython: signs and last digits of float arithmetic, `format` and `round` of booleans and of rare
/// specifications, empty matches in texts that are not ASCII.
fn is_known_of_rustpython(text: &str) -> bool {
    let operators = ["** (", ") % (", "// (1e-07)", ") / (-"];
    let starts = ["format(", "round(", "('ÄÖß straße').", "('²')."];
    operators.iter().any(|operator| text.contains(operator)) || starts.iter().any(|start| text.starts_with(start))
}

#[test]
fn native_evaluation_gives_what_python_gives() {
    let Cases { builder, cases } = all();
    let texts = Value::List(Arc::new(cases.iter().map(|(text, _)| Value::text(text.as_str())).collect()));
    let texts = json::to_text(&texts).unwrap();
    let worker = by_worker(&cases);
    let cpython = by_cpython(&texts);
    let evaluator = Snippets { builder }.evaluator(PythonLimits::default());
    let run = Run::default();
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    for (index, (text, id)) in cases.iter().enumerate() {
        let native = shown(evaluator.evaluate(*id, &run));
        // Where the two Pythons differ, CPython is right.
        let expected = cpython.as_ref().map_or_else(|| worker[index].clone(), |results| results[index].to_text());
        if worker[index] != expected && !is_known_of_rustpython(text) && !is_meant_to_differ(text, &expected) {
            faults.push(format!("{text}\n  CPython {expected}\n  worker {}", worker[index]));
        }
        if native != expected && !is_meant_to_differ(text, &expected) && seen.insert(text) {
            faults.push(format!("{text}\n  python {expected}\n  native {native}"));
        }
    }
    assert!(cases.len() > 10_000, "{} cases", cases.len());
    assert!(faults.is_empty(), "{} of {} differ:\n{}", faults.len(), cases.len(), faults[..faults.len().min(60)].join("\n"));
}
