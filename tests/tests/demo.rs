//! `sequor demo` and `sequor init`: the first things a newcomer runs.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use sequor_tests::program::Project;
use sequor_tests::sqlite;

#[test]
fn the_demo_shows_the_main_job() {
    let folder = Project::empty();
    let ran = folder.sequor(["demo", "shop", "--port", "0"]).ended(0);
    ran.says("best_customers").says("campaign_members").says("cm_0001");
    let file = folder.path().join("shop/warehouse.db");
    assert_eq!(sqlite::value(&file, "select count(*) || ' ' || max(id) from customers"), "230 230");
    assert_eq!(sqlite::value(&file, "select count(distinct member_id) from campaign_members"), "20");
    assert_eq!(
        sqlite::value(&file, "select count(*) from addresses a join customers c on c.id = a.customer_id"),
        sqlite::value(&file, "select count(*) from addresses")
    );

    // A second time, with the user's change kept.
    let flow = folder.path().join("shop/flows/sync_customers.yaml");
    let text = std::fs::read_to_string(&flow).expect("the demo's flow").replace("LIMIT 20", "LIMIT 5");
    std::fs::write(&flow, text).expect("a written file");
    let _ = folder.sequor(["demo", "shop", "--port", "0"]).ended(0);
    assert_eq!(sqlite::value(&file, "select count(*) from campaign_members"), "5");
}

#[test]
fn a_new_project_compiles_and_runs() {
    let folder = Project::empty();
    folder.sequor(["init", "shop"]).ended(0).says("flows/hello.yaml");
    folder.sequor(["-p", "shop", "run", "hello", "--param", "greeting=hej"]).ended(0).says("hej: lorem × 2");
    folder.sequor(["init", "shop"]).ended(2).says("already");
    folder.sequor(["env", "init", "test"]).ended(0).says("test.yaml");
    folder.sequor(["env", "init", "test"]).ended(2).says("already");
    folder.sequor(["-p", "shop", "run", "hello", "--env", "test"]).ended(0).says("hello: ipsum × 1");
}
