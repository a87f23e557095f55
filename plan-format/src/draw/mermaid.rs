//! A `flowchart` of Mermaid, whose syntax is described at <https://mermaid.js.org/syntax/flowchart.html>.

use super::edges::{self, Edge, Line, Point};
use super::outline::{Outline, Step, Way};

pub(super) fn draw(flows: &[Outline]) -> String {
    let mut text = "flowchart TD\n".to_owned();
    for flow in flows {
        let id = flow.id.0;
        text.push_str(&format!("  subgraph flow{id}[{}]\n", quoted(&[format!("flow {}", flow.name)])));
        let start =
            if flow.parameters.is_empty() { vec!["start".to_owned()] } else { vec!["start".to_owned(), flow.parameters.join(", ")] };
        text.push_str(&format!("    start{id}([{}])\n", quoted(&start)));
        flow.steps.iter().for_each(|step| node(&mut text, step, 2));
        text.push_str(&format!("    end{id}([{}])\n  end\n", quoted(&["end".to_owned()])));
    }
    for Edge { from, to, line, label } in edges::of(flows) {
        let arrow = match line {
            Line::On => "-->",
            Line::Back | Line::Error | Line::Call => "-.->",
        };
        let label = if label.is_empty() { label } else { format!("|{}|", quoted(&[label])) };
        text.push_str(&format!("  {} {arrow}{label} {}\n", name(from), name(to)));
    }
    text
}

/// A step; one with blocks is a frame around them. Recursion is bounded by the depth of blocks.
fn node(text: &mut String, step: &Step, level: usize) {
    let indent = "  ".repeat(level);
    let (id, label) = (step.node.0, quoted(&step.lines()));
    let (open, close) = match step.way {
        Way::Choice { .. } => ("{", "}"),
        Way::Loop => ("{{", "}}"),
        Way::Call(_) => ("[[", "]]"),
        Way::Break | Way::Continue | Way::Return | Way::Fail => (">", "]"),
        Way::On | Way::Try | Way::All => ("[", "]"),
    };
    if step.blocks.is_empty() {
        text.push_str(&format!("{indent}step{id}{open}{label}{close}\n"));
        return;
    }
    text.push_str(&format!("{indent}subgraph frame{id}[\" \"]\n{indent}  step{id}{open}{label}{close}\n"));
    step.blocks.iter().flat_map(|block| &block.steps).for_each(|step| node(text, step, level + 1));
    text.push_str(&format!("{indent}end\n"));
}

/// Names that are no words of the language.
fn name(point: Point) -> String {
    match point {
        Point::Start(flow) => format!("start{}", flow.0),
        Point::Step(node) => format!("step{}", node.0),
        Point::End(flow) => format!("end{}", flow.0),
    }
}

/// Lines as one text. What Mermaid or HTML would read is written by number.
fn quoted(lines: &[String]) -> String {
    let escaped = |line: &String| {
        let mut shown = String::with_capacity(line.len());
        for character in line.chars() {
            match character {
                '"' | '#' | '<' | '>' | '&' | '`' | '\\' | '*' | '_' | '~' | ';' => shown.push_str(&format!("#{};", u32::from(character))),
                control if control.is_control() => shown.push(' '),
                other => shown.push(other),
            }
        }
        shown
    };
    format!("\"{}\"", lines.iter().map(escaped).collect::<Vec<_>>().join("<br/>"))
}
