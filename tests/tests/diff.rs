//! `sequor diff RUN --json`: what differs, and whether the run can go on with it.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use sequor_tests::program::Project;
use serde_json::Value;

const FLOW: &str = "- {op: print, id: say, message: hello}\n- {op: fail, id: broken, message: not yet}\n";

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("one JSON object")
}

#[test]
fn a_run_is_compared_with_the_project_of_today() {
    let project = Project::of(&[("project.yaml", "name: shop\n"), ("flows/main.yaml", FLOW)]);
    let _ = project.sequor(["run", "main"]).ended(1);
    let run = json(&project.sequor(["runs", "--json"]).ended(0).stdout)["run"].as_str().expect("a name").to_owned();

    let same = json(&project.sequor(["diff", &run, "--json"]).ended(0).stdout);
    assert_eq!((&same["is_same"], &same["same_steps"], &same["run"]), (&true.into(), &2.into(), &run.as_str().into()));
    assert_eq!(same["plan_change"]["accepted"], true);

    project.write("flows/main.yaml", &FLOW.replace("op: fail", "op: print"));
    let mended = json(&project.sequor(["diff", &run, "--json"]).ended(1).stdout);
    assert_eq!((&mended["differences"][0]["name"], &mended["plan_change"]["accepted"]), (&"main/broken".into(), &true.into()));

    project.write("flows/main.yaml", &FLOW.replace("hello", "good day"));
    let done = json(&project.sequor(["diff", &run, "main", "--json"]).ended(1).stdout);
    let lines = serde_json::json!([{"old": "message = \"hello\""}, {"new": "message = \"good day\""}]);
    assert_eq!((&done["differences"][0]["lines"], &done["plan_change"]["accepted"]), (&lines, &false.into()));

    project.write("flows/main.yaml", &FLOW.replace("op: fail", "op: print"));
    let _ = project.sequor(["resume", "--plan", "main"]).ended(0);
    assert_eq!(json(&project.sequor(["diff", &run, "--json"]).ended(0).stdout)["plan_change"], Value::Null, "the run is over");
}
