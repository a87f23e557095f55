//! `sequor show`: what a plan promises about each request after a crash.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

const VERIFY: &str = "verify: {request: {url: /seen}, arrived_expression: \"response.status_code == 200\"}";
const LISTED: &str = "at most once: never done again by itself once it may have happened; doubts are listed";
const KEYED: &str = "effectively once, by key: a resume may send it again, and the other side does it once";
const ASKED: &str = "once, as far as 'verify' knows: it is asked about what is in doubt; where it gives no answer, that ";

fn sequor(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_sequor")).args(arguments).current_dir(folder).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    output
}

/// What `show` says about the step `send` with these lines below its request, as text and as JSON.
fn promise(key: &str, settings: &str) -> String {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("show-{}-{number}", std::process::id()));
    let flow = format!("- op: http_request\n  id: send\n  request: {{source: shop, url: /orders, method: POST{key}}}\n  {settings}\n");
    let source = "type: http\nbase_url: https://shop.example.com\n";
    for (file, text) in [("project.yaml", "name: shop\n"), ("sources/shop.yaml", source), ("flows/main.yaml", &flow)] {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("can be made");
        std::fs::write(path, text).expect("can be written");
    }
    let _ = sequor(&folder, &["compile", "-o", "main.plan"]);
    let text = String::from_utf8(sequor(&folder, &["show", "main.plan"]).stdout).expect("UTF-8");
    let json = sequor(&folder, &["show", "main.plan", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let [effect] = json["effects"].as_array().expect("a list").as_slice() else { panic!("{json}") };
    let promise = effect["promise"].as_str().expect("a text");
    assert!(text.contains(&format!("\n      {promise}\n")), "the text does not say {promise:?}:\n{text}");
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
    promise.to_owned()
}

#[test]
fn what_is_done_about_doubts_is_what_the_flow_says() {
    let cases = [
        ("", LISTED),
        ("on_in_doubt: stop", LISTED),
        ("on_in_doubt: send", "at least once: what is in doubt is sent again"),
        ("on_in_doubt: skip", "at most once: what is in doubt is skipped"),
        ("on_in_doubt: done", "at most once: what is in doubt is counted as done"),
    ];
    for (settings, expected) in cases {
        assert_eq!(promise("", settings), expected, "{settings}");
    }
}

#[test]
fn a_question_comes_first() {
    let cases = [
        ("", "is listed"),
        ("on_in_doubt: send", "is sent again"),
        ("on_in_doubt: skip", "is skipped"),
        ("on_in_doubt: done", "is counted as done"),
    ];
    for (settings, expected) in cases {
        assert_eq!(promise("", &format!("{VERIFY}\n  {settings}")), format!("{ASKED}{expected}"), "{settings}");
    }
}

#[test]
fn a_key_promises_more() {
    assert_eq!(promise(", idempotency_key: auto", "on_in_doubt: send"), KEYED);
}
