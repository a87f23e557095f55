//! `sequor graph`: what it draws, from a flow and from a plan file, and what it refuses.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FLOW: &str = "steps:
  - op: for_each
    id: loop
    items: [1, 2]
    as: n
    steps:
      - op: if
        id: choose
        condition_expression: var('n') > 1
        then: [{op: run_flow, id: call, flow: other}]
  - {op: print, id: say, message: a long text that a narrow terminal has no place for}
";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sequor-graph-{}-{name}", std::process::id()));
        for (file, text) in [
            ("project.yaml", "name: shop\n"),
            ("flows/main.yaml", FLOW),
            ("flows/other.yaml", "- {op: print, id: hello, message: hello}\n"),
            ("flows/faulty.yaml", "- {op: print, mesage: hello}\n"),
        ] {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("can be made");
            std::fs::write(path, text).expect("can be written");
        }
        Self(folder)
    }

    fn sequor(&self, arguments: &[&str]) -> Output {
        sequor(&self.0, arguments)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn sequor(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sequor")).args(arguments).current_dir(folder).output().expect("the program runs")
}

fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

fn error(output: &Output) -> String {
    assert_eq!((output.status.code(), text(output)), (Some(2), ""), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_flow_is_a_tree() {
    let folder = Folder::new("tree");
    let tree = "flow main  flows/main.yaml
├─ loop: for_each  line 2
│  │  n in [1, 2]
│  └─ for each n
│     └─ choose: if  line 7
│        └─ if var('n') > 1
│           └─ call: run_flow  line 10
│                 flow other()
└─ say: print  line 11
      \"a long text that a narrow terminal has no place for\"

flow other  flows/other.yaml, only called
└─ hello: print  line 1
      \"hello\"
";
    let drawn = folder.sequor(&["graph", "main"]);
    assert_eq!((text(&drawn), drawn.status.code()), (tree, Some(0)));
    let narrow = folder.sequor(&["graph", "main", "--width", "30"]);
    assert!(text(&narrow).contains("\n      \"a long text that a nar…\n"), "{}", text(&narrow));
}

#[test]
fn a_plan_file_is_drawn_as_its_flow() {
    let folder = Folder::new("plan");
    assert_eq!(folder.sequor(&["compile", "main", "-o", "x.plan"]).status.code(), Some(0));
    for (format, begins) in [("text", "flow main"), ("mermaid", "flowchart TD\n"), ("dot", "digraph plan {\n"), ("svg", "<svg xmlns=")] {
        let flow = folder.sequor(&["graph", "main", "--format", format]);
        assert!(text(&flow).starts_with(begins), "{}", text(&flow));
        assert_eq!(text(&folder.sequor(&["graph", "x.plan", "--format", format])), text(&flow));
        let written = folder.sequor(&["graph", "x.plan", "--format", format, "-o", "drawing"]);
        assert_eq!((text(&written), written.status.code()), ("", Some(0)));
        assert_eq!(std::fs::read_to_string(folder.0.join("drawing")).expect("it was written"), text(&flow));
    }
}

#[test]
fn the_ways_of_a_loop_and_a_call_are_drawn() {
    let folder = Folder::new("ways");
    let drawn = folder.sequor(&["graph", "main", "--format", "mermaid"]);
    let ways: Vec<&str> = text(&drawn).lines().filter(|line| line.contains("->") || line.contains("==>")).map(str::trim).collect();
    let count = |arrow: &str| ways.iter().filter(|way| way.contains(arrow)).count();
    // Back to the loop: after the call, and where the condition does not hold.
    assert_eq!((count("-.->"), count("==>|\"calls\"|"), count("|\"done\"|")), (2, 1, 1), "{ways:#?}");
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let folder = Folder::new("refused");
    assert!(error(&folder.sequor(&["graph", "none.plan"])).contains("cannot read none.plan"));
    std::fs::write(folder.0.join("bad.plan"), "no plan").expect("can be written");
    assert!(error(&folder.sequor(&["graph", "bad.plan"])).contains("bad.plan is refused"));
    let faulty = error(&folder.sequor(&["graph", "faulty"]));
    assert!(faulty.contains("S103") && faulty.contains("flows/faulty.yaml:1:15"), "{faulty}");
    let unknown = error(&folder.sequor(&["graph", "nothing"]));
    assert!(unknown.contains("there is no plan file or flow 'nothing', so a run of that name was looked for"), "{unknown}");
}
