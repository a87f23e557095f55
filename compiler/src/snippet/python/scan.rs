//! A first look at Python text: which stretches are strings and comments, and how deep the rest is nested. Works on any text, valid or not.

use super::super::stack::Depth;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Code,
    /// A string literal with its prefix and quotes.
    Text {
        /// An f-string or t-string, whose braces hold code.
        interpolated: bool,
    },
    Comment,
    /// A line that starts with `//`.
    SlashComment,
}

/// A stretch of the text: kind, first byte, byte after the last.
pub(super) type Stretch = (Piece, usize, usize);

/// Cuts the text into stretches. With `slashes`, lines that start with `//` count as comments.
pub(super) fn pieces(text: &str, slashes: bool) -> Vec<Stretch> {
    let bytes = text.as_bytes();
    let mut pieces = Vec::new();
    let mut code = 0;
    let mut at = 0;
    let mut line_start = true;
    while let Some(byte) = bytes.get(at) {
        let found = match byte {
            b'#' => Some((Piece::Comment, at, line_end(bytes, at))),
            b'/' if slashes && line_start && bytes.get(at + 1) == Some(&b'/') => Some((Piece::SlashComment, at, line_end(bytes, at))),
            b'\'' | b'"' => {
                let prefix = prefix_start(bytes, at, code);
                let interpolated = bytes[prefix..at].iter().any(|b| matches!(b, b'f' | b'F' | b't' | b'T'));
                Some((Piece::Text { interpolated }, prefix, string_end(bytes, at)))
            }
            _ => None,
        };
        line_start = match byte {
            b'\n' => true,
            b' ' | b'\t' | b'\r' => line_start,
            _ => false,
        };
        let Some((piece, start, end)) = found else {
            at += 1;
            continue;
        };
        if code < start {
            pieces.push((Piece::Code, code, start));
        }
        pieces.push((piece, start, end));
        (at, code) = (end, end);
    }
    if code < bytes.len() {
        pieces.push((Piece::Code, code, bytes.len()));
    }
    pieces
}

/// How deep a syntax tree of the text can become, or the place where a limit is passed.
pub(super) fn depth(text: &str, pieces: &[Stretch]) -> Result<usize, usize> {
    let mut depth = Depth::default();
    let mut indents: Vec<usize> = vec![0];
    let mut line_start = true;
    for (piece, start, end) in pieces {
        let outer = depth.brackets();
        match piece {
            Piece::Comment | Piece::SlashComment => continue,
            Piece::Text { interpolated: false } => {
                line_start = false;
                continue;
            }
            Piece::Code | Piece::Text { interpolated: true } => {}
        }
        let stretch = &text[*start..*end];
        let mut words = Words::default();
        for (at, byte) in stretch.bytes().enumerate() {
            if line_start && !byte.is_ascii_whitespace() {
                line_start = false;
                let column = column(text, start + at);
                while indents.last().is_some_and(|i| *i > column) {
                    indents.pop();
                }
                if indents.last().is_some_and(|i| *i < column) {
                    indents.push(column);
                }
            }
            if words.keyword_ends(byte) {
                depth.operator();
            }
            match byte {
                b'(' | b'[' | b'{' => depth.open(),
                b')' | b']' | b'}' => depth.close(),
                b',' => depth.separator(),
                b'\n' | b';' if depth.brackets() == 0 => {
                    depth.separator();
                    line_start = byte == b'\n';
                }
                b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' | b'<' | b'>' | b'=' | b'!' | b'.' | b':' => {
                    depth.operator();
                }
                _ => {}
            }
            if depth.exceeded() || indents.len() > MAX_INDENTS {
                return Err(start + at);
            }
        }
        if words.keyword_ends(b' ') {
            depth.operator();
        }
        if matches!(piece, Piece::Text { .. }) {
            depth.close_to(outer);
            depth.operator();
        }
    }
    Ok(depth.deepest + indents.len() * 2)
}

/// CPython's own limit.
const MAX_INDENTS: usize = 100;

/// Finds words that nest: `not not x`, `lambda: lambda: x`, `a if b else c`.
#[derive(Default)]
struct Words {
    word: Vec<u8>,
}

impl Words {
    /// Whether a keyword has ended before this byte.
    fn keyword_ends(&mut self, byte: u8) -> bool {
        if byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii() {
            // Longer than any keyword is as good as one.
            if self.word.len() < 8 {
                self.word.push(byte);
            }
            return false;
        }
        let keyword = matches!(
            self.word.as_slice(),
            b"not" | b"lambda" | b"if" | b"else" | b"and" | b"or" | b"in" | b"is" | b"for" | b"await" | b"yield" | b"from" | b"async"
        );
        self.word.clear();
        keyword
    }
}

fn column(text: &str, at: usize) -> usize {
    at - text[..at].rfind('\n').map_or(0, |i| i + 1)
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |i| at + i)
}

/// The start of the prefix letters (`r`, `b`, `f`, …) before a quote.
fn prefix_start(bytes: &[u8], quote: usize, from: usize) -> usize {
    let letters = |b: &u8| matches!(b.to_ascii_lowercase(), b'r' | b'b' | b'f' | b'u' | b't');
    let start = (from..quote).rev().take_while(|i| quote - i <= 2 && letters(&bytes[*i])).last().unwrap_or(quote);
    let in_word = start > from && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b'_' || !bytes[start - 1].is_ascii());
    if in_word { quote } else { start }
}

/// The byte after the closing quote; an open string ends with its line, an open long string with the text.
fn string_end(bytes: &[u8], open: usize) -> usize {
    let quote = bytes[open];
    let long = bytes.get(open..open + 3) == Some(&[quote; 3]);
    let mut at = if long { open + 3 } else { open + 1 };
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' if !long => return at,
            b if *b == quote && !long => return at + 1,
            b if *b == quote && bytes.get(at..at + 3) == Some(&[quote; 3]) => return at + 3,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
