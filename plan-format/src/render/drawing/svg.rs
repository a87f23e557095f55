//! A picture: boxes in boxes, without scripts or anything from outside.
//!
//! What a step owns stands inside its box: alternatives and branches side by side, `finally` below. [`layout`] gives sizes, from the inside out.

mod layout;

use super::{AreaKind, Drawing, StepBox};
use layout::{AreaLayout, CHARACTER_TENTHS, FlowLayout, GAP, LINE, PADDING, PILL_HEIGHT, PILL_WIDTH, RAIL, StepLayout};

/// Between the flows, and around them.
const MARGIN: usize = 24;

/// Light, and dark where the reader's system is. Readers without media queries show it light.
const STYLE: &str = "
text { font: 12px 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1b1f24; white-space: pre; }
.head { font-weight: bold; }
.page { fill: #ffffff; }
.flow { fill: #f6f8fa; stroke: #8c959f; }
.step, .pill { fill: #ffffff; stroke: #57606a; }
.area { fill: #eef2f6; stroke: #afb8c1; }
.catch { fill: #fdf0ef; stroke: #cf6a61; }
.never { stroke-dasharray: 4 3; }
.way { fill: none; stroke: #57606a; }
.error { fill: none; stroke: #cf4a3f; stroke-dasharray: 4 3; }
.tip { fill: #57606a; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.page { fill: #0d1117; }
.flow { fill: #161b22; stroke: #6e7681; }
.step, .pill { fill: #0d1117; stroke: #8b949e; }
.area { fill: #21262d; stroke: #484f58; }
.catch { fill: #2d1b1b; stroke: #b5534a; }
.way { stroke: #8b949e; }
.error { stroke: #e5645a; }
.tip { fill: #8b949e; }
}
";

/// The drawing as one SVG document.
#[must_use]
pub fn svg(drawing: &Drawing) -> String {
    let flows: Vec<FlowLayout<'_>> = drawing.flows.iter().map(FlowLayout::of).collect();
    let width = flows.iter().map(|flow| flow.width).max().unwrap_or_default() + 2 * MARGIN;
    let height = flows.iter().map(|flow| flow.height + MARGIN).sum::<usize>() + MARGIN;
    let mut out = Picture { text: String::new() };
    out.line(&format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">"#));
    out.line(&format!("<style>{STYLE}</style>"));
    out.line(
        r#"<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>"#,
    );
    out.line(r#"<rect class="page" width="100%" height="100%"/>"#);
    let mut top = MARGIN;
    for flow in &flows {
        out.flow(flow, MARGIN, top);
        top += flow.height + MARGIN;
    }
    out.line("</svg>");
    out.text
}

struct Picture {
    text: String,
}

/// Recursion is bounded by the depth of blocks.
impl Picture {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn rect(&mut self, class: &str, [left, top, width, height]: [usize; 4], radius: usize) {
        self.line(&format!(r#"<rect class="{class}" x="{left}" y="{top}" width="{width}" height="{height}" rx="{radius}"/>"#));
    }

    /// One line, its upper edge at `top`.
    fn words(&mut self, class: &str, left: usize, top: usize, words: &str) {
        self.line(&format!(r#"<text class="{class}" x="{left}" y="{}">{}</text>"#, top + LINE - 4, escaped(words)));
    }

    fn arrow(&mut self, class: &str, way: &str) {
        self.line(&format!(r#"<path class="{class}" d="{way}" marker-end="url(#tip)"/>"#));
    }

    fn pill(&mut self, center: usize, top: usize, words: &str) {
        self.rect("pill", [center - PILL_WIDTH / 2, top, PILL_WIDTH, PILL_HEIGHT], PILL_HEIGHT / 2);
        let half = words.chars().count() * CHARACTER_TENTHS / 20;
        self.words("", center - half, top + (PILL_HEIGHT - LINE) / 2, words);
    }

    fn flow(&mut self, flow: &FlowLayout<'_>, left: usize, top: usize) {
        self.line(&format!(r#"<g id="flow{}">"#, flow.flow.id.0));
        self.rect("flow", [left, top, flow.width, flow.height], 6);
        for (index, line) in flow.lines.iter().enumerate() {
            self.words(if index == 0 { "head" } else { "" }, left + PADDING, top + PADDING + index * LINE, line);
        }
        let center = left + flow.width / 2;
        let mut at = top + flow.head();
        self.pill(center, at, "start");
        at += PILL_HEIGHT;
        for step in &flow.steps {
            if step.step.is_reached {
                self.arrow("way", &format!("M{center} {at}V{}", at + GAP));
            }
            at += GAP;
            self.step(step, center - step.width / 2, at);
            at += step.height;
        }
        if flow.flow.ends {
            self.arrow("way", &format!("M{center} {at}V{}", at + GAP));
            self.pill(center, at + GAP, "end");
        }
        self.line("</g>");
    }

    fn step(&mut self, step: &StepLayout<'_>, left: usize, top: usize) {
        let link = step.step.calls.map(|flow| format!(r##"<a href="#flow{}">"##, flow.0));
        self.line(link.as_deref().unwrap_or("<g>"));
        self.line(&format!("<title>{}</title>", escaped(&hint(step.step))));
        self.rect(if step.step.is_reached { "step" } else { "step never" }, [left, top, step.width, step.height], 3);
        for (index, line) in step.lines.iter().enumerate() {
            self.words(if index == 0 { "head" } else { "" }, left + PADDING, top + PADDING + index * LINE, line);
        }
        self.line(if link.is_some() { "</a>" } else { "</g>" });
        self.areas(step, left, top + step.head());
    }

    /// The areas of a step whose box starts at `left`, in a row that starts at `top`.
    fn areas(&mut self, step: &StepLayout<'_>, left: usize, top: usize) {
        let bottom = top + step.row_height;
        let mut at = left + PADDING;
        let mut before = None;
        for area in &step.row {
            self.area(area, [at, top, area.width, step.row_height]);
            if area.area.kind == AreaKind::Catch
                && let Some(before) = before
            {
                self.arrow("error", &format!("M{before} {0}H{at}", top + PADDING + LINE / 2));
            }
            if step.finally.is_some() {
                self.arrow("way", &format!("M{} {bottom}V{}", at + area.width / 2, bottom + GAP));
            }
            before = Some(at + area.width);
            at += area.width + GAP;
        }
        if let Some(finally) = &step.finally {
            self.area(finally, [left + PADDING, bottom + GAP, step.width - 2 * PADDING, finally.height]);
        }
    }

    fn area(&mut self, layout: &AreaLayout<'_>, [left, top, width, height]: [usize; 4]) {
        let class = match layout.area.kind {
            AreaKind::Catch => "catch",
            AreaKind::Choice | AreaKind::Loop { .. } | AreaKind::Body | AreaKind::Finally | AreaKind::Branch => "area",
        };
        self.rect(class, [left, top, width, height], 3);
        self.words("head", left + PADDING, top + PADDING, &layout.label);
        let inside = top + layout.head();
        if layout.steps.is_empty() {
            self.words("", left + PADDING, inside, layout::NO_STEPS);
        }
        let center = left + width / 2;
        let mut at = inside;
        for (index, step) in layout.steps.iter().enumerate() {
            if index > 0 {
                if step.step.is_reached {
                    self.arrow("way", &format!("M{center} {at}V{}", at + GAP));
                }
                at += GAP;
            }
            self.step(step, center - step.width / 2, at);
            at += step.height;
        }
        // The way to the next round.
        if layout.repeats() {
            let rail = left + PADDING + RAIL / 2;
            self.arrow("way", &format!("M{center} {at}V{0}H{rail}V{inside}", at + RAIL / 2));
        }
    }
}

/// All that is known of a step, uncut.
fn hint(step: &StepBox) -> String {
    let head = format!("{} ({})", step.head(), step.place);
    std::iter::once(head).chain(step.details()).collect::<Vec<_>>().join("\n")
}

/// Text in XML. Characters that XML 1.0 does not have are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
