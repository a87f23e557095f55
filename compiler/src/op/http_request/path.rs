//! `data_path`: the way from a reply's root to its rows, as in `data[*]`, `result.items` or `$.pages[0]['a.b']`.

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    Index(u32),
    /// Every member of a list.
    Each,
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
    use super::{Step, parse};

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
    fn faults() {
        for bad in ["a..b", "a[", "a[x]", "a['b", "a.", "a['b'x]", "a[-1]"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
