//! Hosts that people wrote, in contrast to those that came from data.
//!
//! A written host may resolve to any address and may be sent its source's credentials. The distinction is what keeps a reply from steering requests into a private
//! network, or credentials to another server.

use std::net::IpAddr;

use sequor_plan_format::Plan;
use url::Url;

use crate::services::network::TrustedHosts;

/// Hosts in a plan's texts, in `allow_hosts`, and from the operator.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    hosts: TrustedHosts,
    /// `*.domain` of `allow_hosts`: every host below a domain.
    domains: Vec<String>,
}

impl Written {
    pub(super) fn new(operator: &TrustedHosts, plan: &Plan) -> Self {
        let mut written = Self { hosts: operator.clone(), domains: Vec::new() };
        plan.texts.iter().for_each(|text| written.add_from_text(text));
        written
    }

    /// Adds an entry of `allow_hosts`.
    pub(super) fn allow(&mut self, host: &str) {
        match host.trim().strip_prefix("*.") {
            Some(domain) => self.domains.push(format!(".{}", domain.to_ascii_lowercase())),
            None => self.hosts.add(host),
        }
    }

    /// Adds a URL, for its host and port.
    pub(super) fn add_url(&mut self, url: &Url) {
        self.hosts.add(url.as_str());
    }

    /// Adds the host of every URL in a text, and the text itself where it is an address, a name with a dot, `localhost`, or one of these with a port.
    fn add_from_text(&mut self, text: &str) {
        for (at, mark) in text.match_indices("://") {
            let scheme = if text[..at].ends_with("https") { "https" } else { "http" };
            let rest = &text[at + mark.len()..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || "-._~%:@[]".contains(c))).unwrap_or(rest.len());
            let authority = rest[..end].rsplit('@').next().unwrap_or_default();
            match authority.strip_suffix(':') {
                // The port is computed.
                Some(host) => self.hosts.add(host),
                // A template inside the host: the host is not written here.
                None if rest[end..].starts_with('{') => {}
                None => self.hosts.add(&format!("{scheme}://{authority}")),
            }
        }
        let plain = text.trim();
        let host = plain.split_once(':').map_or(plain, |(host, _)| host);
        let is_name = |host: &str| host.contains('.') && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        if host.eq_ignore_ascii_case("localhost") || is_name(host) || plain.parse::<IpAddr>().is_ok() {
            self.hosts.add(plain);
        }
    }

    /// Whether people wrote this URL's host. The names of the local machine count as one host.
    pub(super) fn contains(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return false };
        let host = host.to_ascii_lowercase();
        self.hosts.contains(&host, port)
            || (is_local_name(&host) && ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| self.hosts.contains(name, port)))
            || self.domains.iter().any(|domain| host.ends_with(domain))
    }
}

/// Whether a host names the machine itself: `localhost`, or a loopback address.
pub(super) fn is_local_name(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(text: &str, url: &str) -> bool {
        let mut written = Written::default();
        written.add_from_text(text);
        written.contains(&url.parse().unwrap())
    }

    #[test]
    fn finds_the_hosts_that_a_text_writes() {
        assert!(contains("http://127.0.0.1:8000/a?b=http%3A", "http://127.0.0.1:8000/x"));
        let two = "requests to https://Api.Example.com/v1 and http://user:pw@other.test:81.";
        assert!(contains(two, "https://api.example.com"));
        assert!(contains("http://[::1]:9000/x", "http://[::1]:9000"));
        assert!(contains("10.1.2.3", "http://10.1.2.3:99"));
        assert!(contains("localhost:99", "http://localhost:99"));
        assert!(contains("return \"http://inside.test\"", "http://inside.test/a"));
        assert!(contains("http://10.0.0.7:{{ var('port') }}/x", "http://10.0.0.7:1234"));
        assert!(contains("http://10.0.0.7:", "http://10.0.0.7:1234"));
    }

    #[test]
    fn another_port_is_another_service() {
        assert!(!contains("http://127.0.0.1:8000", "http://127.0.0.1:5432"));
    }

    #[test]
    fn leaves_out_hosts_that_a_template_makes() {
        assert!(!contains("https://{{ var('shop') }}.example.com/x", "https://example.com"));
        assert!(!contains("http://10.{{ var('rest') }}/x", "http://10.0.0.1"));
        assert!(!contains("customers", "http://customers"));
        assert!(!contains("a sentence.", "http://a"));
    }

    #[test]
    fn the_local_machine_has_many_names_and_one_identity() {
        assert!(contains("http://localhost:8000", "http://127.0.0.1:8000"));
        assert!(contains("http://127.0.0.1:8000", "http://[::1]:8000"));
    }

    #[test]
    fn a_star_stands_for_the_hosts_below_a_domain() {
        let mut written = Written::default();
        written.allow("*.shops.example");
        let contains = |url: &str| written.contains(&url.parse().unwrap());
        assert!(contains("https://a.shops.example") && contains("https://b.a.shops.example"));
        assert!(!contains("https://shops.example") && !contains("https://evilshops.example"));
    }
}
