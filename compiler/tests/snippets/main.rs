//! The Jinja and Python of flows, as a user writes them: what they become, and what is reported.

#![allow(clippy::unwrap_used, reason = "a failed conversion is a failed test")]

mod common;
mod hostile;
mod lowering;
mod places;
mod python;
mod python_faults;
mod real;
mod templates;
mod uses;
