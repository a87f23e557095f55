//! `sequor compile` as part of CI: what it prints is read by the programs it is written for.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use sequor_tests::program::{Project, Ran};
use sequor_tests::readers;
use serde_json::Value;

/// An unknown key, a comment in the wrong language, an environment variable that nothing defines, and a sound flow. Some text is wide or hostile.
const FLOW: &str = "steps:
  - {op: print, mesage: 'Grüße 😀, %0A <b>&'}
  - op: set_variable
    set:
      total_expression: |
        x = 1
        // one
        return x
  - op: set_variable
    set: {other: \"{{ '😀' ~ nothing }}\"}
";

fn project() -> Project {
    Project::of(&[
        ("repo/apis, new/project.yaml", "name: shop\n"),
        ("repo/apis, new/flows/main.yaml", FLOW),
        ("repo/apis, new/flows/sound.yaml", "- {op: print, message: hello}\n"),
    ])
}

/// Compiles in the folder `repo`, as a CI job does.
fn compile(project: &Project, format: &str, more: &[&str]) -> Ran {
    let mut command = project.command(&sequor_tests::program::sequor());
    command.current_dir(project.path().join("repo")).args(["-p", "apis, new", "compile", "--check", "--output-format", format]).args(more);
    sequor_tests::program::run(&mut command)
}

/// Writes what was printed to a file and has it read.
fn read(project: &Project, kind: &str, text: &str) -> Option<Ran> {
    project.write("report", text);
    readers::read(&[kind, &project.path().join("report").display().to_string()]).map(|ran| ran.ended(0))
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|e| panic!("{e}: {}", ran.stdout))
}

const SUMMARY: &str = "2 errors, 1 warning (2 fixable)\n";

#[test]
fn sarif_is_valid_and_places_are_right() {
    let project = project();
    let ran = compile(&project, "sarif", &[]).ended(1);
    assert_eq!(ran.stderr, SUMMARY);
    let log = json(&ran);
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let results = run["results"].as_array().expect("a list");
    let codes: Vec<&str> = results.iter().map(|r| r["ruleId"].as_str().expect("text")).collect();
    assert_eq!(codes, ["S103", "P603", "J502"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "apis%2C%20new/flows/main.yaml");
    }
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(*region, serde_json::json!({"startLine": 2, "startColumn": 17, "endLine": 2, "endColumn": 23}));
    let rule = &run["tool"]["driver"]["rules"];
    assert!(rule.as_array().expect("a list").iter().any(|r| r["name"] == "UnknownKey"), "{rule}");
    let edit = &results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(edit["insertedContent"]["text"], "#");
    assert_eq!(edit["deletedRegion"], serde_json::json!({"startLine": 7, "startColumn": 9, "endLine": 7, "endColumn": 11}));
    let Some(read) = read(&project, "sarif", &ran.stdout) else { return };
    assert_eq!(read.stdout, "S103 error\nP603 warning\nJ502 error\n");
}

#[test]
fn junit_names_what_failed_and_what_did_not() {
    let project = project();
    let ran = compile(&project, "junit", &[]).ended(1);
    assert_eq!(ran.stderr, SUMMARY);
    let Some(read) = read(&project, "junit", &ran.stdout) else { return };
    let folder = "apis, new";
    let expected = format!(
        "{folder}/flows/main.yaml | S103 unknown-key (2:17) | failed
{folder}/flows/main.yaml | P603 slash-comment (7:9) | passed
{folder}/flows/main.yaml | J502 jinja-unknown-name (10:28) | failed
{folder}/flows/sound.yaml | compiles | passed
{folder}/project.yaml | compiles | passed
"
    );
    assert_eq!(read.stdout, expected);
    let denied = compile(&project, "junit", &["--deny-warnings"]).ended(1);
    let Some(read) = self::read(&project, "junit", &denied.stdout) else { return };
    read.says("P603 slash-comment (7:9) | failed");
}

#[test]
fn github_gets_one_command_a_fault() {
    let ran = compile(&project(), "github", &[]).ended(1);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let file = "file=apis%2C new/flows/main.yaml";
    assert_eq!(
        lines[0].split("::").nth(1),
        Some(format!("error {file},line=2,endLine=2,col=17,endColumn=23,title=S103 unknown-key").as_str())
    );
    assert!(lines[0].contains("%0Adid you mean 'message'?"), "{}", lines[0]);
    assert!(lines[1].starts_with("::warning file="), "{}", lines[1]);
    assert_eq!((lines.len(), lines[3]), (4, SUMMARY.trim_end()));
}

#[test]
fn gitlab_knows_a_fault_again_after_lines_moved() {
    let project = project();
    let ran = compile(&project, "gitlab", &[]).ended(1);
    assert_eq!(ran.stderr, SUMMARY);
    let issues = json(&ran);
    let issues = issues.as_array().expect("a list");
    let severities: Vec<&str> = issues.iter().map(|i| i["severity"].as_str().expect("text")).collect();
    assert_eq!(severities, ["critical", "minor", "critical"]);
    assert_eq!(issues[0]["location"]["path"], "apis, new/flows/main.yaml");
    assert_eq!(issues[0]["location"]["lines"]["begin"], 2);
    assert!(issues[0]["description"].as_str().expect("text").starts_with("S103: unknown key 'mesage'"));
    let prints = |issues: &[Value]| issues.iter().map(|i| i["fingerprint"].as_str().expect("text").to_owned()).collect::<Vec<_>>();
    let before = prints(issues);

    // The same fault once more, above the others: theirs stay the same, and all differ.
    let moved = FLOW.replace("steps:\n", "# A comment.\nsteps:\n  - {op: print, mesage: 'Grüße 😀, %0A <b>&'}\n");
    project.write("repo/apis, new/flows/main.yaml", &moved);
    let after = json(&compile(&project, "gitlab", &[]).ended(1));
    let after = prints(after.as_array().expect("a list"));
    assert_eq!(after.len(), 4);
    assert!(before.iter().all(|p| after.contains(p)), "{before:?}\n{after:?}");
    let different: std::collections::BTreeSet<_> = after.iter().collect();
    assert_eq!(different.len(), 4);
}

#[test]
fn json_is_alone_on_standard_output() {
    let project = project();
    let ran = compile(&project, "json", &[]).ended(1);
    assert_eq!(ran.stderr, SUMMARY);
    let whole = json(&ran);
    assert_eq!(whole["version"], 1);
    assert_eq!(whole["diagnostics"][0]["file"], "flows/main.yaml", "files are relative to the project");
    let lines = compile(&project, "jsonl", &[]).ended(1);
    let lines: Vec<Value> = lines.stdout.lines().map(|l| serde_json::from_str(l).expect("JSON in each line")).collect();
    assert_eq!(
        lines.iter().map(|l| l["type"].as_str().expect("text")).collect::<Vec<_>>(),
        ["diagnostic", "diagnostic", "diagnostic", "summary"]
    );
    assert_eq!(lines[1]["code"], whole["diagnostics"][1]["code"]);
    assert_eq!((&lines[3]["errors"], &lines[3]["fixable"]), (&2.into(), &2.into()));
}

#[test]
fn the_status_says_how_it_went() {
    let warns = Project::of(&[
        ("project.yaml", "name: shop\n"),
        ("flows/main.yaml", "- op: set_variable\n  set:\n    a_expression: |\n      // one\n      return 1\n"),
    ]);
    let ran = warns.sequor(["compile", "-o", "out.plan"]).ended(0);
    assert!(ran.stdout.ends_with("0 errors, 1 warning (1 fixable)\n"), "{}", ran.stdout);
    assert!(ran.stderr.starts_with("wrote out.plan ("), "{}", ran.stderr);
    std::fs::remove_file(warns.path().join("out.plan")).expect("it was written");
    let _ = warns.sequor(["compile", "-o", "out.plan", "--deny-warnings"]).ended(1);
    assert!(!warns.path().join("out.plan").exists(), "no plan where warnings are denied");
    let _ = compile(&project(), "full", &[]).ended(1);
    for wrong in
        [&["compile", "nothing"][..], &["compile", "--output-format", "nothing"], &["-p", "nothing", "compile", "--output-format", "json"]]
    {
        let ran = warns.sequor(wrong).ended(2);
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{ran:?}");
    }
}

#[test]
fn colours_are_as_asked_for() {
    let project = project();
    let colored = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = project.command(&sequor_tests::program::sequor());
        command.env_remove("NO_COLOR").env_remove("FORCE_COLOR").envs(variables.iter().copied());
        command.args(["-p", "repo/apis, new", "compile", "--check"]).args(arguments);
        sequor_tests::program::run(&mut command).ended(1).stdout.contains('\u{1b}')
    };
    assert!(!colored(&[], &[]), "a pipe is no terminal");
    assert!(colored(&[("FORCE_COLOR", "1")], &[]));
    assert!(!colored(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], &[]));
    assert!(colored(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!colored(&[("FORCE_COLOR", "1")], &["--color", "never"]));
    assert!(!colored(&[("FORCE_COLOR", "1")], &["--output-format", "json"]), "JSON has no colours");
}

/// The examples of a kind in docs/compile.md, one after the other.
fn examples(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(sequor_tests::program::workspace().join("docs/compile.md")).expect("a page");
    let start = format!("```{language}\n");
    let blocks = page.split(&start).skip(1);
    blocks.map(|b| b.split("```").next().expect("it ends").to_owned()).collect()
}

#[test]
fn jobs_in_the_documentation_are_valid() {
    let yaml = examples("yaml");
    let jobs: Vec<(&str, &String)> = yaml
        .iter()
        .filter(|text| text.contains("sequor -p integrations compile"))
        .map(|text| (if text.contains("runs-on") { "vendor.github-workflows" } else { "vendor.gitlab-ci" }, text))
        .collect();
    assert_eq!(jobs.len(), 3);
    let project = Project::empty();
    for (schema, text) in jobs {
        project.write("job.yaml", text);
        let Some(checked) = readers::check(schema, &project.path().join("job.yaml")) else { return };
        let _ = checked.ended(0);
        // The command itself: what it names is there.
        let command = text.lines().find_map(|l| l.split_once("sequor -p integrations ").map(|(_, rest)| rest)).expect("a command");
        let arguments = command.split('>').next().expect("a command").split_whitespace();
        let sound = Project::of(&[("project.yaml", "name: shop\n"), ("flows/main.yaml", "- {op: print, message: hello}\n")]);
        let _ = sound.sequor(arguments).ended(0);
    }
}

#[test]
fn levels_and_ignores_in_the_documentation_do_what_they_say() {
    let yaml = examples("yaml");
    let settings = yaml.iter().find(|t| t.contains("lint:")).expect("an example");
    let flow = yaml.iter().find(|t| t.contains("ignore[V401]")).expect("an example");
    let project = Project::of(&[("project.yaml", settings), ("flows/main.yaml", flow)]);
    let ran = project.sequor(["compile", "--check", "--pedantic", "--deny-warnings"]).ended(0);
    assert_eq!(ran.stdout, "0 errors, 0 warnings (0 fixable)\n");
    project.write("flows/main.yaml", &flow.replace("# sequor", "# no"));
    project.sequor(["compile", "--check"]).ended(1).says("error[P603]").says("warning[V401]");
}
