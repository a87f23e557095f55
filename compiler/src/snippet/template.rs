//! Jinja in YAML texts.
//!
//! Takes a text, gives a native tree where the template is literal text and expressions of the native subset, else the checked template with
//! the names it uses. Syntax, unknown names and unknown filters are reported at their column. Nothing is rendered here.

mod advice;
pub mod catalog;
mod members;
mod names;
mod native;
mod operators;
mod outline;

pub(crate) use members::MEMBERS as RESPONSE_MEMBERS;

use minijinja::machinery::{Token, ast};

use super::Place;
use super::expression::{Code, Expression, Kind, Uses};
use super::place::Origin;
use super::stack::{Depth, MAX_BYTES, with_room};
use crate::diagnostic::{Diagnostic, Severity};

/// `{% elif %}` branches of one template: the parser nests them.
const MAX_BRANCHES: usize = 150;

/// The text that stands for null where a value is data.
const NULL_TEXT: &str = "__NULL__";

/// Whether a text holds anything of Jinja.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// Reads a text that holds Jinja.
pub(super) fn parse(origin: Origin<'_>, place: Place) -> (Expression, Vec<Diagnostic>) {
    let depth = match depth(origin) {
        Ok(depth) => depth,
        Err(fault) => return (unparsed(origin), vec![*fault]),
    };
    with_room(depth, || parse_here(origin, place)).unwrap_or_else(|| (unparsed(origin), vec![too_deep(origin, 0, origin.text().len())]))
}

fn parse_here(origin: Origin<'_>, place: Place) -> (Expression, Vec<Diagnostic>) {
    let text = origin.text();
    let template = match minijinja::machinery::parse(text, "", minijinja::syntax::SyntaxConfig::default()) {
        Ok(ast::Stmt::Template(template)) => template,
        Ok(_) => return (unparsed(origin), Vec::new()),
        Err(error) => return (unparsed(origin), vec![syntax_fault(origin, &error)]),
    };
    let (uses, mut faults) = names::check(&template.children, origin, place);
    let typed = whole(text) && matches!(template.children.as_slice(), [ast::Stmt::EmitExpr(_)]);
    if !typed {
        faults.extend(null_text(origin));
        faults.extend(surplus_brace(&template.children, origin));
    }
    if faults.iter().any(|f| f.severity == Severity::Error) {
        return (source(origin, false, uses), faults);
    }
    let expression = native::template(&template.children, typed, origin).unwrap_or_else(|| {
        let mut expression = source(origin, typed, uses);
        if let Kind::Jinja { code, .. } = &mut expression.kind {
            code.outline = Some(Box::new(outline::of(&template.children, typed, origin)));
        }
        expression
    });
    (expression, faults)
}

/// Whether the text begins and ends with the braces of an expression, apart from the line break that Jinja drops.
fn whole(text: &str) -> bool {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    text.starts_with("{{") && text.ends_with("}}")
}

fn source(origin: Origin<'_>, typed: bool, uses: Uses) -> Expression {
    let code = Code { text: origin.text().to_owned(), indent: origin.indent(), uses: Box::new(uses), written: None, outline: None };
    Expression::new(origin.text_span(), Kind::Jinja { code, typed })
}

fn unparsed(origin: Origin<'_>) -> Expression {
    source(origin, false, Uses::default())
}

/// How deep the syntax tree can become, or the fault of a template that is too large or too deep.
fn depth(origin: Origin<'_>) -> Result<usize, Box<Diagnostic>> {
    let text = origin.text();
    if text.len() > MAX_BYTES {
        let message = format!("this template has {} bytes, the limit is {MAX_BYTES}", text.len());
        return Err(Box::new(Diagnostic::error("J501", origin.whole.clone(), message).help("move the long text to a variable")));
    }
    let mut depth = Depth::default();
    let mut branches = 0;
    for token in minijinja::machinery::tokenize(text, false, minijinja::syntax::SyntaxConfig::default()) {
        // The parser meets the same error and reports it.
        let Ok((token, span)) = token else { break };
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => depth.open(),
            Token::ParenClose | Token::BracketClose | Token::BraceClose => depth.close(),
            Token::Comma => depth.separator(),
            Token::VariableStart | Token::VariableEnd | Token::BlockStart | Token::BlockEnd => {
                depth.close_to(0);
                depth.separator();
            }
            Token::Ident("elif") => branches += 1,
            Token::Ident("not" | "and" | "or" | "if" | "else" | "is" | "in")
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::FloorDiv
            | Token::Pow
            | Token::Mod
            | Token::Dot
            | Token::Tilde
            | Token::Pipe
            | Token::Eq
            | Token::Ne
            | Token::Gt
            | Token::Gte
            | Token::Lt
            | Token::Lte => depth.operator(),
            Token::Ident(_)
            | Token::Str(_)
            | Token::String(_)
            | Token::Int(_)
            | Token::Int128(_)
            | Token::Float(_)
            | Token::Colon
            | Token::Assign
            | Token::TemplateData(_) => {}
        }
        if depth.exceeded() || branches > MAX_BRANCHES {
            return Err(Box::new(too_deep(origin, span.start_offset as usize, span.end_offset as usize)));
        }
    }
    Ok(depth.deepest + branches)
}

fn too_deep(origin: Origin<'_>, start: usize, end: usize) -> Diagnostic {
    Diagnostic::error("J501", origin.span(start, end), "this template is nested too deeply")
        .help("split it into several variables, or write it as Python in a `…_expression` key")
}

fn syntax_fault(origin: Origin<'_>, error: &minijinja::Error) -> Diagnostic {
    let text = origin.text();
    let detail = error.detail().unwrap_or("this is not a valid template");
    let range = error.range().unwrap_or(0..text.len());
    let (start, end) = (range.start.min(text.len()), range.end.min(text.len()));
    let collides = |opener: usize| advice::is_collision(text, start, opener, detail);
    if let Some(opener) = opener_before(text, start).filter(|o| collides(*o)).or_else(|| unclosed(text).filter(|o| collides(*o))) {
        let braces = text.get(opener..opener + 2).unwrap_or("{{");
        let what = match braces {
            "{{" => "a template",
            "{%" => "a statement",
            _ => "a comment",
        };
        return Diagnostic::error("J507", origin.span(opener, opener + 2), format!("`{braces}` begins {what} of Jinja here, and none follows"))
            .help(format!(
                "for braces that are meant as text write a blank between them (`{{ {}`), or `{{{{ '{braces}' }}}}`, or put the text between `{{% raw %}}` and `{{% endraw %}}`",
                &braces[1..]
            ));
    }
    let open_at_end = ["unexpected end of input", "unexpected end of comment", "unexpected end of raw block"];
    if open_at_end.iter().any(|d| detail.starts_with(d)) {
        let opener = unclosed(text).unwrap_or(start);
        let end = text.len().min(opener + 2);
        let fault = Diagnostic::error("J501", origin.span(opener, end), format!("Jinja syntax: {detail}")).label("this is never closed");
        let is_whole_tag = text.get(opener..).is_some_and(|t| t.starts_with("{%") && t.contains("%}"));
        if is_whole_tag {
            return fault.help("end the block with its own tag: `{% endif %}`, `{% endfor %}`, `{% endset %}`");
        }
        return fault.help("close `{{` with `}}`, `{%` with `%}`, `{#` with `#}`, and each block with its end tag; write `{{ '{{' }}` for braces that are meant as text");
    }
    if detail == "unexpected end of string" {
        let quote = open_quote(text).unwrap_or(start);
        return Diagnostic::error("J501", origin.span(quote, quote + 1), "Jinja syntax: this string is never closed")
            .help("close it with the same quote that opens it");
    }
    let fault =
        Diagnostic::error("J501", origin.span(start, end.max(start + 1)), format!("Jinja syntax: {}", detail.replace("colon", "`:`")));
    match advice::of_syntax(text, start, detail) {
        Some(help) => fault.help(help),
        None => fault,
    }
}

/// The last `{{`, `{%` or `{#` before a place.
fn opener_before(text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    ["{{", "{%", "{#"].iter().filter_map(|open| before.rfind(open)).max()
}

/// The quote of the text in a template that is open at the end.
fn open_quote(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(open) = ["{{", "{%"].iter().filter_map(|o| text.get(at..)?.find(o)).min().map(|i| at + i) {
        let close = if text[open..].starts_with("{{") { "}}" } else { "%}" };
        at = open + 2;
        loop {
            let next = text[at..].find(['\'', '"']).map(|i| at + i);
            let end = text[at..].find(close).map(|i| at + i);
            match (next, end) {
                (Some(quote), end) if end.is_none_or(|end| quote < end) => match string_end(text, quote) {
                    Some(end) => at = end,
                    None => return Some(quote),
                },
                (_, Some(end)) => {
                    at = end + 2;
                    break;
                }
                (_, None) => return None,
            }
        }
    }
    None
}

/// Behind the quote that closes the one at `open`.
fn string_end(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = open + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b if *b == bytes[open] => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// J508: `__NULL__` in the middle of a text, which is never null.
pub(super) fn null_text(origin: Origin<'_>) -> Option<Diagnostic> {
    let at = origin.text().find(NULL_TEXT)?;
    let fault = Diagnostic::warning("J508", origin.span(at, at + NULL_TEXT.len()), "`__NULL__` is no null here: the text itself is used");
    Some(fault.help("it stands for null only as the whole value of a body's field, a parameter or a table's column"))
}

/// `{ var('x') }` or `${x}` in a text without templates.
pub(super) fn half_template(origin: Origin<'_>) -> Option<Diagnostic> {
    let text = origin.text();
    if let Some((start, end)) = advice::shell_variable(text) {
        let name = &text[start + 2..end - 1];
        let fault = Diagnostic::warning("J501", origin.span(start, end), format!("`${{{name}}}` stays as it is: it is no template"));
        return Some(fault.help(format!("write `{{{{ var('{name}') }}}}`, or `{{{{ env('{name}') }}}}` for a variable of the process")));
    }
    let (start, end) = advice::half_template(text)?;
    let inner = text[start..end].trim_matches(['{', '}']).trim();
    Some(
        Diagnostic::warning("J501", origin.span(start, end), "this stays text: a template has two braces on each side")
            .help(format!("write `{{{{ {inner} }}}}`")),
    )
}

/// `{{ x }}}`: a brace too many, which is printed.
fn surplus_brace(statements: &[ast::Stmt<'_>], origin: Origin<'_>) -> Option<Diagnostic> {
    let raw =
        |statement: &ast::Stmt<'_>| if let ast::Stmt::EmitRaw(raw) = statement { Some((raw.raw.to_owned(), raw.span())) } else { None };
    let pieces: Vec<_> = statements.iter().filter_map(raw).collect();
    if statements.iter().any(|s| !matches!(s, ast::Stmt::EmitRaw(_) | ast::Stmt::EmitExpr(_))) {
        return None;
    }
    let count = |brace: char| pieces.iter().map(|(text, _)| text.matches(brace).count()).sum::<usize>();
    if count('}') <= count('{') {
        return None;
    }
    let after = statements.windows(2).find_map(|pair| match pair {
        [ast::Stmt::EmitExpr(_), ast::Stmt::EmitRaw(raw)] if raw.raw.starts_with('}') => Some(raw.span()),
        _ => None,
    })?;
    let start = after.start_offset as usize;
    let fault = Diagnostic::warning("J501", origin.span(start, start + 1), "a brace too many: this one is printed as text");
    Some(fault.help("take it out: a template ends with two braces"))
}

/// `{{ var('n') }} + 1`: the sum is never made.
pub(super) fn sum_as_text(origin: Origin<'_>) -> Option<Diagnostic> {
    let text = origin.text();
    let inner = text.trim().strip_prefix("{{")?;
    let (inner, rest) = inner.split_once("}}")?;
    let operator = rest.trim_start().chars().next().filter(|c| matches!(c, '+' | '*'))?;
    let number = rest.trim_start()[1..].trim();
    let template = number.strip_prefix("{{").and_then(|n| n.strip_suffix("}}")).filter(|n| !n.contains("}}"));
    if !rest.starts_with(' ') || number.is_empty() || (template.is_none() && number.parse::<f64>().is_err()) {
        return None;
    }
    let number = template.map_or(number, str::trim);
    let start = text.find("{{")?;
    let fault = Diagnostic::warning(
        "J501",
        origin.span(start, text.trim_end().len()),
        "nothing is computed here: what is behind the braces stays text",
    );
    Some(fault.help(format!("write `{{{{ {} {operator} {number} }}}}`", inner.trim())))
}

/// The place of the last `{{`, `{%` or `{#` that has no end after it, else of the last block tag.
fn unclosed(text: &str) -> Option<usize> {
    let mut last_block = None;
    let mut at = 0;
    while let Some(i) = text[at..].find('{').map(|i| at + i) {
        let close = match text.as_bytes().get(i + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                at = i + 1;
                continue;
            }
        };
        let Some(end) = text[i + 2..].find(close) else { return Some(i) };
        if close == "%}" {
            last_block = Some(i);
        }
        at = i + 2 + end + 2;
    }
    last_block
}
