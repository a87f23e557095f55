//! Branches of a `parallel` that need the same things at the same moment.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use sequor_tests::postgres;
use sequor_tests::program::Project;
use sequor_tests::proxy::{Fault, Proxy};
use sequor_tests::sqlite;

/// While one branch is connecting, the expression of another one waits for its answer in place.
#[test]
fn a_query_in_an_expression_does_not_wait_for_another_branch_that_connects() {
    let database = postgres::database();
    let proxy = Proxy::to_port(database.port());
    let url = database.url().replace(&format!(":{}/", database.port()), &format!(":{}/", proxy.port()));
    // Each answer on the way to a connection takes so long that the other branch asks in the middle of it.
    proxy.script(std::iter::repeat_n(Fault::Delay(Duration::from_millis(60)), 20));
    for order in [["connects", "asks"], ["asks", "connects"]] {
        let steps = |branch: &str| match branch {
            "connects" => "[{op: execute, source: pg, statement: select 1}]",
            _ => {
                "[{op: sleep, seconds: 0.15}, {op: print, message: \"there are {{ query_value('lite', 'select count(*) from things', int) }}\"}]"
            }
        };
        let branches: Vec<String> = order.iter().map(|branch| format!("    {branch}: {}\n", steps(branch))).collect();
        let project = Project::of(&[
            ("project.yaml", "name: branches\n"),
            ("sources/lite.yaml", "type: sqlite\npath: lite.db\n"),
            ("sources/pg.yaml", &format!("type: postgres\nconn_str: {url}\n")),
            ("flows/main.yaml", &format!("- op: parallel\n  branches:\n{}", branches.concat())),
        ]);
        sqlite::execute(&project.path().join("lite.db"), "create table things (id integer); insert into things values (1), (2)");
        project.sequor(["run", "main"]).ended(0).says("there are 2");
    }
}
