//! What a failing flow tells.

use sequor_plan_format::Op;
use sequor_plan_format::op::RunFlow;

use crate::support::Script;

#[test]
fn a_failure_shows_the_calls_that_led_to_it_and_quotes_the_line() {
    let mut s = Script::new();
    let bad = s.execute("bad", &["DELETE FROM missing"]);
    let inner = s.flow("inner", &[], &[bad]);
    let call = s.node("call", Op::RunFlow(RunFlow { flow: inner, parameters: Vec::new(), output: None, start: None }));
    s.line(1, "  - op: execute");
    let main = s.flow("main", &[], &[call]);
    let ran = s.project_of(main).run(&["--report", "report.json"]).ended(
        1,
        &[
            "  --> flows/main.yaml:1:5\n   |\n 1 |   - op: execute\n   |     ^^\n",
            "  in: flow 'inner', step 'bad' (execute), flows/main.yaml:1:5",
            "  called by: flow 'main', step 'call' (run_flow), flows/main.yaml:2:5",
        ],
    );
    assert!(ran.out.contains("inner/bad (1 failed)"), "{}", ran.out);
}

#[test]
fn the_report_for_programs_says_the_same() {
    let mut s = Script::new();
    let bad = s.execute("bad", &["DELETE FROM missing"]);
    let project = s.project(&[bad]);
    project.run(&["--report", "report.json", "--map-url", "https://api.example.com=http://127.0.0.1:1"]).ended(1, &[]);
    let text = std::fs::read_to_string(project.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["version"], 1);
    assert_eq!((&report["outcome"], &report["exit_status"]), (&"failed".into(), &1.into()));
    let error = &report["error"];
    assert_eq!((&error["op"], &error["kind"]), (&"bad".into(), &"sql".into()));
    assert_eq!((&error["file"], &error["line"], &error["column"]), (&"flows/main.yaml".into(), &1.into(), &5.into()));
    assert_eq!(error["stack"][0]["flow"], "main");
    assert_eq!(report["ops"][0]["failed"], 1);
    assert_eq!(report["map_url"][0]["to"], "http://127.0.0.1:1");
    assert_eq!(project.rows(".sequor/state.db", "SELECT outcome, report = '' FROM runs"), "failed|0");
}

#[test]
fn json_lines_are_json() {
    let mut s = Script::new();
    let message = s.text("hello\n\"you\"");
    let print = s.print("print", message);
    let ran = s.project(&[print]).run(&["--log-format", "json"]).done();
    let objects: Vec<serde_json::Value> = ran.out.lines().chain(ran.err.lines()).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects[0]["message"], "hello\n\"you\"");
    assert_eq!(objects[1]["outcome"], "done");
}
