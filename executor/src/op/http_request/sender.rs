//! Requests of one op on their way: what is durable before the first byte is sent, and what before a reply is read.
//!
//! A request that must not be repeated has an intent in the journal first. Its reply is there before its rows or the next request are. What the journal knows of a request already,
//! from before a crash, is not asked for again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sequor_plan_format::NodeId;
use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::op::http_request::InDoubt;
use sequor_plan_format::op::print::Level;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::build::Built;
use super::mode::Mode;
use super::pages::{Pages, digest};
use super::recorded;
use super::{Item, build, in_source, label, op, status};
use crate::command::hint;
use crate::database::Gate;
use crate::driver::missing;
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
    places: Places,
    pages: Mutex<Pages>,
    /// The next request, and some behind it, may have been on their way when the run was interrupted.
    perhaps_sent: AtomicBool,
}

/// What bounds the requests of an op that are under way.
struct Places {
    /// From the first byte to the end of the reply. What is made durable before and after takes no place: another request uses it meanwhile.
    sending: Arc<Semaphore>,
    /// From the intent until the reply is durable, for requests that must not be repeated: in doubt after a crash. One that has an intent and waits for a place
    /// is so though it was not sent, so there are only a few more than places.
    intended: Semaphore,
}

/// What is known of a request before it is sent.
enum Before {
    Unknown,
    /// It may have arrived, and may be sent again.
    Safe(Intent),
    /// It may have arrived, and somebody decided that it is sent again.
    Decided,
}

/// The right to send a request.
pub(super) type Place = OwnedSemaphorePermit;

/// What came of a page's request.
pub(super) enum Exchanged {
    Reply {
        reply: Arc<Reply>,
        /// The request, for messages about its reply.
        title: String,
        /// Nothing that came of the reply may be seen outside before it is durable.
        durable: Option<Gate>,
    },
    /// Somebody decided that this item is left out, or is done without its reply.
    Nothing,
}

impl Sender {
    pub(super) fn new(services: &Arc<Services>, node: NodeId, activation: Activation, mode: Mode, concurrency: usize) -> Self {
        let places =
            Places { sending: Arc::new(Semaphore::new(concurrency)), intended: Semaphore::new(concurrency + concurrency.div_ceil(4)) };
        Self {
            services: Arc::clone(services),
            node,
            activation,
            mode,
            places,
            pages: Mutex::default(),
            perhaps_sent: AtomicBool::new(false),
        }
    }

    /// The next request, and some behind it, may have been on their way when the run was interrupted.
    pub(super) fn note_perhaps_sent(&self) {
        self.perhaps_sent.store(true, Ordering::Relaxed);
    }

    /// A place before those that wait already behind the caller's turn.
    pub(super) async fn place(&self) -> Result<Place, RunError> {
        Arc::clone(&self.places.sending).acquire_owned().await.map_err(|_| missing())
    }

    /// No request is sent any more.
    pub(super) fn close(&self) {
        self.places.sending.close();
        self.places.intended.close();
    }

    pub(super) fn id(&self, item: &Item, page: u64) -> RequestId {
        RequestId { activation: self.activation, ordinal: item.ordinal, page }
    }

    /// The complete reply of a page, from the journal or from the server. Waits for a place where none is given. Errors have the request filled in.
    pub(super) async fn exchange(&self, scope: &Scope, item: &Item, page: u64, place: Option<Place>) -> Result<Exchanged, RunError> {
        let id = self.id(item, page);
        match self.services.journal.with_effects(|effects| effects.request(id).cloned()) {
            Some(RequestState::Replied(known)) => {
                let title = known.title.clone();
                let reply = Arc::new(recorded::read(&self.services.journal, id, known).await?);
                Ok(Exchanged::Reply { reply, title, durable: None })
            }
            Some(RequestState::Settled(_)) => Ok(Exchanged::Nothing),
            // Whether it may be sent again was settled when the run was resumed.
            Some(RequestState::Intended(intent)) => self.send(scope, item, id, Before::Safe(intent), place).await,
            Some(RequestState::Cleared(_)) => self.send(scope, item, id, Before::Decided, place).await,
            None => self.send(scope, item, id, Before::Unknown, place).await,
        }
    }

    async fn send(&self, scope: &Scope, item: &Item, id: RequestId, before: Before, place: Option<Place>) -> Result<Exchanged, RunError> {
        let services = &*self.services;
        let op = op(&services.plan, self.node)?;
        let scope = in_source(op, scope);
        let client = services.clients.of(&services.plan, &services.network, op.request.source);
        let built = build::request(services, &op.request, &op.response.success, &client, &scope, Some(id))?;
        let title = client.title(&built.outgoing);
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).enter(item.ordinal, id.page, &built.outgoing)?;
        if let Before::Safe(before) = &before {
            same(before, &built.outgoing, built.key.as_deref())?;
        }
        let once = built.key.is_some() || !built.outgoing.repeatable;
        self.say_again(&before, once, &title, item, id.page);
        let intended = match place {
            None if once && built.key.is_none() => Some(self.places.intended.acquire().await.map_err(|_| missing())?),
            Some(_) | None => None,
        };
        if once {
            self.intend(id, &built.outgoing, built.key.clone(), &title).await?;
        }
        let place = match place {
            Some(place) => place,
            None => self.place().await.inspect_err(|_| {
                if once && !matches!(before, Before::Safe(_)) {
                    services.journal.effect(Change::Unsent { id });
                }
            })?,
        };
        let observer = Observer { reporter: &services.reporter, node: self.node };
        let received = client.send(&built.outgoing, observer).await;
        drop(place);
        let received = match received {
            Ok(received) => received,
            Err(Unanswered { error, may_have_arrived }) => {
                if once && !may_have_arrived {
                    services.journal.effect(Change::Unsent { id });
                }
                return Err(if once && may_have_arrived { self.doubtful(op, &built, error) } else { error });
            }
        };
        hit("http.after_reply_before_record");
        if let Err(error) = status::check(&built, &client, &received) {
            if once && status::is_refusal(received.reply.status) {
                services.journal.effect(Change::Unsent { id });
                return Err(error);
            }
            return Err(if once { self.doubtful(op, &built, error) } else { error });
        }
        let Received { reply, .. } = received;
        let mut durable = match self.mode.recorded || once {
            true => recorded::write(&services.journal, id, &reply, title.clone()),
            false => None,
        };
        if intended.is_some()
            && let Some(durable) = durable.take()
        {
            // Its turn is later.
            durable.await?;
        }
        hit("http.after_record");
        Ok(Exchanged::Reply { reply: Arc::new(reply), title, durable })
    }

    /// Names a request that a resumed run sends again.
    fn say_again(&self, before: &Before, once: bool, title: &str, item: &Item, page: u64) {
        let why = match before {
            Before::Safe(_) => "is sent again: nobody knows whether it arrived, and by its idempotency key the server does it once",
            Before::Decided => "is sent again, as was decided: it may have arrived before",
            Before::Unknown => {
                if once || !self.perhaps_sent.swap(false, Ordering::Relaxed) {
                    return;
                }
                "may have been sent before the run was interrupted, and some behind it too; they are sent again, which does no harm"
            }
        };
        let item = label(&self.services.plan, self.node, item).map(|item| format!("row {item}, ")).unwrap_or_default();
        self.services.reporter.log(Level::Info, &format!("{title} ({item}page {page}) {why}"));
    }

    /// The error of a request that may have been carried out, with what comes next.
    fn doubtful(&self, op: &HttpRequest, built: &Built, mut error: RunError) -> RunError {
        let journal = &self.services.journal;
        let next = match (&op.verify, op.in_doubt) {
            _ if built.key.is_some() => "a resume sends it again with the same idempotency key".to_owned(),
            _ if !journal.is_on() => "the run keeps no journal: find out before it is started again".to_owned(),
            (Some(_), _) => "a resume asks the flow's 'verify' about it".to_owned(),
            (None, InDoubt::Send) => "a resume sends it again (on_in_doubt: send)".to_owned(),
            (None, InDoubt::Skip) => "a resume leaves it out (on_in_doubt: skip)".to_owned(),
            (None, InDoubt::Done) => "a resume takes it as done (on_in_doubt: done)".to_owned(),
            (None, InDoubt::Stop) => format!("a decision comes next: find out, then {}", hint::decide(journal.run())),
        };
        error
            .message
            .push_str(&format!("; this request may have been carried out, nobody knows, and it is not sent again by itself; {next}"));
        error
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
