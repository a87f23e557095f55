//! The language of Graphviz, whose grammar is at <https://graphviz.org/doc/info/lang.html>.

use super::edges::{self, Edge, Line, Point};
use super::outline::{Outline, Step, Way};

pub(super) fn draw(project: &str, flows: &[Outline]) -> String {
    let mut text = format!("digraph {} {{\n", quoted(&[project.to_owned()]));
    text.push_str("  graph [fontname=\"sans-serif\", rankdir=TB];\n");
    text.push_str("  node [fontname=\"sans-serif\", shape=box, style=rounded];\n");
    text.push_str("  edge [fontname=\"sans-serif\"];\n");
    for flow in flows {
        let id = flow.id.0;
        text.push_str(&format!("  subgraph cluster_flow{id} {{\n    label={};\n", quoted(&[format!("flow {}", flow.name)])));
        let start =
            if flow.parameters.is_empty() { vec!["start".to_owned()] } else { vec!["start".to_owned(), flow.parameters.join(", ")] };
        text.push_str(&format!("    start{id} [shape=oval, label={}];\n", quoted(&start)));
        flow.steps.iter().for_each(|step| node(&mut text, step, 2));
        text.push_str(&format!("    end{id} [shape=oval, label=\"end\"];\n  }}\n"));
    }
    for Edge { from, to, line, label } in edges::of(flows) {
        let style = match line {
            Line::On => "solid",
            Line::Back => "bold",
            Line::Error => "dashed",
            Line::Call => "dotted",
        };
        text.push_str(&format!("  {} -> {} [style={style}, label={}];\n", name(from), name(to), quoted(&[label])));
    }
    text.push_str("}\n");
    text
}

/// A step; one with blocks is a frame around them. Recursion is bounded by the depth of blocks.
fn node(text: &mut String, step: &Step, level: usize) {
    let indent = "  ".repeat(level);
    let id = step.node.0;
    let shape = match step.way {
        Way::Choice { .. } => "diamond",
        Way::Loop => "hexagon",
        Way::Call(_) => "component",
        Way::Break | Way::Continue | Way::Return | Way::Fail => "cds",
        Way::On | Way::Try | Way::All => "box",
    };
    let line = format!("step{id} [shape={shape}, label={}];\n", quoted(&step.lines()));
    if step.blocks.is_empty() {
        text.push_str(&format!("{indent}{line}"));
        return;
    }
    text.push_str(&format!("{indent}subgraph cluster_step{id} {{\n{indent}  label=\"\";\n{indent}  {line}"));
    step.blocks.iter().flat_map(|block| &block.steps).for_each(|step| node(text, step, level + 1));
    text.push_str(&format!("{indent}}}\n"));
}

fn name(point: Point) -> String {
    match point {
        Point::Start(flow) => format!("start{}", flow.0),
        Point::Step(node) => format!("step{}", node.0),
        Point::End(flow) => format!("end{}", flow.0),
    }
}

/// Lines as one text in quotes, centred.
fn quoted(lines: &[String]) -> String {
    let escaped = |line: &String| {
        line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().replace('\\', "\\\\").replace('"', "\\\"")
    };
    format!("\"{}\"", lines.iter().map(escaped).collect::<Vec<_>>().join("\\n"))
}
