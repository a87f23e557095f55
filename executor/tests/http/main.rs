//! HTTP over real sockets: what a user of a flow would notice of a server's moods.

mod client;
mod server;
