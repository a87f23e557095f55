//! Any text as a source and as project.yaml: a report or a plan, never a panic.

#![no_main]

#[path = "../../tests/support/exercise.rs"]
#[allow(dead_code)]
mod exercise;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let flow = "- op: http_request\n  request: {source: api, url: /x}\n";
    exercise::whole(&exercise::project("name: p\n", flow, text));
    exercise::whole(&exercise::project(text, flow, "type: http\n"));
});
