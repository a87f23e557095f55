//! Places where tests end the process, named after the step they stand beside. Does nothing in a program that is not built for such tests.

#[inline]
pub(crate) fn hit(_name: &'static str) {}
