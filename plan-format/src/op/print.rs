//! `print`: a line in the run's log.

use serde::{Deserialize, Serialize};

use crate::ExprId;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Print {
    pub message: ExprId,
    pub level: Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
}
