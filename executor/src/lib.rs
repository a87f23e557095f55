//! Plan to effects: loads a plan, runs it, records how far it got.
//!
//! The centre is `machine`, a state machine without I/O; `driver` performs what it commands through `op`, `http`, `database` and `eval`.
//! This crate sees plans only, never flows.

pub mod command;
pub mod database;
pub mod driver;
pub mod environment;
pub mod error;
pub mod eval;
mod failpoint;
mod hex;
pub mod http;
pub mod journal;
pub mod json;
pub mod load;
pub mod machine;
pub mod op;
pub mod python;
pub mod redact;
pub mod report;
pub mod scope;
pub mod services;
mod sqlite_file;
pub mod state;
pub mod value;
