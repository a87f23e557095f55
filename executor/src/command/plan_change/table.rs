//! What people see of a change of the plan.

use super::judge::{Row, Verdict};

const HEAD: [&str; 4] = ["step", "in the run", "differs in", "verdict"];

/// A line for each difference.
pub(super) fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "no step differs\n".to_owned();
    }
    let mut lines = vec![HEAD.map(str::to_owned)];
    for Row { subject, standing, differs, verdict } in rows {
        let standing = if standing.is_empty() { "-" } else { standing };
        let verdict = match verdict {
            Verdict::Allowed => "allowed".to_owned(),
            Verdict::Refused(reason) => format!("refused: {reason}"),
        };
        lines.push([subject.clone(), standing.to_owned(), differs.clone(), verdict]);
    }
    let widths: [usize; 4] = std::array::from_fn(|i| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
