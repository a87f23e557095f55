//! S111: an `id` is unique among the steps beside it.

use crate::diagnostic::Diagnostic;
use crate::resolve::Resolved;
use crate::syntax::Step;

pub(super) fn check(resolved: &Resolved<'_>, faults: &mut Vec<Diagnostic>) {
    for flow in &resolved.flows {
        block(&flow.steps, faults);
    }
}

/// The depth of steps is bounded by the YAML reader.
fn block(steps: &[Step], faults: &mut Vec<Diagnostic>) {
    let mut seen = std::collections::BTreeMap::new();
    for step in steps {
        if let Some(id) = &step.id {
            match seen.get(id.name.as_str()) {
                Some(first) => {
                    let first: &crate::diagnostic::Span = first;
                    faults.push(
                        Diagnostic::error("S111", id.span.clone(), format!("the id '{}' is used twice", id.name))
                            .also(first.clone(), "the first one")
                            .help("give each step an id of its own"),
                    );
                }
                None => {
                    seen.insert(id.name.as_str(), id.span.clone());
                }
            }
        }
        for steps in step.op.blocks() {
            block(steps, faults);
        }
    }
}
