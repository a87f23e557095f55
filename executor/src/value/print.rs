//! What Python's `str()` and `repr()` give, except that a number that a float would change prints with its own digits: text made of a decimal
//! column is exact.

use std::fmt::Write as _;

use super::number::float_repr;
use super::{MAX_DEPTH, Value};

impl Value {
    /// `str(value)`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.print_into(&mut out);
        out
    }

    /// Adds `str(value)` to `out`.
    pub fn print_into(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            _ => self.repr_into(out),
        }
    }

    /// `repr(value)`.
    #[must_use]
    pub fn to_repr(&self) -> String {
        let mut out = String::new();
        self.repr_into(&mut out);
        out
    }

    /// Adds `repr(value)` to `out`.
    pub fn repr_into(&self, out: &mut String) {
        repr(self, out, 0);
    }
}

fn repr(value: &Value, out: &mut String, depth: usize) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&float_repr(*f)),
        Value::Number(text) => out.push_str(text),
        Value::Text(text) => quote(text, out),
        Value::Bytes(bytes) => quote_bytes(bytes, out),
        Value::List(_) | Value::Tuple(_) | Value::Map(_) | Value::Row(_) if depth > MAX_DEPTH => out.push_str("..."),
        Value::List(members) => {
            out.push('[');
            separated(members.iter(), out, |member, out| repr(member, out, depth + 1));
            out.push(']');
        }
        Value::Tuple(members) => {
            out.push('(');
            separated(members.iter(), out, |member, out| repr(member, out, depth + 1));
            out.push_str(if members.len() == 1 { ",)" } else { ")" });
        }
        Value::Map(map) => entries(map.iter().map(|(key, value)| (&**key, value)), out, depth),
        Value::Row(row) => entries(row.columns.iter().map(|c| &**c).zip(&row.values), out, depth),
    }
}

fn entries<'a>(pairs: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut String, depth: usize) {
    out.push('{');
    separated(pairs, out, |(key, value), out| {
        quote(key, out);
        out.push_str(": ");
        repr(value, out, depth + 1);
    });
    out.push('}');
}

fn separated<T>(members: impl Iterator<Item = T>, out: &mut String, mut print: impl FnMut(T, &mut String)) {
    for (index, member) in members.enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        print(member, out);
    }
}

/// `repr(text)`: single quotes, unless only double quotes need no escape.
pub fn quote(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => escape(c, out),
        }
    }
    out.push(quote);
}

/// `\xNN`, `\uNNNN` or `\UNNNNNNNN`.
pub fn escape(c: char, out: &mut String) {
    let code = u32::from(c);
    // Writing to a String cannot fail.
    let _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

/// Python's `str.isprintable` for one character, as far as Rust's own tables tell: `escape_debug` escapes what Unicode calls other or separator.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\u{0300}'..='\u{036f}' => true,
        c => c.escape_debug().len() == 1 || unicode_mark(c),
    }
}

/// `escape_debug` also escapes combining marks, which Python prints.
fn unicode_mark(c: char) -> bool {
    c > '\u{036f}' && !c.is_control() && !c.is_whitespace() && format!("a{c}").escape_debug().eq(['a', c])
}

fn quote_bytes(bytes: &[u8], out: &mut String) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    out.push('b');
    out.push(char::from(quote));
    for byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b if *b == quote => {
                out.push('\\');
                out.push(char::from(*b));
            }
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => escape(char::from(*byte), out),
        }
    }
    out.push(char::from(quote));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn containers_print_as_in_python() {
        let map = Value::Map(Arc::new(
            [
                (Arc::from("it's"), Value::Tuple(Arc::new(vec![Value::Int(1)]))),
                (Arc::from("b"), Value::List(Arc::new(vec![Value::Null, Value::Bool(true), Value::Number("10.20".into())]))),
            ]
            .into_iter()
            .collect(),
        ));
        assert_eq!(map.to_text(), r#"{"it's": (1,), 'b': [None, True, 10.20]}"#);
        assert_eq!(Value::text("a\n\u{7f}é\u{a0}\"'").to_repr(), r#"'a\n\x7fé\xa0"\''"#);
        assert_eq!(Value::Bytes(Arc::from(&b"a'\xff\n"[..])).to_repr(), r#"b"a'\xff\n""#);
    }
}
