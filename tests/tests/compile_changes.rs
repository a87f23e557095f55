//! `sequor compile` beside an editor: fixes, differences, standard input, and compiling again.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sequor_tests::program::{Project, Ran, run, sequor};
use serde_json::Value;

const FLOW: &str = "# A flow.\r\nsteps:\r\n  - op: pritn # says hello\r\n    mesage: hello\r\n";
const MENDED: &str = "# A flow.\r\nsteps:\r\n  - op: print # says hello\r\n    message: hello\r\n";

fn project() -> Project {
    Project::of(&[("project.yaml", "name: shop\n"), ("flows/main.yaml", FLOW), ("flows/sound.yaml", "- {op: print, message: hello}\n")])
}

fn text(project: &Project, path: &str) -> String {
    String::from_utf8(project.read(path)).expect("UTF-8")
}

#[test]
fn fix_mends_files_and_keeps_the_rest_of_them() {
    let project = project();
    let main = project.path().join("flows/main.yaml");
    fs::set_permissions(&main, fs::Permissions::from_mode(0o640)).expect("permissions");
    let sound = fs::metadata(project.path().join("flows/sound.yaml")).expect("a file").ino();
    let ran = project.sequor(["compile", "--fix", "-o", "out.plan"]).ended(0);
    assert_eq!(ran.stdout, "0 errors, 0 warnings (0 fixable)\n", "what is left is reported");
    assert!(ran.stderr.starts_with("made 2 fixes in 1 file\nwrote out.plan ("), "{}", ran.stderr);
    assert_eq!(text(&project, "flows/main.yaml"), MENDED);
    assert_eq!(fs::metadata(&main).expect("a file").mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(project.path().join("flows/sound.yaml")).expect("a file").ino(), sound, "a sound file is not written");
    let left: Vec<_> = fs::read_dir(project.path().join("flows")).expect("a folder").collect();
    assert_eq!(left.len(), 2, "nothing is left beside the files: {left:?}");

    let again = project.sequor(["compile", "--fix", "--check"]).ended(0);
    assert!(again.stderr.is_empty(), "{}", again.stderr);
}

#[test]
fn fix_leaves_links_links_and_reports_what_it_cannot_mend() {
    let project = project();
    project.write("shared/main.yaml", &format!("{FLOW}  - op: nothing_like_it\r\n"));
    fs::remove_file(project.path().join("flows/main.yaml")).expect("a file");
    symlink("../shared/main.yaml", project.path().join("flows/main.yaml")).expect("a link");
    let ran = project.sequor(["compile", "--fix"]).ended(1);
    ran.says("unknown op 'nothing_like_it'").says("1 error, 0 warnings (0 fixable)").hides("pritn");
    assert!(fs::symlink_metadata(project.path().join("flows/main.yaml")).expect("a link").is_symlink());
    assert_eq!(text(&project, "shared/main.yaml"), format!("{MENDED}  - op: nothing_like_it\r\n"));
}

#[test]
fn a_file_that_is_not_text_is_not_written() {
    let project = project();
    let bytes = [b"- op: pritn\n  message: a\n".as_slice(), &[0xFF], b"\n"].concat();
    fs::write(project.path().join("flows/main.yaml"), &bytes).expect("a file");
    let ran = project.sequor(["compile", "--fix"]).ended(2);
    ran.says("cannot mend flows/main.yaml: it has changed meanwhile, or is not all UTF-8");
    assert_eq!(project.read("flows/main.yaml"), bytes);
}

#[test]
fn diff_shows_what_fix_would_do() {
    let project = project();
    project.write("flows/main.yaml", &FLOW.replace('\r', ""));
    let ran = project.sequor(["compile", "--diff"]).ended(1);
    let expected = "\
--- a/flows/main.yaml
+++ b/flows/main.yaml
@@ -1,4 +1,4 @@
 # A flow.
 steps:
-  - op: pritn # says hello
-    mesage: hello
+  - op: print # says hello
+    message: hello
";
    assert_eq!(ran.stdout, expected);
    assert_eq!(ran.stderr, "would make 2 fixes in 1 file, and leave 0 errors, 0 warnings (0 fixable)\n");
    assert_eq!(text(&project, "flows/main.yaml"), FLOW.replace('\r', ""), "nothing was changed");
    project.write("the.patch", &ran.stdout);
    let patched = run(Command::new("git").args(["apply", "the.patch"]).current_dir(project.path()));
    let _ = patched.ended(0);
    assert_eq!(text(&project, "flows/main.yaml"), MENDED.replace('\r', ""));
    let nothing = project.sequor(["compile", "--diff"]).ended(0);
    assert_eq!(nothing.stdout, "");
}

fn from_stdin(project: &Project, text: &str, arguments: &[&str]) -> Ran {
    let mut command = project.command(&sequor());
    command.args(["compile", "-"]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let utf8 = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { status: output.status.code().unwrap_or(-1), stdout: utf8(output.stdout), stderr: utf8(output.stderr) }
}

#[test]
fn an_editor_has_its_text_compiled_before_it_is_saved() {
    let project = project();
    let json = |ran: &Ran| serde_json::from_str::<Value>(&ran.stdout).expect("JSON");
    let calls = "- {op: run_flow, flow: sound}\n- {op: pritn, message: a}\n";
    let ran = from_stdin(&project, calls, &["--stdin-path", "flows/main.yaml", "--output-format", "json"]).ended(1);
    let report = json(&ran);
    let faults = report["diagnostics"].as_array().expect("a list");
    assert_eq!(faults.len(), 1, "only what was read counts, with the flows that it calls: {report}");
    assert_eq!((&faults[0]["file"], &faults[0]["line"]), (&"flows/main.yaml".into(), &2.into()));
    assert_eq!(text(&project, "flows/main.yaml"), FLOW, "the file stays as it is");

    let absolute = project.path().join("flows/new/one.yaml").display().to_string();
    let ran = from_stdin(&project, calls, &["--stdin-path", &absolute, "--output-format", "concise"]).ended(1);
    assert!(ran.stdout.starts_with("flows/new/one.yaml:2:8: error[S101]"), "{}", ran.stdout);

    let ran = from_stdin(&project, "- {op: print, message: a}\n", &[]).ended(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("0 errors, 0 warnings (0 fixable)\n", ""));
    assert!(!project.path().join("stdin.plan").exists(), "no plan that nobody asked for");
    let source = from_stdin(&project, "type: sqlit\npath: a.db\n", &["--stdin-path", "sources/db.yaml"]).ended(1);
    source.says("sources/db.yaml:1:7");

    let diff = from_stdin(&project, calls, &["--stdin-path", "flows/main.yaml", "--diff"]).ended(1);
    diff.says("+- {op: print, message: a}");
    from_stdin(&project, calls, &["--stdin-path", "elsewhere/main.yaml"]).ended(2).says("'elsewhere/main.yaml' is no file of a project");
    from_stdin(&project, calls, &["--fix"]).ended(2).says("standard input can be compiled once and not be changed");
    project.sequor(["compile", "--stdin-path", "flows/main.yaml"]).ended(2).says("name '-' to read it");
}

#[test]
fn lenient_takes_unknown_keys() {
    let project = project();
    project.write("flows/main.yaml", "- {op: print, message: hello, colour: red}\n");
    project.sequor(["compile", "--check"]).ended(1).says("error[S103]");
    project.sequor(["compile", "--check", "--lenient"]).ended(0).says("warning[S103]").says("0 errors, 1 warning");
    let _ = project.sequor(["compile", "--check", "--lenient", "--deny-warnings"]).ended(1);
}

/// A program that is stopped when the test is over.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn watch_compiles_again_after_a_change() {
    let project = project();
    let file = |name: &str| fs::File::create(project.path().join(name)).expect("a file");
    let mut command = project.command(&sequor());
    command.args(["compile", "--check", "--watch", "--output-format", "concise"]).stdout(file("out")).stderr(file("err"));
    let mut watching = Watching(command.spawn().expect("it starts"));
    let out = || text(&project, "out");
    until("the first report", || out().contains("1 error, 0 warnings") && text(&project, "err").contains("Ctrl-C ends"));
    project.write("flows/main.yaml", MENDED);
    until("a report without the fault", || out().ends_with("0 errors, 0 warnings (0 fixable)\n"));
    assert!(text(&project, "err").contains("\nchanged: flows/main.yaml\n"), "{}", text(&project, "err"));
    fs::rename(project.path().join("project.yaml"), project.path().join("project.old")).expect("it can go");
    until("no project", || text(&project, "err").contains("it has no project.yaml"));
    fs::rename(project.path().join("project.old"), project.path().join("project.yaml")).expect("it can come back");
    project.write("flows/new.yaml", "- {op: pritn, message: a}\n");
    until("the new file", || out().contains("flows/new.yaml:1:8: error[S101]"));
    assert!(watching.0.try_wait().expect("it can be asked").is_none(), "it goes on");
    // Not SIGINT: what a script starts in the background ignores it, and so does what that starts.
    let stop = Command::new("kill").args(["-TERM", &watching.0.id().to_string()]).status().expect("kill runs");
    assert!(stop.success());
    let ended = watching.0.wait().expect("it ends");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(15));

    let refused = project.sequor(["-p", "nothing", "compile", "--watch"]).ended(2);
    refused.says("there is no folder 'nothing'");
}
