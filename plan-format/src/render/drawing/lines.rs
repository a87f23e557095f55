//! Indented lines of a notation with nested blocks, and the ids in it.

use std::fmt;

use super::Point;

/// Ids are numbers of the plan, never names of a flow: no name can be read as a word of the notation.
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(flow) => write!(f, "start{}", flow.0),
            Self::Step(node) => write!(f, "step{}", node.0),
            Self::End(flow) => write!(f, "end{}", flow.0),
        }
    }
}

#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: String,
    level: usize,
}

impl Lines {
    pub(super) fn line(&mut self, line: &str) {
        self.text.extend(std::iter::repeat_n("  ", self.level));
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Lines between one that opens a block and one that closes it.
    pub(super) fn block(&mut self, open: &str, close: &str, write: impl FnOnce(&mut Self)) {
        self.line(open);
        self.level += 1;
        write(self);
        self.level -= 1;
        self.line(close);
    }
}
