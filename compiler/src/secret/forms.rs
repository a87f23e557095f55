//! What secrets look like.

/// A stretch of a text that is a secret by its form.
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) what: &'static str,
}

/// How a kind of token begins, how long the rest is at least, and what it is.
const PREFIXES: &[(&str, usize, &str)] = &[
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghu_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("ghr_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("glpat-", 16, "a GitLab token"),
    ("sk_live_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("whsec_", 24, "a webhook secret"),
    ("sk-ant-", 24, "an API key"),
    ("sk-proj-", 24, "an API key"),
    ("xoxb-", 16, "a Slack token"),
    ("xoxp-", 16, "a Slack token"),
    ("xoxa-", 16, "a Slack token"),
    ("xoxs-", 16, "a Slack token"),
    ("xapp-", 16, "a Slack token"),
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("AIza", 30, "a Google API key"),
    ("ya29.", 20, "a Google access token"),
    ("shpat_", 24, "a Shopify token"),
    ("shpss_", 24, "a Shopify secret"),
    ("shpca_", 24, "a Shopify token"),
    ("SG.", 40, "a SendGrid key"),
    ("npm_", 30, "an npm token"),
    ("pypi-", 40, "a PyPI token"),
    ("dop_v1_", 40, "a DigitalOcean token"),
    ("pat-na1-", 24, "a HubSpot token"),
    ("pat-eu1-", 24, "a HubSpot token"),
    ("lin_api_", 30, "a Linear key"),
    ("dapi", 32, "a Databricks token"),
    ("EAACEdEose0cBA", 16, "a Facebook token"),
    ("hooks.slack.com/services/T", 30, "a Slack webhook"),
    ("discord.com/api/webhooks/", 40, "a Discord webhook"),
];

/// Parts of values that are no secrets: what documentation, examples and tests put in their place.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "your",
    "xxx",
    "...",
    "…",
    "dummy",
    "fake",
    "sample",
    "redacted",
    "todo",
    "secret",
    "password",
    "passwd",
    "test",
    "token",
    "demo",
    "<",
    "****",
    "0000",
    "1234567",
    "abcdef",
    "insert",
    "replace",
    "not-a",
    "not_a",
    "none",
    "default",
    "postgres",
    "localhost",
    "env:",
    "file:",
    "vault:",
    "api_key",
    "apikey",
    "api-key",
];

fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    PLACEHOLDERS.iter().any(|p| lower.contains(p))
}

/// A token of a known kind in a text.
pub(super) fn known(text: &str) -> Option<Found> {
    if !has_long_word(text) {
        return None;
    }
    private_key(text).or_else(|| by_prefix(text)).or_else(|| json_web_token(text))
}

/// One look at a text tells for nearly all of them that there is no token in it: every token has this many characters without a blank.
fn has_long_word(text: &str) -> bool {
    const SHORTEST: usize = 20;
    let mut length = 0;
    text.bytes().any(|byte| {
        length = if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/') { length + 1 } else { 0 };
        length >= SHORTEST
    })
}

fn private_key(text: &str) -> Option<Found> {
    let start = text.find("-----BEGIN ")?;
    let line = text[start..].lines().next()?;
    // More than the line alone, which code may look for.
    let has_body = text[start + line.len()..].trim_start_matches(['\\', 'n', '\n', '\r']).len() > 40;
    (line.contains("PRIVATE KEY-----") && has_body).then_some(Found { start, end: start + line.len(), what: "a private key" })
}

fn by_prefix(text: &str) -> Option<Found> {
    PREFIXES.iter().find_map(|(prefix, least, what)| {
        text.match_indices(prefix).find_map(|(start, _)| {
            let is_inside_a_word = text[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let rest = &text[start + prefix.len()..];
            let length = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=') || prefix.contains('/') && c == '/'))
                .unwrap_or(rest.len());
            let secret = &rest[..length];
            // Nothing but capitals and digits, of a fixed length.
            let is_random = match *prefix {
                "AKIA" | "ASIA" => length == *least && secret.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()),
                _ => is_mixed(secret),
            };
            let sound = !is_inside_a_word && length >= *least && is_random && !is_only_placeholder(secret);
            sound.then_some(Found { start, end: start + prefix.len() + length, what })
        })
    })
}

/// Known tokens are random, so that a word in one that is no accident makes it a placeholder.
fn is_only_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["example", "placeholder", "your", "xxxx", "....", "1234567890", "abcdefgh", "0000000", "redacted", "dummy", "fake"]
        .iter()
        .any(|p| lower.contains(p))
}

/// Three parts in base64, of which the first two are JSON objects.
fn json_web_token(text: &str) -> Option<Found> {
    text.match_indices("eyJ").find_map(|(start, _)| {
        let rest = &text[start..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(rest.len());
        let mut parts = rest[..end].split('.');
        let (head, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let sound = head.len() > 10 && claims.starts_with("eyJ") && claims.len() > 10 && signature.len() > 16;
        sound.then_some(Found { start, end: start + end, what: "a JSON Web Token" })
    })
}

/// The password of `scheme://user:password@host`, for a host that is not this machine.
pub(super) fn password_of_url(text: &str) -> Option<(usize, usize)> {
    let scheme = text.find("://")?;
    // What is sent over HTTP has a rule of its own.
    if text[..scheme].ends_with("http") || text[..scheme].ends_with("https") || text.contains(char::is_whitespace) {
        return None;
    }
    let from = scheme + 3;
    let authority = text[from..].split(['/', '?', '#']).next()?;
    let (user_info, host) = authority.rsplit_once('@')?;
    let (user, password) = user_info.split_once(':')?;
    let is_here = ["localhost", "127.", "[::1]", "::1", "host.docker.internal"].iter().any(|h| host.starts_with(h));
    let start = from + user.len() + 1;
    (!is_here && !password.contains('{') && looks_like_password(password)).then_some((start, start + password.len()))
}

/// Not a word, not a placeholder: letters with digits or signs.
pub(super) fn looks_like_password(text: &str) -> bool {
    let length = text.chars().count();
    let has = |class: fn(char) -> bool| usize::from(text.chars().any(class));
    let classes = has(|c| c.is_lowercase()) + has(|c| c.is_uppercase()) + has(|c| c.is_numeric()) + has(|c| !c.is_alphanumeric());
    let is_slug = text.chars().all(|c| c.is_lowercase() || matches!(c, '-' | '_' | '.'));
    (8..=128).contains(&length)
        && classes >= 2
        && !is_slug
        && !text.contains(char::is_whitespace)
        && !is_placeholder(text)
        && !is_a_type(text)
}

/// Random letters and digits.
pub(super) fn looks_like_token(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=' | '/' | '+' | ':' | '~');
    (16..=4096).contains(&text.len())
        && text.chars().all(allowed)
        && is_mixed(text)
        && entropy(text) >= 3.0
        && !is_placeholder(text)
        && !is_a_type(text)
        && !text.contains("://")
}

/// Letters and digits, and not as `version_2` has them.
fn is_mixed(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    (digits >= 2 && letters >= 2)
        || (letters >= 20 && text.chars().any(|c| c.is_ascii_uppercase()) && text.chars().any(|c| c.is_ascii_lowercase()))
}

/// `varchar(255)`, `numeric(10,2)`.
pub(super) fn is_a_type(text: &str) -> bool {
    text.split_once('(').is_some_and(|(name, rest)| name.chars().all(|c| c.is_ascii_alphabetic() || c == ' ') && rest.ends_with(')'))
}

/// Bits for each character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    counts.iter().filter(|n| **n > 0).map(|n| f64::from(*n) / total).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::{known, looks_like_password, looks_like_token, password_of_url};

    #[test]
    fn tokens_are_known_by_their_form() {
        for (head, tail) in [
            ("ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"),
            ("sk_live_", "4eC39HqLyjWDarjtT1zdp7dc"),
            ("xoxb-", "17653672481-19874698323-pdFZKVeTuE8sk7oOHcbrzqgy"),
            ("AKIA", "IOSFODNN7QWERTYU"),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiJ1c2VyIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"),
        ] {
            assert!(known(&format!("{head}{tail}")).is_some(), "{head}");
        }
        for text in [
            "ghp_",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1a2",
            "AKIAIOSFODNN7EXAMPLE",
            "eyJ",
            "task_live_42",
            "-----BEGIN PRIVATE KEY-----",
            "sg.table",
        ] {
            assert!(known(text).is_none(), "{text}");
        }
    }

    #[test]
    fn passwords_are_no_words() {
        for text in ["hunter2!", "Tr0ub4dor&3", "kJ8#mQ2x"] {
            assert!(looks_like_password(text), "{text}");
        }
        for text in [
            "test",
            "anystring",
            "my-database-user",
            "not-a-secret",
            "changeme123",
            "postgres",
            "varchar(255)",
            "env:PASSWORD",
            "Password1",
            "two words 1",
        ] {
            assert!(!looks_like_password(text), "{text}");
        }
        assert!(password_of_url("postgresql://app:kJ8mQ2xv@db.internal/prod").is_some());
        assert!(password_of_url("postgresql://app:kJ8mQ2xv@localhost/prod").is_none());
        assert!(password_of_url("postgresql://postgres:postgres@db/prod").is_none());
    }

    #[test]
    fn tokens_are_random() {
        for text in ["9f8a7c6e5d4b3a291807f6e5d4c3b2a1", "QWxhZGRpbjpvcGVuIHNlc2FtZQ4h7"] {
            assert!(looks_like_token(text), "{text}");
        }
        for text in [
            "not-a-secret",
            "page",
            "response.json()",
            "your-token-here-12345",
            "id,name,email,created_at",
            "customers/list/v2",
            "aaaaaaaaaaaaaaaaaaaaaa11",
        ] {
            assert!(!looks_like_token(text), "{text}");
        }
    }
}
