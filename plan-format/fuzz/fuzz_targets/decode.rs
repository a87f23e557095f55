//! Any bytes: refused or accepted, never a panic. Start it on `fixtures/plans/v1`.

#![no_main]

#[path = "../../tests/support/exercise.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = exercise::file(bytes);
});
