//! A Mermaid flowchart.
//!
//! In quotes, Mermaid reads `#NUMBER;` as a character (its "entity codes"): all that its grammar, its directives (`%%{…}%%`), Markdown or HTML could
//! read is written so.

use super::lines::Lines;
use super::{Area, AreaKind, BOX_COLUMNS, Drawing, EdgeKind, Point, StepBox, cut};

/// The drawing as `flowchart TD`, with a subgraph for each flow and block.
#[must_use]
pub fn mermaid(drawing: &Drawing) -> String {
    let mut out = Lines::default();
    out.line("flowchart TD");
    for flow in &drawing.flows {
        let open = format!("subgraph flow{}[\"flow {}\"]", flow.id.0, escaped(&flow.name));
        out.block(&open, "end", |out| {
            out.line(&format!("{}([\"start\"])", Point::Start(flow.id)));
            steps(out, &flow.steps);
            if flow.ends {
                out.line(&format!("{}([\"end\"])", Point::End(flow.id)));
            }
        });
    }
    for edge in &drawing.edges {
        let arrow = match edge.kind {
            EdgeKind::Forward => "-->",
            EdgeKind::Back | EdgeKind::Error => "-.->",
            EdgeKind::Call => "==>",
        };
        let label = edge.label.as_ref().map(|label| format!("|\"{}\"|", escaped(&cut(label, BOX_COLUMNS)))).unwrap_or_default();
        out.line(&format!("{} {arrow}{label} {}", edge.from, edge.to));
    }
    out.text
}

/// Recursion is bounded by the depth of blocks.
fn steps(out: &mut Lines, steps: &[StepBox]) {
    for step in steps {
        let label = step.lines().iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br/>");
        let id = Point::Step(step.node);
        // A rhombus is where ways part.
        let is_choice = step.areas.iter().any(|area| area.kind == AreaKind::Choice);
        out.line(&if is_choice { format!("{id}{{\"{label}\"}}") } else { format!("{id}[\"{label}\"]") });
        for (index, area) in step.filled_areas() {
            self::area(out, &format!("block{}_{index}", step.node.0), area);
        }
    }
}

fn area(out: &mut Lines, id: &str, area: &Area) {
    let open = format!("subgraph {id}[\"{}\"]", escaped(&cut(&area.label, BOX_COLUMNS)));
    out.block(&open, "end", |out| steps(out, &area.steps));
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        let is_plain = match c {
            // Behind `style:` or `classDef:`, Mermaid would read an entity code as a colour.
            ':' => before.is_alphanumeric(),
            ' ' | '_' | '-' | '.' | ',' | '/' | '(' | ')' | '=' | '+' | '?' | '!' | '\'' => before != ':' || c == ' ',
            c => c.is_alphanumeric() || !c.is_ascii(),
        };
        if is_plain {
            out.push(c)
        } else {
            out.push_str(&format!("#{};", u32::from(c)))
        }
        before = c;
    }
    out
}
