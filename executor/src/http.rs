//! HTTP: one client per source, with our own time-outs, redirects, retries and address checks.

/// The clients of a run, opened at their first use.
#[derive(Default)]
pub struct Clients {}
