//! A plan whose sections are changed behind sound digests, so that the decoder and the rules are reached at once.
//!
//! The input is a list of changes: section, offset (two bytes), and the byte to put there.

#![no_main]

#[path = "../../tests/support/exercise.rs"]
mod exercise;
#[path = "../../tests/support/reseal.rs"]
mod reseal;
#[path = "../../tests/support/sample.rs"]
mod sample;

use std::sync::LazyLock;

static SOUND: LazyLock<Vec<reseal::Part>> = LazyLock::new(|| {
    let file = sequor_plan_format::codec::encode(&sample::plan()).expect("the sample is sound");
    reseal::parts(&file)
});

libfuzzer_sys::fuzz_target!(|changes: &[u8]| {
    let mut parts = SOUND.clone();
    let count = parts.len();
    for change in changes.chunks_exact(4) {
        let part = &mut parts[usize::from(change[0]) % count];
        let at = usize::from(u16::from_le_bytes([change[1], change[2]]));
        match part.bytes.get_mut(at) {
            Some(byte) => *byte = change[3],
            None => part.entries = part.entries.wrapping_add(u32::from(change[3])).wrapping_sub(128),
        }
    }
    let _ = exercise::file(&reseal::file(&parts));
});
