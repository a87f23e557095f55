//! A tree for terminals.

use super::{Area, Drawing, FlowBox, StepBox, cut};

/// The drawing as a tree, without colours; no line is wider than `width` columns.
#[must_use]
pub fn text(drawing: &Drawing, width: usize) -> String {
    let mut tree = Tree { text: String::new(), width };
    for (index, flow) in drawing.flows.iter().enumerate() {
        if index > 0 {
            tree.text.push('\n');
        }
        tree.flow(flow);
    }
    tree.text
}

struct Tree {
    text: String,
    width: usize,
}

/// What is left of a line before its own branch: `│  ├─ `.
#[derive(Clone, Copy)]
struct Rail<'a> {
    left: &'a str,
    is_last: bool,
}

impl Rail<'_> {
    fn head(self) -> String {
        format!("{}{}", self.left, if self.is_last { "└─ " } else { "├─ " })
    }

    /// Below the head.
    fn below(self) -> String {
        format!("{}{}", self.left, if self.is_last { "   " } else { "│  " })
    }
}

/// Recursion is bounded by the depth of blocks.
impl Tree {
    fn line(&mut self, line: &str) {
        self.text.push_str(cut(line, self.width).trim_end());
        self.text.push('\n');
    }

    fn flow(&mut self, flow: &FlowBox) {
        let parameters = if flow.parameters.is_empty() { String::new() } else { format!("({})", flow.parameters.join(", ")) };
        let called = if flow.is_entry { "" } else { ", only called" };
        self.line(&format!("flow {}{parameters}  {}{called}", flow.name, flow.file));
        self.steps("", &flow.steps);
    }

    fn steps(&mut self, left: &str, steps: &[StepBox]) {
        if steps.is_empty() {
            self.line(&format!("{}(no steps)", Rail { left, is_last: true }.head()));
        }
        for (index, step) in steps.iter().enumerate() {
            self.step(Rail { left, is_last: index + 1 == steps.len() }, step);
        }
    }

    fn step(&mut self, rail: Rail<'_>, step: &StepBox) {
        self.line(&format!("{}{}  {}", rail.head(), step.head(), step.place));
        let below = rail.below();
        let bar = if step.areas.is_empty() { ' ' } else { '│' };
        for detail in step.details() {
            self.line(&format!("{below}{bar}  {detail}"));
        }
        for (index, area) in step.areas.iter().enumerate() {
            self.area(Rail { left: &below, is_last: index + 1 == step.areas.len() }, area);
        }
    }

    fn area(&mut self, rail: Rail<'_>, area: &Area) {
        self.line(&format!("{}{}", rail.head(), area.label));
        self.steps(&rail.below(), &area.steps);
    }
}
