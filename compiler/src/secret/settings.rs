//! Secrets in sources and environments, which need not look random: what stands under the key of a secret there is one, or stands in for one.

use super::forms::is_a_type;

/// Words of values that stand in for a secret.
const STAND_INS: &[&str] = &[
    "a",
    "abc",
    "access",
    "admin",
    "anonymous",
    "any",
    "api",
    "apikey",
    "app",
    "auth",
    "bar",
    "baz",
    "bearer",
    "change",
    "changeit",
    "changeme",
    "db",
    "demo",
    "dev",
    "development",
    "empty",
    "foo",
    "for",
    "guest",
    "here",
    "in",
    "is",
    "it",
    "key",
    "local",
    "me",
    "my",
    "n",
    "no",
    "none",
    "not",
    "null",
    "on",
    "pass",
    "passw",
    "passwd",
    "password",
    "placeholder",
    "postgres",
    "private",
    "public",
    "pw",
    "pwd",
    "qwerty",
    "readonly",
    "root",
    "secret",
    "sequor",
    "service",
    "set",
    "some",
    "staging",
    "string",
    "test",
    "testing",
    "the",
    "this",
    "to",
    "token",
    "user",
    "value",
    "welcome",
    "x",
    "y",
    "yes",
    "your",
    "z",
];

/// Under the key of a secret: words with digits or signs, of which at least one is no stand-in.
pub(super) fn may_be_password(text: &str) -> bool {
    let length = text.chars().count();
    let has = |class: fn(char) -> bool| text.chars().any(class);
    let strange = [
        "example",
        "placeholder",
        "change",
        "your",
        "xxx",
        "...",
        "…",
        "<",
        "*",
        "dummy",
        "fake",
        "sample",
        "redacted",
        "todo",
        "insert",
        "replace",
        "env:",
        "file:",
        "vault:",
        "://",
        "${",
        "not-",
        "not_",
        "no-",
        "0000",
        "12345",
    ];
    let lower = text.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty());
    (8..=128).contains(&length)
        && has(char::is_numeric)
        && has(char::is_alphabetic)
        && !text.contains(char::is_whitespace)
        && !is_a_type(text)
        && !strange.iter().any(|p| lower.contains(p))
        && words.any(|word| !STAND_INS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::may_be_password;

    #[test]
    fn settings_hold_stand_ins_only() {
        for text in ["hunter2-Secret", "hunter2secret", "Sommer2024!", "shop-4711-key"] {
            assert!(may_be_password(text), "{text}");
        }
        for text in
            ["not-a-secret", "test1234", "dev-password-1", "changeme123", "my-api-key-1", "your-token-here-1", "Password1", "secretary"]
        {
            assert!(!may_be_password(text), "{text}");
        }
    }
}
