//! `sequor diff`: two compiled plans of one project.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FLOW: &str = "steps:
  - op: http_request
    id: load
    request: {url: 'https://api.example.com/a'}
    response:
      tables: [{source: stage, table: a, data_path: items}]
  - op: for_each
    id: loop
    items: [1, 2]
    as: n
    steps:
      - {op: print, id: say, message: hello}
";

fn sequor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sequor")).args(arguments).output().expect("the program runs")
}

/// Compiles one flow as a project of its own.
fn plan(folder: &Path, name: &str, flow: &str) -> PathBuf {
    let project = folder.join(name);
    for (file, text) in
        [("project.yaml", "name: shop\n"), ("sources/stage.yaml", "type: sqlite\npath: stage.db\n"), ("flows/main.yaml", flow)]
    {
        let path = project.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("can be made");
        std::fs::write(path, text).expect("can be written");
    }
    let output = folder.join(name).with_extension("plan");
    let compiled = sequor(&["-p", &project.display().to_string(), "compile", "-o", &output.display().to_string()]);
    assert_eq!(compiled.status.code(), Some(0), "{compiled:?}");
    output
}

fn diff(flow: &str, name: &str) -> (String, Option<i32>) {
    between(FLOW, flow, name)
}

fn between(before: &str, after: &str, name: &str) -> (String, Option<i32>) {
    let folder = std::env::temp_dir().join(format!("sequor-diff-{}-{name}", std::process::id()));
    let (old, new) = (plan(&folder, "old", before), plan(&folder, "new", after));
    let output = sequor(&["diff", &old.display().to_string(), &new.display().to_string()]);
    std::fs::remove_dir_all(&folder).expect("can be removed");
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code())
}

#[test]
fn plans_that_do_the_same_end_with_0() {
    let moved = FLOW.replace("steps:\n  - op: http", "# A comment moves every line.\nsteps:\n  - op: http");
    assert_eq!(diff(&moved, "same"), ("3 steps are the same\n".to_owned(), Some(0)));
}

#[test]
fn each_difference_is_named_and_the_status_is_1() {
    let changed = FLOW.replace("data_path: items", "data_path: rows").replace("hello", "good day");
    let says = "main/load: reply changed
  -     rows at $.items
  +     rows at $.rows
main/loop/say: payload changed
  - message = \"hello\"
  + message = \"good day\"
1 step is the same
";
    assert_eq!(diff(&changed, "changed"), (says.to_owned(), Some(1)));

    let renamed = FLOW.replace("id: load", "id: fetch");
    assert_eq!(diff(&renamed, "renamed"), ("main/fetch: added\nmain/load: removed\n2 steps are the same\n".to_owned(), Some(1)));
}

#[test]
fn a_step_in_front_does_not_change_those_behind_it() {
    let flow = "steps:\n  - {op: print, message: one}\n  - {op: print, message: two}\n";
    let longer = flow.replace("steps:\n", "steps:\n  - {op: print, message: zero}\n");
    let says = "main/print_1: added\n2 steps are the same\n";
    assert_eq!(between(flow, &longer, "in-front"), (says.to_owned(), Some(1)));
}

#[test]
fn another_order_and_other_settings_are_differences_too() {
    let flow = "steps:\n  - {op: print, id: a, message: one}\n  - {op: print, id: b, message: two}\n";
    let turned = "steps:\n  - {op: print, id: b, message: two}\n  - {op: print, id: a, message: one, level: debug}\n";
    let says = "main/a: in another order; settings changed\n  - level info\n  + level debug\n1 step is the same\n";
    assert_eq!(between(flow, turned, "order"), (says.to_owned(), Some(1)));
}

#[test]
fn a_shipped_plan_is_compared_with_the_project_of_today() {
    let folder = std::env::temp_dir().join(format!("sequor-diff-{}-today", std::process::id()));
    let shipped = plan(&folder, "shop", FLOW).display().to_string();
    let project = folder.join("shop").display().to_string();
    let run = |arguments: &[&str]| {
        let output = sequor(&[&["-p", &project, "diff"], arguments].concat());
        (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code())
    };
    assert_eq!(run(&[&shipped]), ("3 steps are the same\n".to_owned(), Some(0)));

    std::fs::write(folder.join("shop/flows/main.yaml"), FLOW.replace("hello", "good day")).expect("can be written");
    let forth = "main/loop/say: payload changed\n  - message = \"hello\"\n  + message = \"good day\"\n2 steps are the same\n";
    assert_eq!(run(&[&shipped]), (forth.to_owned(), Some(1)), "the flows of the plan where none is named");
    assert_eq!(run(&[&shipped, "main"]), (forth.to_owned(), Some(1)));
    let back = "main/loop/say: payload changed\n  - message = \"good day\"\n  + message = \"hello\"\n2 steps are the same\n";
    assert_eq!(run(&["main", &shipped]), (back.to_owned(), Some(1)));

    let (json, status) = run(&[&shipped, "main", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let expected = serde_json::json!({"is_same": false, "same_steps": 2, "differences": [{
        "kind": "step", "name": "main/loop/say", "fate": "changed", "was": null, "is_moved": false, "parts": ["payload"],
        "lines": [{"old": "message = \"hello\""}, {"new": "message = \"good day\""}],
    }]});
    assert_eq!((json, status), (expected, Some(1)));

    std::fs::write(folder.join("shop/flows/main.yaml"), FLOW.replace("message: hello", "mesage: hello")).expect("can be written");
    assert_eq!(run(&[&shipped]), (String::new(), Some(2)), "a flow with faults has no plan");
    std::fs::remove_dir_all(&folder).expect("can be removed");
}

#[test]
fn what_is_no_plan_is_refused() {
    let output = sequor(&["diff", "/nonexistent.plan", "/nonexistent.plan"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read /nonexistent.plan"), "{output:?}");
}
