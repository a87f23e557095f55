//! What an event must be before anybody takes it: values that can be kept, errors without secrets.

use sequor_plan_format::op::Scope;

use crate::error::{ErrorKind, RunError};
use crate::machine::Event;
use crate::redact::Redactor;
use crate::value::MAX_DEPTH;

/// Characters of an error's message that are kept.
const LONGEST_MESSAGE: usize = 4096;

/// Project variables are kept as JSON: a value without such a form is the step's error, not the store's.
pub(super) fn can_be_kept(event: &Event) -> Result<(), RunError> {
    let (Event::Done { assigned } | Event::Absorbed { assigned, .. }) = event else { return Ok(()) };
    for variable in assigned {
        if !variable.value.is_shallow() {
            let message = format!("variable '{}' is nested more than {MAX_DEPTH} levels deep", variable.name);
            return Err(RunError::new(ErrorKind::Limit, message));
        }
    }
    for variable in assigned.iter().filter(|a| a.scope == Scope::Project) {
        crate::json::to_text(&variable.value)
            .map_err(|why| RunError::new(ErrorKind::Data, format!("variable '{}' cannot be kept: {}", variable.name, why.message)))?;
    }
    Ok(())
}

/// Every text of an error may have a secret in it: an URL, a body, a statement that the database quotes.
pub(super) fn redact(redactor: &Redactor, error: &mut RunError) {
    redactor.redact_in_place(&mut error.message);
    // A snippet may raise an error with a megabyte of text.
    if let Some((end, _)) = error.message.char_indices().nth(LONGEST_MESSAGE) {
        error.message.truncate(end);
        error.message.push('…');
    }
    let details = &mut **error;
    let quote = details.place.as_mut().and_then(|place| place.quote.as_mut());
    for text in [&mut details.body, &mut details.request, &mut details.row].into_iter().flatten().chain(quote) {
        redactor.redact_in_place(text);
    }
}
