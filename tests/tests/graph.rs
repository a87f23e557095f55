//! `sequor graph`: a flow, a plan or a run as a drawing, read by programs that nobody here wrote.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use sequor_tests::program::Project;
use sequor_tests::readers;

const FLOW: &str = "\
- op: for_each
  id: each
  items: [1, 2]
  as: n
  steps:
    - {op: continue, id: skip, when: \"{{ var('n') == 2 }}\"}
    - {op: print, id: say, message: \"<b> & \\\"quotes\\\" \\\\ [x] {y} #1; `end` ąć 漢字\"}
    - {op: run_flow, id: call, flow: other}
";

fn project() -> Project {
    Project::of(&[
        ("project.yaml", "name: drawn\n"),
        ("flows/main.yaml", FLOW),
        ("flows/other.yaml", "- {op: print, id: hello, message: hello}\n"),
        ("flows/broken.yaml", "- {op: prnt, message: hello}\n"),
    ])
}

#[test]
fn a_flow_a_plan_and_a_run_are_drawn_alike() {
    let project = project();
    let _ = project.sequor(["compile", "main", "-o", "main.plan"]).ended(0);
    let _ = project.sequor(["run", "main"]).ended(0);
    let of_flow = project.sequor(["graph", "main"]).ended(0).stdout.clone();
    assert_eq!(
        of_flow,
        "flow main\n\
         └─ each: for_each  n in [1, 2]\n\
         \u{20}  ├─ skip: continue  when var('n') == 2\n\
         \u{20}  ├─ say: print  <b> & \"quotes\" \\ [x] {y} #1; `end` ąć 漢字\n\
         \u{20}  └─ call: run_flow  other\n\
         \n\
         flow other\n\
         └─ hello: print  hello\n"
    );
    assert_eq!(project.sequor(["graph", "main.plan"]).ended(0).stdout, of_flow);
    let runs = project.sequor(["runs", "--json"]).ended(0).stdout.clone();
    let runs: serde_json::Value = serde_json::from_str(&runs).expect("JSON");
    let run = runs["run"].as_str().expect("a name");
    assert_eq!(project.sequor(["graph", run]).ended(0).stdout, of_flow);
    assert!(project.sequor(["graph", "main.plan", "--flow", "other"]).ended(0).stdout.starts_with("flow other\n"));
}

#[test]
fn drawings_are_read_by_others() {
    let project = project();
    for (format, expected) in [("dot", "step"), ("svg", "text")] {
        let file = project.path().join(format!("main.{format}")).display().to_string();
        let _ = project.sequor(["graph", "main", "--format", format, "-o", &file]).ended(0);
        let Some(read) = readers::read(&[format, &file]) else { return };
        read.ended(0).says(expected).says("<b> & \"quotes\" \\ [x] {y} #1; `end` ąć 漢字");
    }
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let project = project();
    let _ = project.sequor(["compile", "main", "-o", "main.plan"]).ended(0);
    project.sequor(["graph", "broken"]).ended(2).says("unknown op 'prnt'").says("flows/broken.yaml:1:");
    project.sequor(["graph", "nobody"]).ended(2).says("there is no flow and no file 'nobody'");
    project.sequor(["graph", "main.plan", "--flow", "nobody"]).ended(2).says("its flows: main, other");
    std::fs::write(project.path().join("damaged.plan"), "no plan").expect("a file");
    project.sequor(["graph", "damaged.plan"]).ended(2).says("damaged.plan is refused");
}
