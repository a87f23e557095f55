//! Any text as Python of a flow.

#![no_main]

#[path = "../../tests/support/exercise.rs"]
#[allow(dead_code)]
mod exercise;

libfuzzer_sys::fuzz_target!(|text: &str| exercise::python(text));
