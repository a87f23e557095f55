//! The Jinja and Python of flows, as a user writes them: what they become, and what is reported.

mod common;
mod hostile;
mod lowering;
mod places;
mod python;
mod python_faults;
mod templates;
mod uses;
