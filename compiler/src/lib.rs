//! Text to plan: reads a Sequor project, reports every fault in it, and lowers what is sound to a [`Plan`](sequor_plan_format::Plan).
//!
//! The way of a project through this crate, a type per step (docs/architecture.md has the table):
//! `project` (files) → `yaml` (nodes with spans) → `syntax` (typed steps, snippets still text) → `snippet` (Jinja, Python and SQL parsed) →
//! `resolve` (names are ids) → `check` (rules) → `lower` (plan).
//!
//! Nothing here opens a connection, reads a secret or runs a snippet.

pub mod check;
pub mod codes;
mod compile;
pub mod diagnostic;
pub mod environment;
pub mod fix;
pub mod kinds;
pub mod lint;
pub mod lower;
pub mod op;
pub mod project;
pub mod reference;
pub mod render;
pub mod resolve;
pub mod schema;
pub mod secret;
pub mod settings;
pub mod snippet;
pub mod source;
pub mod sql;
pub mod syntax;
pub mod tables;
mod threads;
pub mod yaml;

pub use compile::{CompileError, Compiled, compile};
pub use project::{OpenError, Options, Project};
