//! Plans that a run goes on with.

use super::*;

/// Fails, and does something on the way out.
const GUARDED: &str = "steps:
  - op: try
    id: guarded
    steps:
      - {op: execute, id: bad, source: lite, statement: insert into nowhere values (1)}
    finally:
      - {op: execute, id: note, source: lite, statement: insert into sent values (8)}
  - {op: print, id: end, message: the end}
";

#[test]
fn a_step_that_failed_is_mended_and_the_run_goes_on() {
    let world = World::new(MAIN, SUM);
    world.sequor(&["run", "main"]).ended(1).says("amount");
    world.assert_each_sent_once();
    world.sum(&mended(SUM));
    // By itself the run keeps the plan that it has.
    world.sequor(&["resume"]).ended(1).says("amount");
    let dry = world.sequor(&["resume", "--dry-run", "--plan", "main"]).ended(0);
    dry.says("sum/totals")
        .says("stopped at")
        .says("payload")
        .says("allowed")
        .says("does sum/totals")
        .says("the database is asked first")
        .hides("refused");
    world.sequor(&["resume"]).ended(1).says("amount");
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("goes on with another plan").says("sum/totals");
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");
    assert_eq!(world.value("select count(*) from sent"), "3");
    assert_eq!(world.value("select count(*) from _sequor_commit"), "0");
    world.sequor(&["resume", "--plan", "main", &world.run()]).ended(0).says("done already");
}

#[test]
fn a_run_killed_in_a_loop_goes_on_at_its_item_with_other_steps_around_it() {
    if !enabled() {
        return;
    }
    for failpoint in ["http.after_intent_before_send@2", "http.exchanged@2", "http.absorbed@2", "landing.sqlite.after_commit@2"] {
        let world = World::new(MAIN, SUM);
        world.killed(failpoint, &["run", "main"]);
        let run = world.run();
        // Everything has other numbers: a source, a constant and steps come first, in files that sort before the others too.
        world.project.write("sources/aside.yaml", "type: sqlite\npath: aside.db\n");
        world.project.write("flows/aside.yaml", "steps:\n  - {op: print, id: hello, message: aside}\n");
        world.project.write("project.yaml", "name: shop\nvariables: {a: 1, unit: 2}\n");
        let before = "          - {op: print, id: a, message: a}\n          - {op: run_flow, id: b, flow: aside}\n          - {op: print, id: no, message: never}";
        world.sum(&mended(&SUM.replace("          - {op: print, id: no, message: never}", before)));
        let after = "  - {op: execute, id: more, source: aside, statement: create table done (n integer)}\n  - {op: print, id: end, message: the new end}\n";
        world.main(&format!("{MAIN}{after}"));
        let _ = world.sequor(&["compile", "main", "-o", "new.plan"]).ended(0);
        let ran = world.project.executor(["resume", "--plan", "new.plan"]).ended(0);
        ran.says("the new end").says("main/more").hides("refused").hides("never");
        assert_eq!(world.run(), run, "{failpoint}");
        for (path, keys) in world.sent() {
            assert!(keys.iter().all(|key| *key == keys[0]), "{failpoint}: {path} was sent with other keys: {keys:?}");
            // What was sent and has no reply is sent again, with its key.
            let again = ["http.after_intent_before_send@2", "http.exchanged@2"].contains(&failpoint) && path == "/orders/102";
            assert!(keys.len() == 1 || again, "{failpoint}: {path} was sent {} times", keys.len());
        }
        assert_eq!(world.value("select group_concat(number) from sent"), "101,102,103", "{failpoint}");
        assert_eq!(world.value("select total from totals"), "306", "{failpoint}");
        assert_eq!(sqlite::value(&world.file("aside.db"), "select count(*) from done"), "0");
        assert_eq!(world.value("select count(*) from _sequor_commit"), "0", "{failpoint}");
    }
}

#[test]
fn a_step_of_a_running_loop_keeps_its_work() {
    if !enabled() {
        return;
    }
    let world = World::new(MAIN, SUM);
    world.killed("http.after_close@3", &["run", "main"]);
    world.sum(&mended(SUM));
    world.main(&MAIN.replace("{number: \"{{ var('order').number }}\"}", "{number: \"{{ var('order').number }}\", note: new}"));
    let ran = world.sequor(&["resume", "--plan", "main"]).ended(2);
    ran.says("main/each/send").says("running").says("items 1 to 2 of its loop have been done with the old step");
    let more = "          - {op: print, id: more, message: more}\n  - op: run_flow";
    world.main(&MAIN.replace("  - op: run_flow", &more.replace("          -", "      -")));
    let ran = world.sequor(&["resume", "--plan", "main"]).ended(2);
    ran.says("main/each/more").says("items 1 to 2 of its loop have been done without it");
    // What does not change what it does may change.
    world.main(&MAIN.replace("          method: POST", "          timeout: 7s\n          method: POST"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("settings");
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn the_change_of_plan_is_made_whole_or_not_at_all() {
    if !enabled() {
        return;
    }
    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&mended(SUM));
    world.sequor(&["resume", "--plan", "main", "--report", "no/such/folder"]).ended(2).says("the report cannot be written");
    world.killed("state.change_plan.before_commit", &["resume", "--plan", "main"]);
    world.sequor(&["resume"]).ended(1).says("amount");
    world.killed("state.change_plan.after_commit", &["resume", "--plan", "main"]);
    // The new plan is the run's own now.
    world.sequor(&["status"]).ended(0).says("does sum/totals");
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("has this plan already");
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");

    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&mended(SUM));
    world.killed("state.change_plan.after_commit", &["resume", "--plan", "main"]);
    world.killed("run.before", &["resume"]);
    let _ = world.sequor(&["resume"]).ended(0);
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn a_step_that_was_committed_before_the_crash_is_done() {
    if !enabled() {
        return;
    }
    let sum = mended(SUM);
    let world = World::new(MAIN, &sum);
    world.killed("store.sqlite.after_commit", &["run", "main"]);
    assert_eq!(world.value("select total from totals"), "306");
    world.sum(&sum.replace("sum(number)", "sum(number) * 2"));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("sum/totals").says("counts as done");
    let _ = world.sequor(&["resume"]).ended(0);
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn steps_may_be_put_before_the_one_that_failed() {
    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&SUM.replace(
        "  - op: transform",
        "  - {op: execute, id: add, source: lite, statement: alter table sent add column amount integer default 2}\n  - op: transform",
    ));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("sum/add");
    assert_eq!(world.value("select total from totals"), "6");
    // A run can be forked from where it began anew.
    let _ = world.sequor(&["fork", &world.run(), "--from", "sum/totals"]).ended(0);
    world.assert_each_sent_once();
}

#[test]
fn a_reply_that_could_not_be_read_is_read_by_the_new_plan() {
    let main = "steps:
  - op: http_request
    id: order
    request: {source: api, url: /orders/101, method: POST, body: {number: 101}}
    response:
      variables:
        found: \"{{ response.json()['missing']['of'] }}\"
  - {op: print, id: tell, message: \"order {{ var('found') }}\"}
";
    let world = World::new(main, SUM);
    world.sequor(&["run", "main"]).ended(1).says("missing");
    world.main(&main.replace("['missing']['of']", "[0]['number']"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("order 101").says("reply");
    assert_eq!(world.sent()["/orders/101"].len(), 1);
}

#[test]
fn a_run_of_which_nothing_has_happened_may_have_any_plan_of_its_project() {
    if !enabled() {
        return;
    }
    let world = World::new(MAIN, SUM);
    world.killed("state.begin.after_commit", &["run", "main"]);
    world.main("steps:\n  - {op: print, id: only, message: something else}\n");
    world.sequor(&["resume", "--plan", "sum"]).ended(2).says("no flow 'main'");
    world.project.write("project.yaml", "name: another\n");
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("another project");
    world.project.write("project.yaml", "name: shop\n");
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("something else");
    assert!(world.sent().is_empty());
}

#[test]
fn a_table_whose_columns_did_not_fit_is_filled_anew() {
    for write_mode in ["create", "append"] {
        let load = LOAD.replace("columns", &format!("write_mode: {write_mode}, columns"));
        let world = World::new(&failing(&load), SUM);
        sqlite::execute(&world.file("shop.db"), "create table loaded (number bigint); insert into loaded values (4)");
        let _ = world.sequor(&["run", "main"]).ended(1);
        world.main(&failing(&load.replace("'x5'", "5").replace("url: /orders", "url: /others")));
        world.sequor(&["resume", "--plan", "main"]).ended(0).says("main/load").says("the end").hides("it starts");
        let expected = if write_mode == "create" { "5" } else { "4,5" };
        assert_eq!(world.value("select group_concat(number) from (select number from loaded order by 1)"), expected);
        assert_eq!(world.value("select count(*) from sqlite_master where name like '_sequor%' and name <> '_sequor_commit'"), "0");
    }
}

#[test]
fn a_step_that_failed_may_go() {
    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&SUM[..SUM.find("  - op: transform").expect("the last step")]);
    world.main(&format!("{MAIN}  - {{op: print, id: end, message: the end}}\n"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("sum/totals").says("removed").says("the end").hides("never");
    world.assert_each_sent_once();
    assert_eq!(world.value("select count(*) from _sequor_commit"), "0");
}

#[test]
fn what_finally_did_on_the_way_out_stays_done() {
    let main = GUARDED;
    let world = World::new(main, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.main(&main.replace("nowhere", "sent").replace("values (8)", "values (9)"));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/guarded/finally/note").says("it is done");
    world.main(&main.replace("nowhere", "sent"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("the end");
    assert_eq!(world.value("select group_concat(number) from (select number from sent order by rowid)"), "7,8,1,8");
}

#[test]
fn a_loop_that_failed_at_its_first_item_may_do_something_else() {
    let main = "steps:
  - op: for_each
    id: each
    source: lite
    table: orders
    as: order
    steps:
      - {op: execute, id: keep, source: lite, statement: \"insert into nowhere values ({{ var('order').number }})\"}
";
    let world = World::new(main, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.main(&main.replace("nowhere", "sent"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("main/each/keep").says("stopped at");
    assert_eq!(world.value("select group_concat(number) from sent"), "7,101,102,103");
}

#[test]
fn a_plan_changes_in_a_state_store_in_postgresql_too() {
    if !enabled() {
        return;
    }
    let database = postgres::database();
    let world = World::new(MAIN, SUM);
    let state = ["--state", &database.url()].map(str::to_owned);
    let with = |arguments: &[&str]| arguments.iter().map(|a| (*a).to_owned()).chain(state.clone()).collect::<Vec<_>>();
    let _ = world.project.sequor(with(&["run", "main"])).ended(1);
    world.sum(&mended(SUM));
    for (place, status) in [("before_commit", 1), ("after_commit", 0)] {
        let arguments = with(&["resume", "--plan", "main"]);
        world.killed(&format!("state.change_plan.{place}"), &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let ran = world.project.sequor(with(&["resume"]));
        assert_eq!(ran.status, status, "{}", ran.output());
    }
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn a_run_killed_while_an_error_is_on_its_way_up_keeps_what_failed() {
    if !enabled() {
        return;
    }
    let main = GUARDED;
    let world = World::new(main, SUM);
    world.killed("execute.sqlite.before_commit", &["run", "main"]);
    let mended = main.replace("nowhere", "sent");
    world.main(&mended);
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/guarded/steps/bad").says("the run is in it");
    // Another end does not touch it. The error goes on its way.
    world.main(&main.replace("the end", "another end"));
    world.sequor(&["resume", "--plan", "main"]).ended(1).says("goes on with another plan").says("nowhere");
    world.main(&mended);
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("stopped at").says("the end");
    assert_eq!(world.value("select group_concat(number) from (select number from sent order by rowid)"), "7,8,1,8");
}

#[test]
fn a_forked_run_keeps_what_was_done_before_it() {
    let sum = format!(
        "{SUM}  - {{op: execute, id: check, source: lite, statement: insert into nowhere values (1)}}\n  - {{op: print, id: tail, message: old}}\n"
    );
    let world = World::new(MAIN, &mended(&sum));
    let _ = world.sequor(&["run", "main"]).ended(1);
    let _ = world.sequor(&["fork", &world.run(), "--from", "sum/check"]).ended(1);
    world.sum(&mended(&sum).replace("nowhere", "sent").replace("message: old", "message: the new tail"));
    world.main(&MAIN.replace("method: POST", "method: PUT"));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/each/send").says("it is done");
    world.main(MAIN);
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("sum/check").says("the new tail");
    world.assert_each_sent_once();
}
