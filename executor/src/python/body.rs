//! Statements with `return` made into a function.

/// The function's name.
pub(super) const NAME: &str = "_sequor_body";

/// Lines that stand before the snippet's first line.
pub(super) const LINES_BEFORE: u32 = 1;

/// Wraps statements into a function. Lines inside of texts that span lines stay as they are, so that those texts do.
pub(super) fn wrapped(source: &str) -> String {
    let mut out = format!("def {NAME}():\n");
    let mut open = None;
    for line in source.split('\n') {
        if open.is_none() {
            out.push(' ');
        }
        out.push_str(line);
        out.push('\n');
        open = quote_after(line, open);
    }
    out
}

/// The triple quote that is open after a line, given the one that was open before it.
fn quote_after(line: &str, before: Option<&'static str>) -> Option<&'static str> {
    let mut open = before;
    let mut rest = line;
    while !rest.is_empty() {
        if let Some(quote) = open {
            let at = rest.find(['\\', '"', '\'']);
            let Some(at) = at else { return if quote.len() == 3 || line.ends_with('\\') { open } else { None } };
            rest = rest.get(at..).unwrap_or_default();
            if rest.starts_with('\\') {
                let mut chars = rest.chars();
                chars.next();
                chars.next();
                rest = chars.as_str();
            } else if let Some(after) = rest.strip_prefix(quote) {
                open = None;
                rest = after;
            } else {
                rest = rest.get(1..).unwrap_or_default();
            }
            continue;
        }
        let at = rest.find(['#', '"', '\''])?;
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with('#') {
            return None;
        }
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote))?;
        rest = rest.get(quote.len()..).unwrap_or_default();
        open = Some(quote);
    }
    open.filter(|quote| quote.len() == 3 || line.ends_with('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_over_several_lines_keep_their_lines() {
        let source = "x = '''a\n  b\n''' # '''\ny = \"it's\"\nreturn x";
        assert_eq!(wrapped(source), "def _sequor_body():\n x = '''a\n  b\n''' # '''\n y = \"it's\"\n return x\n");
    }

    #[test]
    fn quotes_inside_of_quotes_open_nothing() {
        assert_eq!(
            wrapped("a = '\"\"\"'\nb = \"\\\"\\\"\"\nreturn a"),
            "def _sequor_body():\n a = '\"\"\"'\n b = \"\\\"\\\"\"\n return a\n"
        );
    }
}
