//! Plans that a released version wrote: those of this format version are read and print as they did then, older ones are refused by name.
//!
//! `fixtures/plans/vN/NAME.plan` stands beside the text that it printed as, `NAME.txt`. A new one comes from `examples/golden.rs`; none is ever changed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};

use sequor_plan_format::codec;
use sequor_plan_format::render::render;
use support::reseal;

fn golden_plans(version: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans").join(version);
    let mut plans: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "plan"))
        .collect();
    plans.sort();
    assert!(!plans.is_empty(), "no golden plans of {version}");
    plans
}

#[test]
fn plans_of_this_version_are_read_and_print_as_they_did() {
    for path in golden_plans("v4") {
        let bytes = std::fs::read(&path).unwrap();
        let (plan, digest) = codec::decode(&bytes).unwrap_or_else(|error| panic!("refused plan {}: {error}", path.display()));
        let expected = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        assert_eq!(render(&plan), expected, "{}", path.display());
        assert_eq!(codec::header(&bytes).unwrap().digest, digest);
    }
}

#[test]
fn plans_of_earlier_versions_are_refused_and_the_refusal_says_what_to_do() {
    for version in ["1", "2", "3"] {
        for path in golden_plans(&format!("v{version}")) {
            let bytes = std::fs::read(&path).unwrap();
            let refusal = codec::decode(&bytes).unwrap_err().to_string();
            assert_eq!(
                refusal,
                format!(
                    "it has plan format version {version}; this version of Sequor reads version 4. Compile it again with this version, or run it with the one that wrote it"
                )
            );
            assert_eq!(codec::header(&bytes).unwrap_err().to_string(), refusal);
        }
    }
}

#[test]
fn a_version_that_does_not_exist_yet_is_refused_by_name() {
    for path in golden_plans("v4") {
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[8] = 5;
        reseal::seal(&mut bytes);
        let refusal = codec::decode(&bytes).unwrap_err().to_string();
        assert!(refusal.starts_with("it has plan format version 5"), "{refusal}");
    }
}
