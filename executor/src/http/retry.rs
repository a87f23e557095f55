//! When a request is sent again, and after how long.
//!
//! Decides only; the client waits and sends. A request that must not be repeated is sent again only where it is proven that it was not sent, or where the server says
//! that it refused it (429, 503).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use sequor_plan_format::op::http_request::{Backoff, RetryPolicy};

use super::failure::Failure;

/// What came of an attempt that did not succeed.
pub(super) enum Trouble<'a> {
    Status { status: u16, headers: &'a HeaderMap },
    Failure(&'a Failure),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Decision {
    /// This is the request's outcome.
    Final,
    Again(Duration),
    /// The server asks for a longer wait than the policy allows.
    TooLong(Duration),
}

/// Decides after an attempt (from 1). `dice` is in 0..1; `now` is the wall clock, which `Retry-After` dates refer to.
pub(super) fn decide(policy: &RetryPolicy, attempt: u32, repeatable: bool, trouble: &Trouble<'_>, now: SystemTime, dice: f64) -> Decision {
    let asked = match trouble {
        Trouble::Status { status, headers } => {
            let limited = is_rate_limited(*status, headers);
            let listed = policy.statuses.iter().any(|s| s.contains(*status) || (limited && s.contains(429)));
            if !listed || !(repeatable || limited || *status == 503) {
                return Decision::Final;
            }
            asked_wait(*status, headers, now)
        }
        Trouble::Failure(failure) => {
            if !policy.network || !failure.transient || !(repeatable || failure.before_send) {
                return Decision::Final;
            }
            None
        }
    };
    if attempt >= policy.attempts {
        return Decision::Final;
    }
    let longest = Duration::from_millis(policy.max_delay_ms);
    match asked {
        Some(wait) if wait > longest => Decision::TooLong(wait),
        Some(wait) => Decision::Again(wait),
        None => {
            let wait = backoff(policy.backoff, Duration::from_millis(policy.delay_ms), longest, attempt);
            Decision::Again(jittered(policy.backoff, wait, dice))
        }
    }
}

/// 429, or the 403 that some services use for it, which says that nothing is left of a quota or when to come back.
fn is_rate_limited(status: u16, headers: &HeaderMap) -> bool {
    status == 429 || (status == 403 && (headers.contains_key("retry-after") || used_up(headers)))
}

fn used_up(headers: &HeaderMap) -> bool {
    ["x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining"].iter().any(|name| number(headers, name) == Some(0.0))
}

/// The wait after so many failed attempts.
pub(crate) fn backoff(backoff: Backoff, first: Duration, longest: Duration, failures: u32) -> Duration {
    let wait = match backoff {
        Backoff::Constant => first,
        Backoff::Linear => first.saturating_mul(failures),
        Backoff::Exponential => first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))),
    };
    wait.min(longest)
}

/// Full jitter: requests that failed together do not come back together.
fn jittered(backoff: Backoff, wait: Duration, dice: f64) -> Duration {
    match backoff {
        Backoff::Constant | Backoff::Linear => wait,
        Backoff::Exponential => wait.mul_f64(dice.clamp(0.0, 1.0)),
    }
}

/// How long the server asks to wait.
fn asked_wait(status: u16, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if let Some(milliseconds) = number(headers, "retry-after-ms") {
        return Some(wait(milliseconds / 1000.0));
    }
    if let Some(text) = text(headers, "retry-after") {
        return text.parse().ok().map(wait).or_else(|| until(text, now));
    }
    if !matches!(status, 429 | 403) {
        return None;
    }
    // No agreed form: seconds from now, or a point in time as Unix seconds or milliseconds.
    ["x-ratelimit-reset-after", "ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"]
        .iter()
        .find_map(|name| number(headers, name))
        .map(|reset| {
            let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            match reset {
                r if r >= 1e12 => wait(r / 1000.0 - since_epoch),
                r if r >= 1e9 => wait(r - since_epoch),
                r => wait(r),
            }
        })
        .or_else(|| structured_reset(headers))
}

/// `RateLimit: "default";r=0;t=30`, the newer form of the IETF draft.
fn structured_reset(headers: &HeaderMap) -> Option<Duration> {
    text(headers, "ratelimit")?.split([';', ',']).find_map(|part| part.trim().strip_prefix("t=")?.parse().ok()).map(wait)
}

fn until(date: &str, now: SystemTime) -> Option<Duration> {
    let date = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let at = SystemTime::from(date);
    Some(at.duration_since(now).unwrap_or_default())
}

fn wait(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    text(headers, name)?.parse().ok().filter(|n: &f64| n.is_finite())
}

/// A source's retry budget, shared by all its requests: when a service is down, every request failing its way through all its attempts makes it worse.
///
/// A retry takes one; a request that succeeds in the end gives its retries back. So only retries that helped nothing use the budget up.
pub(super) struct Budget {
    left: Mutex<u32>,
}

impl Budget {
    pub(super) const FULL: u32 = 100;

    pub(super) fn new() -> Self {
        Self { left: Mutex::new(Self::FULL) }
    }

    /// Whether one more retry is allowed.
    pub(super) fn take(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match left.checked_sub(1) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn succeeded(&self, retries: u32) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_add(retries.max(1)).min(Self::FULL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn status(status: u16, repeatable: bool, headers: &[(&'static str, &str)]) -> Decision {
        let headers: HeaderMap = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        decide(&RetryPolicy::default(), 1, repeatable, &Trouble::Status { status, headers: &headers }, now(), 1.0)
    }

    fn failure(repeatable: bool, before_send: bool) -> Decision {
        let failure = Failure { kind: ErrorKind::Network, message: String::new(), before_send, transient: true };
        decide(&RetryPolicy::default(), 1, repeatable, &Trouble::Failure(&failure), now(), 1.0)
    }

    const FIRST: Decision = Decision::Again(Duration::from_millis(500));

    #[test]
    fn an_unsafe_request_is_repeated_only_where_it_had_no_effect() {
        assert_eq!(failure(false, false), Decision::Final);
        assert_eq!(failure(false, true), FIRST);
        assert_eq!(failure(true, false), FIRST);
        assert_eq!(status(500, false, &[]), Decision::Final);
        assert_eq!(status(500, true, &[]), FIRST);
        assert_eq!(status(429, false, &[]), FIRST);
        assert_eq!(status(503, false, &[]), FIRST);
        assert_eq!(status(404, true, &[]), Decision::Final);
        assert_eq!(status(403, true, &[]), Decision::Final);
    }

    #[test]
    fn obeys_what_servers_ask_for() {
        let seconds = |s| Decision::Again(Duration::from_secs(s));
        assert_eq!(status(429, false, &[("retry-after", "7")]), seconds(7));
        assert_eq!(status(503, true, &[("retry-after", "Tue, 14 Nov 2023 22:13:30 GMT")]), seconds(10));
        assert_eq!(status(503, true, &[("retry-after", "Tue, 14 Nov 2023 22:00:00 GMT")]), seconds(0));
        assert_eq!(status(429, true, &[("x-ratelimit-reset", "1700000030")]), seconds(30));
        assert_eq!(status(429, true, &[("x-ratelimit-reset", "1700000030000")]), seconds(30));
        assert_eq!(status(429, true, &[("ratelimit-reset", "12")]), seconds(12));
        assert_eq!(status(429, true, &[("ratelimit", "\"default\";r=0;t=3")]), seconds(3));
        assert_eq!(status(403, false, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1700000005")]), seconds(5));
        assert_eq!(status(429, true, &[("retry-after", "soon")]), FIRST);
        assert_eq!(status(429, true, &[("retry-after", "3600")]), Decision::TooLong(Duration::from_secs(3600)));
        assert_eq!(status(429, true, &[("retry-after", "1e300")]), Decision::TooLong(Duration::MAX));
    }

    #[test]
    fn waits_grow_to_their_limit() {
        let (first, longest) = (Duration::from_millis(500), Duration::from_secs(3));
        let waits = |backoff| [1, 2, 3, 4, 40].map(|n| super::backoff(backoff, first, longest, n).as_millis());
        assert_eq!(waits(Backoff::Constant), [500; 5]);
        assert_eq!(waits(Backoff::Linear), [500, 1000, 1500, 2000, 3000]);
        assert_eq!(waits(Backoff::Exponential), [500, 1000, 2000, 3000, 3000]);
        assert_eq!(jittered(Backoff::Exponential, Duration::from_secs(1), 0.25).as_millis(), 250);
    }

    #[test]
    fn ends_after_the_last_attempt() {
        let headers = HeaderMap::new();
        let last = decide(&RetryPolicy::default(), 5, true, &Trouble::Status { status: 500, headers: &headers }, now(), 1.0);
        assert_eq!(last, Decision::Final);
    }

    #[test]
    fn only_retries_without_success_use_the_budget_up() {
        let budget = Budget::new();
        for _ in 0..1000 {
            assert!(budget.take() && budget.take());
            budget.succeeded(2);
        }
        assert_eq!((0..1000).filter(|_| budget.take()).count(), 100);
        budget.succeeded(0);
        assert!(budget.take());
    }
}
