//! The write-ahead log of the state file is damaged or gone: SQLite then forgets the last records without a word, and the markers in the target know more than
//! the journal does. The run still comes to the same end, or is refused.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::PathBuf;

use sequor_tests::durable::scene::assert_same_tables;
use sequor_tests::durable::shop::Size;
use sequor_tests::durable::{Scene, Shop, Story, flows};
use sequor_tests::proxy::Dice;

/// Copies that are damaged, each in another place.
const DAMAGED: u64 = 12;

/// A run that stopped half-way, and its state file and database at that moment.
struct Halfway<'a> {
    scene: Scene<'a>,
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl<'a> Halfway<'a> {
    fn new(shop: &'a Shop) -> Self {
        let scene = Scene::sqlite(&flows::repeatable_job(), shop);
        let mut process = scene.run();
        while !shop.await_requests(30) {
            assert!(process.is_running(), "{}", process.output());
        }
        process.kill();
        let _ = process.wait();
        let names =
            ["state.db", "state.db-wal", "state.db-shm", "store.db", "store.db-wal", "store.db-journal"].map(|name| scene.file(name));
        let files = names.into_iter().filter_map(|path| fs::read(&path).ok().map(|bytes| (path, bytes))).collect();
        Self { scene, files }
    }

    /// Everything as it was at that moment, but for this file.
    fn restore(&self, name: &str, bytes: &[u8]) {
        for suffix in ["state.db", "state.db-wal", "state.db-shm", "store.db", "store.db-wal", "store.db-shm", "store.db-journal"] {
            // Most of them are not there.
            let _ = fs::remove_file(self.scene.file(suffix));
        }
        for (path, bytes) in &self.files {
            fs::write(path, bytes).expect("a written file");
        }
        fs::write(self.scene.file(name), bytes).expect("a written file");
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let path = self.scene.file(name);
        self.files.iter().find(|(known, _)| *known == path).map(|(_, bytes)| bytes.clone()).unwrap_or_default()
    }

    /// With this damage: the same end as without, or refused, with a reason and before anything is changed.
    fn try_with(&self, what: &str, name: &str, damaged: &[u8], expected: &Scene<'_>) {
        self.restore(name, damaged);
        let before = self.scene.tables();
        let ended = self.scene.resume().wait();
        assert!(!ended.output.contains("panicked"), "{what}\n{}", ended.output);
        let status = ended.status;
        let story = Story { processes: vec![ended], ..Story::default() };
        match status {
            Some(0) => assert_same_tables(&self.scene.tables(), &expected.tables(), what, &story),
            Some(2) => assert_same_tables(&self.scene.tables(), &before, what, &story),
            _ => panic!("{what}\n{}", story.told()),
        }
    }
}

#[test]
fn a_damaged_log_is_refused_or_does_no_harm() {
    let shop = Shop::start(Size::default());
    let expected = Scene::sqlite(&flows::repeatable_job(), &shop);
    let _ = expected.run().wait().with(0);
    let shop = Shop::start(Size::default());
    let halfway = Halfway::new(&shop);
    let mut dice = Dice::new(99);
    let name = "state.db-wal";
    let bytes = halfway.bytes(name);
    assert!(!bytes.is_empty(), "a process that was killed leaves its log");
    for _ in 0..DAMAGED {
        let at = usize::try_from(dice.below(bytes.len() as u64)).expect("a file in memory");
        halfway.try_with(&format!("{name} cut at byte {at}"), name, &bytes[..at], &expected);
        let mut flipped = bytes.clone();
        let bit = dice.below(8);
        flipped[at] ^= 1 << bit;
        halfway.try_with(&format!("{name}, bit {bit} of byte {at} flipped"), name, &flipped, &expected);
    }
    halfway.try_with(&format!("{name} is gone"), name, &[], &expected);
}
