mod common;
use common::*;
#[test]
fn probe() {
    let src = std::fs::read_to_string("/tmp/probe.txt").unwrap();
    for case in src.split("\n=====\n") {
        let (kind, body) = case.split_once('\n').unwrap();
        let place = if kind.ends_with('!') { REQUEST } else { ANYWHERE };
        let (e, f) = if kind.starts_with('j') { text(body, place) } else { python(body, place) };
        println!("--- {kind} {body}\n    => {}\n    {:#?}", print(&e), faults(&f));
    }
}
