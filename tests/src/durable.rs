//! What the tests of interrupted runs share: a scene with a flow, a shop's API and a database, processes that can be stopped at any moment, and the books
//! that tell whether the end is the one of an undisturbed run.

pub mod flows;
pub mod process;
pub mod scene;
pub mod shop;

pub use process::{Ended, Running};
pub use scene::{Scene, Story};
pub use shop::Shop;

/// Whether the programs were built with failpoints, as `tests/run` does: only those obey `SEQUOR_LEASE_SECONDS`.
#[must_use]
pub fn failpoints_are_built() -> bool {
    std::env::var_os("SEQUOR_FAILPOINTS_BUILT").is_some()
}
