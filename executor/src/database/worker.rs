//! The task that writes a load's batches, so that encoding the next rows and writing the last ones overlap.

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::error::{ErrorKind, RunError};

/// What a load asks its writing task to do.
pub(super) enum Command<B> {
    /// Write a batch; answer once it is committed, if somebody waits for that.
    Write(B, Option<oneshot::Sender<()>>),
    /// Make the loaded rows the table's, and end.
    Finish,
}

/// The load's end. When it is dropped, the task undoes what is not finished.
pub(super) struct Writer<B> {
    commands: mpsc::Sender<Command<B>>,
    task: JoinHandle<Result<(), RunError>>,
    reported: bool,
}

impl<B: Send + 'static> Writer<B> {
    /// `run` reads commands until `Finish`; when they end without it, it cleans up.
    pub(super) fn start<F>(run: impl FnOnce(mpsc::Receiver<Command<B>>) -> F) -> Self
    where
        F: Future<Output = Result<(), RunError>> + Send + 'static,
    {
        // One batch waits while one is written.
        let (commands, receiver) = mpsc::channel(1);
        Self { commands, task: tokio::spawn(run(receiver)), reported: false }
    }

    /// Hands a batch over. What is wrong with it may be reported by a later call.
    pub(super) async fn write(&mut self, batch: B) -> Result<(), RunError> {
        match self.commands.send(Command::Write(batch, None)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.fault().await),
        }
    }

    /// Returns when the batch is committed.
    pub(super) async fn commit(&mut self, batch: B) -> Result<(), RunError> {
        let (done, committed) = oneshot::channel();
        let sent = self.commands.send(Command::Write(batch, Some(done))).await.is_ok();
        if sent && committed.await.is_ok() { Ok(()) } else { Err(self.fault().await) }
    }

    pub(super) async fn finish(self) -> Result<(), RunError> {
        // A task that has ended says why below.
        let _ = self.commands.send(Command::Finish).await;
        drop(self.commands);
        if self.reported {
            return Err(ended());
        }
        self.task.await.unwrap_or_else(|_| Err(ended()))
    }

    pub(super) async fn abort(self) {
        drop(self.commands);
        if !self.reported {
            // The load is given up: its outcome is of no interest, only its end.
            let _ = self.task.await;
        }
    }

    /// Why the task has ended. The reason is given once.
    async fn fault(&mut self) -> RunError {
        if self.reported {
            return ended();
        }
        self.reported = true;
        match (&mut self.task).await {
            Ok(Err(error)) => error,
            Ok(Ok(())) | Err(_) => ended(),
        }
    }
}

fn ended() -> RunError {
    RunError::new(ErrorKind::Database, "the load has ended; nothing more can be written")
}
