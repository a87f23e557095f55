//! The digits of the exact numbers that a rendering reads.
//!
//! minijinja's numbers are integers and doubles, and no other type can take part in its arithmetic. So an exact number goes in as its double, and
//! where a double with the same bits comes out, it takes back the digits of the number that was read last. Rendering stays on one thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

thread_local! {
    static READ: RefCell<HashMap<u64, Arc<str>>> = RefCell::default();
}

/// Starts a rendering with nothing read.
pub(super) fn forget() {
    READ.with_borrow_mut(HashMap::clear);
}

pub(super) fn remember(float: f64, text: &Arc<str>) {
    READ.with_borrow_mut(|read| read.insert(float.to_bits(), text.clone()));
}

pub(super) fn of(float: f64) -> Option<Arc<str>> {
    READ.with_borrow(|read| read.get(&float.to_bits()).cloned())
}
