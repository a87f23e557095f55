//! SIGINT, SIGTERM and SIGHUP: the first one ends the run before its next step, the second one ends the process.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long the step at hand may still take after the first signal.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
    /// The terminal or the connection that the run was started from is gone.
    HangUp,
}

impl Signal {
    /// 128 and the signal's number, as shells report it.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
            Self::HangUp => 129,
        }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
        }
    }
}

/// The first signal, and when it came.
type First = Option<(Signal, Instant)>;

/// Signals received so far.
#[derive(Clone)]
pub struct Signals {
    first: watch::Receiver<First>,
    /// Kept, so that waiting goes on where nothing listens.
    _sender: Option<Arc<watch::Sender<First>>>,
}

impl Signals {
    /// Starts to listen. Must be called on the runtime. `advice` says what can be done after the second signal; it may be empty.
    ///
    /// # Errors
    /// Where the process cannot have a handler.
    pub fn listen(advice: String) -> io::Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let (sender, first) = watch::channel(None);
        tokio::spawn(async move {
            // What stands on the line that is written over makes place.
            let clear = if io::stderr().is_terminal() { "\r\x1b[K" } else { "" };
            loop {
                let signal = tokio::select! {
                    received = interrupt.recv() => received.map(|()| Signal::Interrupt),
                    received = terminate.recv() => received.map(|()| Signal::Terminate),
                    received = hang_up.recv() => received.map(|()| Signal::HangUp),
                };
                let Some(signal) = signal else { return };
                if sender.borrow().is_some() {
                    let _ = writeln!(
                        io::stderr().lock(),
                        "{clear}{}: stopped at once{}{advice}",
                        signal.name(),
                        if advice.is_empty() { "" } else { "; " }
                    );
                    // The run may be inside of code that cannot be interrupted; the second signal does not wait for it.
                    #[allow(clippy::exit)]
                    std::process::exit(signal.exit_status().into());
                }
                sender.send_replace(Some((signal, Instant::now())));
                let name = signal.name();
                let seconds = PATIENCE.as_secs();
                // Whoever sent it may not be there to read this.
                let _ = writeln!(
                    io::stderr().lock(),
                    "{clear}{name}: stopping after the step at hand, in {seconds} s at most; a second one stops at once"
                );
            }
        });
        Ok(Self { first, _sender: None })
    }

    /// Never receives one.
    #[must_use]
    pub fn none() -> Self {
        let (sender, first) = watch::channel(None);
        Self { first, _sender: Some(Arc::new(sender)) }
    }

    #[must_use]
    pub fn received(&self) -> Option<Signal> {
        self.first.borrow().map(|(signal, _)| signal)
    }

    /// Ends some time after the first signal.
    pub(super) async fn patience_over(&mut self) -> Signal {
        let received = self.first.wait_for(Option::is_some).await.map(|signal| *signal);
        match received {
            Ok(Some((signal, at))) => {
                sleep_until(at + PATIENCE).await;
                signal
            }
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// The first signal, once that time is over.
    pub(super) fn impatient(&self) -> Option<Signal> {
        self.first.borrow().filter(|(_, at)| at.elapsed() >= PATIENCE).map(|(signal, _)| signal)
    }
}
