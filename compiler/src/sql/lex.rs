//! SQL text to tokens: just enough to find where statements, strings, comments and templates begin and end.

use super::Dialect;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    /// Quoted text: `'…'`, `E'…'`, `$$…$$`.
    Text,
    /// A quoted name: `"…"`, in SQLite also `` `…` `` and `[…]`.
    Name,
    /// `{{ … }}`
    Template,
    /// `{% … %}`, `{# … #}`
    Tag,
    Open,
    Close,
    Semicolon,
    /// A line with nothing but `go`.
    Go,
    /// Any other character.
    Symbol,
    /// Text, a name or a comment whose end is missing.
    Unclosed,
}

/// All tokens but blanks and comments.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Vec<Token> {
    let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, dialect, braces_close: true };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next() {
        tokens.push(token);
    }
    tokens
}

/// Where the template that starts at `at` ends: its closing braces are not looked for inside its strings. The end of the text if they are missing.
pub(super) fn template_end(bytes: &[u8], at: usize) -> usize {
    let close: &[u8] = match bytes.get(at + 1) {
        Some(b'{') => b"}}",
        Some(b'%') => b"%}",
        _ => b"#}",
    };
    let mut i = at + 2;
    let mut strings = close != b"#}";
    while i < bytes.len() {
        if bytes[i..].starts_with(close) {
            return i + 2;
        }
        if strings && matches!(bytes[i], b'\'' | b'"') {
            let quote = bytes[i];
            let mut end = i + 1;
            while end < bytes.len() && bytes[end] != quote {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            // An apostrophe that closes nowhere is no string, and to look for the end of each would take the square of the time.
            strings = end < bytes.len();
            i = if strings { end + 1 } else { i + 1 };
        } else {
            i += 1;
        }
    }
    bytes.len()
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    /// False once braces inside quotes have been found that nothing closes: so are all behind them.
    braces_close: bool,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            let start = self.at;
            let byte = *self.bytes.get(start)?;
            let kind = match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0C => {
                    self.at += 1;
                    continue;
                }
                b'-' if self.follows(b"--") => {
                    self.line_comment();
                    continue;
                }
                b'/' if self.follows(b"/*") => {
                    if self.block_comment() {
                        continue;
                    }
                    Kind::Unclosed
                }
                b'{' if self.follows(b"{{") => {
                    self.at = template_end(self.bytes, start);
                    Kind::Template
                }
                b'{' if self.follows(b"{%") || self.follows(b"{#") => {
                    self.at = template_end(self.bytes, start);
                    Kind::Tag
                }
                b'\'' => self.quoted(start, b'\'', false, Kind::Text),
                b'"' => self.quoted(start, b'"', false, Kind::Name),
                b'`' if self.dialect == Dialect::Sqlite => self.quoted(start, b'`', false, Kind::Name),
                b'[' if self.dialect == Dialect::Sqlite => self.quoted(start, b']', false, Kind::Name),
                b'e' | b'E' if self.dialect == Dialect::Postgres && self.bytes.get(start + 1) == Some(&b'\'') => {
                    self.quoted(start + 1, b'\'', true, Kind::Text)
                }
                b'$' if self.dialect == Dialect::Postgres => self.dollar(),
                b'(' => self.one(Kind::Open),
                b')' => self.one(Kind::Close),
                b';' => self.one(Kind::Semicolon),
                b'0'..=b'9' => self.number(),
                _ if is_word(byte) => self.word(),
                _ => self.one(Kind::Symbol),
            };
            return Some(Token { kind, start, end: self.at });
        }
    }

    fn follows(&self, bytes: &[u8]) -> bool {
        self.bytes[self.at..].starts_with(bytes)
    }

    fn one(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn line_comment(&mut self) {
        self.at += self.bytes[self.at..].iter().position(|b| *b == b'\n').unwrap_or(self.bytes.len() - self.at);
    }

    /// PostgreSQL's comments nest; SQLite's do not, and the end of the text closes them.
    fn block_comment(&mut self) -> bool {
        let mut depth = 1;
        let mut i = self.at + 2;
        while i < self.bytes.len() {
            if self.bytes[i..].starts_with(b"*/") {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    self.at = i;
                    return true;
                }
            } else if self.dialect == Dialect::Postgres && self.bytes[i..].starts_with(b"/*") {
                depth += 1;
                i += 2;
            } else {
                i += 1;
            }
        }
        self.at = self.bytes.len();
        self.dialect == Dialect::Sqlite
    }

    /// From the quote at `open` to its end. A doubled quote is part of the text, and so is a template with all that is in it.
    fn quoted(&mut self, open: usize, close: u8, escapes: bool, kind: Kind) -> Kind {
        let mut i = open + 1;
        while let Some(byte) = self.bytes.get(i) {
            if *byte == close {
                if close != b']' && self.bytes.get(i + 1) == Some(&close) {
                    i += 2;
                    continue;
                }
                self.at = i + 1;
                return kind;
            }
            if *byte == b'{' && self.braces_close && matches!(self.bytes.get(i + 1), Some(b'{' | b'%' | b'#')) {
                let end = template_end(self.bytes, i);
                self.braces_close = end < self.bytes.len();
                // Braces that nothing closes are text.
                i = if self.braces_close { end } else { i + 2 };
            } else {
                i += if escapes && *byte == b'\\' { 2 } else { 1 };
            }
        }
        self.at = self.bytes.len();
        Kind::Unclosed
    }

    /// `$tag$ … $tag$`, or a parameter such as `$1`.
    fn dollar(&mut self) -> Kind {
        let start = self.at;
        let tag = self.bytes[start + 1..].iter().take_while(|b| is_word(**b) || b.is_ascii_digit()).count();
        let starts_with_digit = self.bytes.get(start + 1).is_some_and(u8::is_ascii_digit);
        if starts_with_digit || self.bytes.get(start + 1 + tag) != Some(&b'$') {
            return self.one(Kind::Symbol);
        }
        let delimiter = &self.text[start..start + tag + 2];
        let body = start + delimiter.len();
        match self.text[body..].find(delimiter) {
            Some(i) => {
                self.at = body + i + delimiter.len();
                Kind::Text
            }
            None => {
                self.at = self.bytes.len();
                Kind::Unclosed
            }
        }
    }

    fn number(&mut self) -> Kind {
        self.at += self.bytes[self.at..].iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')).count();
        Kind::Number
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        self.at += self.bytes[start..].iter().take_while(|b| is_word(**b) || b.is_ascii_digit() || **b == b'$').count();
        if self.is_go(start) { Kind::Go } else { Kind::Word }
    }

    fn is_go(&self, start: usize) -> bool {
        let before = self.text[..start].chars().rev().take_while(|c| *c != '\n');
        let mut behind = self.text[self.at..].chars().take_while(|c| *c != '\n');
        self.text[start..self.at].eq_ignore_ascii_case("go")
            && before.into_iter().all(char::is_whitespace)
            && behind.all(|c| c.is_whitespace() || c == ';')
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}
