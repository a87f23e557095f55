//! Requests of one op on their way: what is durable before the first byte is sent, and what before a reply is read.
//!
//! A request that must not be repeated has an intent in the journal first. Its reply is there before anybody reads it. What the journal knows of a request already,
//! from before a crash, is not asked for again.

use std::sync::{Arc, Mutex, PoisonError};

use sequor_plan_format::NodeId;

use super::mode::Mode;
use super::pages::{Pages, digest};
use super::recorded;
use super::{Item, build, in_source, op, status};
use crate::error::{ErrorKind, RunError};
use crate::eval::Reply;
use crate::failpoint::hit;
use crate::http::{Observer, Outgoing, Received, Unanswered};
use crate::journal::effects::{Change, Intent, RequestId, RequestState};
use crate::machine::Activation;
use crate::scope::Scope;
use crate::services::Services;

/// Shared by the requests of an op that are under way.
pub(super) struct Sender {
    pub(super) services: Arc<Services>,
    pub(super) node: NodeId,
    pub(super) activation: Activation,
    pub(super) mode: Mode,
    pages: Mutex<Pages>,
}

/// What came of a page's request.
pub(super) enum Exchanged {
    Reply {
        reply: Arc<Reply>,
        /// The request, for messages about its reply.
        title: String,
    },
    /// Somebody decided that this item is left out, or is done without its reply.
    Nothing,
}

impl Sender {
    pub(super) fn new(services: &Arc<Services>, node: NodeId, activation: Activation, mode: Mode) -> Self {
        Self { services: Arc::clone(services), node, activation, mode, pages: Mutex::default() }
    }

    pub(super) fn id(&self, item: &Item, page: u64) -> RequestId {
        RequestId { activation: self.activation, ordinal: item.ordinal, page }
    }

    /// The complete reply of a page, from the journal or from the server. Errors have the request filled in.
    pub(super) async fn exchange(&self, scope: &Scope, item: &Item, page: u64) -> Result<Exchanged, RunError> {
        let id = self.id(item, page);
        match self.services.journal.with_effects(|effects| effects.request(id).cloned()) {
            Some(RequestState::Replied(known)) => {
                let title = known.title.clone();
                let reply = Arc::new(recorded::read(&self.services.journal, id, known).await?);
                Ok(Exchanged::Reply { reply, title })
            }
            Some(RequestState::Settled(_)) => Ok(Exchanged::Nothing),
            // Whether it may be sent again was settled when the run was resumed.
            Some(RequestState::Intended(intent)) => self.send(scope, item, id, Some(intent)).await,
            Some(RequestState::Cleared(_)) | None => self.send(scope, item, id, None).await,
        }
    }

    async fn send(&self, scope: &Scope, item: &Item, id: RequestId, before: Option<Intent>) -> Result<Exchanged, RunError> {
        let services = &*self.services;
        let op = op(&services.plan, self.node)?;
        let scope = in_source(op, scope);
        let client = services.clients.of(&services.plan, &services.network, op.request.source);
        let built = build::request(services, &op.request, &op.response.success, &client, &scope, Some(id))?;
        let title = client.title(&built.outgoing);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).enter(item.ordinal, id.page, &built.outgoing)?;
        if let Some(before) = before {
            same(&before, &built.outgoing, built.key.as_deref())?;
        }
        let once = built.key.is_some() || !built.outgoing.repeatable;
        if once {
            self.intend(id, &built.outgoing, built.key.clone(), &title).await?;
        }
        let observer = Observer { reporter: &services.reporter, node: self.node };
        let received = match client.send(&built.outgoing, observer).await {
            Ok(received) => received,
            Err(Unanswered { error, may_have_arrived }) => {
                if once && !may_have_arrived {
                    services.journal.effect(Change::Unsent { id });
                }
                return Err(if once && may_have_arrived { doubtful(error) } else { error });
            }
        };
        hit("http.after_reply_before_record");
        if let Err(error) = status::check(&built, &client, &received) {
            if once && status::is_refusal(received.reply.status) {
                services.journal.effect(Change::Unsent { id });
            }
            return Err(error);
        }
        let Received { reply, .. } = received;
        if self.mode.recorded || once {
            recorded::write(&services.journal, id, &reply, title.clone()).await?;
            hit("http.after_record");
        }
        Ok(Exchanged::Reply { reply: Arc::new(reply), title })
    }

    async fn intend(&self, id: RequestId, outgoing: &Outgoing, key: Option<String>, title: &str) -> Result<(), RunError> {
        let journal = &self.services.journal;
        let title = self.services.redactor.redact(title).into_owned();
        let intent = Intent { digest: digest(outgoing), key, at_ms: jiff::Timestamp::now().as_millisecond(), title };
        hit("http.before_intent");
        journal.effect(Change::Request { id, state: RequestState::Intended(intent) });
        recorded::durable(journal).await?;
        hit("http.after_intent_before_send");
        Ok(())
    }
}

/// A key that has been used goes with the same request only.
fn same(before: &Intent, outgoing: &Outgoing, key: Option<&str>) -> Result<(), RunError> {
    if before.key.is_none() || (before.key.as_deref() == key && before.digest == digest(outgoing)) {
        return Ok(());
    }
    let message = format!(
        "{}: this request was sent before the run was interrupted, with an idempotency key and other content, and it is not known whether it arrived; \
         it must not be made from anything that changes (the time, random values). Find out whether it arrived, then resume with --in-doubt send, skip or done",
        outgoing.title()
    );
    Err(RunError::new(ErrorKind::Data, message))
}

fn doubtful(mut error: RunError) -> RunError {
    error.message.push_str("; it is not known whether this request arrived, and it is not sent again by itself");
    error
}
