//! The host of a URL, as far as the plan says it literally.

use sequor_plan_format::{Expr, ExprId, Plan};

use super::literal;

/// What a URL says about its host.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// With the port where there is one.
    Named(String),
    /// The URL starts with a path.
    Relative,
    Computed,
}

pub(super) fn of(plan: &Plan, url: ExprId) -> Host {
    match plan.expr(url) {
        Expr::Const(_) => literal(plan, url).map_or(Host::Computed, |t| of_text(plan.text(t), true)),
        Expr::Concat(parts) => match parts.first().and_then(|p| literal(plan, *p)) {
            Some(start) => of_text(plan.text(start), parts.len() == 1),
            None => Host::Computed,
        },
        Expr::Jinja { code, .. } => {
            let text = plan.text(code.text);
            match text.find("{{").into_iter().chain(text.find("{%")).min() {
                Some(end) => of_text(&text[..end], false),
                None => of_text(text, true),
            }
        }
        _ => Host::Computed,
    }
}

/// `whole`: nothing follows the text, so a host that ends with it is complete.
fn of_text(text: &str, whole: bool) -> Host {
    let text = text.trim_start();
    if let Some((scheme, rest)) = text.split_once("://") {
        if scheme.is_empty() || !scheme.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Host::Computed;
        }
        let end = rest.find(['/', '?', '#']);
        let authority = match end {
            Some(end) => &rest[..end],
            None if whole => rest,
            None => return Host::Computed,
        };
        let host = authority.rsplit('@').next().unwrap_or(authority);
        return if host.is_empty() { Host::Computed } else { Host::Named(host.to_ascii_lowercase()) };
    }
    // Without its end, a text without a scheme may still become one: `htt{{ … }}`.
    let is_path = text.starts_with('/') || text.contains('/') || text.starts_with('?');
    if whole || is_path { Host::Relative } else { Host::Computed }
}

#[cfg(test)]
mod tests {
    use super::{Host, of_text};

    #[test]
    fn literal_hosts() {
        assert_eq!(of_text("https://Api.Example.com/v1", true), Host::Named("api.example.com".to_owned()));
        assert_eq!(of_text("http://localhost:8080", true), Host::Named("localhost:8080".to_owned()));
        assert_eq!(of_text("https://user@example.com/stores/", false), Host::Named("example.com".to_owned()));
    }

    #[test]
    fn hosts_that_are_not_whole() {
        assert_eq!(of_text("https://", false), Host::Computed);
        assert_eq!(of_text("https://shop", false), Host::Computed);
        assert_eq!(of_text("", false), Host::Computed);
        assert_eq!(of_text("/customers/", false), Host::Relative);
    }
}
