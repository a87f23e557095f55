//! Levels in project.yaml and comments that ignore faults.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use sequor_compiler::codes::explain;
use sequor_compiler::diagnostic::SourceFile;
use sequor_compiler::project::File;
use sequor_compiler::render::{Format, render};
use sequor_compiler::{Compiled, Options, Project, compile};

/// A comment in the wrong language (P603, a warning) in line 5, and an undefined variable (V401, an error) in line 7.
const FLOW: &str = "\
- op: set_variable
  set:
    one_expression: |
      x = 1
      // one
      return x
- {op: print, message: \"{{ var('one') }} {{ var('nothing') }}\"}
";

fn project(settings: &str, flows: &[(&str, &str)], options: Options) -> Project {
    let mut project = Project::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/flows/base"), options).unwrap();
    project.settings = SourceFile::new("project.yaml", format!("name: shop\n{settings}"));
    // A variable that is nearly called like one of an environment is an error.
    project.environments = vec![File { name: "test".to_owned(), file: SourceFile::new("envs/test.yaml", "variables: {nothin: 1}\n") }];
    let file = |(name, text): &(&str, &str)| File { name: (*name).to_owned(), file: SourceFile::new(format!("flows/{name}.yaml"), *text) };
    project.flows = flows.iter().map(file).collect();
    project
}

fn run(settings: &str, flow: &str) -> Compiled {
    compile(&project(settings, &[("main", flow)], Options::default()), &["main"]).unwrap()
}

/// `severity[code] line`, each.
fn found(compiled: &Compiled) -> Vec<String> {
    let line = |d: &sequor_compiler::diagnostic::Diagnostic| d.span.as_ref().map_or(0, |s| s.file.position(s.start).0);
    compiled.diagnostics.iter().map(|d| format!("{:?}[{}] {}", d.severity, d.code, line(d))).collect()
}

fn report(compiled: &Compiled) -> String {
    render(Format::Concise, &compiled.diagnostics, false)
}

#[test]
fn levels_are_as_the_project_has_them() {
    let all = |settings: &str| found(&run(settings, FLOW));
    assert_eq!(all(""), ["Warning[P603] 5", "Error[V401] 7"]);
    assert_eq!(all("lint: {P603: error}\n"), ["Error[P603] 5", "Error[V401] 7"]);
    assert_eq!(all("lint: {slash-comment: hint, V401: warning}\n"), ["Hint[P603] 5", "Warning[V401] 7"]);
    assert_eq!(all("lint: {P: off}\n"), ["Error[V401] 7"]);
    assert_eq!(all("lint: {P6: off, V4: off}\n"), [""; 0]);
    assert_eq!(all("lint: {P603: error, all: off}\n"), ["Error[P603] 5"], "a code comes before all, wherever it stands");
    assert_eq!(all("lint: {all: warning, P: hint}\n"), ["Hint[P603] 5", "Warning[V401] 7"]);
}

#[test]
fn a_bearable_error_that_is_lowered_lets_a_plan_be_made() {
    assert!(run("", FLOW).plan.is_none());
    assert!(run("lint: {V401: warning}\n", FLOW).plan.is_some());
    assert!(run("lint: {P603: error, V401: off}\n", FLOW).plan.is_none());
}

#[test]
fn levels_of_paths_come_first() {
    let settings = "lint:\n  P603: error\n  V401: off\n  paths:\n    'flows/old/**': {P: off}\n    'flows/*.yaml': {V401: hint}\n";
    let project = project(settings, &[("main", FLOW), ("old/main", FLOW)], Options::default());
    let compiled = compile(&project, &["main", "old/main"]).unwrap();
    assert_eq!(found(&compiled), ["Error[P603] 5", "Hint[V401] 7"]);
    assert!(compiled.diagnostics.iter().all(|d| d.span.as_ref().unwrap().file.path == "flows/main.yaml"));
}

#[test]
fn wrong_levels_are_reported() {
    let settings = "lint:
  P6O3: error
  nonsense: off
  P603: warn
  S101: off
  V401: [off]
  paths: {flows/*: {Q999: off}}
";
    let text = report(&run(settings, "- {op: print, message: a}\n"));
    let expected = "\
project.yaml:3:3: error[S103]: unknown key 'P6O3' in 'lint' — did you mean 'P603' (slash-comment)?
project.yaml:4:3: error[S103]: unknown key 'nonsense' in 'lint' — write a code (P603), its name (slash-comment), the start of codes (P), all, or paths
project.yaml:5:9: error[S107]: 'warn' is not a known level — one of: error, warning, hint, off
project.yaml:6:9: error[S107]: S101 stays an error: with it there is no plan — take 'S101' out of 'lint'
project.yaml:7:9: error[S106]: 'V401' in 'lint' must be a level, but is a list — one of: error, warning, hint, off
project.yaml:8:21: error[S103]: unknown key 'Q999' in 'lint' — write a code (P603), its name (slash-comment), the start of codes (P), all, or paths
6 errors, 0 warnings (0 fixable)
";
    assert_eq!(text, expected);
    assert!(report(&run("lint: off\n", FLOW)).contains("error[S106]: 'lint' must be a mapping"));
}

#[test]
fn comments_ignore_what_is_on_their_line_or_the_next() {
    let behind = FLOW.replace("// one", "// one  # sequor: ignore[P603]");
    assert_eq!(found(&run("", &behind)), ["Error[V401] 7"]);
    let above = FLOW.replace("      // one", "      # sequor: ignore[P603]  legacy\n      # another comment\n\n      // one");
    assert_eq!(found(&run("", &above)), ["Error[V401] 10"]);
    let both = FLOW.replace("- {op: print", "# sequor: ignore[ slash-comment,V401 ]\n- {op: print").replace("// one", "# one");
    assert_eq!(found(&run("", &both)), ["Warning[M006] 7"], "V401 is ignored, P603 is not there");
    assert!(run("", &both).plan.is_some());
}

#[test]
fn comments_in_sql_are_those_of_sql() {
    let flow =
        "- op: execute\n  source: pg\n  statement: |\n    -- sequor: ignore[V401]\n    delete from a where b = {{ var('nothing') }}\n";
    let flow = flow.replace("source: pg", &format!("source: {}", database()));
    assert_eq!(found(&run("", &flow)), [""; 0]);
    assert_eq!(found(&run("", &flow.replace("V401", "V402"))), ["Error[V401] 5"], "behind an error nobody knows what is unused");
}

/// A database of the base project.
fn database() -> String {
    let project = project("", &[], Options::default());
    let is_database = |f: &&File| f.file.text.contains("sqlite") || f.file.text.contains("postgres");
    project.sources.iter().find(is_database).unwrap().name.clone()
}

#[test]
fn an_ignore_that_does_nothing_is_reported() {
    let flow = "- op: print # sequor: ignore[P603, P6O3]\n  message: a\n# sequor: ignore\n- {op: print, message: b}\n";
    let expected = "\
flows/main.yaml:1:30: warning[M006]: line 1 has no P603 that this comment could ignore — take it out
flows/main.yaml:1:36: warning[M007]: there is no code 'P6O3' to ignore — did you mean P603 (slash-comment)?
flows/main.yaml:3:1: warning[M007]: this comment names no code, so it ignores nothing — write the codes in brackets: sequor: ignore[P603]
0 errors, 3 warnings (1 fixable)
";
    assert_eq!(report(&run("", flow)), expected);
    assert_eq!(found(&run("lint: {M: off}\n", flow)), [""; 0]);
    let text = "- {op: print, message: 'write # sequor: ignore[P603]'}\n- op: print\n  message: \"a\n    # sequor: ignore[P603]\"\n";
    assert_eq!(found(&run("", text)), [""; 0], "text is no comment");
}

#[test]
fn errors_without_a_plan_cannot_be_ignored() {
    let flow = "- op: pritn # sequor: ignore[S101]\n  message: a\n";
    let compiled = run("lint: {all: off}\n", flow);
    assert_eq!(found(&compiled), ["Error[S101] 1"], "nor switched off with all others");
    assert!(report(&run("", flow)).contains("warning[M006]: S101 cannot be ignored: with it there is no plan"));
}

#[test]
fn lenient_takes_unknown_keys_where_nothing_is_missing_for_them() {
    let lenient = |flow: &str, settings: &str| {
        let project = project(settings, &[("main", flow)], Options { lenient: true, ..Options::default() });
        compile(&project, &["main"]).unwrap()
    };
    let compiled = lenient("- {op: print, message: a, colour: red}\n", "");
    assert_eq!(found(&compiled), ["Warning[S103] 1"]);
    assert!(compiled.plan.is_some());
    assert_eq!(found(&lenient("- {op: print, message: a, colour: red}\n", "lint: {S103: error}\n")), ["Error[S103] 1"]);
    let missing = lenient("- {op: print, mesage: a}\n", "lint: {S103: off}\n");
    assert_eq!(found(&missing), ["Error[S103] 1"], "the step has no message without it");
    let form = lenient("- {op: set_variable, name: a, value: 1}\n", "");
    assert!(form.has_errors(), "{:?}", found(&form));
}

/// Whatever may be lowered leaves a plan that can be written.
#[test]
fn every_fixture_compiles_with_everything_off_or_has_an_error_that_stays() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/flows/err");
    let mut plans = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "yaml") {
            let compiled = run("lint: {all: off}\n", &fs::read_to_string(&path).unwrap());
            assert_eq!(compiled.plan.is_some(), compiled.diagnostics.is_empty(), "{}: {}", path.display(), report(&compiled));
            plans += usize::from(compiled.plan.is_some());
        }
    }
    assert!(plans > 1, "{plans}");
}

#[test]
fn pages_of_these_codes_are_right() {
    for code in ["M006", "M007"] {
        let page = explain(code).unwrap();
        let example = |heading: &str| page.split(heading).nth(1).unwrap().split("```").nth(1).unwrap().strip_prefix("yaml\n").unwrap();
        let codes = |flow| run("", flow).diagnostics.iter().map(|d| d.code).collect::<Vec<_>>();
        assert!(codes(example("## Wrong")).contains(&code), "{code}");
        assert_eq!(codes(example("## Right")), [""; 0], "{code}");
    }
}
