//! Snippets in worker processes: what they can use, what they give, and how they are stopped.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod eval_support;

use std::time::{Duration, Instant};

use eval_support::{Run, Snippets, Uses, row};
use sequor_executor::error::{ErrorKind, RunError};
use sequor_executor::eval::PythonLimits;
use sequor_executor::json;
use sequor_executor::value::Value;
use sequor_plan_format::ExprId;
use sequor_plan_format::expr::PythonForm;

fn short() -> PythonLimits {
    PythonLimits { call: Duration::from_secs(5), workers: 1, ..PythonLimits::default() }
}

fn evaluate(text: &str, form: PythonForm, uses: Uses<'_>, run: &Run) -> Result<Value, RunError> {
    let mut snippets = Snippets::new();
    let id = snippets.python(text, form, uses);
    snippets.evaluator(short()).evaluate(id, run)
}

fn expression(text: &str) -> Result<Value, RunError> {
    evaluate(text, PythonForm::Expression, Uses::default(), &Run::default())
}

fn body(text: &str) -> Result<Value, RunError> {
    evaluate(text, PythonForm::Body, Uses::default(), &Run::default())
}

/// The value as JSON text, which keeps the digits of numbers.
fn shown(value: Result<Value, RunError>) -> String {
    match value {
        Ok(value) => json::to_text(&value).unwrap(),
        Err(error) => panic!("{}", error.message),
    }
}

#[test]
fn values_of_every_type_come_back() {
    let text = "{'a': [1, 2.5, 10**30, -7], 't': (1, 'é'), 'n': None, 'b': True, 1: 'x', 's': sorted({3, 1, 2})}";
    assert_eq!(
        shown(expression(text)),
        r#"{"a":[1,2.5,1000000000000000000000000000000,-7],"t":[1,"é"],"n":null,"b":true,"1":"x","s":[1,2,3]}"#
    );
    assert!(matches!(expression("b'ab\\xff'").unwrap(), Value::Bytes(b) if &*b == b"ab\xff"));
    assert!(matches!(expression("(1, 2)").unwrap(), Value::Tuple(_)));
    let text = "import decimal, datetime, uuid\nreturn [decimal.Decimal('10.20'), datetime.date(2024, 2, 29), \
                datetime.datetime(2024, 1, 2, 3, 4, 5), uuid.UUID(int=1), range(3), {'k': 1}.keys()]";
    assert_eq!(shown(body(text)), r#"[10.20,"2024-02-29","2024-01-02T03:04:05","00000000-0000-0000-0000-000000000001",[0,1,2],["k"]]"#);
}

#[test]
fn exact_decimals_keep_their_digits_in_text() {
    let text = "import json\nn = var('n')\nreturn [f'{n}', str(n), '%s' % n, [n].__repr__(), f'{n:.2f}', f'{n:,.1f}', n, n + 0.5 > 1, json.dumps({'n': 1.5})]";
    let run = Run::with(&[("n", "99999999999999999.90")]);
    let result = evaluate(text, PythonForm::Body, Uses { variables: &["n"], response: false }, &run);
    assert_eq!(
        shown(result),
        r#"["99999999999999999.90","99999999999999999.90","99999999999999999.90","[99999999999999999.90]","99999999999999999.90","99,999,999,999,999,999.9",99999999999999999.90,true,"{\"n\": 1.5}"]"#
    );
    assert_eq!(
        shown(expression("[round(2.675, 2), round(1.115, 2), round(25.0, -1), round(25, -1), round(2.5)]")),
        "[2.67,1.11,20.0,20,2]"
    );
}

#[test]
fn the_modules_that_snippets_need_work() {
    let text = r#"
import hashlib, json, re, datetime, math, base64, hmac, urllib.parse, decimal, collections, itertools, functools, string, time, uuid, random, csv, io
import statistics, secrets, gzip
out = io.StringIO()
csv.writer(out).writerow(["a", 'b"c', 1])
checks = {
    "sha256": hashlib.sha256(b"abc").hexdigest()[:8],
    "md5": hashlib.md5(b"abc").hexdigest()[:8],
    "json": json.loads(json.dumps({"a": [1, None, 1.5]})),
    "re": re.sub(r"(\d+)", r"<\1>", "a12"),
    "date": (datetime.datetime(2024, 1, 31) + datetime.timedelta(days=1)).strftime("%Y-%m-%d"),
    "math": math.floor(2.7),
    "base64": base64.b64encode(b"hello").decode(),
    "hmac": hmac.new(b"k", b"m", hashlib.sha256).hexdigest()[:8],
    "url": urllib.parse.quote("a b/ü") + urllib.parse.urlencode({"x": "1 2"}) + urllib.parse.urlparse("http://h/p?q").path,
    "decimal": str(decimal.Decimal("0.1") + decimal.Decimal("0.2")),
    "counter": dict(collections.Counter("aab")),
    "chain": list(itertools.chain([1], [2])),
    "reduce": functools.reduce(lambda a, b: a + b, [1, 2, 3]),
    "letters": string.ascii_lowercase[:3],
    "time": time.time() > 1600000000,
    "uuid": len(str(uuid.uuid4())),
    "random": 0 <= random.random() < 1 and random.randint(1, 1) == 1,
    "csv": out.getvalue(),
    "read": [row for row in csv.reader(io.StringIO("x,\"y,z\"\n"))],
    "median": statistics.median([1, 3, 2]),
    "token": len(secrets.token_hex(4)),
    "gzip": gzip.decompress(gzip.compress(b"zip")).decode(),
}
return checks
"#;
    assert_eq!(
        shown(body(text)),
        r#"{"sha256":"ba7816bf","md5":"90015098","json":{"a":[1,null,1.5]},"re":"a<12>","date":"2024-02-01","math":2,"base64":"aGVsbG8=","hmac":"b60090e3","url":"a%20b/%C3%BCx=1+2/p","decimal":"0.3","counter":{"a":2,"b":1},"chain":[1,2],"reduce":6,"letters":"abc","time":true,"uuid":36,"random":true,"csv":"a,\"b\"\"c\",1\r\n","read":[["x","y,z"]],"median":2,"token":8,"gzip":"zip"}"#
    );
}

#[test]
fn files_processes_and_sockets_do_not_exist() {
    for text in [
        "open('/etc/passwd').read()",
        "__import__('io').open('/etc/passwd')",
        "__import__('os').listdir('/')",
        "__import__('importlib').import_module('os').open('/etc/passwd', 0)",
    ] {
        let error = expression(text).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Expression, "{text}");
    }
    for module in ["os", "socket", "subprocess", "pathlib", "ctypes", "urllib.request", "threading"] {
        let error = body(&format!("import {module}\nreturn 1")).unwrap_err();
        assert!(error.message.contains("snippets have no file, process or network access"), "{module}: {}", error.message);
        assert_eq!(error.place.as_ref().unwrap().span.line, 10);
    }
    let error = body("import xml.etree.ElementTree as ET\nreturn len(ET.fromstring('<r><i n=\"1\"/></r>'))").unwrap_err();
    assert!(error.message.contains("snippets have no reliable XML parser"), "{}", error.message);
    assert_eq!(
        shown(body("import sys\nreturn [sys.argv[1:], hasattr(sys.modules['os'], 'system'), dict(sys.modules['os'].environ)]")),
        "[[],false,{}]"
    );
}

#[test]
fn the_three_forms_and_their_parameters() {
    let run = Run::with(&[("page", "3")]).replied(r#"{"items": [{"id": 1}]}"#);
    let uses = Uses { variables: &["page"], response: true };
    let evaluate = |text: &str, form| shown(evaluate(text, form, uses, &run));
    assert_eq!(evaluate("\n  var('page') + 1", PythonForm::Expression), "4");
    assert_eq!(evaluate("x = '''a\n b'''\nif True:\n  return x\n", PythonForm::Body), r#""a\n b""#);
    assert_eq!(evaluate("def evaluate(context):\n  return context.var('page')", PythonForm::Evaluate), "3");
    let helper = "import json\ndef twice(x):\n  return 2 * x\ndef evaluate(context, response, factor=2):\n  return twice(factor) + len(response.json()['items'])";
    assert_eq!(evaluate(helper, PythonForm::Evaluate), "5");
    assert_eq!(evaluate("def evaluate(context, limit=5):\n  return limit", PythonForm::Evaluate), "5");
    assert_eq!(evaluate("evaluate = lambda context, response: response.status_code", PythonForm::Evaluate), "201");
}

#[test]
fn the_reply_in_all_its_forms() {
    let run = Run::default().replied(r#"{"price": 0.12345678901234567890, "n": 12345678901234567890, "text": "\u00e9"}"#);
    let uses = Uses { variables: &[], response: true };
    let text = "r = response\na = r.json()\na['price2'] = a['price'] + 1\nreturn [r.status_code, r.status_code() == 201, r.headers['Content-Type'], r.headers().get('X-NEXT'), \
                'x-none' in r.headers, r.text.startswith('{'), r.text() == r.text, r.url, r.elapsed.total_seconds(), a, 'price2' in r.json(), r.ok]";
    assert_eq!(
        shown(evaluate(text, PythonForm::Body, uses, &run)),
        r#"[201,true,"application/json","2",false,true,true,"https://api.example/items?page=1",1.5,{"price":0.12345678901234567890,"n":12345678901234567890,"text":"é","price2":1.1234567890123457},false,true]"#
    );
    let error = evaluate("response.status", PythonForm::Expression, uses, &run).unwrap_err();
    assert!(error.message.contains("response has no 'status': it has status_code, ok, headers"), "{}", error.message);
    let broken = Run::default().replied("<html>no");
    let error = evaluate("response.json()", PythonForm::Expression, uses, &broken).unwrap_err();
    assert_eq!(error.message, "ValueError: the reply is not JSON: expected value at line 1 column 1 (it starts with `<html>no`)");
}

#[test]
fn rows_have_their_rules() {
    let mut run = Run::default();
    run.variables.insert("customer".to_owned(), row(&[("id", "7"), ("City", "null"), ("amount", "10.20")]));
    let evaluate = |text: &str| evaluate(text, PythonForm::Expression, Uses { variables: &["customer"], response: false }, &run);
    let text = "[var('customer')['ID'], var('customer').get('city', '-'), 'City' in var('customer'), len(var('customer')), \
                list(var('customer')), var('customer').to_dict(), [k for k, v in var('customer').items()], var('customer').get('amount')]";
    assert_eq!(
        shown(evaluate(text)),
        r#"[7,"-",true,3,["id","City","amount"],{"id":7,"City":null,"amount":10.20},["id","City","amount"],10.20]"#
    );
    assert_eq!(evaluate("var('customer')['name']").unwrap_err().message, "KeyError: 'name' — the row's columns are: id, City, amount");
}

#[test]
fn questions_to_the_run() {
    let mut run = Run::with(&[("page_size", "50"), ("empty", "null")]);
    run.queries.insert("select 1".to_owned(), r#"[{"a": "42", "b": 2}]"#.to_owned());
    run.queries.insert(r#"select * from "main"."items""#.to_owned(), r#"[{"id": 1}, {"id": 2}]"#.to_owned());
    run.queries.insert("none".to_owned(), "[]".to_owned());
    let evaluate = |text: &str| evaluate(text, PythonForm::Expression, Uses::default(), &run);
    assert_eq!(
        shown(evaluate(
            "[context.var('page_' + 'size'), is_var_defined('empty'), is_var_defined('nothing'), var('empty'), query_value('select 1', int), \
             context.query_scalar('stage', 'select 1'), query('stage', 'none'), query_value('stage', 'none'), \
             [r['id'] for r in table('stage', 'main.items')], context.sources.query('stage', 'select 1')[0]['b']]"
        )),
        r#"[50,false,false,null,42,"42",[],null,[1,2],2]"#
    );
    assert_eq!(evaluate("var('page_sise')").unwrap_err().message, "variable 'page_sise' is not defined — did you mean 'page_size'?");
    let error = evaluate("query('stage', 'select x')").unwrap_err();
    assert_eq!((error.kind.clone(), error.message.as_str()), (ErrorKind::Sql, "no such table: select x"));
    assert_eq!(evaluate("query('stag', 'select 1')").unwrap_err().message, "there is no database source 'stag' — did you mean 'stage'?");
}

#[test]
fn printing_becomes_log_lines() {
    let run = Run::default();
    let text = "print('a', 1)\nlog('x')\nlog.info('y')\nimport sys\nsys.stdout.write('no line end')\nsys.stdout = None\nreturn 1";
    assert_eq!(shown(evaluate(text, PythonForm::Body, Uses::default(), &run)), "1");
    assert_eq!(run.logged(), ["a 1", "x", "y", "no line end"]);
}

#[test]
fn inputs_are_values_never_source_text() {
    let mut snippets = Snippets::new();
    let id = snippets.python_with("'id: ' + _input0", &[("_input0", "'); import os; ('")]);
    assert_eq!(shown(snippets.evaluator(short()).evaluate(id, &Run::default())), r#""id: '); import os; ('""#);
}

#[test]
fn errors_name_the_line_in_the_flow() {
    let place = |error: RunError| {
        let place = error.place.clone().unwrap();
        (error.message.clone(), place.span.line, place.span.column, place.quote.unwrap())
    };
    let text = "a = {'x': 1}\nfor i in range(3):\n    b = a['y']\nreturn b";
    assert_eq!(place(body(text).unwrap_err()), ("KeyError: 'y'".to_owned(), 12, 11, "    b = a['y']".to_owned()));
    assert_eq!(place(expression("\n\n1 / 0").unwrap_err()), ("ZeroDivisionError: division by zero".to_owned(), 12, 7, "1 / 0".to_owned()));
    let error =
        evaluate("def evaluate(context):\n  return context.nothing", PythonForm::Evaluate, Uses::default(), &Run::default()).unwrap_err();
    assert_eq!(place(error).1, 11);
    assert_eq!(place(body("x = 1\nreturn (").unwrap_err()).1, 11);
}

/// One worker serves all of them: after each, the next snippet works.
#[test]
fn hostile_snippets_end_as_errors_and_the_next_one_works() {
    let hostile = [
        ("while True: pass", ErrorKind::Limit),
        ("return 9**9**9", ErrorKind::Limit),
        ("return [0] * (2 * 1024**3)", ErrorKind::Limit),
        ("return 'a' * 10**11", ErrorKind::Limit),
        ("def f(): return f()\nreturn f()", ErrorKind::Limit),
        ("import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nreturn f()", ErrorKind::Limit),
        ("import sys\nsys.exit(3)", ErrorKind::Expression),
        ("raise SystemExit", ErrorKind::Expression),
        ("raise KeyboardInterrupt()", ErrorKind::Expression),
        ("class E(BaseException):\n  def __str__(self): raise E()\nraise E()", ErrorKind::Expression),
        ("d = {}\nd['d'] = d\nreturn d", ErrorKind::Expression),
        ("l = []\nfor i in range(100000): l = [l]\nreturn l", ErrorKind::Expression),
        ("while True: print('x' * 100000)", ErrorKind::Limit),
        ("return lambda: 1", ErrorKind::Expression),
        ("return object()", ErrorKind::Expression),
        ("import time\ntime.sleep(100)", ErrorKind::Limit),
        ("l = []\nwhile True: l.append('x' * 1000000)", ErrorKind::Limit),
        ("import builtins\nbuiltins.len = None\nraise ValueError('x' * 1000)", ErrorKind::Expression),
        ("return 'x' * (300 * 1024 * 1024)", ErrorKind::Limit),
    ];
    let nested = format!("return {}1{}", "(".repeat(5000), ")".repeat(5000));
    let mut snippets = Snippets::new();
    let mut cases: Vec<(String, ExprId, ErrorKind)> = Vec::new();
    for (text, kind) in hostile {
        cases.push((text.to_owned(), snippets.python(text, PythonForm::Body, Uses::default()), kind));
    }
    let deep = snippets.python(&nested, PythonForm::Body, Uses::default());
    let good = snippets.python("len([1, 2])", PythonForm::Expression, Uses::default());
    let limits = PythonLimits { call: Duration::from_secs(2), workers: 1, memory_bytes: 1 << 30 };
    let evaluator = snippets.evaluator(limits);
    let run = Run::default();
    for (text, id, kind) in cases {
        let started = Instant::now();
        let error = evaluator.evaluate(id, &run).expect_err(&text);
        assert!(started.elapsed() < Duration::from_secs(20), "{text}");
        assert_eq!(error.kind, kind, "{text}: {}", error.message);
        assert!(error.place.is_some(), "{text}");
        if text.contains("builtins.len") {
            continue;
        }
        assert_eq!(shown(evaluator.evaluate(good, &run)), "2", "after {text}");
    }
    // Deep nesting may be more than the parser takes, or just work.
    if let Ok(value) = evaluator.evaluate(deep, &run) {
        assert_eq!(shown(Ok(value)), "1");
    }
}

#[test]
fn many_threads_share_the_workers() {
    let mut snippets = Snippets::new();
    let id =
        snippets.python("{'a': var('x'), 'b': 'text', 'c': [1, 2]}", PythonForm::Expression, Uses { variables: &["x"], response: false });
    let evaluator = snippets.evaluator(PythonLimits { workers: 2, ..PythonLimits::default() });
    std::thread::scope(|scope| {
        for number in 0..8 {
            let evaluator = &evaluator;
            scope.spawn(move || {
                let run = Run::with(&[("x", &number.to_string())]);
                for _ in 0..20 {
                    assert_eq!(shown(evaluator.evaluate(id, &run)), format!(r#"{{"a":{number},"b":"text","c":[1,2]}}"#));
                }
            });
        }
    });
}
