//! Random changes behind sound digests: what a file that was made to do harm can reach. The seed is fixed, so a failure comes again.
//!
//! `plan-format/fuzz` does the same with coverage.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::codec::{PlanError, encode};
use support::{exercise, reseal, sample};

const ROUNDS: u32 = 5_000;

/// xorshift64* (Vigna 2016): small, seeded, good enough to choose bytes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}

fn change(random: &mut Random, part: &mut reseal::Part) {
    let at = random.below(part.bytes.len());
    match random.below(8) {
        0..=2 => {
            let bit = random.below(8);
            part.bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << bit);
        }
        3 => {
            let new = random.byte();
            part.bytes.get_mut(at).into_iter().for_each(|byte| *byte = new);
        }
        4 => {
            let few = u8::try_from(random.below(16)).unwrap();
            part.bytes.get_mut(at).into_iter().for_each(|byte| *byte = byte.wrapping_add(few).wrapping_sub(8));
        }
        5 => {
            let end = (at + random.below(16)).min(part.bytes.len());
            part.bytes.drain(at..end);
        }
        6 => {
            let end = (at + random.below(16)).min(part.bytes.len());
            let copy = part.bytes[at..end].to_vec();
            let to = random.below(part.bytes.len() + 1);
            part.bytes.splice(to..to, copy);
        }
        _ => part.entries = part.entries.wrapping_add(u32::try_from(random.below(3)).unwrap()).wrapping_sub(1),
    }
}

#[test]
fn no_content_makes_it_panic() {
    let sound = reseal::parts(&encode(&sample::plan()).unwrap());
    let mut random = Random(0x5e90_04ab_1234_5678);
    let (mut accepted, mut undecodable, mut invalid) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let mut parts = sound.clone();
        for _ in 0..=random.below(3) {
            let part = random.below(parts.len());
            change(&mut random, &mut parts[part]);
        }
        match exercise::file(&reseal::file(&parts)) {
            Ok(()) => accepted += 1,
            Err(PlanError::Invalid(_)) => invalid += 1,
            Err(_) => undecodable += 1,
        }
    }
    // The changes reach the decoder, the rules, and what comes after them.
    assert!(accepted > ROUNDS / 100 && undecodable > ROUNDS / 100 && invalid > ROUNDS / 100, "{accepted} {undecodable} {invalid}");
}

#[test]
fn no_noise_makes_it_panic() {
    let mut random = Random(0x0dd0_cafe_0000_0001);
    for _ in 0..ROUNDS {
        let length = random.below(200);
        let mut noise: Vec<u8> = (0..length).map(|_| random.byte()).collect();
        assert!(exercise::file(&noise).is_err());
        // Behind the mark and the version, with a table of a few rows.
        noise.splice(0..0, *b"\x89SQPLN\r\n\x01\0\x02\0");
        noise.resize(400, 0);
        reseal::seal(&mut noise);
        assert!(exercise::file(&noise).is_err());
    }
}
