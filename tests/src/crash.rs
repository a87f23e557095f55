//! Flows that are killed at every place where a crash could hurt, resumed, and compared with a run that nobody disturbed.
//!
//! A case is a file in `fixtures/crash`. [`matrix`] makes trials of it: which process of a run is killed at which failpoint. [`trial`] carries one out in a
//! [`world`] of its own and judges it by what is left: the tables, the variables, the report, and what the service was asked for.

pub mod books;
pub mod case;
pub mod databases;
pub mod judge;
pub mod matrix;
pub mod summary;
pub mod trial;
pub mod world;
