//! Y011: characters that nobody sees and that change what a text means, or the order in which it is read.

use std::sync::Arc;

use super::span;
use crate::diagnostic::{Diagnostic, Fix, SourceFile};

/// One report a line, and no more than this for a file: the first ones say it all.
const MAX_REPORTS: usize = 20;

pub(super) fn check(file: &Arc<SourceFile>) -> Vec<Diagnostic> {
    if file.text.is_ascii() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        if faults.len() == MAX_REPORTS {
            break;
        }
        faults.extend(in_line(file, start, line));
        start += line.len();
    }
    faults
}

fn in_line(file: &Arc<SourceFile>, start: usize, line: &str) -> Option<Diagnostic> {
    let comment = line.trim_start().starts_with('#');
    let mut before = None;
    for (i, c) in line.char_indices() {
        let at = start + i;
        // A byte order mark belongs at the start of a file.
        let found = if at == 0 && c == '\u{FEFF}' { None } else { name(c) };
        let Some((name, kind)) = found else {
            before = Some(c);
            continue;
        };
        let next = line[i + c.len_utf8()..].chars().next();
        let harmless = match kind {
            Kind::Order => false,
            Kind::Blank => comment,
            // Part of a letter or an emoji in many scripts.
            Kind::Joiner => comment || (is_wide(before) && is_wide(next)),
        };
        if harmless {
            before = Some(c);
            continue;
        }
        let place = span(file, at, at + c.len_utf8());
        let replacement = if c == '\u{A0}' { " " } else { "" };
        let escape = if u32::from(c) < 0x100 { format!("\\x{:02X}", u32::from(c)) } else { format!("\\u{:04X}", u32::from(c)) };
        let fault = Diagnostic::warning("Y011", place.clone(), format!("invisible character U+{:04X} ({name})", u32::from(c)))
            .label("here")
            .help(format!("remove it; if it is meant, write `{escape}` in double quotes"))
            .fix(Fix { description: "remove it".to_owned(), edits: vec![(place, replacement.to_owned())] });
        return Some(fault);
    }
    None
}

enum Kind {
    /// Changes the order in which text is shown.
    Order,
    Blank,
    Joiner,
}

fn name(c: char) -> Option<(&'static str, Kind)> {
    Some(match c {
        '\u{A0}' => ("no-break space", Kind::Blank),
        '\u{AD}' => ("soft hyphen", Kind::Blank),
        '\u{200B}' => ("zero width space", Kind::Blank),
        '\u{200C}' => ("zero width non-joiner", Kind::Joiner),
        '\u{200D}' => ("zero width joiner", Kind::Joiner),
        '\u{2060}' => ("word joiner", Kind::Blank),
        '\u{2061}'..='\u{2064}' => ("invisible operator", Kind::Blank),
        '\u{2028}' => ("line separator", Kind::Blank),
        '\u{2029}' => ("paragraph separator", Kind::Blank),
        '\u{FEFF}' => ("byte order mark inside the text", Kind::Blank),
        '\u{061C}' | '\u{200E}' | '\u{200F}' => ("direction mark", Kind::Order),
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => ("bidirectional control", Kind::Order),
        _ => return None,
    })
}

fn is_wide(c: Option<char>) -> bool {
    c.is_some_and(|c| !c.is_ascii())
}
