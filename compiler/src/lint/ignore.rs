//! `# sequor: ignore[P603, V402]`: on the line of a fault or alone on a line above it. Inside of a snippet it is the snippet's own comment (`#` in
//! Python, `--` in SQL).

use std::sync::Arc;

use super::{is_bearable, named};
use crate::codes;
use crate::diagnostic::{Diagnostic, Fix, Severity, SourceFile, Span};
use crate::project::Options;
use crate::yaml::{self, Kind, Node, Style};

const MARK: &str = "sequor:";

/// One comment.
struct Comment {
    file: Arc<SourceFile>,
    /// From its mark (`#`) to the end of the line.
    start: usize,
    end: usize,
    /// The whole line is the comment.
    alone: bool,
    /// The line whose faults are meant.
    line: u32,
    /// What stands between the brackets.
    list: (usize, usize),
    names: Vec<Name>,
}

/// One code of a comment.
struct Name {
    start: usize,
    end: usize,
    code: Option<&'static str>,
    used: bool,
}

/// Leaves out faults that comments ignore. Adds M006 for what ignores nothing, and M007 for what names no code.
pub(super) fn apply(files: &[&Arc<SourceFile>], options: &Options, faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut comments: Vec<Comment> = files.iter().flat_map(|f| comments(f)).collect();
    if comments.is_empty() {
        return faults;
    }
    let mut found = Vec::new();
    let mut left: Vec<Diagnostic> = Vec::new();
    for fault in faults {
        let meant = comments.iter_mut().find_map(|c| c.name_of(&fault));
        match meant {
            Some((name, _)) if is_bearable(&fault) => name.used = true,
            Some((name, span)) => {
                name.used = true;
                let message = format!("{} cannot be ignored: with it there is no plan", fault.code);
                found.push(Diagnostic::warning("M006", span, message).help("mend the fault, and take the code out of this comment"));
                left.push(fault);
            }
            None => left.push(fault),
        }
    }
    let has_error = |file: &Arc<SourceFile>| left.iter().any(|f| f.severity == Severity::Error && at(f, &file.path));
    for comment in &comments {
        found.extend(comment.unknown());
        // Behind an error, checks may not have been made.
        if !has_error(&comment.file) {
            found.extend(comment.unused(options));
        }
    }
    left.extend(found);
    left
}

fn at(fault: &Diagnostic, path: &str) -> bool {
    fault.span.as_ref().is_some_and(|s| s.file.path == path)
}

impl Comment {
    /// The code in this comment that means the fault, and where it stands.
    fn name_of(&mut self, fault: &Diagnostic) -> Option<(&mut Name, Span)> {
        let span = fault.span.as_ref()?;
        if span.file.path != self.file.path || span.file.position(span.start).0 != self.line {
            return None;
        }
        let file = self.file.clone();
        let name = self.names.iter_mut().find(|n| n.code == Some(fault.code))?;
        let place = place(&file, name.start, name.end);
        Some((name, place))
    }

    fn unknown(&self) -> Vec<Diagnostic> {
        let here = |start, end| place(&self.file, start, end);
        if self.names.is_empty() {
            let fault = Diagnostic::warning("M007", here(self.start, self.end), "this comment names no code, so it ignores nothing");
            return vec![fault.help("write the codes in brackets: sequor: ignore[P603]")];
        }
        let unknown = self.names.iter().filter(|n| n.code.is_none()).map(|name| {
            let text = &self.file.text[name.start..name.end];
            let fault = Diagnostic::warning("M007", here(name.start, name.end), format!("there is no code '{text}' to ignore"));
            fault.help(match codes::suggest(text) {
                Some(near) => format!("did you mean {} ({})?", near.code, near.name),
                None => "'sequor explain' lists all codes".to_owned(),
            })
        });
        unknown.collect()
    }

    fn unused(&self, options: &Options) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        for (i, name) in self.names.iter().enumerate() {
            let Some(code) = name.code else { continue };
            if name.used || depends_on_environment(code, options) {
                continue;
            }
            let message = format!("line {} has no {code} that this comment could ignore", self.line);
            let fault = Diagnostic::warning("M006", place(&self.file, name.start, name.end), message).help("take it out");
            faults.push(fault.fix(Fix { description: "take it out".to_owned(), edits: vec![self.without(i)] }));
        }
        faults
    }

    /// The edit that takes out one code: the whole comment where it has no other.
    fn without(&self, i: usize) -> (Span, String) {
        if self.names.len() > 1 {
            let rest: Vec<&str> =
                self.names.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, n)| &self.file.text[n.start..n.end]).collect();
            return (place(&self.file, self.list.0, self.list.1), rest.join(", "));
        }
        let text = &self.file.text;
        let (mut start, mut end) = (self.start, self.end);
        if self.alone {
            start = text[..start].rfind('\n').map_or(0, |i| i + 1);
            end = text[end..].find('\n').map_or(text.len(), |i| end + i + 1);
        } else {
            start = text[..start].trim_end_matches([' ', '\t']).len();
        }
        (place(&self.file, start, end), String::new())
    }
}

/// Whether the fault may be there with another `--env`.
fn depends_on_environment(code: &str, options: &Options) -> bool {
    match code {
        "R207" | "R208" => true,
        "V401" | "V402" => options.env.is_some() || !options.variables.is_empty(),
        _ => false,
    }
}

fn place(file: &Arc<SourceFile>, start: usize, end: usize) -> Span {
    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Span { file: file.clone(), start: clamp(start), end: clamp(end) }
}

fn comments(file: &Arc<SourceFile>) -> Vec<Comment> {
    let text = &file.text;
    if !text.contains(MARK) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut found = Vec::new();
    let mut start = 0;
    for (i, line) in lines.iter().enumerate() {
        if let Some(comment) = comment(file, start, line, (i, &lines)) {
            found.push(comment);
        }
        start += line.len();
    }
    if !found.is_empty() {
        let mut texts = Vec::new();
        yaml::parse(file).0.iter().for_each(|node| quoted(node, &mut texts));
        found.retain(|c| !texts.iter().any(|(start, end)| (*start..*end).contains(&c.start)));
    }
    found
}

fn comment(file: &Arc<SourceFile>, line_start: usize, line: &str, (i, lines): (usize, &[&str])) -> Option<Comment> {
    let line = line.trim_end();
    let mark = line.find(MARK)?;
    let before = line[..mark].trim_end();
    let sign = ["#", "--", "//"].into_iter().find(|s| before.ends_with(s))?;
    let sign_at = before.len() - sign.len();
    let after = line[mark + MARK.len()..].trim_start();
    let rest = after.strip_prefix("ignore")?;
    if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-') {
        return None;
    }
    let alone = line[..sign_at].trim().is_empty();
    let list_start = line.len() - rest.trim_start().len() + 1;
    let inside = rest.trim_start().strip_prefix('[').and_then(|r| r.split_once(']')).map_or("", |(inside, _)| inside);
    let mut names = Vec::new();
    let mut at = line_start + list_start;
    for part in inside.split(',') {
        let from = at + (part.len() - part.trim_start().len());
        let name = part.trim();
        if !name.is_empty() {
            names.push(Name { start: from, end: from + name.len(), code: named(name).map(|c| c.code), used: false });
        }
        at += part.len() + 1;
    }
    let skipped = |l: &&&str| l.trim().is_empty() || l.trim_start().starts_with('#');
    let line_number = if alone { i + 1 + lines[i + 1..].iter().take_while(skipped).count() } else { i };
    Some(Comment {
        file: file.clone(),
        start: line_start + sign_at,
        end: line_start + line.len(),
        alone,
        line: u32::try_from(line_number + 1).unwrap_or(u32::MAX),
        list: (line_start + list_start, line_start + list_start + inside.len()),
        names,
    })
}

/// Where text stands that has no comments: what looks like one in it is text.
fn quoted(node: &Node, out: &mut Vec<(usize, usize)>) {
    match &node.kind {
        Kind::Scalar(s) => match s.style {
            Style::SingleQuoted | Style::DoubleQuoted | Style::Plain => out.push((node.span.start as usize, node.span.end as usize)),
            Style::Literal | Style::Folded => {}
        },
        Kind::Sequence(items) => items.iter().for_each(|n| quoted(n, out)),
        Kind::Mapping(entries) => entries.iter().for_each(|e| quoted(&e.value, out)),
    }
}
