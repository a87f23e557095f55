//! Values that only the environment can give: what a run reads for certain is asked for before its first step.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use sequor_tests::program::Project;
use sequor_tests::service::{Reply, Service};
use sequor_tests::sqlite;
use serde_json::json;

/// A project with a table that the first step of `main` fills.
fn project(main: &str, files: &[(&str, &str)]) -> Project {
    let main = format!("- {{op: execute, id: begin, source: lite, statement: insert into marks values ('begun')}}\n{main}");
    let mut all =
        vec![("project.yaml", "name: needed\n"), ("sources/lite.yaml", "type: sqlite\npath: lite.db\n"), ("flows/main.yaml", &main)];
    all.retain(|(path, _)| files.iter().all(|(other, _)| other != path));
    all.extend(files);
    let project = Project::of(&all);
    sqlite::execute(&project.path().join("lite.db"), "create table marks (what text)");
    project
}

fn marks(project: &Project) -> String {
    sqlite::value(&project.path().join("lite.db"), "select count(*) from marks")
}

/// Everything that is missing is named at once, wherever it is read.
#[test]
fn a_run_that_lacks_a_value_does_not_begin() {
    let api = Service::start(|_| Reply::json(200, &json!([])));
    let project = project(
        "- {op: http_request, id: ask, request: {source: api, url: /orders}}
- op: block
  id: inside
  steps:
    - {op: print, id: say, message: \"{{ var('greeting') }} of {{ var('region') }}\"}
- {op: run_flow, id: other, flow: other}
- {op: print, id: last, message: \"{{ env('NEEDED_BY_LAST') }}{{ var('whom') }}\"}
",
        &[
            ("project.yaml", "name: needed\nvariables: {region: \"{{ var('continent') }}\", unread: \"{{ var('unread_too') }}\"}\n"),
            (
                "sources/api.yaml",
                &format!(
                    "type: http\nbase_url: {}\nvariables: {{token: \"{{{{ var('api_token') }}}}\"}}\nauth: {{type: bearer, token: \"{{{{ var('token') }}}}\"}}\n",
                    api.url()
                ),
            ),
            (
                "flows/other.yaml",
                "- op: try\n  steps: [{op: sleep, seconds: 0}]\n  finally: [{op: print, id: end, message: \"{{ var('farewell') }}\"}]\n",
            ),
        ],
    );
    let refused = project.sequor(["run", "main"]).ended(2);
    for (what, step) in [
        ("var('api_token')", "main/ask"),
        ("var('greeting')", "main/inside/say"),
        ("var('continent')", "main/inside/say"),
        ("var('farewell')", "other/try_1/finally/end"),
        ("env('NEEDED_BY_LAST')", "main/last"),
        ("var('whom')", "main/last"),
    ] {
        assert!(
            refused.stderr.lines().any(|line| line.trim_start().starts_with(what) && line.contains(step)),
            "{what} in {step}\n{}",
            refused.stderr
        );
    }
    refused.says("--var NAME=").says("SEQUOR_VAR_NAME").says("--env").hides("var('unread_too') (step").hides("var('token')");
    assert_eq!(marks(&project), "0");
    project.sequor(["runs"]).ended(0).hides("needed");
    // The plan file says the same by itself.
    let _ = project.sequor(["compile", "main", "-o", "main.plan"]).ended(0);
    let _ = project.executor(["run", "main.plan"]).ended(2).says("var('whom')");
    assert_eq!((marks(&project), api.count("GET")), ("0".to_owned(), 0));

    project.write(
        "envs/dev.yaml",
        "variables: {greeting: hello, continent: Europe, farewell: bye}\nsecrets: {api_token: 'env:TOKEN_FOR_NEEDED'}\n",
    );
    let given = ["run", "main.plan", "--env", "dev", "--var", "whom=all"];
    let refused = project.executor(given).ended(2);
    refused.says("the process has no environment variable TOKEN_FOR_NEEDED").says("env('NEEDED_BY_LAST')").hides("var('whom')");
    let mut command = project.command(&sequor_tests::program::executor());
    command.args(given).env("TOKEN_FOR_NEEDED", "t0ken-of-needed").env("NEEDED_BY_LAST", "for ");
    sequor_tests::program::run(&mut command).ended(0).says("hello of Europe").says("for all").hides("t0ken-of-needed");
    assert_eq!((marks(&project), api.count("GET")), ("1".to_owned(), 1));
    let mut command = project.command(&sequor_tests::program::sequor());
    command.args(["run", "main"]).env("NEEDED_BY_LAST", "for ");
    for name in ["api_token", "greeting", "continent", "farewell", "whom"] {
        command.env(format!("SEQUOR_VAR_{name}"), format!("given-{name}"));
    }
    sequor_tests::program::run(&mut command).ended(0).says("for given-whom");
}

/// A value that may not be read is not asked for.
#[test]
fn what_is_read_on_some_ways_only_keeps_no_run_from_beginning() {
    let project = project(
        "- {op: print, when: \"{{ is_var_defined('m1') }}\", message: \"{{ var('m1') }}\"}
- {op: print, message_expression: \"var('m2') if is_var_defined('m2') else 'no'\"}
- {op: print, message_expression: \"1 or var('m3')\"}
- {op: print, message_expression: \"[var('m4') for n in []]\"}
- {op: print, message: \"{% if false %}{{ var('m5') }}{% endif %}\"}
- {op: print, when: \"{{ 1 == 2 }}\", message: \"{{ var('m6') }}\"}
- op: if
  condition: \"{{ 1 == 2 }}\"
  then: [{op: print, message: \"{{ var('m7') }}\"}]
- {op: for_each, items: [], as: n, steps: [{op: print, message: \"{{ var('m8') }}\"}]}
- op: try
  steps: [{op: print, message: \"{{ var('m9') }} {{ env('M9') }}\"}]
  catch: [{op: print, message: caught}]
- op: try
  steps: [{op: fail, message: so}]
  catch: [{op: print, message: caught}]
- op: if
  condition: \"{{ 1 == 1 }}\"
  then: [{op: return}]
- {op: print, message: \"{{ var('m10') }}\"}
",
        &[],
    );
    let ran = project.sequor(["run", "main"]).ended(0);
    ran.says("caught").hides("m10' is not defined");
    assert_eq!(marks(&project), "1");
}

/// What earlier runs have kept, and what the flow is called with, is there.
#[test]
fn what_flows_give_is_not_asked_for() {
    let project = project(
        "- {op: print, message: \"{{ var('kept') }}\"}
- {op: run_flow, flow: other, parameters: {handed: over}}
",
        &[
            (
                "flows/other.yaml",
                "parameters: [handed, {name: usual, default: \"{{ var('handed') }}\"}]\nsteps:\n  - {op: print, message: \"{{ var('handed') }} {{ var('usual') }}\"}\n",
            ),
            ("flows/before.yaml", "- {op: set_variable, set: {kept: from before}}\n"),
        ],
    );
    let _ = project.sequor(["run", "main"]).ended(1).says("kept");
    let _ = project.sequor(["run", "before"]).ended(0);
    project.sequor(["run", "main"]).ended(0).says("from before").says("over over");
}

/// A secret that is not kept is asked for when the run goes on, where a step that is to come reads it.
#[test]
fn a_run_that_goes_on_asks_for_what_is_to_come() {
    let project = project(
        "- {op: execute, id: middle, source: lite, statement: insert into later values (1)}
- {op: execute, id: more, source: lite, statement: insert into marks values ('more')}
- {op: print, id: last, message: \"{{ var('api_token') }}\"}
",
        &[],
    );
    let given = "api_token=s3cret-of-needed";
    let _ = project.sequor(["run", "main", "--var", given]).ended(1).says("later");
    sqlite::execute(&project.path().join("lite.db"), "create table later (n integer)");
    project.sequor(["resume"]).ended(2).says("var('api_token') (step main/last)");
    assert_eq!(marks(&project), "1");
    let _ = project.sequor(["resume", "--var", given]).ended(0);
    assert_eq!(marks(&project), "2");
}
