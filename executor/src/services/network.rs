//! Which addresses a run may talk to: hosts that the operator wrote, and URL prefixes that are sent elsewhere.
//!
//! Data and pure functions only; `http` resolves names and applies the rule.

use std::collections::BTreeSet;

use url::{Host, Url};

/// What the operator said about the network.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// `--map-url`, in the order given.
    pub mappings: Vec<UrlMapping>,
    pub trusted: TrustedHosts,
}

impl Network {
    /// The URL that a request for `url` really goes to. Of several matching prefixes the longest wins.
    #[must_use]
    pub fn map(&self, url: &Url) -> Option<Url> {
        let best = self.mappings.iter().filter(|m| m.rest(url).is_some()).max_by_key(|m| m.from.path().len())?;
        best.apply(url)
    }
}

/// Hosts that may resolve to loopback, private or link-local addresses, because the operator named them and no data did.
#[derive(Clone, Debug, Default)]
pub struct TrustedHosts(BTreeSet<(String, Option<u16>)>);

impl TrustedHosts {
    /// Adds the host of a URL (for its port only), or a plain `host` (for every port) or `host:port`. Other text adds nothing.
    pub fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.contains("://") {
            if let Ok(url) = Url::parse(text)
                && let Some(host) = url.host_str()
            {
                self.0.insert((host.to_ascii_lowercase(), url.port_or_known_default()));
            }
            return;
        }
        // Host::parse takes almost any word for a host; the form keeps sentences and paths out.
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => return,
            },
            _ => (text, None),
        };
        if let Ok(host) = Host::parse(host) {
            self.0.insert((host.to_string().to_ascii_lowercase(), port));
        }
    }

    /// `host` as a URL prints it (an IPv6 address in square brackets).
    #[must_use]
    pub fn contains(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        self.0.contains(&(host.clone(), None)) || self.0.contains(&(host, Some(port)))
    }
}

/// Requests for URLs that start with `from` go to `to` instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlMapping {
    from: Url,
    to: Url,
}

impl UrlMapping {
    /// Reads `FROM=TO`, two URL prefixes.
    ///
    /// # Errors
    /// What is wrong with the text, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once('=').ok_or_else(|| {
            format!("--map-url '{text}' must be FROM=TO, two URL prefixes, for example https://api.example.com=http://127.0.0.1:8080")
        })?;
        Ok(Self { from: prefix(from, text)?, to: prefix(to, text)? })
    }

    #[must_use]
    pub fn from(&self) -> &str {
        self.from.as_str().trim_end_matches('/')
    }

    #[must_use]
    pub fn to(&self) -> &str {
        self.to.as_str().trim_end_matches('/')
    }

    /// What is left of the path after the prefix, where the prefix matches whole segments.
    fn rest<'a>(&self, url: &'a Url) -> Option<&'a str> {
        let same_origin = self.from.scheme() == url.scheme()
            && self.from.host() == url.host()
            && self.from.port_or_known_default() == url.port_or_known_default();
        let rest = url.path().strip_prefix(self.from.path().trim_end_matches('/'))?;
        (same_origin && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
    }

    fn apply(&self, url: &Url) -> Option<Url> {
        let rest = self.rest(url)?;
        let mut mapped = self.to.clone();
        mapped.set_path(&format!("{}{rest}", self.to.path().trim_end_matches('/')));
        mapped.set_query(url.query());
        Some(mapped)
    }
}

fn prefix(part: &str, whole: &str) -> Result<Url, String> {
    let wrong = |why: &str| format!("--map-url '{whole}': '{part}' {why}");
    let url = Url::parse(part).map_err(|e| wrong(&format!("is not a URL ({e})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("must start with http:// or https:// and name a host"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("must not have a query or a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not hold credentials"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(mappings: &[&str], url: &str) -> Option<String> {
        let mappings = mappings.iter().map(|m| UrlMapping::parse(m).unwrap()).collect();
        Network { mappings, trusted: TrustedHosts::default() }.map(&Url::parse(url).unwrap()).map(String::from)
    }

    #[test]
    fn prefix_ends_at_a_path_segment() {
        let map = ["https://api.example.com/v1=http://127.0.0.1:9000/fake"];
        assert_eq!(mapped(&map, "https://api.example.com/v1/a%20b?x=1").as_deref(), Some("http://127.0.0.1:9000/fake/a%20b?x=1"));
        assert_eq!(mapped(&map, "https://api.example.com/v1").as_deref(), Some("http://127.0.0.1:9000/fake"));
        assert_eq!(mapped(&map, "https://api.example.com/v10/a"), None);
        assert_eq!(mapped(&map, "http://api.example.com/v1/a"), None);
        assert_eq!(mapped(&map, "https://api.example.com.evil.net/v1/a"), None);
    }

    #[test]
    fn longest_prefix_wins() {
        let map = ["https://a.example=http://127.0.0.1:1", "https://a.example/admin=http://127.0.0.1:2"];
        assert_eq!(mapped(&map, "https://a.example/admin/x").as_deref(), Some("http://127.0.0.1:2/x"));
        assert_eq!(mapped(&map, "https://a.example/x").as_deref(), Some("http://127.0.0.1:1/x"));
    }

    #[test]
    fn bad_mappings_are_refused_by_name() {
        for (text, part) in [
            ("https://a.example", "must be FROM=TO"),
            ("a.example=http://b.example", "is not a URL"),
            ("ftp://a.example=http://b.example", "must start with http"),
            ("https://a.example=http://b.example/?x=1", "query"),
            ("https://u:p@a.example=http://b.example", "credentials"),
        ] {
            let message = UrlMapping::parse(text).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn trust_follows_what_was_written() {
        let mut hosts = TrustedHosts::default();
        for text in ["http://127.0.0.1:8080/api", "Intranet.Example", "10.0.0.1:99", "http://[::1]/", "not a host at all", "/var/lib/x"] {
            hosts.add(text);
        }
        assert!(hosts.contains("127.0.0.1", 8080));
        assert!(!hosts.contains("127.0.0.1", 5432));
        assert!(hosts.contains("intranet.example", 1));
        assert!(hosts.contains("10.0.0.1", 99));
        assert!(hosts.contains("[::1]", 80));
        assert!(!hosts.contains("localhost", 80));
    }
}
