//! The lines of the project's files that run-time errors quote: those on which steps and snippets begin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sequor_plan_format::PlanBuilder;
use sequor_plan_format::plan::SourceLine;

use crate::diagnostic::SourceFile;

pub(super) fn fill(builder: &mut PlanBuilder, files: &BTreeMap<&str, &Arc<SourceFile>>) {
    let plan = builder.plan();
    let wanted: BTreeSet<(String, u32)> = plan.spans.iter().map(|s| (plan.text(s.file).to_owned(), s.line)).collect();
    let mut lines = Vec::with_capacity(wanted.len());
    for (path, line) in wanted {
        let Some(file) = files.get(path.as_str()) else { continue };
        let text = builder.text(file.line(line));
        lines.push(SourceLine { file: builder.text(&path), line, text });
    }
    builder.plan_mut().lines = lines;
}
