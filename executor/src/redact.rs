//! Secrets out of every text that leaves the process.
//!
//! A secret is added when it is first used; from then on its value is replaced wherever it appears: as it is, percent-encoded, in JSON, or in base64
//! (also inside a longer text that was encoded as a whole, as in `Authorization: Basic`).

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// What stands in a secret's place.
const MASK: &str = "***";

/// Shorter values would mask ordinary text.
const SHORTEST: usize = 4;

/// RFC 3986, section 2.3: characters that need no encoding.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The secrets that a run has used.
#[derive(Default)]
pub struct Redactor {
    /// Every form of every secret, longest first.
    forms: RwLock<Vec<String>>,
}

impl Redactor {
    /// Masks `secret` from now on. Values of fewer than four characters are left: they would mask ordinary text.
    pub fn add(&self, secret: &str) {
        let secret = secret.trim();
        if secret.chars().count() < SHORTEST {
            return;
        }
        if self.forms.read().unwrap_or_else(PoisonError::into_inner).iter().any(|form| form == secret) {
            return;
        }
        let mut forms = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        forms.extend(forms_of(secret));
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
    }

    /// Masks the password in a connection string.
    pub fn add_passwords_of(&self, conn_str: &str) {
        let Ok(url) = Url::parse(conn_str) else { return };
        if let Some(password) = url.password() {
            self.add(password);
            self.add(&percent_decode_str(password).decode_utf8_lossy());
        }
        for (name, value) in url.query_pairs() {
            if matches!(&*name, "password" | "sslpassword") {
                self.add(&value);
            }
        }
    }

    /// The text without secrets.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        let mut redacted = Cow::Borrowed(text);
        for form in forms.iter() {
            if redacted.contains(form.as_str()) {
                redacted = Cow::Owned(redacted.replace(form.as_str(), MASK));
            }
        }
        redacted
    }

    /// The same in place.
    pub fn redact_in_place(&self, text: &mut String) {
        if let Cow::Owned(redacted) = self.redact(text) {
            *text = redacted;
        }
    }
}

fn forms_of(secret: &str) -> Vec<String> {
    let encoded = utf8_percent_encode(secret, RESERVED).to_string();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let json = serde_json::to_string(secret).unwrap_or_default();
    let mut forms = vec![secret.to_owned(), encoded.to_ascii_lowercase(), encoded, form, json.trim_matches('"').to_owned()];
    for engine in [STANDARD, URL_SAFE] {
        forms.extend((0..3).map(|offset| base64_inside(&engine, secret.as_bytes(), offset)));
    }
    forms.retain(|form| form.chars().count() >= SHORTEST);
    forms
}

/// The base64 digits that `secret` alone decides when it starts at byte `offset` of a group of three.
fn base64_inside(engine: &impl Engine, secret: &[u8], offset: usize) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(secret);
    let digits = engine.encode(&bytes);
    // A digit carries six bits: those that also carry bits of a neighbour are left out.
    let (first, end) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
    digits.get(first..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_masked() {
        let redactor = Redactor::default();
        redactor.add("p@ss/wörd +1");
        for text in [
            "p@ss/wörd +1".to_owned(),
            utf8_percent_encode("p@ss/wörd +1", RESERVED).to_string(),
            url::form_urlencoded::byte_serialize("p@ss/wörd +1".as_bytes()).collect(),
        ] {
            assert_eq!(redactor.redact(&format!("a {text} b")), "a *** b");
        }
        for user in ["u", "us", "use", "user"] {
            for engine in [STANDARD, URL_SAFE] {
                let digits = engine.encode(format!("{user}:p@ss/wörd +1"));
                assert!(redactor.redact(&digits).contains(MASK), "{digits} is not masked");
            }
        }
    }

    #[test]
    fn secrets_in_json_text_are_masked() {
        let redactor = Redactor::default();
        redactor.add("quo\"te\\d");
        assert_eq!(redactor.redact(r#"{"k":"quo\"te\\d"}"#), r#"{"k":"***"}"#);
    }

    #[test]
    fn short_values_are_left() {
        let redactor = Redactor::default();
        redactor.add("abc");
        redactor.add("");
        assert_eq!(redactor.redact("abc abc"), "abc abc");
    }

    #[test]
    fn the_longer_of_two_secrets_goes_first() {
        let redactor = Redactor::default();
        redactor.add("token");
        redactor.add("token-of-the-day");
        assert_eq!(redactor.redact("token-of-the-day token"), "*** ***");
    }

    #[test]
    fn passwords_of_connection_strings_are_masked() {
        let redactor = Redactor::default();
        redactor.add_passwords_of("postgresql+psycopg2://me:s3cr%40t@db/x");
        assert_eq!(redactor.redact("s3cr@t s3cr%40t me"), "*** *** me");
    }
}
