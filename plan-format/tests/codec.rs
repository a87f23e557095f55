//! Bytes ⇄ plan: what was written is read, and nothing else is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use sequor_plan_format::Plan;
use sequor_plan_format::codec::{self, PlanError, decode, encode};
use support::{reseal, sample};

fn sample_file() -> Vec<u8> {
    encode(&sample::plan()).unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    match decode(bytes) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    }
}

/// Damages the header, and sets its digest as if nothing had happened.
fn with_header(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut file = sample_file();
    change(&mut file);
    reseal::seal(&mut file);
    refusal(&file)
}

#[test]
fn what_is_written_is_read() {
    let plan = sample::plan();
    let (read, digest) = decode(&encode(&plan).unwrap()).unwrap();
    assert_eq!(read, plan);
    assert_eq!(digest.to_string().len(), 64);
    assert!(digest.to_string().starts_with(&digest.short()));
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    assert_eq!(sample_file(), sample_file());
    let (read, _) = decode(&sample_file()).unwrap();
    assert_eq!(encode(&read).unwrap(), sample_file());
}

#[test]
fn the_layout_is_the_documented_one() {
    let file = sample_file();
    assert_eq!(reseal::file(&reseal::parts(&file)), file);
}

#[test]
fn the_digest_names_the_plan() {
    let mut other = sample::plan();
    let (_, digest) = decode(&encode(&other).unwrap()).unwrap();
    other.texts.push("one more".to_owned());
    let (_, changed) = decode(&encode(&other).unwrap()).unwrap();
    assert_ne!(digest, changed);
}

#[test]
fn the_header_is_read_without_the_rest() {
    let file = sample_file();
    let (_, digest) = decode(&file).unwrap();
    let header = codec::header(&file[..1000]).unwrap();
    assert_eq!((header.version, header.digest, header.length), (4, digest, file.len() as u64));
    assert_eq!(header.sections.len(), 11);
    assert_eq!(codec::header(&file[..100]), Err(PlanError::HeaderCut));
}

#[test]
fn an_unsound_plan_is_not_written() {
    let error = encode(&Plan::default()).unwrap_err();
    assert!(matches!(error, PlanError::Invalid(_)), "{error}");
}

#[test]
fn every_flipped_bit_is_refused() {
    let file = sample_file();
    for at in 0..file.len() {
        for flip in (0..8).map(|bit| 1u8 << bit).chain([0xff]) {
            let mut damaged = file.clone();
            damaged[at] ^= flip;
            assert!(decode(&damaged).is_err(), "byte {at} xor {flip:#x} was accepted");
        }
    }
}

#[test]
fn every_cut_is_refused() {
    let file = sample_file();
    for length in 0..file.len() {
        assert!(decode(&file[..length]).is_err(), "the first {length} bytes were accepted");
        assert!(decode(&file[file.len() - length..]).is_err(), "the last {length} bytes were accepted");
    }
}

#[test]
fn every_growth_is_refused() {
    for extra in [&[0u8][..], &[0; 4096], b"\n"] {
        let mut file = sample_file();
        let expected = file.len() as u64;
        file.extend(extra);
        assert_eq!(decode(&file).unwrap_err(), PlanError::Grown { expected, extra: extra.len() as u64 });
        let mut file = sample_file();
        file.splice(500..500, extra.iter().copied());
        assert!(decode(&file).is_err());
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    let file = sample_file();
    assert_eq!(refusal(b""), "the file is empty");
    assert!(refusal(b"steps:\n").starts_with("this is not a plan"));
    assert!(refusal(&file[..6]).starts_with("the file is cut in its header"));
    assert!(refusal(&file[..file.len() - 1]).starts_with("the file is cut: it has "));

    let mut damaged = file.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(
        refusal(&damaged),
        "section 'manifest' is damaged (digest does not match). Copy the file again or compile the project again"
    );
    let mut damaged = file.clone();
    damaged[33] ^= 1;
    assert_eq!(refusal(&damaged), "the header is damaged (digest does not match). Copy the file again or compile the project again");

    let newer = with_header(|file| file[8] = 5);
    assert!(newer.starts_with("it has plan format version 5; this version of Sequor reads version 4"), "{newer}");
    let featured = with_header(|file| file[16] = 4);
    assert!(featured.starts_with("it needs features that this version of Sequor does not have (feature bits 0x4)"), "{featured}");
    let huge = vec![0; usize::try_from(codec::MAX_FILE_BYTES).unwrap() + 1];
    assert_eq!(refusal(&huge), "the plan has 67108865 bytes; the limit is 67108864");
}

#[test]
fn unknown_optional_parts_are_passed_over() {
    let mut file = sample_file();
    file[24] = 1;
    reseal::seal(&mut file);
    assert_eq!(decode(&file).unwrap().0, sample::plan());

    let mut parts = reseal::parts(&sample_file());
    parts.push(reseal::Part { number: 0x8000_0001, entries: 1, bytes: b"anything".to_vec() });
    assert_eq!(decode(&reseal::file(&parts)).unwrap().0, sample::plan());
    parts.last_mut().unwrap().number = 12;
    assert_eq!(refusal(&reseal::file(&parts)), "the section table is not sound: section 12 is unknown to this version");
}

/// A row of the section table: number at 0, entries at 4, offset at 8, length at 16.
fn row(section: usize, field: usize) -> usize {
    72 + section * 56 + field
}

#[test]
fn hostile_headers_are_refused() {
    let set = |at: usize, value: u64| with_header(|file| file[at..at + 8].copy_from_slice(&value.to_le_bytes()));
    let first = 72 + 11 * 56;
    for length in [1 << 60, u64::MAX, u64::MAX - first + 1] {
        assert!(set(row(0, 16), length).contains("ends behind the file"), "length {length}");
        assert!(set(row(10, 16), length).contains("ends behind the file"), "length {length}");
        assert!(set(32, length).contains("the file is cut"), "total {length}");
    }
    for offset in [0, first - 1, first + 1, 1 << 60, u64::MAX] {
        assert!(set(row(0, 8), offset).contains("section 'texts' begins at byte"), "offset {offset}");
    }
    // The second section over the first one.
    assert!(set(row(1, 8), first).contains("section 'constants' begins at byte"));

    let set = |at: usize, value: u32| with_header(|file| file[at..at + 4].copy_from_slice(&value.to_le_bytes()));
    for (section, entries) in [(0, u32::MAX), (3, 1_000_001), (8, 2), (8, u32::MAX)] {
        assert!(set(row(section, 4), entries).contains("entries, more than its"), "{entries} entries");
    }
    assert!(set(row(1, 0), 1).contains("section 1 stands behind section 1"));
    assert!(set(row(0, 0), 0).contains("stands behind"));
    assert!(set(12, 1).contains("a reserved field is not zero"));
    assert!(with_header(|file| file[10..12].copy_from_slice(&u16::MAX.to_le_bytes())).contains("too many sections"));
    assert!(with_header(|file| file[10..12].copy_from_slice(&3u16.to_le_bytes())).contains("section 'texts' begins at byte"));
}

#[test]
fn files_without_all_sections_are_refused() {
    assert_eq!(refusal(&reseal::file(&[])), "section 'texts' is missing");
    let all = reseal::parts(&sample_file());
    for left_out in 0..all.len() {
        let mut parts = all.clone();
        parts.remove(left_out);
        assert!(refusal(&reseal::file(&parts)).ends_with("' is missing"));
        let mut parts = all.clone();
        parts[left_out].entries = 0;
        parts[left_out].bytes.clear();
        assert!(decode(&reseal::file(&parts)).is_err() || left_out == 9, "without section {left_out}");
    }
}

#[test]
fn sections_hold_nothing_but_their_entries() {
    let mut parts = reseal::parts(&sample_file());
    parts[7].bytes.push(0);
    assert_eq!(refusal(&reseal::file(&parts)), "section 'spans' has 1 bytes behind its last entry");
    let mut parts = reseal::parts(&sample_file());
    parts[7].entries += 1;
    assert!(refusal(&reseal::file(&parts)).starts_with("section 'spans' cannot be read: entry"));
}

#[test]
fn texts_that_claim_more_than_there_is_are_refused() {
    let mut parts = reseal::parts(&sample_file());
    // bincode: 253 announces a length of eight bytes.
    let mut claim = vec![253];
    claim.extend((1u64 << 60).to_le_bytes());
    parts[0].bytes.splice(0..0, claim);
    parts[0].entries += 1;
    assert!(refusal(&reseal::file(&parts)).starts_with("section 'texts' cannot be read: entry 0"));

    let mut parts = reseal::parts(&sample_file());
    parts[0].bytes[1] = 0xff;
    assert!(refusal(&reseal::file(&parts)).starts_with("section 'texts' cannot be read: entry 0"));
}
