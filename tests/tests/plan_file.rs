//! The plan file as its users see it: it travels, it is the same every time, and a damaged one is refused.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use sequor_tests::program::{Project, executor, run};

const HELLO: [(&str, &str); 3] = [
    ("project.yaml", "name: hello\nvariables: {planet: earth}\n"),
    (
        "flows/hello.yaml",
        "parameters: {greeting: hello}\nsteps:\n  - op: print\n    message: \"{{ var('greeting') }}, {{ var('planet') }}\"\n",
    ),
    ("flows/folder/other.yaml", "- op: print\n  message: other\n"),
];

#[test]
fn a_plan_runs_elsewhere_with_its_project_gone() {
    let project = Project::of(&HELLO);
    let _ = project.sequor(["compile", "-o", "hello.plan"]).ended(0);
    let elsewhere = Project::empty();
    std::fs::rename(project.path().join("hello.plan"), elsewhere.path().join("moved.plan")).expect("a moved file");
    drop(project);
    elsewhere.executor(["run", "moved.plan", "--flow", "hello", "--param", "greeting=bonjour"]).ended(0).says("bonjour, earth");
    elsewhere.executor(["run", "moved.plan", "--flow", "folder/other"]).ended(0).says("other");
    elsewhere.executor(["run", "moved.plan", "--flow", "helo"]).ended(2).says("hello");
}

#[test]
fn the_same_text_gives_the_same_bytes() {
    let (one, two) = (Project::of(&HELLO), Project::of(&HELLO));
    for project in [&one, &two] {
        let _ = project.sequor(["compile", "-o", "hello.plan"]).ended(0);
    }
    let bytes = one.read("hello.plan");
    assert_eq!(bytes, two.read("hello.plan"));
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains(&*one.path().to_string_lossy()), "the plan holds an absolute path");
}

#[test]
fn a_plan_that_is_older_than_its_project_says_so_and_runs_as_it_is() {
    let project = Project::of(&HELLO);
    let _ = project.sequor(["compile", "hello", "-o", "hello.plan"]).ended(0);
    let fresh = project.sequor(["run", "hello.plan"]).ended(0);
    assert!(!fresh.output().contains("M001"), "{}", fresh.output());
    // A blank line moves positions only, and another flow is not in this plan.
    project.write("flows/hello.yaml", &format!("\n{}", HELLO[1].1));
    project.write("flows/folder/other.yaml", "- op: print\n  message: changed\n");
    let moved = project.sequor(["run", "hello.plan"]).ended(0);
    assert!(!moved.output().contains("M001"), "{}", moved.output());
    project.write("project.yaml", "name: hello\nvariables: {planet: mars}\n");
    let older = project.sequor(["run", "hello.plan"]).ended(0);
    older.says("hello, earth");
    assert!(older.stderr.contains("warning[M001]") && older.stderr.contains("sequor compile hello -o hello.plan"), "{}", older.output());
}

#[test]
fn a_damaged_plan_is_refused_with_its_reason() {
    let project = Project::of(&HELLO);
    let _ = project.sequor(["compile", "hello", "-o", "hello.plan"]).ended(0);
    let bytes = project.read("hello.plan");
    let mut damaged: Vec<(String, Vec<u8>)> = Vec::new();
    for at in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x20;
        damaged.push((format!("byte {at} flipped"), flipped));
    }
    damaged.push(("cut in half".into(), bytes[..bytes.len() / 2].to_vec()));
    damaged.push(("one byte more".into(), [bytes.as_slice(), b"x"].concat()));
    damaged.push(("empty".into(), Vec::new()));
    damaged.push(("a YAML file".into(), b"steps: []\n".to_vec()));
    for (what, bytes) in damaged {
        std::fs::write(project.path().join("damaged.plan"), bytes).expect("a written file");
        let ran = run(project.command(&executor()).args(["run", "damaged.plan"]));
        assert_eq!(ran.status, 2, "{what}: {}", ran.output());
        assert!(ran.stderr.contains("damaged.plan"), "{what}: {}", ran.output());
        assert!(!ran.output().contains("panicked"), "{what}: {}", ran.output());
    }
    project.executor(["run", "missing.plan"]).ended(2).says("missing.plan");
}

#[test]
fn what_a_plan_touches_can_be_read() {
    let project = Project::fixture("services");
    let _ = project.sequor(["compile", "hubspot/create", "-o", "create.plan"]).ended(0);
    let shown = project.sequor(["show", "create.plan"]).ended(0);
    shown.says("hubspot/create").says("create_contact").says("http_request");
    shown.hides("github");
    let manifest = project.sequor(["show", "create.plan", "--manifest"]).ended(0);
    manifest.says("api.hubapi.com").says("POST").says("hubspot_created").says("hubspot_token");
    let json = project.sequor(["show", "create.plan", "--manifest", "--json"]).ended(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["hosts"][0], "api.hubapi.com");
}

#[test]
fn the_plan_of_a_run_can_be_shown_when_its_file_is_gone() {
    let project = Project::of(&HELLO);
    let _ = project.sequor(["compile", "hello", "-o", "hello.plan"]).ended(0);
    let of_file = project.sequor(["show", "hello.plan"]).ended(0).stdout;
    let manifest = project.sequor(["show", "hello.plan", "--json"]).ended(0).stdout;
    project.sequor(["show", "hello"]).ended(2).says("no state file").says("there is no file 'hello'");
    let _ = project.executor(["run", "hello.plan", "--run-key", "monday"]).ended(0);
    let _ = project.executor(["run", "hello.plan"]).ended(0);
    std::fs::remove_file(project.path().join("hello.plan")).expect("a removed file");

    let listed = project.sequor(["runs", "--json"]).ended(0).stdout;
    let runs: Vec<serde_json::Value> = listed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let keyed = runs.iter().find(|run| run["run_key"] == "monday").expect("the run");
    let name = keyed["run"].as_str().expect("a name");
    let end = name.rsplit('-').next().expect("an end");
    for text in [name, end] {
        let shown = project.sequor(["show", text]).ended(0).stdout;
        let (facts, plan) = shown.split_at(shown.find("plan ").expect("a plan"));
        assert!(facts.contains(name) && facts.contains("done") && facts.contains("run key: monday"), "{facts}");
        assert_eq!(plan, of_file);
    }
    let mut shown: serde_json::Value = serde_json::from_str(&project.sequor(["show", end, "--json"]).ended(0).stdout).expect("JSON");
    assert_eq!(shown["run"], *keyed);
    shown.as_object_mut().expect("an object").remove("run");
    assert_eq!(shown, serde_json::from_str::<serde_json::Value>(&manifest).expect("JSON"));
    let manifest = project.sequor(["show", end, "--manifest"]).ended(0);
    manifest.says(name).says("\nmanifest\n").hides("\nflow hello");

    project.sequor(["show", "2"]).ended(2).says("names several runs").says(name);
    project.sequor(["show", "nonsense"]).ended(2).says("there is no run 'nonsense'");
}
