//! Where values come from, and how long they live.

use sequor_plan_format::expr::PythonForm;
use sequor_plan_format::op::Scope;
use sequor_plan_format::source::Sqlite;
use sequor_plan_format::{Code, Expr, Source, SourceKind};

use crate::support::Script;

fn printing(name: &str) -> crate::support::Project {
    let mut s = Script::new();
    let value = s.var(name);
    let print = s.print("print", value);
    s.project(&[print])
}

#[test]
fn the_environment_gives_values_and_the_command_line_replaces_them() {
    let project = printing("x");
    std::fs::create_dir_all(project.path(".sequor/envs")).unwrap();
    std::fs::write(project.path(".sequor/envs/dev.yaml"), "variables: {x: [1, two]}\n").unwrap();
    assert_eq!(project.run(&["-q", "--env", "dev"]).done().out, "[1, 'two']\n");
    assert_eq!(project.run(&["-q", "--env", "dev", "--var", "x=a=b"]).done().out, "a=b\n");
    let file = project.path(".sequor/envs/dev.yaml");
    assert_eq!(project.run(&["-q", "--env-file", &file.display().to_string()]).done().out, "[1, 'two']\n");
    let from_process = project.command(&["-q"]).env("SEQUOR_ENV", "dev").env("SEQUOR_VAR_x", "set").output().unwrap();
    assert_eq!(crate::support::Ran::of(from_process).done().out, "set\n");
    project.run(&["--env", "prod"]).ended(2, &["'prod'", "there are: dev"]);
}

#[test]
fn an_unset_variable_is_an_error_with_its_place() {
    printing("nowhere").run(&[]).ended(1, &["nowhere", "flows/main.yaml:1:5", "step 'print' (print)"]);
}

#[test]
fn a_project_value_outlives_its_run_and_a_local_does_not() {
    let mut s = Script::new();
    let (one, two) = (s.text("kept"), s.text("gone"));
    let keep = s.set("keep", "k", Scope::Project, one);
    let lose = s.set("lose", "l", Scope::Local, two);
    let fail = s.execute("fail", &["SELECT * FROM missing"]);
    let writing = s.flow("main", &[], &[keep, lose, fail]);
    let first = s.project_of(writing);
    first.run(&[]).ended(1, &[]);
    for (name, status, out) in [("k", 0, "kept\n"), ("l", 1, "")] {
        let second = printing(name);
        let state = first.path(".sequor/state.db").display().to_string();
        let ran = second.run(&["-q", "--state", &state]);
        assert_eq!((ran.status, ran.out.as_str()), (Some(status), out), "{}", ran.err);
    }
}

#[test]
fn constants_see_those_before_them_and_give_way_to_values_set() {
    let mut s = Script::new();
    let base = s.text("v1");
    let (prefix, before) = (s.text("api/"), s.var("base"));
    let full = s.b.expr(Expr::Concat(vec![prefix, before]));
    let names = (s.b.text("base"), s.b.text("full"));
    s.b.plan_mut().project.variables = vec![(names.0, base), (names.1, full)];
    let value = s.var("full");
    let print = s.print("print", value);
    let other = s.text("set");
    let set = s.set("set", "full", Scope::Project, other);
    let value = s.var("full");
    let again = s.print("again", value);
    let ran = s.project(&[print, set, again]).run(&["-q"]).done();
    assert_eq!(ran.out, "api/v1\nset\n");
}

#[test]
fn parameters_come_from_the_command_line_or_their_default() {
    let build = || {
        let mut s = Script::new();
        let (a, b) = (s.var("who"), s.var("how"));
        let prints = [s.print("a", a), s.print("b", b)];
        let default = s.text("well");
        let main = s.flow("main", &[("who", None), ("how", Some(default))], &prints);
        s.project_of(main)
    };
    assert_eq!(build().run(&["-q", "--param", "who=Ann"]).done().out, "Ann\nwell\n");
    build().run(&[]).ended(2, &["flow 'main' needs --param who"]);
    build().run(&["--param", "whom=Ann"]).ended(2, &["no parameter 'whom'", "did you mean 'who'?"]);
    build().run(&["--param", "who=1", "--param", "who=2"]).ended(2, &["twice"]);
}

#[test]
fn secrets_never_reach_the_screen_the_report_or_the_state() {
    let project = printing("token");
    std::fs::write(project.path("token.txt"), "hunter2-very-secret\n").unwrap();
    std::fs::write(project.path("env.yml"), "secrets: {token: 'file:token.txt'}\n").unwrap();
    let ran = project.run(&["-v", "--env-file", "env.yml", "--report", "report.json"]).done();
    assert!(ran.out.starts_with("***\n"), "{}", ran.out);
    let report = std::fs::read_to_string(project.path("report.json")).unwrap();
    let state = std::fs::read(project.path(".sequor/state.db")).unwrap();
    for text in [&ran.out, &ran.err, &report, &String::from_utf8_lossy(&state).into_owned()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_snippet_that_needs_python_sees_the_variables() {
    let mut s = Script::new();
    let three = s.constant(sequor_plan_format::Value::Int(3));
    let set = s.set("set", "n", Scope::Local, three);
    let code = Code {
        text: s.b.text("import math\nreturn math.factorial(var('n'))"),
        span: s.span("flows/main.yaml", 9),
        indent: 0,
        variables: vec![s.b.text("n")],
        computed_variables: false,
        response: false,
        queries: false,
    };
    let value = s.b.expr(Expr::Python { code, form: PythonForm::Body, inputs: Vec::new() });
    let print = s.print("print", value);
    s.b.plan_mut().manifest.python = vec![print];
    assert_eq!(s.project(&[set, print]).run(&["-q"]).done().out, "6\n");
}

#[test]
fn a_source_lends_its_variables_to_the_ops_that_use_it_and_to_no_others() {
    let mut s = Script::new();
    let (path, value) = (s.var("file"), s.text("named.db"));
    let (name, file, span) = (s.b.text("named"), s.b.text("file"), s.span("sources/named.yaml", 1));
    let kind = SourceKind::Sqlite(Sqlite { path });
    s.db = s.b.source(Source { name, span, variables: vec![(file, value)], kind });
    let (start, used, end) = (s.text("CREATE TABLE t AS SELECT '"), s.var("file"), s.text("' AS name"));
    let sql = s.b.expr(Expr::Concat(vec![start, used, end]));
    let create = s.execute_expr("create", sql);
    let outside = s.var("file");
    let print = s.print("print", outside);
    let project = s.project(&[create, print]);
    project.run(&[]).ended(1, &["step 'print'", "file"]);
    assert_eq!(project.rows("named.db", "SELECT name FROM t"), "named.db");
}
