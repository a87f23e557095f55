//! The last check of a snippet that stays Python: the compiler that will run it compiles it once, for what syntax alone allows (`break` outside
//! of a loop, `return` in a class, a name both parameter and global).

use rustpython_compiler::{CompileOpts, Mode, compile};
use sequor_plan_format::expr::PythonForm;

use super::super::stack::with_own_stack;
use super::Source;
use super::scan::{self, Piece};
use crate::diagnostic::Diagnostic;

/// The fault that the compiler finds.
pub(super) fn check(text: &str, form: PythonForm, source: Source<'_>) -> Option<Diagnostic> {
    // The compiler recurses and has internal assertions: a thread keeps both away from the rest.
    let (message, line, column) = with_own_stack(|| compiled(text, form))??;
    // A template's literal has given way to a name: lines hold, columns may lie further right than the text.
    let mut origin = source.origin.text().split_inclusive('\n');
    let before: usize = origin.by_ref().take(line.saturating_sub(1)).map(str::len).sum();
    let rest = origin.next().unwrap_or_default().trim_end();
    let skip = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(i, _)| i);
    let span = source.origin.span(before + skip, before + rest.len().max(skip));
    Some(Diagnostic::error("P601", span, format!("Python does not compile: {message}")))
}

/// The message with its line and column, both from 1.
fn compiled(text: &str, form: PythonForm) -> Option<(String, usize, usize)> {
    let compiles = |text: &str, mode| compile(text, mode, "snippet", CompileOpts::default()).err();
    let (error, shift) = match form {
        PythonForm::Expression => (compiles(text, Mode::Eval)?, 0),
        PythonForm::Evaluate => (compiles(text, Mode::Exec)?, 0),
        PythonForm::Body => (compiles(&in_function(text), Mode::Exec)?, 1),
    };
    let (line, column) = error.python_location();
    Some((error.to_string(), line.saturating_sub(shift), column.saturating_sub(shift)))
}

/// Statements with `return` belong into a function. Lines inside of strings stay as they are.
fn in_function(text: &str) -> String {
    let strings: Vec<_> = scan::pieces(text, false).into_iter().filter(|p| matches!(p.0, Piece::Text { .. })).collect();
    let mut function = String::from("def body():\n");
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let before = strings.partition_point(|(_, from, _)| *from < start);
        let in_string = before.checked_sub(1).and_then(|i| strings.get(i)).is_some_and(|(_, _, to)| start < *to);
        if !in_string {
            function.push(' ');
        }
        function.push_str(line);
        start += line.len();
    }
    function
}
