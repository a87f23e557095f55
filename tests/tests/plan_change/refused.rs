//! Plans that a run cannot go on with, and what `diff RUN PLAN` says of them.

use super::*;

#[test]
fn a_change_of_what_is_done_or_running_is_refused_and_changes_nothing() {
    let world = World::new(MAIN, SUM);
    world.sequor(&["run", "main"]).ended(1).says("amount");
    let refused = |what: &str, main: &str, reasons: &[&str]| {
        world.main(main);
        world.sum(&mended(SUM));
        let ran = world.sequor(&["resume", "--plan", "main"]).ended(2);
        for reason in reasons {
            assert!(ran.output().contains(reason), "{what}: nothing says {reason:?}\n{}", ran.output());
        }
        assert!(ran.output().contains("nothing was changed"), "{what}");
        // So does a look at it.
        world.sequor(&["resume", "--dry-run", "--plan", "main"]).ended(2).says("refused");
    };
    refused(
        "a done step",
        &MAIN.replace("delete from sent", "delete from orders"),
        &["main/clear", "done", "it must stay as it was", "allowed"],
    );
    refused(
        "a done step in a loop that is over",
        &MAIN.replace("method: POST", "method: PUT"),
        &["main/each/send", "request", "it is done"],
    );
    refused("a removed step", &MAIN.replace(CLEAR, ""), &["main/clear", "removed", "it must stay in the plan"]);
    refused(
        "a step in front",
        &MAIN.replace("steps:\n  - op: execute", "steps:\n  - {op: print, id: first, message: x}\n  - op: execute"),
        &["main/first", "it would never run"],
    );
    refused(
        "the call that runs",
        &MAIN.replace("flow: sum\n", "flow: sum\n    when_expression: 1 < 2\n"),
        &["main/sum", "condition", "the run is in it"],
    );
    let source = "type: sqlite\npath: other.db\n";
    world.project.write("sources/lite.yaml", source);
    refused("a source of a done step", MAIN, &["main/clear", "source", "it must stay as it was"]);
    world.project.write("sources/lite.yaml", "type: sqlite\npath: shop.db\n");
    assert!(!world.file("other.db").exists());
    // The run is what it was.
    world.sequor(&["resume"]).ended(1).says("amount");
    world.main(MAIN);
    let _ = world.sequor(&["resume", "--plan", "main"]).ended(0);
    world.assert_each_sent_once();
    assert_eq!(world.value("select total from totals"), "306");
}

#[test]
fn diff_of_a_run_says_what_differs_and_whether_it_can_go_on() {
    let world = World::new(MAIN, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    let run = world.run();
    world.sequor(&["diff", &run, "main"]).ended(0).says("7 steps are the same").says("can go on with this plan");
    world.sum(&mended(SUM));
    let ran = world.sequor(&["diff", &run, "main"]).ended(1);
    ran.says("- query").says("sum(number)").says("stopped at").says(&format!("run {run} can go on with this plan"));
    world.main(&MAIN.replace("delete from sent", "delete from orders"));
    let _ = world.sequor(&["compile", "main", "-o", "new.plan"]).ended(0);
    let ran = world.sequor(&["diff", &run[run.len() - 8..], "new.plan"]).ended(1);
    ran.says("delete from orders").says("it is done: it must stay as it was").says("cannot go on with this plan");
    world.main(MAIN);
    let _ = world.sequor(&["resume", "--plan", "main"]).ended(0);
    world.sequor(&["diff", &run, "new.plan"]).ended(1).says("is over").hides("refused");
    world.sequor(&["diff", "nowhere", "new.plan"]).ended(2).says("no run 'nowhere'");
}

#[test]
fn a_plan_is_for_a_run_of_its_flow_and_a_refusal_leaves_the_run_as_it_stood() {
    if !enabled() {
        return;
    }
    let world = World::new("steps:\n  - {op: fail, message: first}\n", SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    // Another flow's run is newer.
    world.project.write("flows/other.yaml", "steps:\n  - {op: fail, message: second}\n");
    let _ = world.sequor(&["run", "other"]).ended(1);
    world.main("steps:\n  - {op: fail, id: fail, message: third}\n  - {op: print, id: more, message: more}\n");
    let _ = world.sequor(&["resume", "--plan", "main"]).ended(1).says("third").hides("second");
    world.project.write("project.yaml", "name: another\n");
    world.sequor(&["resume", "--plan", "other"]).ended(2).says("another project");
    let after = world.sequor(&["runs"]).ended(0);
    after.says("failed").hides("interrupted");
}

#[test]
fn a_request_that_changes_something_and_may_have_been_sent_stays() {
    let load = LOAD.replace("method: GET", "method: PUT, body: {number: 5}");
    let world = World::new(&failing(&load), SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.main(&failing(&load.replace("number: 5", "number: 6")));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/load").says("the run is in it");
}

#[test]
fn a_database_that_has_something_of_the_run_must_stay_in_the_plan() {
    let world = World::new(&failing(LOAD), SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.main(&failing(""));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("source 'lite'").says("it holds something of this run");
}

#[test]
fn a_database_that_constants_name_must_stay_where_the_run_has_written() {
    let world = World::new(MAIN, SUM);
    world.project.write("project.yaml", "name: shop\nvariables: {unit: 1, file: shop.db, unused: 1}\n");
    world.project.write("sources/lite.yaml", "type: sqlite\npath: \"{{ var('file') }}\"\n");
    let _ = world.sequor(&["run", "main"]).ended(1);
    world.sum(&mended(SUM));
    world.project.write("project.yaml", "name: shop\nvariables: {unit: 1, file: other.db, unused: 2}\n");
    let ran = world.sequor(&["resume", "--plan", "main"]).ended(2);
    ran.says("project variable 'file'").says("source 'lite' is in use by this run").says("project variable 'unused'");
    world.project.write("project.yaml", "name: shop\nvariables: {unit: 1, file: shop.db, unused: 2}\n");
    let _ = world.sequor(&["resume", "--plan", "main"]).ended(0);
    world.assert_each_sent_once();
}

#[test]
fn a_block_that_is_done_takes_no_more_steps() {
    let main = "steps:
  - op: block
    id: group
    steps:
      - {op: execute, id: one, source: lite, statement: insert into sent values (1)}
  - op: if
    id: either
    conditions:
      - condition_expression: 1 > 2
        then:
          - {op: print, id: no, message: never}
  - {op: execute, id: bad, source: lite, statement: insert into nowhere values (2)}
";
    let world = World::new(main, SUM);
    let _ = world.sequor(&["run", "main"]).ended(1);
    let mended = main.replace("nowhere", "sent");
    world.main(&mended.replace("values (1)}\n", "values (1)}\n      - {op: print, id: two, message: two}\n"));
    world.sequor(&["resume", "--plan", "main"]).ended(2).says("main/group/two").says("it would have been left out");
    // What was not chosen would not have run either.
    world.main(&mended.replace("message: never}\n", "message: never}\n          - {op: print, id: neither, message: never}\n"));
    world.sequor(&["resume", "--plan", "main"]).ended(0).says("main/either/then[0]/neither").hides(" never\n");
    assert_eq!(world.value("select group_concat(number) from sent"), "7,1,2");
}
