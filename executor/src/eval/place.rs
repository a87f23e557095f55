//! Where in the project's files a snippet's line is.

use sequor_plan_format::{Code, Plan, Span};

use crate::error::Place;

/// The place of a line (from 1) of a snippet's text, with the line to quote.
pub(crate) fn of_line(plan: &Plan, code: &Code, line: u32) -> Place {
    let span = *plan.span(code.span);
    let text = plan.text(code.text);
    let line = line.max(1);
    let quoted = text.lines().nth(line as usize - 1).unwrap_or_default();
    let file_line = span.line.saturating_add(line - 1);
    let first = if line == 1 { span.column } else { code.indent.saturating_add(1) };
    let indent = quoted.chars().take_while(|c| *c == ' ').count();
    let column = first.saturating_add(u32::try_from(indent).unwrap_or(u32::MAX));
    let width = u32::try_from(quoted.trim().chars().count()).unwrap_or(u32::MAX).max(1);
    Place {
        span: Span { file: span.file, line: file_line, column, end_line: file_line, end_column: column.saturating_add(width) },
        quote: Some(plan.line(span.file, file_line).unwrap_or(quoted).trim_end().to_owned()),
    }
}
