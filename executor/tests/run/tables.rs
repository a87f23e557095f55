//! Transform and execute.

use sequor_plan_format::op::WriteMode;

use crate::support::Script;

const SEED: &[&str] = &["CREATE TABLE t (id INTEGER, name TEXT)", "INSERT INTO t VALUES (1, 'a'), (2, NULL), (3, 'c')"];

#[test]
fn a_query_becomes_a_table_and_the_report_counts_rows() {
    let mut s = Script::new();
    let seed = s.execute("seed", SEED);
    let make = s.transform("make", "SELECT id * 10 AS id, name FROM t WHERE id > 1", s.db, "u", WriteMode::Create);
    let project = s.project(&[seed, make]);
    let ran = project.run(&[]).done();
    assert_eq!(project.rows("data.db", "SELECT id, name FROM u ORDER BY id"), "20|NULL\n30|c");
    let line = ran.out.lines().find(|line| line.starts_with("make")).expect("a line in the table");
    assert_eq!(line.split_whitespace().take(5).collect::<Vec<_>>(), ["make", "2", "2", "0", "0"]);
    assert!(ran.err.contains("✓ make (transform) 2 rows, "), "{}", ran.err);
    assert!(ran.err.trim_end().ends_with("(exit status 0)"), "{}", ran.err);
}

#[test]
fn a_query_may_read_the_table_it_replaces() {
    let mut s = Script::new();
    let seed = s.execute("seed", SEED);
    let make = s.transform("make", "SELECT id + 1 AS id FROM t", s.db, "t", WriteMode::Create);
    let more = s.transform("more", "SELECT 9 AS id", s.db, "t", WriteMode::Append);
    let project = s.project(&[seed, make, more]);
    project.run(&[]).done();
    assert_eq!(project.rows("data.db", "SELECT id FROM t ORDER BY id"), "2\n3\n4\n9");
}

#[test]
fn rows_move_to_another_source() {
    let mut s = Script::new();
    let other = s.sqlite("other", "other.db");
    let seed = s.execute("seed", SEED);
    let make = s.transform("make", "SELECT id, name FROM t", other, "copy", WriteMode::Create);
    let project = s.project(&[seed, make]);
    project.run(&[]).done();
    assert_eq!(project.rows("other.db", "SELECT id, name FROM copy ORDER BY id"), "1|a\n2|NULL\n3|c");
}

#[test]
fn a_failed_query_leaves_the_old_table() {
    let mut s = Script::new();
    let seed = s.execute("seed", SEED);
    let make = s.transform("make", "SELECT nothing FROM t", s.db, "t", WriteMode::Create);
    let project = s.project(&[seed, make]);
    project.run(&[]).ended(1, &["nothing", "flow 'main', step 'make' (transform), flows/main.yaml:2:5", "kind: sql"]);
    assert_eq!(project.rows("data.db", "SELECT count(*) FROM t"), "3");
}
