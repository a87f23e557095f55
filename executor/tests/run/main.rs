//! Plans run by the `sequor-executor` binary against real SQLite files: what a user sees on the screen, in the tables and in the exit status.

mod control;
mod failure;
mod refusal;
mod support;
mod tables;
mod variables;
