//! JSON bytes → [`Value`].

use std::borrow::Cow;
use std::sync::Arc;

use jiter::{Jiter, JiterError, Peek};

use super::fault;
use crate::value::number::{float_repr, is_integer};
use crate::value::{MAX_DEPTH, Map, Value};

/// Reads a JSON text. Integers beyond `i64`, and decimals that a double would change or print otherwise, keep their text.
/// `NaN` and `Infinity` are taken, as Python takes them; of equal keys the last one counts.
///
/// # Errors
/// What is wrong and where; nesting deeper than [`MAX_DEPTH`] is wrong.
pub fn parse(body: &[u8]) -> Result<Value, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|e| format!("it is not UTF-8: byte {} is wrong", e.valid_up_to()))?;
    let mut parser = Parser { text, reader: Jiter::new(body).with_allow_inf_nan(), keys: KeyCache::default() };
    let value = match parser.reader.peek() {
        Ok(peek) => parser.value(peek, 0),
        Err(e) => Err(e.into()),
    };
    value.and_then(|value| parser.reader.finish().map(|()| value).map_err(Fault::from)).map_err(|e| match e {
        Fault::Depth => format!("lists and maps nest deeper than {MAX_DEPTH}"),
        Fault::Json(error) => fault(&parser.reader, body, &error),
    })
}

/// The scalar under these keys of nested objects, found without building anything else. `None` where there is none, or anything is unusual: a whole
/// [`parse`] then tells what.
pub fn scalar_at(body: &[u8], path: &[&str]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?;
    let mut parser = Parser { text, reader: Jiter::new(body), keys: KeyCache::default() };
    let peek = parser.reader.peek().ok()?;
    let found = parser.scalar_at(peek, path)?;
    parser.reader.finish().ok()?;
    found
}

enum Fault {
    Json(JiterError),
    Depth,
}

impl From<JiterError> for Fault {
    fn from(error: JiterError) -> Self {
        Self::Json(error)
    }
}

struct Parser<'j> {
    text: &'j str,
    reader: Jiter<'j>,
    keys: KeyCache,
}

impl Parser<'_> {
    /// Reads a value to its end; the outer `None` is a fault. Of equal keys the last one counts, as in [`parse`].
    fn scalar_at(&mut self, peek: Peek, path: &[&str]) -> Option<Option<Value>> {
        let Some((key, rest)) = path.split_first() else {
            if matches!(peek, Peek::Array | Peek::Object) {
                return self.reader.known_skip(peek).ok().map(|()| None);
            }
            return self.value(peek, 0).ok().map(Some);
        };
        if peek != Peek::Object {
            return None;
        }
        let mut found = None;
        let mut next = self.reader.known_object().ok()?.map(|name| name == *key);
        while let Some(wanted) = next {
            let peek = self.reader.peek().ok()?;
            if wanted {
                found = self.scalar_at(peek, rest)?;
            } else {
                self.reader.known_skip(peek).ok()?;
            }
            next = self.reader.next_key().ok()?.map(|name| name == *key);
        }
        Some(found)
    }

    fn value(&mut self, peek: Peek, depth: usize) -> Result<Value, Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::Depth);
        }
        match peek {
            Peek::Null => self.reader.known_null().map(|()| Value::Null).map_err(Fault::from),
            Peek::True | Peek::False => Ok(Value::Bool(self.reader.known_bool(peek)?)),
            Peek::String => Ok(Value::Text(Arc::from(&*text(&mut self.reader, self.text)?))),
            Peek::Array => self.list(depth),
            Peek::Object => self.map(depth),
            number => Ok(number_value(self.reader.known_number_bytes(number)?)),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut members = Vec::new();
        let mut next = self.reader.known_array()?;
        while let Some(peek) = next {
            members.push(self.value(peek, depth + 1)?);
            next = self.reader.array_step()?;
        }
        Ok(Value::List(Arc::new(members)))
    }

    fn map(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut map = Map::new();
        let mut next = self.reader.known_object()?.map(|key| self.keys.get(key));
        while let Some(key) = next {
            let peek = self.reader.peek()?;
            let value = self.value(peek, depth + 1)?;
            map.insert(key, value);
            next = self.reader.next_key()?.map(|key| self.keys.get(key));
        }
        Ok(Value::Map(Arc::new(map)))
    }
}

/// Reads a string that comes next; borrowed from `whole` where it has no escapes. `whole` is what the reader reads.
pub(super) fn text<'j>(reader: &mut Jiter<'j>, whole: &'j str) -> Result<Cow<'j, str>, JiterError> {
    let start = reader.current_index();
    reader.known_bytes()?;
    let quoted = whole.get(start..reader.current_index()).unwrap_or_default();
    if memchr::memchr(b'\\', quoted.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(quoted.get(1..quoted.len() - 1).unwrap_or_default()));
    }
    Ok(Cow::Owned(Jiter::new(quoted.as_bytes()).next_str()?.to_owned()))
}

/// A number as the value that holds it exactly.
pub(crate) fn number_value(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).unwrap_or("NaN");
    if is_integer(text) {
        return text.parse().map_or_else(|_| Value::Number(text.into()), Value::Int);
    }
    match text.parse::<f64>() {
        Ok(float) if float_repr(float) == text || !float.is_finite() && !text.contains(|c: char| c.is_ascii_digit()) => Value::Float(float),
        _ => Value::Number(text.into()),
    }
}

/// Keys repeat from object to object: most are handed out again without allocating.
pub(crate) struct KeyCache {
    slots: Vec<Option<Arc<str>>>,
}

impl Default for KeyCache {
    fn default() -> Self {
        Self { slots: vec![None; 256] }
    }
}

impl KeyCache {
    pub(crate) fn get(&mut self, key: &str) -> Arc<str> {
        let bytes = key.as_bytes();
        let mix = |at: usize| usize::from(bytes.get(at).copied().unwrap_or(0));
        let slot = (bytes.len() * 31 + mix(0) * 7 + mix(bytes.len() / 2) * 13 + mix(bytes.len().saturating_sub(1))) % self.slots.len();
        let Some(entry) = self.slots.get_mut(slot) else { return key.into() };
        match entry {
            Some(known) if &**known == key => known.clone(),
            _ => entry.insert(key.into()).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_is_found_as_in_the_whole() {
        let body = br#"{"data":[{"page":9}],"meta":{"page":1,"page":2,"next":null,"list":[1]},"total":10.20}"#;
        assert_eq!(scalar_at(body, &["meta", "page"]).map(|v| v.to_text()), Some("2".into()));
        assert_eq!(scalar_at(body, &["meta", "next"]).map(|v| v.to_text()), Some("None".into()));
        assert_eq!(scalar_at(body, &["total"]).map(|v| v.to_text()), Some("10.20".into()));
        for path in [&["meta"][..], &["meta", "list"], &["meta", "none"], &["data", "page"], &["total", "x"]] {
            assert!(scalar_at(body, path).is_none(), "{path:?}");
        }
        for broken in [&body[..body.len() - 1], b"{\"total\":1} x", b"", b"[1]"] {
            assert!(scalar_at(broken, &["total"]).is_none());
        }
    }

    #[test]
    fn numbers_keep_what_a_double_loses() {
        let value = parse(b"[1, 10.20, 0.1, 1E3, 12345678901234567890, 0.12345678901234567890, NaN, -Infinity]").unwrap();
        let Value::List(members) = value else { panic!("{value:?}") };
        let shown: Vec<String> = members.iter().map(|m| format!("{m:?}")).collect();
        assert_eq!(
            shown,
            [
                "Int(1)",
                "Number(\"10.20\")",
                "Float(0.1)",
                "Number(\"1E3\")",
                "Number(\"12345678901234567890\")",
                "Number(\"0.12345678901234567890\")",
                "Float(NaN)",
                "Float(-inf)"
            ]
        );
    }

    #[test]
    fn texts_are_unescaped() {
        assert_eq!(parse(br#"{"a\n": "\u00e9\ud83d\ude00\"", "b": "plain"}"#).unwrap().to_text(), r#"{'a\n': 'é😀"', 'b': 'plain'}"#);
    }

    #[test]
    fn faults_say_where() {
        assert_eq!(parse(b"<html>").unwrap_err(), "expected value at line 1 column 1 (it starts with `<html>`)");
        assert!(parse(b"").unwrap_err().ends_with("(it is empty)"));
        assert!(parse(b"[1, 2").unwrap_err().contains("line 1"));
        assert!(parse(b"[1] x").unwrap_err().contains("trailing"));
        assert!(parse(&b"[".repeat(10_000)).unwrap_err().contains("deeper than 200"));
    }
}
