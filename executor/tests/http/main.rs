//! HTTP over real sockets: what a user of a flow would notice of a server's moods.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod client;
mod op;
mod project;
mod server;
