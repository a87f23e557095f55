//! A running `http_request`: its input rows, the requests that are under way, the loads into its tables.
//!
//! The machine asks for one item and one page after the other. With a concurrency, requests of the items that follow are sent ahead, and their replies wait for
//! their turn: rows land in input order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use sequor_plan_format::op::HttpRequest;
use sequor_plan_format::{NodeId, Op, Plan};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::mode::Mode;
use super::sender::{Exchanged, Sender};
use super::tables::Tables;
use super::{Absorbed, Item, absorb, in_source, items, op, reply, text};
use crate::error::RunError;
use crate::eval::Reply;
use crate::failpoint::hit;
use crate::journal::effects::LoadedTable;
use crate::journal::members::Members;
use crate::machine::Activation;
use crate::op::rows;
use crate::scope::{Assigned, Scope};
use crate::services::Services;
use crate::value::Value;

/// How long requests that were sent ahead are waited for when the op ends before their turn.
const DRAIN: Duration = Duration::from_secs(10);
/// Items whose requests wait for a place, for each place.
const QUEUED: usize = 2;

/// What a running `http_request` holds open.
pub struct Active {
    services: Arc<Services>,
    node: NodeId,
    sender: Arc<Sender>,
    /// None: one item.
    members: Option<Members>,
    next: u64,
    current: Option<Item>,
    received: Option<Exchanged>,
    ahead: VecDeque<Ahead>,
    concurrency: usize,
    tables: Tables,
    /// The request whose reply is read, for messages.
    title: Option<String>,
}

/// A request that was sent before its turn.
struct Ahead {
    ordinal: u64,
    task: JoinHandle<Result<Exchanged, RunError>>,
}

/// Where a resumed op goes on.
pub(crate) struct Resumed {
    pub(crate) ordinal: u64,
    /// An item is being worked on.
    pub(crate) within: bool,
    /// Replies that have been read.
    pub(crate) read: u64,
    pub(crate) tables: Vec<LoadedTable>,
}

impl Active {
    /// Evaluates `init` and reads the input rows. Gives the variables to set.
    ///
    /// # Errors
    /// An expression's or a database's.
    pub async fn open(
        services: &Arc<Services>,
        node: NodeId,
        activation: Activation,
        scope: &Scope,
    ) -> Result<(Self, Vec<Assigned>), RunError> {
        let op = op(&services.plan, node)?;
        let mut scope = in_source(op, scope);
        let mut assigned = Vec::with_capacity(op.init.len());
        for assign in &op.init {
            let value = scope.evaluate(services, assign.value)?;
            let one = Assigned { name: services.plan.text(assign.name).into(), scope: assign.scope, value };
            scope = scope.with_assigned(&one);
            assigned.push(one);
        }
        let members = match &op.for_each {
            Some(for_each) => {
                let members = rows::open(services, activation, &for_each.rows, &scope).await?;
                services.reporter.rows_in(node, members.len());
                Some(members)
            }
            None => None,
        };
        let mode = Mode::of(&services.plan, op);
        Ok((Self::new(services, node, activation, op, mode, members, Tables::new(services, node, activation, mode)), assigned))
    }

    /// Goes on where an earlier executor was.
    ///
    /// # Errors
    /// Its input rows or its tables cannot be had again.
    pub(crate) async fn resume(
        services: &Arc<Services>,
        node: NodeId,
        activation: Activation,
        at: Resumed,
        scope: &Scope,
    ) -> Result<Self, RunError> {
        let op = op(&services.plan, node)?;
        let scope = in_source(op, scope);
        let mut members = match &op.for_each {
            Some(_) => Some(Members::reopen(&services.journal, activation).await?),
            None => None,
        };
        let mode = Mode::of(&services.plan, op);
        let tables = Tables::resume(services, node, activation, mode, at.tables, at.read, &scope).await?;
        let current = match (&mut members, at.within) {
            (_, false) => None,
            (None, true) => Some(Item { ordinal: 0, value: Value::Null }),
            (Some(members), true) => members.get(at.ordinal).await?.map(|value| Item { ordinal: at.ordinal, value }),
        };
        let mut active = Self::new(services, node, activation, op, mode, members, tables);
        active.sender.note_perhaps_sent();
        active.next = at.ordinal + u64::from(at.within);
        active.current = current;
        Ok(active)
    }

    fn new(
        services: &Arc<Services>,
        node: NodeId,
        activation: Activation,
        op: &HttpRequest,
        mode: Mode,
        members: Option<Members>,
        tables: Tables,
    ) -> Self {
        let concurrency = op.for_each.as_ref().map_or(1, |for_each| for_each.concurrency.max(1) as usize);
        Self {
            services: Arc::clone(services),
            node,
            sender: Arc::new(Sender::new(services, node, activation, mode, concurrency)),
            members,
            next: 0,
            current: None,
            received: None,
            ahead: VecDeque::new(),
            concurrency,
            tables,
            title: None,
        }
    }

    /// The next input row; `None` at the end. Without `for_each` there is exactly one item, with the value null.
    ///
    /// # Errors
    /// The spool's.
    pub async fn next_item(&mut self) -> Result<Option<(u64, Value)>, RunError> {
        let ordinal = self.next;
        let value = match &mut self.members {
            None => (ordinal == 0).then_some(Value::Null),
            Some(members) => members.get(ordinal).await?,
        };
        self.current = value.clone().map(|value| Item { ordinal, value });
        self.next += u64::from(value.is_some());
        Ok(value.map(|value| (ordinal, value)))
    }

    /// Has the reply of the current item's page (from 1) at hand. `scope` holds the loop variable.
    ///
    /// # Errors
    /// An expression's, or of kind `HttpStatus`, `Network`, `Timeout`, with request, row and page filled in.
    pub async fn exchange(&mut self, scope: &Scope, page: u64) -> Result<(), RunError> {
        let item = self.current.clone().ok_or_else(crate::driver::missing)?;
        if self.tables.has_landed() {
            // Its rows and what it set are there already.
            self.received = None;
            return Ok(());
        }
        self.title = None;
        self.show_rows().await?;
        let sent = match self.ahead.front() {
            Some(first) if first.ordinal == item.ordinal && page == 1 => self.ahead.pop_front(),
            Some(_) | None => None,
        };
        // A request that is sent at its turn has its place before those behind it.
        let place = match sent {
            Some(_) => None,
            None => Some(self.sender.place().await?),
        };
        if self.concurrency > 1 {
            self.send_ahead(scope, item.ordinal + 1).await?;
        }
        let result = match sent {
            Some(sent) => sent.task.await.unwrap_or_else(|_| Err(crate::driver::missing())),
            None => self.sender.exchange(scope, &item, page, place).await,
        };
        match result {
            Ok(exchanged) => {
                if let Exchanged::Reply { title, .. } = &exchanged {
                    self.title = Some(title.clone());
                }
                self.received = Some(exchanged);
                Ok(())
            }
            Err(error) => Err(self.situated(&item, page, error)),
        }
    }

    /// Rows of the replies before are committed, where something looks for them.
    async fn show_rows(&mut self) -> Result<(), RunError> {
        if self.sender.mode.looks { self.settle().await } else { Ok(()) }
    }

    /// Sends the first pages of the items from `ordinal` on, as far as there are places.
    async fn send_ahead(&mut self, scope: &Scope, ordinal: u64) -> Result<(), RunError> {
        let Some(members) = &mut self.members else { return Ok(()) };
        let Some(for_each) = &op(&self.services.plan, self.node)?.for_each else { return Ok(()) };
        let name = self.services.plan.text(for_each.item);
        let mut ordinal = self.ahead.back().map_or(ordinal, |last| last.ordinal + 1);
        while self.ahead.len() < QUEUED * self.concurrency {
            let Some(value) = members.get(ordinal).await? else { break };
            let scope = scope.with_local(name, value.clone());
            let item = Item { ordinal, value };
            let sender = Arc::clone(&self.sender);
            let task = tokio::spawn(async move { sender.exchange(&scope, &item, 1, None).await });
            self.ahead.push_back(Ahead { ordinal, task });
            ordinal += 1;
        }
        Ok(())
    }

    /// Reads the reply at hand into tables and variables: the op's `batch`-th.
    ///
    /// # Errors
    /// `Reply`, `Expression`, `Data`, or a database's, with request, row and page filled in.
    pub async fn absorb(&mut self, scope: &Scope, page: u64, batch: u64) -> Result<Absorbed, RunError> {
        if let Some(landed) = self.tables.landed(batch)? {
            return Ok(landed);
        }
        let item = self.current.clone().ok_or_else(crate::driver::missing)?;
        if self.received.is_none() {
            // The run was resumed between the reply and this: the journal has it, or it is asked for again.
            self.exchange(scope, page).await?;
        }
        match self.received.take() {
            Some(Exchanged::Reply { reply, durable, .. }) => {
                self.show_rows().await?;
                self.tables.begin(batch, durable);
                self.read(scope, &item, page, &reply).await
            }
            Some(Exchanged::Nothing) | None => {
                self.tables.begin(batch, None);
                self.tables.commit(&Absorbed::default()).await?;
                Ok(Absorbed::default())
            }
        }
    }

    async fn read(&mut self, scope: &Scope, item: &Item, page: u64, reply: &Arc<Reply>) -> Result<Absorbed, RunError> {
        hit("http.before_absorb");
        let services = Arc::clone(&self.services);
        let op = op(&services.plan, self.node)?;
        let scope = in_source(op, scope).with_response(Arc::clone(reply));
        let result = absorb::read(&services, op, &mut self.tables, scope, reply).await;
        hit("http.after_absorb");
        result.map_err(|error| {
            let mut error = match reply::Format::of(op.response.format, reply) {
                reply::Format::Json => reply::explained(error, reply),
                reply::Format::JsonLines | reply::Format::Csv { .. } | reply::Format::Text => error,
            };
            error.status_code.get_or_insert(reply.status);
            error.body.get_or_insert_with(|| text::body_start(&reply.body));
            self.situated(item, page, error)
        })
    }

    /// Whether its items are in the spool.
    pub(crate) fn has_members(&self) -> bool {
        self.members.is_some()
    }

    /// The last batch whose rows are committed; `None` where the op fills no table, so that there is nothing to wait for.
    pub(crate) fn committed(&self) -> Option<u64> {
        self.tables.committed()
    }

    /// Waits until all batches that were read are committed.
    ///
    /// # Errors
    /// A database's.
    pub async fn settle(&mut self) -> Result<(), RunError> {
        // Rows wait for their replies to be durable.
        self.services.journal.hurry();
        self.tables.sync().await
    }

    /// The journal has everything up to this batch.
    pub(crate) fn journalled(&mut self, batch: u64) {
        self.tables.journalled(batch);
    }

    /// Finishes the loads: created tables are swapped in.
    ///
    /// # Errors
    /// A database's; the old tables are then as they were.
    pub async fn close(&mut self, scope: &Scope, batch: u64) -> Result<(), RunError> {
        self.services.journal.hurry();
        let services = Arc::clone(&self.services);
        let op = op(&services.plan, self.node)?;
        // Where no reply has been read, nothing has named its tables.
        if batch == 1 || self.tables.is_empty() {
            absorb::declared(&services, op, &mut self.tables, &in_source(op, scope)).await?;
        }
        self.tables.close(batch).await
    }

    /// The op has ended, well or with an error that something catches: what was loaded but not swapped in is dropped.
    pub async fn discard(mut self) {
        self.drain().await;
        self.tables.discard().await;
        if let Some(members) = &self.members {
            members.forget();
        }
    }

    /// The run ends here and may go on later: what was loaded stays where it is.
    pub(crate) async fn suspend(mut self) {
        self.drain().await;
        self.tables.suspend().await;
    }

    /// Requests that were sent ahead come to their end, so that the journal has their replies.
    async fn drain(&mut self) {
        self.sender.close();
        for ahead in std::mem::take(&mut self.ahead) {
            let mut task = ahead.task;
            if timeout(DRAIN, &mut task).await.is_err() {
                task.abort();
            }
        }
    }

    fn situated(&self, item: &Item, page: u64, mut error: RunError) -> RunError {
        if error.request.is_none() {
            error.request.clone_from(&self.title);
        }
        if let Some(label) = label(&self.services.plan, self.node, item) {
            error.row.get_or_insert(label);
        }
        error.page.get_or_insert(page);
        error
    }
}

/// The item as messages name it; nothing for an op without `for_each`.
pub(crate) fn label(plan: &Plan, node: NodeId, item: &Item) -> Option<String> {
    let Op::HttpRequest(op) = &plan.node(node).op else { return None };
    let for_each = op.for_each.as_ref()?;
    let keys: Vec<&str> = for_each.key.iter().map(|key| plan.text(*key)).collect();
    Some(items::label(item, &keys))
}
