//! Sizes of boxes, in pixels.

use super::super::{Area, AreaKind, BOX_COLUMNS, FlowBox, StepBox, columns, cut};

/// The width of a character, in tenths. Monospaced fonts at 12 pixels take 7.2.
pub(super) const CHARACTER_TENTHS: usize = 74;
pub(super) const LINE: usize = 16;
pub(super) const PADDING: usize = 8;
/// Between boxes that an arrow joins.
pub(super) const GAP: usize = 24;
/// Beside and below the steps of a loop, for the way back.
pub(super) const RAIL: usize = 16;
pub(super) const PILL_HEIGHT: usize = 24;
pub(super) const PILL_WIDTH: usize = 64;
/// What stands in a block without steps.
pub(super) const NO_STEPS: &str = "(no steps)";

pub(super) struct FlowLayout<'a> {
    pub(super) flow: &'a FlowBox,
    pub(super) lines: Vec<String>,
    pub(super) steps: Vec<StepLayout<'a>>,
    pub(super) width: usize,
    pub(super) height: usize,
}

pub(super) struct StepLayout<'a> {
    pub(super) step: &'a StepBox,
    pub(super) lines: Vec<String>,
    /// All areas but `finally`, side by side.
    pub(super) row: Vec<AreaLayout<'a>>,
    pub(super) row_height: usize,
    pub(super) finally: Option<AreaLayout<'a>>,
    pub(super) width: usize,
    pub(super) height: usize,
}

pub(super) struct AreaLayout<'a> {
    pub(super) area: &'a Area,
    pub(super) label: String,
    pub(super) steps: Vec<StepLayout<'a>>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl<'a> FlowLayout<'a> {
    pub(super) fn of(flow: &'a FlowBox) -> Self {
        let mut lines = vec![cut(&format!("flow {}", flow.name), BOX_COLUMNS), cut(&flow.file, BOX_COLUMNS)];
        if !flow.parameters.is_empty() {
            lines.push(cut(&format!("parameters {}", flow.parameters.join(", ")), BOX_COLUMNS));
        }
        let steps: Vec<_> = flow.steps.iter().map(StepLayout::of).collect();
        let inside = widest(&steps).max(text_width(&lines)).max(PILL_WIDTH);
        let end = if flow.ends { GAP + PILL_HEIGHT } else { 0 };
        let stack: usize = steps.iter().map(|step| GAP + step.height).sum();
        let mut layout = Self { flow, lines, steps, width: inside + 2 * PADDING, height: 0 };
        layout.height = layout.head() + PILL_HEIGHT + stack + end + 2 * PADDING;
        layout
    }

    /// The height of what stands above the flow's start.
    pub(super) fn head(&self) -> usize {
        self.lines.len() * LINE + 2 * PADDING
    }
}

/// Recursion is bounded by the depth of blocks.
impl<'a> StepLayout<'a> {
    fn of(step: &'a StepBox) -> Self {
        let (finally, row): (Vec<_>, Vec<_>) = step.areas.iter().partition(|area| area.kind == AreaKind::Finally);
        let row: Vec<_> = row.into_iter().map(AreaLayout::of).collect();
        let finally = finally.into_iter().map(AreaLayout::of).next();
        let lines = step.lines();
        let row_width = row.iter().map(|area| area.width).sum::<usize>() + GAP * row.len().saturating_sub(1);
        let row_height = row.iter().map(|area| area.height).max().unwrap_or_default();
        let finally_width = finally.as_ref().map_or(0, |area| area.width);
        let width = text_width(&lines).max(row_width).max(finally_width) + 2 * PADDING;
        let mut layout = Self { step, lines, row, row_height, finally, width, height: 0 };
        let below = if layout.row.is_empty() { 0 } else { row_height + PADDING };
        layout.height = layout.head() + below + layout.finally.as_ref().map_or(0, |area| GAP + area.height);
        layout
    }

    /// The height of what stands above the step's areas.
    pub(super) fn head(&self) -> usize {
        self.lines.len() * LINE + 2 * PADDING
    }
}

impl<'a> AreaLayout<'a> {
    fn of(area: &'a Area) -> Self {
        let label = cut(&area.label, BOX_COLUMNS);
        let steps: Vec<_> = area.steps.iter().map(StepLayout::of).collect();
        let stack = match steps.as_slice() {
            [] => LINE,
            steps => steps.iter().map(|step| step.height).sum::<usize>() + GAP * (steps.len() - 1),
        };
        let mut layout = Self { area, label, steps, width: 0, height: 0 };
        let rail = if layout.repeats() { RAIL } else { 0 };
        let words = text_width(std::slice::from_ref(&layout.label)).max(text_width(&[NO_STEPS.to_owned()]));
        layout.width = words.max(widest(&layout.steps) + 2 * rail) + 2 * PADDING;
        layout.height = layout.head() + stack + rail + PADDING;
        layout
    }

    /// The height of what stands above the area's steps.
    pub(super) fn head(&self) -> usize {
        LINE + 2 * PADDING
    }

    /// A way back is drawn.
    pub(super) fn repeats(&self) -> bool {
        !self.steps.is_empty() && self.area.kind == AreaKind::Loop { repeats: true }
    }
}

fn widest(steps: &[StepLayout<'_>]) -> usize {
    steps.iter().map(|step| step.width).max().unwrap_or_default()
}

fn text_width(lines: &[String]) -> usize {
    (lines.iter().map(|line| columns(line)).max().unwrap_or_default() * CHARACTER_TENTHS).div_ceil(10)
}
