//! Plans run by the `sequor-executor` binary against real SQLite files: what a user sees on the screen, in the tables and in the exit status.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed preparation fails its test")]

mod control;
mod failure;
mod refusal;
mod requests;
mod support;
mod tables;
mod variables;
