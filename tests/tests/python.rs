//! Python in flows: what works, what does not exist, and what ends within its limits.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fmt::Write as _;

use sequor_tests::program::Project;

fn printing(expressions: &[(&str, &str)]) -> Project {
    let mut flow = String::new();
    for (name, code) in expressions {
        let _ = writeln!(flow, "- op: print\n  message_expression: |");
        let _ = writeln!(flow, "    def evaluate(context):");
        for line in code.lines() {
            let _ = writeln!(flow, "      {line}");
        }
        let _ = writeln!(flow, "- op: print\n  message: done {name}");
    }
    Project::of(&[("project.yaml", "name: python\n"), ("flows/f.yaml", &flow)])
}

#[test]
fn the_promised_modules_import_and_work() {
    let cases = [
        ("hashlib", "import hashlib\nreturn hashlib.sha256(b'a').hexdigest()[:8]", "ca978112"),
        ("json", "import json\nreturn json.dumps({'a': [1, None]})", r#"{"a": [1, null]}"#),
        ("re", "import re\nreturn re.sub(r'(\\d+)', r'<\\1>', 'a12b')", "a<12>b"),
        (
            "datetime",
            "from datetime import datetime, timedelta\nreturn (datetime(2024, 2, 28) + timedelta(days=2)).isoformat()",
            "2024-03-01T00:00:00",
        ),
        ("math", "import math\nreturn math.comb(10, 3)", "120"),
        ("base64", "import base64\nreturn base64.b64encode(b'hi').decode()", "aGk="),
        ("hmac", "import hmac, hashlib\nreturn hmac.new(b'k', b'm', hashlib.sha1).hexdigest()[:6]", "772b71"),
        ("urllib.parse", "from urllib.parse import quote\nreturn quote('a b/é')", "a%20b/%C3%A9"),
        ("decimal", "from decimal import Decimal\nreturn Decimal('0.1') + Decimal('0.2')", "0.3"),
        ("collections", "from collections import Counter\nreturn Counter('aab').most_common(1)", "[('a', 2)]"),
        ("itertools", "import itertools\nreturn list(itertools.chain([1], [2]))", "[1, 2]"),
        ("functools", "import functools\nreturn functools.reduce(lambda a, b: a * b, [2, 3, 4])", "24"),
        ("string", "import string\nreturn string.ascii_lowercase[:3]", "abc"),
        ("time", "import time\nreturn time.strftime('%Y', time.gmtime(0))", "1970"),
        ("uuid", "import uuid\nreturn len(str(uuid.uuid4()))", "36"),
        ("random", "import random\nreturn 1 <= random.randint(1, 6) <= 6", "True"),
        ("csv", "import csv, io\nreturn list(csv.reader(io.StringIO('a,\"b,c\"')))", "[['a', 'b,c']]"),
        ("io", "import io\nreturn io.StringIO('x\\ny').readlines()[1]", "y"),
    ];
    let project = printing(&cases.map(|(name, code, _)| (name, code)));
    let ran = project.sequor(["run", "f"]).ended(0);
    for (name, _, expected) in cases {
        ran.says(expected).says(&format!("done {name}"));
    }
}

#[test]
fn files_processes_and_sockets_do_not_exist() {
    let hidden = [
        "return open('/etc/passwd').read()",
        "return __builtins__['open']('/etc/passwd').read()",
        "return __import__('o' + 's').listdir('/')",
        "return __import__('o' + 's').system('id')",
        "return __import__('sub' + 'process').run(['id'])",
        "return __import__('sock' + 'et').socket()",
        "import io\nreturn io.open('/etc/passwd').read()",
        "import io\nreturn io.FileIO('/etc/passwd').read()",
        "import importlib\nreturn importlib.import_module('po' + 'six')",
    ];
    for code in hidden {
        let ran = printing(&[("hidden", code)]).sequor(["run", "f"]);
        assert!(matches!(ran.status, 1 | 2), "{code}: {}", ran.output());
        ran.hides("root:").hides("uid=").hides("panicked");
    }
    for code in ["import subprocess\nreturn 1", "import socket\nreturn 1", "import os\nreturn os.getcwd()"] {
        let ran = printing(&[("hidden", code)]).sequor(["run", "f"]).ended(2);
        ran.says("P616");
    }
}

#[test]
fn a_hostile_snippet_ends_within_its_limits_and_the_run_goes_on() {
    let hostile = [
        // `while True` is refused by the compiler; of this one it does not know that it has no end.
        "import itertools\nn = 0\nfor i in itertools.count(): n += 1",
        "return len(str(9**9**9))",
        "return len([0] * (2 * 1024**3 // 8 * 8))",
        "return 'a' * 10**11",
        "def f(): return f()\nreturn f()",
        "raise SystemExit(3)",
        "d = {}\nd['d'] = d\nreturn d",
        "return eval('(' * 1000000 + '1' + ')' * 1000000)",
    ];
    for code in hostile {
        let mut flow = String::from("- op: try\n  steps:\n    - op: print\n      message_expression: |\n        def evaluate(context):\n");
        for line in code.lines() {
            let _ = writeln!(flow, "          {line}");
        }
        flow.push_str("          return 1\n  catch:\n    - as: error\n      steps:\n        - op: print\n          message: \"caught {{ var('error').kind }}\"\n");
        flow.push_str("- op: print\n  message_expression: |\n    import math\n    return 'still ' + str(math.gcd(12, 18))\n");
        let project = Project::of(&[("project.yaml", "name: python\n"), ("flows/f.yaml", &flow)]);
        let ran = project.sequor(["run", "f"]);
        assert_eq!(ran.status, 0, "{code}: {}", ran.output());
        ran.says("caught ").says("still 6").hides("panicked");
    }
}

#[test]
fn a_fault_in_a_snippet_names_its_line() {
    let project = Project::of(&[
        ("project.yaml", "name: python\n"),
        (
            "flows/f.yaml",
            "- op: set_variable\n  set:\n    total_expression: |\n      import math\n      rows = [1, 2]\n      return rows[math.floor(5)]\n",
        ),
    ]);
    project.sequor(["run", "f"]).ended(1).says("flows/f.yaml:6").says("IndexError").says("return rows[math.floor(5)]");
}
