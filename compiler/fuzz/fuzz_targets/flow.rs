//! Any text as a flow: a report or a plan, never a panic. Start it on `fixtures/flows/ok`.

#![no_main]

#[path = "../../tests/support/exercise.rs"]
#[allow(dead_code)]
mod exercise;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let source = "type: http\nbase_url: https://api.example.com/v1\n";
    exercise::whole(&exercise::project("name: p\ndefault_source: stage\n", text, source));
});
