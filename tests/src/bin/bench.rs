//! How fast, compared with what this machine can do: prints each figure beside a limit measured in the same run.
//!
//! Needs the servers that `tests/run` installs. Figures are medians of whole processes, start included. Names of parts as arguments run only these.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program for developers: it prints, and stops where it stands"
)]

#[path = "bench/api.rs"]
mod api;
#[path = "bench/compile.rs"]
mod compile;
#[path = "bench/load.rs"]
mod load;
#[path = "bench/measure.rs"]
mod measure;
#[path = "bench/requests.rs"]
mod requests;
#[path = "bench/resume.rs"]
mod resume;
#[path = "bench/start.rs"]
mod start;

fn main() {
    let parts: [(&str, fn()); 5] = [
        ("start", start::start),
        ("compile", compile::compile),
        ("load", load::load),
        ("requests", requests::requests),
        ("resume", resume::resume),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for name in &wanted {
        assert!(parts.iter().any(|(part, _)| part == name), "there is no part '{name}'; there are {:?}", parts.map(|(part, _)| part));
    }
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            part();
        }
    }
}
