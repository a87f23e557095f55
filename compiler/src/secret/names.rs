//! Which names stand for secrets.

/// Ends of names that are secrets, in words.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "secret_key",
    "private_key",
    "access_key",
    "auth_key",
    "signing_key",
    "encryption_key",
    "authorization",
    "credential",
    "credentials",
    "client_secret",
    "key_value",
    "account_key",
    "service_key",
    "bearer",
];

/// Ends of names that only sound so: where the next page begins, which thing is meant, how something is called.
const HARMLESS: &[&str] = &[
    "page_token",
    "next_token",
    "continuation_token",
    "continue_token",
    "sync_token",
    "cursor_token",
    "start_token",
    "resume_token",
    "pagination_token",
    "delta_token",
    "skip_token",
    "skiptoken",
    "public_key",
    "last_token",
    "after_token",
    "csrf_token",
    "max_token",
    "device_token",
    "card_token",
];

/// Whether a variable, header, parameter or key of that name holds a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    // Whether there is one is no secret.
    if ["has_", "is_", "use_", "needs_", "no_", "with_"].iter().any(|start| words.starts_with(start)) {
        return false;
    }
    let ends = |list: &[&str]| list.iter().any(|end| words == *end || words.strip_suffix(end).is_some_and(|rest| rest.ends_with('_')));
    ends(SECRETS) && !ends(HARMLESS)
}

pub(super) fn is_password(name: &str) -> bool {
    let words = words(name);
    ["password", "passwd", "pwd", "passphrase"].iter().any(|end| words.ends_with(end))
}

/// In lower case with `_` between the words: `X-Auth-Token` and `xAuthToken` are `x_auth_token`.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut lower = false;
    for c in name.chars() {
        if c.is_alphanumeric() {
            if c.is_uppercase() && lower {
                words.push('_');
            }
            lower = c.is_lowercase() || c.is_numeric();
            words.extend(c.to_lowercase());
        } else {
            lower = false;
            if !words.ends_with('_') {
                words.push('_');
            }
        }
    }
    words
}

/// The value of a header without `Bearer`, `Basic` or `Token` before it, and where it begins.
pub(super) fn without_scheme(value: &str) -> (usize, &str) {
    let trimmed = value.trim_start();
    let skipped = value.len() - trimmed.len();
    let scheme = ["bearer ", "basic ", "token ", "apikey ", "sso-key "]
        .iter()
        .find(|s| trimmed.get(..s.len()).is_some_and(|t| t.eq_ignore_ascii_case(s)));
    let secret = scheme.map_or(trimmed, |s| trimmed[s.len()..].trim_start());
    (skipped + trimmed.len() - secret.len(), secret.trim_end())
}

#[cfg(test)]
mod tests {
    use super::is_secret_name;

    #[test]
    fn names_of_secrets() {
        for name in [
            "password",
            "DB_PASSWORD",
            "X-Auth-Token",
            "apiKey",
            "x-api-key",
            "clientSecret",
            "Authorization",
            "github_token",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "token_url",
            "next_page_token",
            "password_field",
            "secretary",
            "tokens",
            "max_tokens",
            "key",
            "customer",
            "secret_name",
            "monkey",
            "sync_token",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
