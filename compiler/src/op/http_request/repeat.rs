//! What a flow says about requests that may be sent twice: idempotency keys, `verify` and `on_in_doubt`. Read and lowered here.

use sequor_plan_format::op::http_request as plan;
use sequor_plan_format::op::http_request::InDoubt;

use super::{Key, Request, VERIFY, Verify, read};
use crate::diagnostic::{Diagnostic, Span};
use crate::lower::{Lowering, Unresolved};
use crate::source::Definition;
use crate::source::http::Idempotency;
use crate::syntax::fields::{Fields, scalar};
use crate::syntax::value::{self, Scalars};
use crate::syntax::{BEFORE_REPLY, IN_REPLY, Reader, SourceRef};

/// The header of a key whose source says nothing else (draft-ietf-httpapi-idempotency-key-header).
const HEADER: &str = "Idempotency-Key";

/// `idempotency_key` of a request.
pub(super) fn key(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Key> {
    let field = fields.filled("idempotency_key")?;
    let span = field.entry.key_span.clone();
    let is_auto = !field.python && scalar(&field.entry.value).is_some_and(|s| s.text.trim().eq_ignore_ascii_case("auto"));
    if is_auto {
        return Some(Key { span, given: None });
    }
    let given = value::text_of_key(fields, "idempotency_key", BEFORE_REPLY, &mut reader.faults)?;
    Some(Key { span, given: Some(given) })
}

/// `verify` of an op; its request goes to the op's own source where it names none.
pub(super) fn verify(fields: &Fields<'_>, of: Option<&SourceRef>, reader: &mut Reader<'_>) -> Option<Verify> {
    let field = fields.filled("verify")?;
    let span = field.entry.key_span.clone();
    let fields = Fields::read(&field.entry.value, &span, &[&VERIFY], &mut reader.faults)?;
    let arrived = value::condition(&fields, "arrived", IN_REPLY, &mut reader.faults);
    let reply = value::of_key(&fields, "reply", Scalars::Data, IN_REPLY, &mut reader.faults);
    let asked = fields.filled("request")?;
    let mut request = read::request(&asked.entry.value, &asked.entry.key_span, &fields, reader)?;
    request.source = request.source.or_else(|| of.cloned());
    question(&request, &asked.entry.key_span, reader);
    Some(Verify { span, request, arrived: arrived?, reply })
}

/// The question itself may be asked again, whenever a resume is interrupted.
fn question(request: &Request, at: &Span, reader: &mut Reader<'_>) {
    if !request.idempotent && !request.method.is_safe() {
        let message = format!("the request of 'verify' is sent with {}, which may change something", request.method.name());
        let help = "ask with GET, HEAD or OPTIONS; say 'idempotent: true' where asking twice does no harm";
        reader.faults.push(Diagnostic::error("S107", at.clone(), message).help(help));
    }
    if let Some(key) = &request.key {
        reader.faults.push(
            Diagnostic::error("S107", key.span.clone(), "the request of 'verify' has an idempotency key, which it has no use for")
                .help("take 'idempotency_key' out: asking twice does no harm"),
        );
    }
}

pub(super) fn in_doubt(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<(InDoubt, Span)> {
    let span = fields.filled("on_in_doubt")?.entry.key_span.clone();
    let choice = match fields.choice("on_in_doubt", &mut reader.faults)? {
        "send" => InDoubt::Send,
        "skip" => InDoubt::Skip,
        "done" => InDoubt::Done,
        _ => InDoubt::Stop,
    };
    Some((choice, span))
}

impl Key {
    /// Where the key is sent belongs to the source.
    pub(super) fn lower(&self, source: Option<&SourceRef>, lowering: &mut Lowering<'_>) -> plan::Key {
        let place = match source.and_then(|source| lowering.definition(source)) {
            Some(Definition::Http(http)) => http.idempotency.clone(),
            Some(Definition::Sqlite(_) | Definition::Postgres(_)) | None => None,
        };
        let Idempotency { header, field, quoted, validity_ms } = place.unwrap_or_default();
        let value = match &self.given {
            Some(given) => plan::KeyValue::Given(lowering.expr(given)),
            None => plan::KeyValue::Auto,
        };
        let place = match (header, field) {
            (None, Some(field)) => plan::KeyIn::Field(lowering.text(&field)),
            (header, _) => plan::KeyIn::Header(lowering.text(header.as_deref().unwrap_or(HEADER))),
        };
        plan::Key { value, place, quoted, validity_ms }
    }
}

impl Verify {
    pub(super) fn lower(&self, lowering: &mut Lowering<'_>) -> Result<plan::Verify, Unresolved> {
        Ok(plan::Verify {
            request: self.request.lower(lowering)?,
            arrived: lowering.expr(&self.arrived),
            reply: lowering.optional(self.reply.as_ref()),
        })
    }
}
