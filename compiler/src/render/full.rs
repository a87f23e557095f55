//! Each fault with the source lines it is about.
//!
//! The drawing is annotate-snippets'; what it is given is prepared here: only the lines that matter (a file may have millions), with very long ones cut
//! around what is marked.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Padding, Renderer, Snippet};

use super::one_line;
use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span};

/// Marked places in one file that are this close share an excerpt.
const NEAR_LINES: u32 = 20;
/// Of a place that goes on for longer, the first line is marked.
const MAX_LINES: u32 = 6;
/// The code of secrets, which a report must not spread further.
const SECRET: &str = "X001";
/// Longer lines are cut.
const MAX_LINE: usize = 160;
/// How much of a cut line is shown before what is marked.
const BEFORE: usize = 60;

pub(super) fn render(diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let renderer = renderer.term_width(MAX_LINE * 2);
    let hidden: Vec<&Span> = diagnostics.iter().filter(|d| d.code == SECRET).filter_map(|d| d.span.as_ref()).collect();
    diagnostics.iter().map(|d| one(&renderer, d, &hidden)).collect()
}

/// `hidden` is not shown, whatever it is drawn for.
fn one(renderer: &Renderer, diagnostic: &Diagnostic, hidden: &[&Span]) -> String {
    let excerpts: Vec<Excerpt<'_>> = excerpts(diagnostic);
    let drawings: Vec<Drawing<'_>> = excerpts.iter().map(|e| e.draw(hidden)).collect();
    let places: Vec<(String, String)> = drawings.iter().filter_map(|d| d.place.clone()).collect();
    let mut out = renderer.render(&[group(diagnostic, drawings)]);
    for (drawn, real) in places {
        out = out.replacen(&drawn, &real, 1);
    }
    out + "\n\n"
}

fn group<'a>(diagnostic: &'a Diagnostic, drawings: Vec<Drawing<'a>>) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO.with_name("hint"),
    };
    let mut group = level.primary_title(one_line(&diagnostic.message)).id(diagnostic.code).elements(Vec::<Element<'_>>::new());
    for drawing in drawings {
        group = group.element(drawing.snippet);
    }
    if let Some(help) = &diagnostic.help {
        if diagnostic.span.is_some() {
            group = group.element(Padding);
        }
        group = group.element(Level::HELP.message(one_line(help)));
    }
    group
}

/// A place to mark, within its file and on character boundaries.
struct Mark<'a> {
    file: &'a Arc<SourceFile>,
    range: Range<usize>,
    lines: Range<u32>,
    text: &'a str,
    primary: bool,
}

impl<'a> Mark<'a> {
    fn new(span: &'a Span, text: &'a str, primary: bool) -> Self {
        let source = span.file.text.as_str();
        let start = boundary(source, span.start as usize);
        let mut end = boundary(source, (span.end as usize).max(start));
        // The end of a place that stops at a line break is on the line before.
        while end > start && matches!(source.as_bytes()[end - 1], b'\n' | b'\r') {
            end -= 1;
        }
        let line_of = |offset: usize| span.file.position(u32::try_from(offset).unwrap_or(u32::MAX)).0;
        let first = line_of(start);
        let mut last = line_of(end);
        if last - first >= MAX_LINES {
            end = start + source[start..].find(['\n', '\r']).unwrap_or(0);
            last = first;
        }
        Self { file: &span.file, range: start..end, lines: first..last + 1, text, primary }
    }
}

/// Neighbouring lines of one file with all that is marked in them.
struct Excerpt<'a> {
    file: &'a Arc<SourceFile>,
    marks: Vec<Mark<'a>>,
    lines: Range<u32>,
}

struct Drawing<'a> {
    snippet: Snippet<'a, Annotation<'a>>,
    place: Option<(String, String)>,
}

fn excerpts(diagnostic: &Diagnostic) -> Vec<Excerpt<'_>> {
    let primary = diagnostic.span.iter().map(|s| Mark::new(s, &diagnostic.label, true));
    let others = diagnostic.labels.iter().map(|l| Mark::new(&l.span, &l.text, false));
    let mut excerpts: Vec<Excerpt<'_>> = Vec::new();
    for mark in primary.chain(others) {
        let near = excerpts.iter_mut().find(|e| {
            Arc::ptr_eq(e.file, mark.file) && mark.lines.start < e.lines.end + NEAR_LINES && e.lines.start < mark.lines.end + NEAR_LINES
        });
        match near {
            Some(excerpt) => {
                excerpt.lines = excerpt.lines.start.min(mark.lines.start)..excerpt.lines.end.max(mark.lines.end);
                excerpt.marks.push(mark);
            }
            None => excerpts.push(Excerpt { file: mark.file, lines: mark.lines.clone(), marks: vec![mark] }),
        }
    }
    excerpts
}

impl<'a> Excerpt<'a> {
    fn draw(&self, hidden: &[&Span]) -> Drawing<'a> {
        let mut text = String::new();
        let mut ranges: Vec<Range<usize>> = vec![0..0; self.marks.len()];
        for line in self.lines.clone() {
            let start = self.file.line_start(line) as usize;
            let shown = self.file.line(line);
            let kept = self.kept(start, shown);
            let left_out = (kept.start > 0, kept.end < shown.len());
            text.push_str(if left_out.0 { "…" } else { "" });
            let base = text.len();
            text.push_str(&self.redacted(start, shown, hidden)[kept.clone()]);
            for (mark, range) in self.marks.iter().zip(&mut ranges) {
                let place = |offset: usize| base + offset.saturating_sub(start).clamp(kept.start, kept.end) - kept.start;
                if mark.lines.start == line {
                    range.start = place(mark.range.start);
                }
                if mark.lines.end == line + 1 {
                    range.end = place(mark.range.end);
                }
            }
            text.push_str(if left_out.1 { "…" } else { "" });
            text.push('\n');
        }
        let annotations_start = ranges.first().map_or(0, |r| r.start.min(text.len()));
        let annotations: Vec<Annotation<'a>> = self
            .marks
            .iter()
            .zip(ranges)
            .map(|(mark, range)| {
                let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                let end = boundary(&text, range.end);
                let start = boundary(&text, range.start.min(end));
                let annotation = kind.span(start..end);
                if mark.text.is_empty() { annotation } else { annotation.label(one_line(mark.text)) }
            })
            .collect();
        let path = one_line(&self.file.path);
        let place = self.place(&path, &text, annotations_start);
        let snippet = Snippet::source(text).path(path).line_start(self.lines.start as usize).fold(true).annotations(annotations);
        Drawing { snippet, place }
    }

    /// A line that starts at `start`, with stars in the place of what is not to be seen. Every byte keeps its place.
    fn redacted(&self, start: usize, line: &str, hidden: &[&Span]) -> String {
        let mut line = line.to_owned();
        for span in hidden.iter().filter(|s| Arc::ptr_eq(&s.file, self.file)) {
            let end = (span.end as usize).saturating_sub(start).min(line.len());
            let from = (span.start as usize).saturating_sub(start).min(end);
            let (from, end) = (boundary(&line, from), boundary(&line, end));
            let stars: String = line[from..end].chars().map(|c| if c.is_ascii() { '*' } else { c }).collect();
            line.replace_range(from..end, &stars);
        }
        line
    }

    /// What will be drawn as the place of this excerpt, and what it is, if a cut line makes them differ.
    fn place(&self, path: &str, shown: &str, shown_at: usize) -> Option<(String, String)> {
        let real_at = self.marks.first()?.range.start;
        let (line, real) = self.file.position(u32::try_from(real_at).unwrap_or(u32::MAX));
        let before = shown.get(..shown_at)?;
        let drawn = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (drawn != real as usize).then(|| (format!("{path}:{line}:{drawn}\n"), format!("{path}:{line}:{real}\n")))
    }

    /// The part of a line that is shown: all of it, or a window around the first thing marked on it.
    fn kept(&self, start: usize, line: &str) -> Range<usize> {
        if line.len() <= MAX_LINE {
            return 0..line.len();
        }
        let marked =
            self.marks.iter().filter(|m| m.range.start >= start && m.range.start <= start + line.len()).map(|m| m.range.start - start);
        let from = boundary(line, marked.min().unwrap_or(0).saturating_sub(BEFORE));
        from..boundary(line, from + MAX_LINE)
    }
}

/// The closest place at or before `offset` where a character starts.
fn boundary(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset.min(text.len()))
}
