//! Fixes, made in the text of every fixture with a fault.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use sequor_compiler::diagnostic::{Counts, Diagnostic, Severity, SourceFile};
use sequor_compiler::fix::{Fixed, fix};
use sequor_compiler::project::File;
use sequor_compiler::{Options, Project, compile};

const NONE: &[&str] = &[];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/flows")
}

fn base() -> Project {
    Project::open(&fixtures().join("base"), Options::default()).unwrap()
}

/// One flow with the sources of the base project.
fn alone(text: &str) -> Project {
    let mut project = base();
    project.flows = vec![File { name: "main".to_owned(), file: SourceFile::new("flows/main.yaml", text) }];
    project
}

fn all(project: &mut Project) -> Fixed {
    fix(project, NONE, |_| true).unwrap()
}

/// The flow after all fixes.
fn mended(text: &str) -> String {
    let mut project = alone(text);
    let fixed = all(&mut project);
    let after = project.flows[0].file.text.clone();
    assert_eq!(fixed.files.first().map_or(text, |f| f.after.as_str()), after);
    after
}

fn unread(faults: &[Diagnostic]) -> usize {
    faults.iter().filter(|d| d.severity == Severity::Error && d.code.starts_with('Y')).count()
}

#[test]
fn fixes_of_every_fixture_leave_less_to_do_and_are_made_once() {
    let mut made = 0;
    for entry in fs::read_dir(fixtures().join("err")).unwrap() {
        let path = entry.unwrap().path();
        let mut project = match path.extension() {
            None => Project::open(&path, Options::default()).unwrap(),
            Some(e) if e == "yaml" => alone(&fs::read_to_string(&path).unwrap()),
            Some(_) => continue,
        };
        let before = compile(&project, NONE).unwrap().diagnostics;
        let fixed = all(&mut project);
        let after = &fixed.compiled.diagnostics;
        let errors = |faults| Counts::of(faults).errors;
        assert!(unread(after) <= unread(&before), "{}", path.display());
        assert!(
            errors(after) <= errors(&before),
            "{}: {} errors, then {}: {:#?}",
            path.display(),
            errors(&before),
            errors(after),
            fixed.files
        );
        let again = all(&mut project);
        assert!(again.files.is_empty() && again.fixes == 0, "{}: {:#?}", path.display(), again.files);
        assert_eq!(Counts::of(&again.compiled.diagnostics), Counts::of(after), "{}", path.display());
        made += fixed.fixes;
    }
    assert!(made >= 20, "only {made} fixes");
}

#[test]
fn a_misspelt_key_is_written_as_it_is_called() {
    let flow = "steps:\n  - op: http_request\n    request: # what is asked\n      url: https://api.example.com\n      params: {a: 1} # which\n      metod: GET\n";
    let expected = flow.replace("params", "parameters").replace("metod", "method");
    assert_eq!(mended(flow), expected);
    assert_eq!(mended(&flow.replace('\n', "\r\n")), expected.replace('\n', "\r\n"), "line endings stay");
    let expression = "- op: print\n  mesage_expression: \"'a'\"\n";
    assert_eq!(mended(expression), expression.replace("mesage", "message"));
}

#[test]
fn what_would_be_there_twice_is_not_renamed() {
    let flow = "- {op: print, message: a, mesage: b}\n";
    assert_eq!(mended(flow), flow);
}

#[test]
fn ops_and_values_are_mended_where_only_one_is_near() {
    let flow = "- {op: pritn, message: a, level: warnin}\n- {type: print, message: b}\n";
    assert_eq!(mended(flow), "- {op: print, message: a, level: warning}\n- {op: print, message: b}\n");
    let quoted = "- {op: 'pritn', message: a}\n";
    assert_eq!(mended(quoted), quoted, "only what stands there just so is replaced");
}

#[test]
fn values_are_written_as_usual() {
    let flow = "- op: http_request\n  request: {url: 'https://api.example.com', method: get}\n- {op: print, message: a, level: Info}\n";
    let faults = compile(&alone(flow), &["main"]).unwrap();
    let found: Vec<_> = faults.diagnostics.iter().map(|d| (d.code, d.severity)).collect();
    assert_eq!(found, [("S109", Severity::Hint), ("S109", Severity::Hint)]);
    assert_eq!(mended(flow), flow.replace("get}", "GET}").replace("Info", "info"));
}

#[test]
fn ops_get_their_usual_names() {
    let flow = "- {op: log, message: a} # said\n- op: sql\n  source: stage\n  statement: select 1\n- {op: 'wait', seconds: 1}\n";
    let expected = flow.replace("log", "print").replace("op: sql", "op: execute");
    assert_eq!(mended(flow), expected, "only what stands there just so is replaced");
}

#[test]
fn a_misspelt_parameter_is_written_as_the_flow_declares_it() {
    let mut project = base();
    let call = "- op: run_flow\n  flow: sync\n  parameters: {regoin_expression: \"'eu'\", limt: 2}\n";
    let file = |name: &str, text: &str| File { name: name.to_owned(), file: SourceFile::new(format!("flows/{name}.yaml"), text) };
    let sync = "parameters: [region, limit]\nsteps:\n  - {op: print, message: \"{{ var('region') }} {{ var('limit') }}\"}\n";
    project.flows = vec![file("main", call), file("sync", sync)];
    let errors = compile(&project, &["main"]).unwrap().diagnostics;
    assert_eq!(errors.iter().map(|d| (d.code, d.severity)).collect::<Vec<_>>(), [("V406", Severity::Error), ("V406", Severity::Error)]);
    let fixed = fix(&mut project, &["main"], |_| true).unwrap();
    assert!(fixed.compiled.plan.is_some());
    assert_eq!(project.flows[0].file.text, call.replace("regoin", "region").replace("limt", "limit"));
}

#[test]
fn fixes_that_touch_take_several_rounds() {
    let flow = "- op: set_variable\n  set:\n    a_expression: |\n      # sequor: ignore[P603, J505, Y006]\n      return 1\n";
    assert_eq!(mended(flow), "- op: set_variable\n  set:\n    a_expression: |\n      return 1\n");
}

#[test]
fn files_of_the_home_folder_are_not_touched() {
    let home = std::env::temp_dir().join(format!("sequor-fix-{}", std::process::id()));
    fs::create_dir_all(home.join("envs")).unwrap();
    fs::write(home.join("envs/far.yaml"), "variabels: {a: 1}\n").unwrap();
    let options = Options { home_dir: Some(home.clone()), env: Some("far".to_owned()), ..Options::default() };
    let mut project = Project::open(&fixtures().join("base"), options).unwrap();
    project.flows = alone("- {op: print, message: a}\n").flows;
    let fixed = all(&mut project);
    fs::remove_dir_all(&home).unwrap();
    assert!(fixed.compiled.diagnostics.iter().any(|d| d.code == "S103" && d.fix.is_some()), "{:?}", fixed.compiled.diagnostics);
    assert!(fixed.files.is_empty() && fixed.fixes == 0);
}
