//! Texts that were sound once: cut, doubled, mixed, with odd characters put in. Shared by the tests and the fuzz targets' seeds.

/// Numbers that are the same in every run (xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// What is put in: signs of YAML, Jinja, Python and SQL, and characters that readers stumble over.
pub const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "\r\n",
    "'",
    "\"",
    "'''",
    "|",
    ">",
    "|\n",
    "&a ",
    "*a",
    "!!str ",
    "<<: *a",
    "---\n",
    "...\n",
    "? ",
    "#",
    "//",
    "\\",
    "\\u",
    "é",
    "日本",
    "👩",
    "\u{FEFF}",
    "\u{200B}",
    "\u{2028}",
    "\u{1}",
    "\0",
    "0",
    "1e999",
    "-",
    "~",
    "null",
    "yes",
    "var('x')",
    "{{ var('x') }}",
    "response",
    ".json()",
    "['a']",
    "[-1]",
    "return ",
    "def evaluate(context):",
    "import os",
    "lambda: ",
    "f\"{",
    "f'{x!r:>{y}}'",
    "if ",
    "else",
    " for x in ",
    "_expression",
    "op: ",
    "steps:",
    "request:",
    "url: http://",
    "https://a:b@c",
    "password: ",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "select ",
    ";",
    "go\n",
    "$$",
    "/*",
    "--",
    "__NULL__",
    "status_code == ",
    "200",
    "{% if ",
    "{% endif %}",
    "| tojson",
    "is none",
    "not ",
    "**",
    "<<",
    ">=",
    "@",
    "`",
    "$",
    "…",
];

/// The text with a few changes; another text is spliced into it now and then.
pub fn mutate(random: &mut Random, text: &str, other: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(4) {
        let at = boundary(&text, random.below(text.len() + 1));
        let width = match random.below(3) {
            0 => 1,
            1 => random.below(12),
            _ => random.below(text.len() / 2 + 1),
        };
        let end = boundary(&text, (at + width).min(text.len())).max(at);
        match random.below(8) {
            0 => text.replace_range(at..end, ""),
            1 => {
                let again = text[at..end].to_owned();
                text.insert_str(at, &again);
            }
            2 | 3 => text.insert_str(at, PIECES[random.below(PIECES.len())]),
            4 => text.replace_range(at..end, PIECES[random.below(PIECES.len())]),
            5 => {
                let from = boundary(other, random.below(other.len() + 1));
                let to = boundary(other, (from + width).min(other.len())).max(from);
                text.insert_str(at, &other[from..to]);
            }
            6 => text.truncate(at),
            _ => {
                // A line moves to the left or right.
                let line = text[..at].rfind('\n').map_or(0, |i| i + 1);
                if random.below(2) == 0 || !text[line..].starts_with(' ') {
                    text.insert(line, ' ');
                } else {
                    text.remove(line);
                }
            }
        }
        if text.len() > 64 << 10 {
            text.truncate(boundary(&text, 32 << 10));
        }
    }
    text
}

fn boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}
