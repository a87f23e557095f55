//! `data_path`: the way from a reply's root to its rows, as in `data[*]`, `result.items` or `$.pages[0]['a.b']`.

use crate::diagnostic::{Diagnostic, Span};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    Index(u32),
    /// Every member of a list.
    Each,
}

/// Reads the path of a key, with the fault of one that cannot be meant.
pub(super) fn read(text: &str, span: &Span) -> (Option<Vec<Step>>, Option<Diagnostic>) {
    let wrong = |why: &str| Diagnostic::error("S106", span.clone(), format!("'data_path' is not a path: {why}"));
    if let Some(path) = of_python(text) {
        let help = if path.is_empty() {
            "for the whole reply leave 'data_path' out".to_owned()
        } else {
            format!("write `data_path: {path}`, or the Python as `data_expression`")
        };
        return (None, Some(wrong("it is Python").help(help)));
    }
    if text.contains("[?") || text.contains("..") && !text.contains(['\'', '"']) {
        let help = "write the way to the rows step by step; `data_expression` can choose among them in Python";
        return (None, Some(wrong("of JSONPath there are names, indexes and [*] only").help(help)));
    }
    match parse(text) {
        Ok(steps) => {
            let slash = steps.iter().any(|step| matches!(step, Step::Key(key) if key.contains('/'))) && !text.contains(['\'', '"']);
            let path = text.trim().trim_matches('/').replace('/', ".");
            let fault = slash.then(|| {
                let message = format!("'data_path' has dots between its names: this is one name, '{}'", text.trim());
                Diagnostic::warning("S106", span.clone(), message)
                    .help(format!("write `{path}`; a name with a slash stands in quotes: ['a/b']"))
            });
            (Some(steps), fault)
        }
        Err(why) => {
            (None, Some(wrong(&why).help("write names with dots, [0] for an index and [*] for every member: data[*], result.items")))
        }
    }
}

/// The path that `response.json()['data']` means.
fn of_python(text: &str) -> Option<String> {
    let text = text.trim();
    let open = text.find('(')?;
    // A name may have brackets of its own.
    let quoted = text[..open].contains(['\'', '"']);
    if quoted || !text[..open].chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
        return None;
    }
    let (_, rest) = text.split_once(')')?;
    let rest = rest.replace(".get(", "[").replace(')', "]");
    let names = rest.replace("['", ".").replace("[\"", ".").replace(['\'', '"'], "").replace(".]", "]");
    let mut path = String::new();
    let mut index = false;
    for c in names.chars() {
        match c {
            '[' => index = true,
            ']' if !index => continue,
            ']' => index = false,
            _ => {}
        }
        path.push(c);
    }
    Some(path.trim_start_matches('.').to_owned())
}

/// Reads a path; an error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut rest = text.trim();
    rest = rest.strip_prefix('$').unwrap_or(rest);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (step, after) = bracket(inside)?;
            steps.push(step);
            rest = after;
            continue;
        }
        let from = rest.strip_prefix('.').unwrap_or(rest);
        let end = from.find(['.', '[']).unwrap_or(from.len());
        let (name, after) = from.split_at(end);
        match name {
            "" if steps.is_empty() && from.starts_with('[') => {}
            "" => return Err("it has an empty step".to_owned()),
            "*" => steps.push(Step::Each),
            name => steps.push(Step::Key(name.to_owned())),
        }
        rest = after;
    }
    Ok(steps)
}

/// What stands between brackets, and what follows them.
fn bracket(inside: &str) -> Result<(Step, &str), String> {
    for quote in ['\'', '"'] {
        if let Some(quoted) = inside.strip_prefix(quote) {
            let (name, after) = quoted.split_once(quote).ok_or("a quote is not closed")?;
            let after = after.strip_prefix(']').ok_or("']' is missing after a quoted name")?;
            return Ok((Step::Key(name.to_owned()), after));
        }
    }
    let (content, after) = inside.split_once(']').ok_or("']' is missing")?;
    let step = match content.trim() {
        "*" | "" => Step::Each,
        index => Step::Index(index.parse().map_err(|_| format!("'[{index}]' is neither an index, '[*]' nor a quoted name"))?),
    };
    Ok((step, after))
}

#[cfg(test)]
mod tests {
    use super::{Step, of_python, parse};

    fn key(name: &str) -> Step {
        Step::Key(name.to_owned())
    }

    #[test]
    fn forms() {
        assert_eq!(parse("data[*]"), Ok(vec![key("data"), Step::Each]));
        assert_eq!(parse("$.result.items"), Ok(vec![key("result"), key("items")]));
        assert_eq!(parse("$[0]['a.b'].c[]"), Ok(vec![Step::Index(0), key("a.b"), key("c"), Step::Each]));
        assert_eq!(parse("$"), Ok(vec![]));
        assert_eq!(parse("[*]"), Ok(vec![Step::Each]));
    }

    #[test]
    fn python() {
        assert_eq!(of_python("response.json()['data']").as_deref(), Some("data"));
        assert_eq!(of_python("response.json()[\"data\"][0]['items']").as_deref(), Some("data[0].items"));
        assert_eq!(of_python("response.json().get('a')").as_deref(), Some("a"));
        assert_eq!(of_python("response.json()").as_deref(), Some(""));
        assert_eq!(of_python("['a(b)'].c"), None);
        assert_eq!(of_python("data[*]"), None);
    }

    #[test]
    fn faults() {
        for bad in ["a..b", "a[", "a[x]", "a['b", "a.", "a['b'x]", "a[-1]"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
