//! The machine against a scripted world: effects are noted, not performed.

mod control;
mod requests;
mod variables;
mod world;
