//! What the end-to-end tests share: the built programs, throwaway databases, loopback services.
//!
//! Everything here is used from outside, as a user would: processes, sockets, files. Nothing reaches into the crates.
#![allow(clippy::expect_used, clippy::panic, reason = "a helper that fails must fail its test")]

pub mod crash;
pub mod datasette;
pub mod durable;
pub mod failpoints;
pub mod postgres;
pub mod program;
pub mod proxy;
pub mod readers;
pub mod service;
pub mod services;
pub mod sqlite;
