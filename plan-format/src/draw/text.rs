//! A tree of lines.

use super::outline::{Block, Outline, Role, Step};

pub(super) fn draw(flows: &[Outline]) -> String {
    let mut text = String::new();
    for (index, flow) in flows.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let parameters = if flow.parameters.is_empty() { String::new() } else { format!(" ({})", flow.parameters.join(", ")) };
        text.push_str(&format!("flow {}{parameters}\n", flow.name));
        branches(&mut text, "", flow.steps.iter().map(Branch::Step).collect());
    }
    text
}

/// What hangs on a line.
enum Branch<'a> {
    Step(&'a Step),
    Block(&'a Block),
}

/// Recursion is bounded by the depth of blocks.
fn branches(text: &mut String, before: &str, list: Vec<Branch<'_>>) {
    let last = list.len().saturating_sub(1);
    for (index, branch) in list.into_iter().enumerate() {
        let (knot, below) = if index == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let below = format!("{before}{below}");
        match branch {
            Branch::Step(step) => {
                let about: Vec<&str> = std::iter::once(step.says.as_str()).chain(step.terms.iter().map(String::as_str)).collect();
                let about = about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
                let about = if about.is_empty() { about } else { format!("  {about}") };
                text.push_str(&format!("{before}{knot}{}: {}{about}\n", step.id, step.op));
                // The one block of a loop or a group needs no line of its own.
                match step.blocks.as_slice() {
                    [block] if block.role == Role::Steps => branches(text, &below, block.steps.iter().map(Branch::Step).collect()),
                    blocks => branches(text, &below, blocks.iter().map(Branch::Block).collect()),
                }
            }
            Branch::Block(block) => {
                let title = if block.role == Role::Steps { "try".to_owned() } else { block.title() };
                text.push_str(&format!("{before}{knot}{title}\n"));
                branches(text, &below, block.steps.iter().map(Branch::Step).collect());
            }
        }
    }
}
