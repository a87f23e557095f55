//! What to write at a syntax error, from what stands there: older Python, JavaScript, shell, typographic quotes.

/// Words that begin a line in other languages, with what Python has for them.
const FIRST_WORDS: &[(&str, &str)] = &[
    ("print", "Python 3 prints with brackets: `print(…)`"),
    ("exec", "Python 3 writes `exec(…)`"),
    ("const", "Python declares nothing: write `name = value`"),
    ("let", "Python declares nothing: write `name = value`"),
    ("function", "a function begins with `def name(…):`, and its lines are indented"),
    ("switch", "write `match x:` with `case …:`, or `if` and `elif`"),
    ("retrun", "did you mean `return`?"),
    ("reutrn", "did you mean `return`?"),
    ("retun", "did you mean `return`?"),
    ("returm", "did you mean `return`?"),
    ("elseif", "write `elif`"),
    ("elsif", "write `elif`"),
    ("select", "this is SQL: in Python write `query('source', 'select …')`"),
    ("SELECT", "this is SQL: in Python write `query('source', 'select …')`"),
];

/// A syntax error at `start` with the parser's message.
pub(super) fn of_syntax(text: &str, start: usize, message: &str) -> Option<&'static str> {
    let line_start = text.get(..start)?.rfind('\n').map_or(0, |i| i + 1);
    let line = text.get(line_start..)?.lines().next().unwrap_or_default();
    let (before, rest) = (text.get(line_start..start)?, text.get(start..)?);
    let first = line.trim_start().split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    let word = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    if before.contains(['‘', '’', '“', '”']) || rest.starts_with(['‘', '’', '“', '”']) {
        return Some("these quotes are typographic: write `'` or `\"`");
    }
    if let Some((_, help)) = FIRST_WORDS.iter().find(|(w, _)| *w == first && !before.trim().is_empty()) {
        return Some(help);
    }
    let trimmed = before.trim_end();
    Some(match rest.chars().next() {
        Some('&') => "write `and`",
        Some('|') => "write `or`",
        Some('!') => "write `not x`",
        Some('?') => "write `a if condition else b`",
        Some('$') => "Python has no `$`: write `var('name')`",
        Some('`') => "a text stands in quotes: `'…'`",
        Some(';') => "Python needs no `;`",
        Some(')' | ']' | '}') if message.starts_with("expected `,`") => "this bracket closes another one than the last that was opened",
        Some('=') if message.starts_with("expected `:`") || message.starts_with("unexpected token at the end") => "write `==` to compare",
        Some('>') if trimmed.ends_with('=') => "Python writes a function without a name as `lambda x: …`",
        Some('>') if trimmed.ends_with('<') => "write `!=`",
        Some('\\') if rest.starts_with("\\t") || rest.starts_with("\\n") => "write the line break itself: put the snippet under `|`",
        Some('}') if trimmed.ends_with('{') && message.contains("expression") => {
            "in an f-string, `{}` needs a value: `{var('name')}`; two braces `{{` print one"
        }
        Some('/') if rest.starts_with("/*") || rest.starts_with("//") => "a comment starts with `#`",
        Some('\'' | '"') if trimmed.ends_with(['u', 'U']) || trimmed.ends_with("ur") => "write the text without `ur`: `r'…'`",
        _ if trimmed.ends_with("++") || trimmed.ends_with("--") => "write `x += 1`",
        _ if word == "if" && trimmed.ends_with("else") => "write `elif`",
        _ if trimmed.ends_with("new") => "Python makes objects without `new`",
        _ if matches!(word, "s" | "t" | "re" | "ll" | "d") && before.ends_with('\'') => {
            "the quote ends the text: write the text in double quotes"
        }
        _ if message.contains("f-string") => "is there a quote or brace missing in the f-string?",
        _ if message.starts_with("missing closing quote") => "close the text with the quote that opens it",
        _ if message.starts_with("unexpected indentation") && line_start == 0 => "begin all lines at the same column",
        _ if message.starts_with("unexpected indentation") || message.starts_with("unindent") => "indent it like the lines before",
        _ if message.starts_with("expected an indented block") => "indent the lines that belong to it by four blanks",
        _ if message.starts_with("expected `:`, found newline") => "end this line with `:`",
        _ if message.starts_with("expected `,`") => "is there a comma missing before it?",
        _ if message.starts_with("expected `else`") => "write `a if condition else b`: a value needs both",
        _ if message.starts_with("invalid decimal integer literal") => "take the leading zeros off, or write it as text; octal is `0o777`",
        _ => return None,
    })
}

/// What an undefined name says about its line: a comment of another language, an older `except`.
pub(super) fn of_name(text: &str, start: usize) -> Option<&'static str> {
    let line_start = text.get(..start)?.rfind('\n').map_or(0, |i| i + 1);
    let before = text.get(line_start..start)?;
    if before.trim_start().starts_with("except ") && before.contains(',') {
        return Some("write `except … as e`");
    }
    if before.trim_end().ends_with("--") {
        return Some("a comment starts with `#`");
    }
    if before.trim_end().ends_with("//") {
        return Some("`//` divides in Python: a comment starts with `#`");
    }
    None
}
