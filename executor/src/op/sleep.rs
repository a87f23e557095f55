//! `sleep`: a pause. A run that is resumed within it waits anew.

use std::time::Duration;

use sequor_plan_format::op::Sleep;

use crate::error::{ErrorKind, RunError};
use crate::scope::Scope;
use crate::services::Services;
use crate::value::Value;

pub(super) async fn run(services: &Services, op: &Sleep, scope: &Scope) -> Result<(), RunError> {
    let value = scope.evaluate(services, op.seconds)?;
    let seconds = match &value {
        Value::Int(_) | Value::Float(_) | Value::Number(_) | Value::Text(_) => value.to_text().trim().parse::<f64>().ok(),
        _ => None,
    };
    let pause = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let pause = pause.ok_or_else(|| {
        let message = format!("'seconds' of a sleep must be a number, at least 0, but it is {}", super::http_request::shown(&value));
        RunError::new(ErrorKind::Data, message)
    })?;
    tokio::time::sleep(pause).await;
    Ok(())
}
