//! What several tests share.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod exercise;
pub(crate) mod reseal;
pub(crate) mod sample;
pub(crate) mod small;
