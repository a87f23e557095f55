//! A graph in Graphviz's DOT language.

use super::lines::Lines;
use super::{Area, BOX_COLUMNS, Drawing, Edge, EdgeKind, Point, StepBox, cut};

/// The drawing as a `digraph`, with a cluster for each flow and block.
#[must_use]
pub fn dot(drawing: &Drawing) -> String {
    let mut out = Lines::default();
    out.block("digraph plan {", "}", |out| {
        out.line("graph [fontname=\"monospace\", fontsize=11, labeljust=l]");
        out.line("node [fontname=\"monospace\", fontsize=11, shape=box]");
        out.line("edge [fontname=\"monospace\", fontsize=10]");
        for flow in &drawing.flows {
            out.block(&format!("subgraph cluster_flow{} {{", flow.id.0), "}", |out| {
                out.line(&format!("label=\"flow {}\"", escaped(&flow.name)));
                out.line(&format!("{} [label=\"start\", shape=oval]", Point::Start(flow.id)));
                steps(out, &flow.steps);
                if flow.ends {
                    out.line(&format!("{} [label=\"end\", shape=oval]", Point::End(flow.id)));
                }
            });
        }
        drawing.edges.iter().for_each(|edge| way(out, edge));
    });
    out.text
}

fn way(out: &mut Lines, edge: &Edge) {
    let label = edge.label.as_ref().map(|label| format!("label=\"{}\"", escaped(&cut(label, BOX_COLUMNS))));
    let style = match edge.kind {
        EdgeKind::Forward => None,
        // What leads back does not push its target down.
        EdgeKind::Back => Some("style=dotted, constraint=false".to_owned()),
        EdgeKind::Error => Some("style=dashed".to_owned()),
        EdgeKind::Call => Some("style=bold".to_owned()),
    };
    let attributes: Vec<String> = label.into_iter().chain(style).collect();
    let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
    out.line(&format!("{} -> {}{attributes}", edge.from, edge.to));
}

/// Recursion is bounded by the depth of blocks.
fn steps(out: &mut Lines, steps: &[StepBox]) {
    for step in steps {
        // `\l` ends a line that begins at the left.
        let label: String = step.lines().iter().map(|line| format!("{}\\l", escaped(line))).collect();
        out.line(&format!("{} [label=\"{label}\"]", Point::Step(step.node)));
        for (index, area) in step.filled_areas() {
            self::area(out, &format!("cluster_block{}_{index}", step.node.0), area);
        }
    }
}

fn area(out: &mut Lines, id: &str, area: &Area) {
    out.block(&format!("subgraph {id} {{"), "}", |out| {
        out.line(&format!("label=\"{}\"", escaped(&cut(&area.label, BOX_COLUMNS))));
        steps(out, &area.steps);
    });
}

/// The inside of a quoted string. Graphviz also reads HTML's character references there.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}
