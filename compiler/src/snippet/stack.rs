//! Room for recursive parsers: hostile nesting is refused before a parser sees it, and what is allowed but deep runs on a thread with a large stack.

/// Longest text that is parsed as a snippet.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// Brackets open at the same time.
pub(super) const MAX_BRACKETS: usize = 200;
/// Operators, keywords and brackets that may lie inside each other: an upper limit of a syntax tree's depth.
pub(super) const MAX_DEPTH: usize = 1000;
/// Levels of a native tree. With the lists and maps of the YAML around it, it stays below the plan's limit.
pub(super) const MAX_NATIVE_DEPTH: usize = 64;

/// Below this depth a parse fits every thread's stack.
pub(super) const SHALLOW: usize = 48;
const STACK_BYTES: usize = 256 << 20;

/// Counts how deep a syntax tree can become, token by token: each operator may put what came before it, or what comes after it, one level
/// deeper, until the enclosing bracket's next comma.
#[derive(Debug, Default)]
pub(super) struct Depth {
    /// Operators since the last comma, for each open bracket.
    open: Vec<usize>,
    operators: usize,
    total: usize,
    pub(super) deepest: usize,
}

impl Depth {
    pub(super) fn open(&mut self) {
        self.open.push(std::mem::take(&mut self.operators));
        self.grow(1);
    }

    /// What was in the brackets lies deep no more, but the brackets may be an operator themselves: `f(x)(y)[z]`.
    pub(super) fn close(&mut self) {
        if let Some(outer) = self.open.pop() {
            self.total = self.total.saturating_sub(self.operators);
            self.operators = outer + 1;
        }
    }

    pub(super) fn operator(&mut self) {
        self.operators += 1;
        self.grow(1);
    }

    pub(super) fn separator(&mut self) {
        self.total -= self.operators.min(self.total);
        self.operators = 0;
    }

    pub(super) fn brackets(&self) -> usize {
        self.open.len()
    }

    /// Closes brackets down to that number.
    pub(super) fn close_to(&mut self, brackets: usize) {
        while self.open.len() > brackets {
            self.close();
        }
    }

    pub(super) fn exceeded(&self) -> bool {
        self.open.len() > MAX_BRACKETS || self.total > MAX_DEPTH
    }

    fn grow(&mut self, by: usize) {
        self.total += by;
        self.deepest = self.deepest.max(self.total);
    }
}

/// Runs `work` where it has enough stack for a tree of that depth; `None` where the system gives no thread or the work did not end properly.
pub(super) fn with_room<T: Send>(depth: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if depth <= SHALLOW { Some(work()) } else { with_own_stack(work) }
}

/// Runs `work` on a thread of its own with a large stack; `None` where there is none to be had or the work panicked.
pub(super) fn with_own_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work).ok()?;
        thread.join().ok()
    })
}
