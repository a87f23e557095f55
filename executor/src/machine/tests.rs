//! The machine against a scripted world: effects are noted, not performed. And against a simulated one, in which the process crashes.

mod attempts;
mod control;
mod requests;
mod simulation;
mod variables;
mod world;
