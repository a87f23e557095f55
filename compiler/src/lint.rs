//! What a project says about checks: levels in project.yaml (`lint`), and comments that ignore a fault where it is.
//!
//! Takes all faults of a compile; gives those that are left, with the severity they are to have. An error that leaves no plan stays an error.

mod glob;
mod ignore;

use std::sync::Arc;

use crate::codes::{self, CODES, Code};
use crate::diagnostic::{Diagnostic, Severity, SourceFile};
use crate::project::Options;
use crate::syntax::fields::{kind_name, not_a_choice, scalar, wrong_kind};
use crate::yaml::{self, Entry, Node};

/// Errors with which a plan can be made all the same: a comment or a level may make them less. Unknown keys are among them one by one
/// ([`Diagnostic::bearable`]).
pub const BEARABLE: [&str; 3] = ["R208", "V401", "V405"];

/// What a check's findings count as.
pub const LEVELS: [&str; 4] = ["error", "warning", "hint", "off"];

/// The key of `lint` that has levels for some files.
const PATHS: &str = "paths";

/// `lint` of project.yaml.
#[derive(Debug, Default)]
pub struct Lint {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    /// Which files; all where there is none.
    paths: Option<String>,
    select: Select,
    /// `None`: off.
    level: Option<Severity>,
}

/// The less specific comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Select {
    All,
    /// The start of a code: `V`, `V4`.
    Start(&'static str, usize),
    Code(&'static str),
}

impl Select {
    fn of(text: &str) -> Option<Self> {
        if text == "all" {
            return Some(Self::All);
        }
        if let Some(code) = named(text) {
            return Some(Self::Code(code.code));
        }
        let has_start = |c: &&Code| !text.is_empty() && c.code.get(..text.len()).is_some_and(|s| s.eq_ignore_ascii_case(text));
        CODES.iter().find(has_start).map(|c| Self::Start(c.code, text.len()))
    }

    fn has(self, code: &str) -> bool {
        match self {
            Self::All => true,
            Self::Start(like, length) => code.get(..length) == like.get(..length),
            Self::Code(name) => code == name,
        }
    }
}

/// The code of that name, written as code or name.
fn named(text: &str) -> Option<&'static Code> {
    codes::find(text).or_else(|| CODES.iter().find(|c| c.name == text))
}

/// Reads `lint`.
pub fn read(node: &Node, faults: &mut Vec<Diagnostic>) -> Lint {
    let mut lint = Lint::default();
    for entry in entries(node, "'lint'", faults) {
        if entry.key == PATHS {
            for paths in entries(&entry.value, "'paths' in 'lint'", faults) {
                for level in entries(&paths.value, "the levels of a path", faults) {
                    lint.rules.extend(rule(level, Some(&paths.key), faults));
                }
            }
        } else {
            lint.rules.extend(rule(entry, None, faults));
        }
    }
    lint
}

fn entries<'n>(node: &'n Node, what: &str, faults: &mut Vec<Diagnostic>) -> &'n [Entry] {
    match &node.kind {
        yaml::Kind::Mapping(entries) => entries,
        yaml::Kind::Scalar(_) | yaml::Kind::Sequence(_) => {
            faults.push(wrong_kind(node, what, "a mapping, such as {P603: error, V: hint}"));
            &[]
        }
    }
}

fn rule(entry: &Entry, paths: Option<&str>, faults: &mut Vec<Diagnostic>) -> Option<Rule> {
    let Some(select) = Select::of(&entry.key) else {
        let fault = Diagnostic::error("S103", entry.key_span.clone(), format!("unknown key '{}' in 'lint'", entry.key));
        faults.push(fault.help(match codes::suggest(&entry.key) {
            Some(near) => format!("did you mean '{}' ({})?", near.code, near.name),
            None => "write a code (P603), its name (slash-comment), the start of codes (P), all, or paths".to_owned(),
        }));
        return None;
    };
    let Some(text) = scalar(&entry.value).map(|s| s.text.as_str()) else {
        let message = format!("'{}' in 'lint' must be a level, but is {}", entry.key, kind_name(&entry.value));
        faults.push(Diagnostic::error("S106", entry.value.span.clone(), message).help(format!("one of: {}", LEVELS.join(", "))));
        return None;
    };
    let level = match text {
        "error" => Some(Severity::Error),
        "warning" => Some(Severity::Warning),
        "hint" => Some(Severity::Hint),
        "off" => None,
        _ => {
            faults.push(not_a_choice("level", text, &entry.value.span, &LEVELS, &[]));
            return None;
        }
    };
    if let Select::Code(code) = select
        && level != Some(Severity::Error)
        && always_error(code)
    {
        let message = format!("{code} stays an error: with it there is no plan");
        faults.push(Diagnostic::error("S107", entry.value.span.clone(), message).help(format!("take '{}' out of 'lint'", entry.key)));
        return None;
    }
    Some(Rule { paths: paths.map(str::to_owned), select, level })
}

/// No finding of this check can be less than an error.
fn always_error(code: &str) -> bool {
    let severity = codes::find(code).map(|c| c.severity);
    severity == Some(Severity::Error) && code != "S103" && !BEARABLE.contains(&code)
}

/// A plan can be made although this is found.
fn is_bearable(fault: &Diagnostic) -> bool {
    fault.severity != Severity::Error || fault.bearable || BEARABLE.contains(&fault.code)
}

impl Lint {
    /// The most specific rule for a code in a file: one for paths before one for all files, a code before its start; of equals, the last.
    fn rule(&self, code: &str, path: &str) -> Option<&Rule> {
        let fits = |r: &&Rule| r.select.has(code) && r.paths.as_ref().is_none_or(|p| glob::matches(p, path));
        let rank = |r: &Rule| match r.select {
            Select::All => 0,
            Select::Start(_, length) => length,
            Select::Code(_) => usize::MAX,
        };
        self.rules.iter().filter(fits).max_by_key(|r| (r.paths.is_some(), rank(r)))
    }

    /// The fault at its level; `None` where it is off.
    fn leveled(&self, mut fault: Diagnostic) -> Option<Diagnostic> {
        let path = fault.span.as_ref().map_or("", |s| s.file.path.as_str());
        let Some(rule) = self.rule(fault.code, path) else { return Some(fault) };
        if !is_bearable(&fault) {
            return Some(fault);
        }
        fault.severity = rule.level?;
        Some(fault)
    }
}

/// Leaves out what comments in `files` ignore, adds what is wrong with those comments, and gives each fault its level.
#[must_use]
pub fn apply(lint: &Lint, files: &[&Arc<SourceFile>], options: &Options, faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let faults = ignore::apply(files, options, faults);
    let lenient = |mut fault: Diagnostic| {
        if options.lenient && fault.code == "S103" && fault.bearable {
            fault.severity = Severity::Warning;
        }
        fault
    };
    faults.into_iter().map(lenient).filter_map(|f| lint.leveled(f)).collect()
}
