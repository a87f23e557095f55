//! Which redirects are followed, and what of a request survives them.
//!
//! Only GET and HEAD are redirected: for any other method a server's redirect would turn one effect into another. Never from https to http. A redirect to another
//! origin loses everything that the first server was meant to know.

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderMap, USER_AGENT};
use sequor_plan_format::op::http_request::Method;
use url::Url;

/// More in a row are a loop.
pub(super) const MOST: usize = 10;

/// Whether a reply with this status sends such a request elsewhere.
pub(super) fn applies(method: Method, status: u16) -> bool {
    matches!(method, Method::Get | Method::Head) && matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Whether credentials for `from` are good for `to`: the same scheme, host and port, or the same host moved from http to https on the standard ports.
pub(super) fn same_origin(from: &Url, to: &Url) -> bool {
    let upgraded = from.scheme() == "http"
        && to.scheme() == "https"
        && from.host() == to.host()
        && from.port_or_known_default() == Some(80)
        && to.port_or_known_default() == Some(443);
    from.origin() == to.origin() || upgraded
}

/// The headers that go to any server.
pub(super) fn harmless(headers: &HeaderMap) -> HeaderMap {
    [ACCEPT, ACCEPT_LANGUAGE, USER_AGENT].into_iter().filter_map(|name| headers.get(&name).map(|value| (name, value.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |a: &str, b: &str| same_origin(&a.parse().unwrap(), &b.parse().unwrap());
        assert!(same("https://a.test/x", "https://a.test:443/y"));
        assert!(same("http://a.test/x", "https://a.test/y"));
        assert!(!same("http://a.test:8000/x", "https://a.test/y"));
        assert!(!same("https://a.test/x", "http://a.test/x"));
        assert!(!same("https://a.test/x", "https://b.a.test/x"));
        assert!(!same("http://127.0.0.1:1/x", "http://127.0.0.1:2/x"));
    }
}
