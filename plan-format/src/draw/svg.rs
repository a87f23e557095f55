//! Boxes within boxes: what runs one after the other stands below each other, what a step chooses from or runs at once stands side by side.
//!
//! The file needs nothing beside it: no font, no script, no picture. Its colours follow the reader's light or dark setting.

use super::outline::{Block, Outline, Role, Step, Way};

/// Pixels.
const CHARACTER: u32 = 8;
const LINE: u32 = 18;
const PADDING: u32 = 10;
/// Between a step and the next, where the arrow is.
const ARROW: u32 = 22;
const GAP: u32 = 16;
const NARROWEST: u32 = 120;

const STYLE: &str = "\
    :root { color-scheme: light dark; --ink: #1f2328; --paper: #ffffff; --line: #8c959f; --effect: #ddf4ff; --steer: #fff8c5; --leave: #ffebe9; --call: #dafbe1; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --line: #6e7681; --effect: #0c2d6b; --steer: #4b2900; --leave: #5d0f12; --call: #033a16; } }
    svg { background: var(--paper); }
    text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: var(--ink); }
    .title { font-weight: bold; }
    rect { stroke: var(--line); fill: none; rx: 6px; }
    rect.effect { fill: var(--effect); } rect.steer { fill: var(--steer); } rect.leave { fill: var(--leave); } rect.call { fill: var(--call); }
    rect.block { stroke-dasharray: 4 3; }
    path { stroke: var(--line); fill: none; } marker path { fill: var(--line); }
";

pub(super) fn draw(flows: &[Outline]) -> String {
    let mut body = String::new();
    let (mut y, mut widest) = (PADDING, 0);
    for flow in flows {
        let parameters = if flow.parameters.is_empty() { String::new() } else { format!(" ({})", flow.parameters.join(", ")) };
        let title = format!("flow {}{parameters}", flow.name);
        text(&mut body, PADDING, y + LINE - 4, &title, true);
        y += LINE + PADDING;
        let size = stack_size(&flow.steps);
        stack(&mut body, &flow.steps, PADDING, y, size.width);
        y += size.height + 2 * GAP;
        widest = widest.max(size.width).max(width_of(&title));
    }
    let (width, height) = (widest + 2 * PADDING, y);
    let mut svg =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n");
    svg.push_str(&format!("  <style>\n{STYLE}  </style>\n"));
    svg.push_str("  <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\"/></marker></defs>\n");
    svg.push_str(&body);
    svg.push_str("</svg>\n");
    svg
}

#[derive(Clone, Copy, Default)]
struct Size {
    width: u32,
    height: u32,
}

/// Recursion, here and below, is bounded by the depth of blocks.
fn size(step: &Step) -> Size {
    let lines = head(step);
    let widest = lines.iter().map(|line| width_of(line)).max().unwrap_or_default();
    let (width, height) = (widest.max(NARROWEST) + 2 * PADDING, count(lines.len()) * LINE + PADDING);
    if step.blocks.is_empty() {
        return Size { width, height };
    }
    let blocks: Vec<Size> = step.blocks.iter().map(block_size).collect();
    let beside: u32 = blocks.iter().map(|block| block.width).sum::<u32>() + GAP * count(blocks.len() + 1);
    let tallest = blocks.iter().map(|block| block.height).max().unwrap_or_default();
    Size { width: width.max(beside), height: height + tallest + GAP }
}

fn block_size(block: &Block) -> Size {
    let inside = stack_size(&block.steps);
    Size { width: inside.width.max(width_of(&block_title(block))) + 2 * PADDING, height: inside.height + LINE + 2 * PADDING }
}

fn stack_size(steps: &[Step]) -> Size {
    let sizes: Vec<Size> = steps.iter().map(size).collect();
    let width = sizes.iter().map(|size| size.width).max().unwrap_or(NARROWEST);
    Size { width, height: sizes.iter().map(|size| size.height).sum::<u32>() + ARROW * count(sizes.len().saturating_sub(1)) }
}

/// Steps below each other, in the middle of a width.
fn stack(body: &mut String, steps: &[Step], x: u32, mut y: u32, width: u32) {
    let middle = x + width / 2;
    for (index, step) in steps.iter().enumerate() {
        if index > 0 {
            body.push_str(&format!("  <path d=\"M{middle} {y}v{}\" marker-end=\"url(#tip)\"/>\n", ARROW - 2));
            y += ARROW;
        }
        let size = size(step);
        draw_step(body, step, x + (width - size.width) / 2, y, size);
        y += size.height;
    }
}

fn draw_step(body: &mut String, step: &Step, x: u32, y: u32, size: Size) {
    let class = match step.way {
        Way::On => "effect",
        Way::Choice { .. } | Way::Loop | Way::Try | Way::All => "steer",
        Way::Call(_) => "call",
        Way::Break | Way::Continue | Way::Return | Way::Fail => "leave",
    };
    rect(body, class, x, y, size);
    let mut line = y + LINE;
    for (index, words) in head(step).iter().enumerate() {
        text(body, x + PADDING, line - 3, words, index == 0);
        line += LINE;
    }
    let mut left = x + GAP;
    let top = line - LINE + PADDING;
    for block in &step.blocks {
        let size = block_size(block);
        rect(body, "block", left, top, size);
        text(body, left + PADDING, top + LINE - 3, &block_title(block), false);
        stack(body, &block.steps, left + PADDING, top + LINE + PADDING, size.width - 2 * PADDING);
        left += size.width + GAP;
    }
}

fn head(step: &Step) -> Vec<String> {
    let mut lines = step.lines();
    if step.way == Way::Loop
        && let Some(first) = lines.first_mut()
    {
        first.push_str(" ↻");
    }
    lines
}

fn block_title(block: &Block) -> String {
    if block.role == Role::Steps { "steps".to_owned() } else { block.title() }
}

fn rect(body: &mut String, class: &str, x: u32, y: u32, Size { width, height }: Size) {
    body.push_str(&format!("  <rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\n"));
}

fn text(body: &mut String, x: u32, y: u32, words: &str, title: bool) {
    let class = if title { " class=\"title\"" } else { "" };
    body.push_str(&format!("  <text{class} x=\"{x}\" y=\"{y}\">{}</text>\n", escaped(words)));
}

/// Wide characters, as of Chinese and emoji, take two places.
fn width_of(words: &str) -> u32 {
    let places: usize = words.chars().map(|c| if u32::from(c) >= 0x1100 && !matches!(u32::from(c), 0x2000..=0x2bff) { 2 } else { 1 }).sum();
    count(places) * CHARACTER
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn escaped(words: &str) -> String {
    let mut shown = String::with_capacity(words.len());
    for character in words.chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            control if control.is_control() => shown.push(' '),
            other => shown.push(other),
        }
    }
    shown
}
