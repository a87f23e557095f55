//! `graph`: how the steps of a flow, a plan file or a run follow each other.

use std::io::Write;

use sequor_plan_format::render::drawing::{Drawing, dot, mermaid, svg, text};

use crate::arguments::{Global, Graph, GraphFormat};
use crate::compile::write_whole;
use crate::target::Target;

/// Gives the exit status.
pub(crate) fn graph(arguments: Graph, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let Graph { target, format, width, output, home, place } = arguments;
    let state = place.into_request(Some(global.project_dir.clone()));
    let plan = match Target::of(target, global).plan(home.home_dir, &state, global)? {
        Ok(plan) => plan,
        Err(status) => return Ok(status),
    };
    let drawing = Drawing::new(&plan);
    let drawn = match format {
        GraphFormat::Text => text(&drawing, width.map_or(usize::MAX, usize::from)),
        GraphFormat::Mermaid => mermaid(&drawing),
        GraphFormat::Dot => dot(&drawing),
        GraphFormat::Svg => svg(&drawing),
    };
    match output {
        Some(path) => write_whole(&path, drawn.as_bytes())?,
        None => out.write_all(drawn.as_bytes())?,
    }
    Ok(0)
}
