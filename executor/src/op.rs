//! What each op does, one file each.

pub mod http_request;
