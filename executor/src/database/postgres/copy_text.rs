//! Rows in COPY's text format: tabs between columns, a newline after each row, `\N` for null.
//!
//! <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.55.9.2>

use std::io::Write as _;

use super::super::fit::Fitted;

/// PostgreSQL has no text with this character.
pub(super) struct HasNul;

pub(super) fn write(buffer: &mut Vec<u8>, value: &Fitted<'_>) -> Result<(), HasNul> {
    match value {
        Fitted::Null => buffer.extend_from_slice(b"\\N"),
        Fitted::Bool(b) => buffer.push(if *b { b't' } else { b'f' }),
        Fitted::Int(i) => write_display(buffer, i),
        Fitted::Float(f) if f.is_nan() => buffer.extend_from_slice(b"NaN"),
        Fitted::Float(f) if f.is_infinite() => buffer.extend_from_slice(if *f > 0.0 { b"Infinity" } else { b"-Infinity" }),
        // The shortest digits that read back as the same double.
        Fitted::Float(f) => write_display(buffer, &format_args!("{f:e}")),
        Fitted::Number(text) => buffer.extend_from_slice(text.as_bytes()),
        Fitted::Text(text) => write_text(buffer, text)?,
        Fitted::Bytes(bytes) => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            // The backslash of bytea's own form is escaped as COPY wants it.
            buffer.extend_from_slice(b"\\\\x");
            buffer.extend(bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]));
        }
    }
    Ok(())
}

/// Copies runs of plain bytes whole. All special bytes are ASCII, so no UTF-8 sequence is cut.
fn write_text(buffer: &mut Vec<u8>, text: &str) -> Result<(), HasNul> {
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escaped = match byte {
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0 => return Err(HasNul),
            _ => continue,
        };
        buffer.extend_from_slice(&bytes[start..at]);
        buffer.extend_from_slice(&[b'\\', escaped]);
        start = at + 1;
    }
    buffer.extend_from_slice(&bytes[start..]);
    Ok(())
}

fn write_display(buffer: &mut Vec<u8>, value: &dyn std::fmt::Display) {
    // Writing to a Vec cannot fail.
    let _ = write!(buffer, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        let mut buffer = Vec::new();
        for (value, expected) in [
            (Fitted::Text("a\tb\nc\rd\\N é".into()), "a\\tb\\nc\\rd\\\\N é"),
            (Fitted::Text("\\.".into()), "\\\\."),
            (Fitted::Null, "\\N"),
            (Fitted::Text("".into()), ""),
            (Fitted::Float(1e300), "1e300"),
            (Fitted::Float(0.1), "1e-1"),
            (Fitted::Bytes(vec![0, 255].into()), "\\\\x00ff"),
        ] {
            buffer.clear();
            assert!(write(&mut buffer, &value).is_ok());
            assert_eq!(String::from_utf8_lossy(&buffer), expected);
        }
        assert!(write(&mut buffer, &Fitted::Text("a\0".into())).is_err());
    }
}
