//! Filters of texts that minijinja lacks, or that it gives another result for.

use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, Value as Jinja};

use super::filters::{check, text_of};

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("escape", escape);
    environment.add_filter("e", escape);
    environment.add_filter("indent", indent);
    environment.add_filter("join", join);
    environment.add_filter("replace", replace);
    environment.add_filter("center", center);
    environment.add_filter("truncate", truncate);
    environment.add_filter("wordcount", |text: &Jinja| {
        Ok::<_, Error>(text_of(text)?.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).count())
    });
    environment.add_filter("striptags", |text: &Jinja| Ok::<_, Error>(striptags(&text_of(text)?)));
}

/// As Jinja2's: five characters, quotes by number.
fn escape(value: &Jinja) -> Result<Jinja, Error> {
    if value.is_safe() {
        return Ok(value.clone());
    }
    let mut out = String::new();
    for c in text_of(value)?.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    Ok(Jinja::from_safe_string(out))
}

/// `indent(width=4, first=False, blank=False)`, where a width may be the text to indent by. A line end at the end stays.
fn indent(value: &Jinja, width: Option<Jinja>, first: Option<bool>, blank: Option<bool>, options: Kwargs) -> Result<String, Error> {
    let width = width.or(options.get("width")?).unwrap_or_else(|| Jinja::from(4));
    let first = first.or(options.get("first")?).unwrap_or(false);
    let blank = blank.or(options.get("blank")?).unwrap_or(false);
    options.assert_all_used()?;
    let indention = match width.as_str() {
        Some(text) => text.to_owned(),
        None => {
            let width = usize::try_from(width)?;
            check(width)?;
            " ".repeat(width)
        }
    };
    let text = text_of(value)?;
    let mut out = String::new();
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if (index > 0 || first) && (blank || !line.is_empty()) {
            check(out.len().saturating_add(indention.len()))?;
            out.push_str(&indention);
        }
        out.push_str(line);
    }
    Ok(out)
}

/// `join(d='', attribute=None)`, each member as it prints.
fn join(value: &Jinja, separator: Option<Jinja>, attribute: Option<String>, options: Kwargs) -> Result<String, Error> {
    let separator = separator.or(options.get("d")?).map_or_else(|| Ok(String::new()), |separator| text_of(&separator))?;
    let attribute: Option<String> = attribute.or(options.get("attribute")?);
    options.assert_all_used()?;
    let mut out = String::new();
    if value.is_undefined() {
        return Ok(out);
    }
    for (index, member) in value.try_iter()?.enumerate() {
        let mut member = member;
        for name in attribute.iter().flat_map(|path| path.split('.')) {
            member = name.parse::<usize>().map_or_else(|_| member.get_attr(name), |at| member.get_item_by_index(at))?;
        }
        if index > 0 {
            out.push_str(&separator);
        }
        out.push_str(&text_of(&member)?);
        check(out.len())?;
    }
    Ok(out)
}

/// `replace(old, new, count=None)`.
fn replace(value: &Jinja, old: &Jinja, new: &Jinja, count: Option<Jinja>, options: Kwargs) -> Result<String, Error> {
    let count = count.or(options.get("count")?).and_then(|count| count.as_usize()).unwrap_or(usize::MAX);
    options.assert_all_used()?;
    let (text, old, new) = (text_of(value)?, text_of(old)?, text_of(new)?);
    let found = text.matches(&old).count().min(count);
    check(text.len().saturating_add(found.saturating_mul(new.len())))?;
    Ok(text.replacen(&old, &new, count))
}

fn center(value: &Jinja, width: Option<usize>) -> Result<String, Error> {
    let text = text_of(value)?;
    let width = width.unwrap_or(80);
    check(width)?;
    let missing = width.saturating_sub(text.chars().count());
    // As str.center: an odd space goes left where the width is odd.
    let left = missing / 2 + (missing & width & 1);
    Ok(format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left)))
}

/// `truncate(length=255, killwords=False, end='...', leeway=5)`.
fn truncate(value: &Jinja, arguments: Rest<Jinja>, options: Kwargs) -> Result<String, Error> {
    let at = |index: usize, name: &str| -> Result<Option<Jinja>, Error> {
        match arguments.get(index) {
            Some(value) => Ok(Some(value.clone())),
            None => options.get(name),
        }
    };
    let length = at(0, "length")?.and_then(|v| v.as_usize()).unwrap_or(255);
    let kill_words = at(1, "killwords")?.is_some_and(|v| v.is_true());
    let end = at(2, "end")?.map_or_else(|| Ok("...".to_owned()), |v| text_of(&v))?;
    let leeway = at(3, "leeway")?.and_then(|v| v.as_usize()).unwrap_or(5);
    options.assert_all_used()?;
    let text = text_of(value)?;
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text);
    }
    let cut: String = text.chars().take(length.saturating_sub(end.chars().count())).collect();
    let kept = if kill_words { cut.as_str() } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(before, _)| before) };
    Ok(format!("{kept}{end}"))
}

fn striptags(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
