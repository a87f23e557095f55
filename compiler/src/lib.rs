//! Text to plan: reads a Sequor project, reports every fault in it, and lowers what is sound to a [`Plan`](sequor_plan_format::Plan).
//!
//! The way of a project through this crate, a type per step (docs/architecture.md has the table):
//! `project` (files) → `yaml` (nodes with spans) → `syntax` (typed steps, snippets still text) → `snippet` (Jinja, Python and SQL parsed) →
//! `resolve` (names are ids) → `check` (rules) → `lower` (plan).
//!
//! Nothing here opens a connection, reads a secret or runs a snippet.

pub mod codes;
pub mod diagnostic;
pub mod render;
pub mod snippet;
pub mod sql;
pub mod yaml;
