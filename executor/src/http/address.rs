//! Which addresses a request may go to.
//!
//! A host that nobody wrote must not lead to this machine, a private network or a cloud's metadata service. Names are resolved once, the addresses are checked, and
//! the connection is made to those very addresses: a second look-up with another answer cannot happen.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

/// A connection that was not attempted.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    host: String,
    address: IpAddr,
    what: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host == self.address.to_string() {
            write!(f, "'{}' is {}", self.host, self.what)
        } else {
            write!(f, "'{}' resolves to {}, {}", self.host, self.address, self.what)
        }
    }
}

impl std::error::Error for Refused {}

impl Refused {
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

/// Resolves names and refuses special addresses. For hosts that nobody wrote.
#[derive(Clone)]
pub(super) struct Guard {
    /// A proxy is the operator's, wherever it is.
    proxies: Arc<[String]>,
}

impl Guard {
    pub(super) fn new() -> Self {
        Self { proxies: proxies().into() }
    }

    /// Checks a URL whose host is an address: such hosts are never resolved.
    pub(super) fn check(url: &Url) -> Result<(), Refused> {
        let address = match url.host() {
            Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(url::Host::Domain(_)) | None => return Ok(()),
        };
        check_address(&address.to_string(), address)
    }
}

fn check_address(host: &str, address: IpAddr) -> Result<(), Refused> {
    special(address).map_or(Ok(()), |what| Err(Refused { host: host.to_owned(), address, what }))
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if !is_proxy {
                for address in &found {
                    check_address(name.as_str(), address.ip())?;
                }
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// What an address is, where it is not one of the public internet.
fn special(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(ip) => special_v4(ip),
        IpAddr::V6(ip) => special_v6(ip),
    }
}

fn special_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        (127, ..) => Some("an address of this machine"),
        (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Some("an address of a private network"),
        (169, 254, _) => Some("a link-local or cloud metadata address"),
        (0, ..) | (192, 0, 0) | (198, 18..=19, _) | (224..=255, ..) => Some("a reserved address"),
        _ => None,
    }
}

fn special_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let segments = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        special_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("an address of this machine"),
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("a reserved address"),
        // Addresses that carry an IPv4 address: NAT64 and 6to4.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => embedded(high, low),
        [0xfc00..=0xfdff, ..] => Some("an address of a private network"),
        [0xfe80..=0xfeff, ..] => Some("a link-local address"),
        [0xff00..=0xffff, ..] => Some("a reserved address"),
        _ => None,
    }
}

/// The hosts of the proxies that the environment names, in the variables that reqwest reads.
fn proxies() -> Vec<String> {
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .filter_map(|proxy| Url::parse(&proxy).or_else(|_| Url::parse(&format!("http://{proxy}"))).ok())
        .filter_map(|url| url.host_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_addresses_that_are_not_public() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "ff02::1",
        ] {
            assert!(special(address.parse().unwrap()).is_some(), "{address}");
        }
        for address in ["1.1.1.1", "172.32.0.1", "192.167.1.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"] {
            assert_eq!(special(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn every_spelling_of_an_address_is_that_address() {
        let check = |url: &str| Guard::check(&url.parse().unwrap());
        assert!(check("http://1.1.1.1/").is_ok());
        let refused = check("http://169.254.169.254/latest").unwrap_err();
        assert_eq!(refused.to_string(), "'169.254.169.254' is a link-local or cloud metadata address");
        for url in ["http://2130706433/", "http://0x7f.1/", "http://[::ffff:10.0.0.1]/"] {
            assert!(check(url).is_err(), "{url}");
        }
    }
}
