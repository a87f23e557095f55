//! Runs whose connections break: to the API, to the database, to the state store.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::sync::atomic::{AtomicBool, Ordering};

use sequor_tests::durable::scene::Books;
use sequor_tests::durable::shop::Size;
use sequor_tests::durable::{Scene, Shop, Story, flows};
use sequor_tests::postgres;
use sequor_tests::proxy::{Dice, Proxy, Random};

/// The end of a run that nobody disturbed.
fn undisturbed(flow: &str) -> Books {
    let (shop, database) = (Shop::start(Size::default()), postgres::database());
    let scene = Scene::postgres(flow, &shop, &database);
    let _ = scene.run().wait().with(0);
    scene.books()
}

/// What a run did is compared, not how often something was tried.
#[track_caller]
fn assert_same(scene: &Scene<'_>, expected: &Books, story: &Story) {
    let mut books = scene.books();
    books.report.clear();
    books.assert_same(expected, "broken connections", story);
    scene.assert_nothing_sent_twice(story);
}

#[test]
fn an_api_that_breaks_connections_costs_nothing_but_time() {
    let flow = flows::day_job();
    let expected = undisturbed(&flow);
    let mut disturbed = 0;
    for seed in 1..=8 {
        let (shop, database) = (Shop::start(Size::default()), postgres::database());
        let proxy = Proxy::to_port(shop.port());
        // An executor keeps its connections: they have to break in their middle, too.
        proxy.disturb(Random { seed, one_in: 2, most_bytes: 12_000, stalls: false });
        let scene = Scene::postgres(&flow, &shop, &database).with_api(proxy.url());
        let mut story = Story::default();
        scene.go_on_until_done(&mut story);
        assert_same(&scene, &expected, &story);
        disturbed += proxy.disturbed();
    }
    assert!(disturbed >= 3, "only {disturbed} connections were disturbed");
}

#[test]
fn so_does_a_database_that_breaks_connections() {
    let flow = flows::day_job();
    let expected = undisturbed(&flow);
    let mut disturbed = 0;
    for seed in 1..=8 {
        let (shop, database) = (Shop::start(Size::default()), postgres::database());
        let proxy = Proxy::to_port(database.port());
        proxy.disturb(Random { seed, one_in: 2, most_bytes: 20_000, stalls: false });
        let scene = Scene::postgres(&flow, &shop, &database).with_store_at(proxy.port());
        let mut story = Story::default();
        scene.go_on_until_done(&mut story);
        assert_same(&scene, &expected, &story);
        disturbed += proxy.disturbed();
    }
    assert!(disturbed >= 3, "only {disturbed} connections were disturbed");
}

#[test]
fn so_does_a_state_store_that_breaks_connections() {
    let flow = flows::day_job();
    let expected = undisturbed(&flow);
    let mut disturbed = 0;
    for seed in 1..=8 {
        let (shop, database, state) = (Shop::start(Size::default()), postgres::database(), postgres::database());
        let proxy = Proxy::to_port(state.port());
        proxy.disturb(Random { seed, one_in: 2, most_bytes: 30_000, stalls: false });
        let place = state.url().replace(&format!(":{}/", state.port()), &format!(":{}/", proxy.port()));
        let scene = Scene::postgres(&flow, &shop, &database).with_state(place);
        let mut story = Story::default();
        scene.go_on_until_done(&mut story);
        assert_same(&scene, &expected, &story);
        disturbed += proxy.disturbed();
    }
    assert!(disturbed >= 3, "only {disturbed} connections were disturbed");
}

const ROWS: u64 = 20_000;
const SENT: u64 = 3_000;
const PAGE: u64 = 500;

/// Takes the way to the server away, and gives it back, whenever some more requests, drawn by lot, have arrived, until the job is over.
fn interrupt_again_and_again(proxy: &Proxy, shop: &Shop, over: &AtomicBool, seed: u64) -> u32 {
    let mut dice = Dice::new(seed);
    let (mut next, mut times) = (5 + dice.below(10), 0);
    while !over.load(Ordering::Acquire) {
        if shop.await_requests(next) {
            proxy.shut();
            proxy.cut();
            proxy.open();
            times += 1;
            next = shop.arrived() + if next < ROWS / PAGE { 5 + dice.below(15) } else { 150 + dice.below(400) };
        }
    }
    times
}

/// 16 requests under way together, and both databases, the target's and the state's, behind a way that is interrupted.
#[test]
fn many_requests_under_way_survive_an_interrupted_network() {
    let shop = Shop::start(Size { customers: ROWS, page: PAGE, padding: 0 });
    let (database, state) = (postgres::database(), postgres::database());
    let proxy = Proxy::to_port(database.port());
    let place = state.url().replace(&format!(":{}/", state.port()), &format!(":{}/", proxy.port()));
    let scene = Scene::postgres(&flows::bulk_job(SENT), &shop, &database).with_store_at(proxy.port()).with_state(place);
    let over = AtomicBool::new(false);
    let mut story = Story::default();
    let times = std::thread::scope(|threads| {
        let times = threads.spawn(|| interrupt_again_and_again(&proxy, &shop, &over, 6));
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scene.go_on_until_done(&mut story)));
        over.store(true, Ordering::Release);
        let times = times.join().expect("the proxy listens again each time");
        ended.map(|()| times).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let told = || format!("{times} interruptions\n{}", story.told());
    assert!(times >= 4, "{}", told());
    let customers = database.psql("select count(*), count(distinct id), sum(id), count(note) from customers");
    assert_eq!(customers, format!("{ROWS}|{ROWS}|{}|{}", ROWS * (ROWS + 1) / 2, ROWS - ROWS / 5), "{}", told());
    let members =
        database.psql("select count(*), count(distinct id), count(distinct number), min(id), max(number) from members where number > 0");
    assert_eq!(members, format!("{SENT}|{SENT}|{SENT}|1000001|{SENT}"), "{}", told());
    assert_eq!(shop.unsafe_requests().len() as u64, SENT, "{}", told());
    scene.assert_nothing_sent_twice(&story);
}
