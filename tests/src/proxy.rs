//! A TCP proxy that breaks connections: it stands between a program and its database or API, and does to each connection what it is told.
//!
//! Faults come from a script (one for each connection, in the order they are accepted), then from a seed. Nothing is understood of what passes: bytes are
//! counted, and at the given one something happens. What passed is kept for the test to look at.

mod choice;
mod relay;

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use choice::{Dice, Random};

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// How a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Both ends read the end of the stream.
    Close,
    /// Both ends get an RST, as from a host that has restarted.
    Reset,
    /// Whoever reads this way reads the end of the stream; the other way stays open. What still comes is swallowed.
    Half,
}

/// What happens to one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Reset before a byte passes; the server never hears of it.
    Refuse,
    /// This many bytes pass this way, and not one more.
    Cut {
        way: Way,
        after: u64,
        end: End,
    },
    /// This many bytes pass this way; the rest is swallowed, and nobody is told.
    Stall {
        way: Way,
        after: u64,
    },
    /// Every piece takes this much longer, both ways.
    Delay(Duration),
}

/// What passed through one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    pub fault: Fault,
    pub to_server: u64,
    pub to_client: u64,
    pub open: bool,
}

/// Listens on a port of its own until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    door: Mutex<Option<JoinHandle<()>>>,
    runtime: Runtime,
}

struct Shared {
    server: SocketAddr,
    orders: Mutex<Orders>,
    connections: Mutex<Vec<Arc<Connection>>>,
    /// Counts the calls of [`Proxy::cut`].
    cuts: watch::Sender<u64>,
}

#[derive(Default)]
struct Orders {
    script: VecDeque<Fault>,
    random: Option<(Random, Dice)>,
}

/// What is known of a connection while it lives, and after.
struct Connection {
    fault: Fault,
    to_server: AtomicU64,
    to_client: AtomicU64,
    ended: AtomicU64,
}

impl Proxy {
    /// Stands before a server of this machine.
    #[must_use]
    pub fn to(server: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared { server, orders: Mutex::default(), connections: Mutex::default(), cuts: watch::Sender::new(0) });
        let door = Mutex::new(Some(runtime.spawn(accept(listener, shared.clone()))));
        Self { address, shared, door, runtime }
    }

    /// Stands before a server on this port of the loopback interface.
    #[must_use]
    pub fn to_port(port: u16) -> Self {
        Self::to(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happens to the next connections, one after the other.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.orders).script.extend(faults);
    }

    /// What happens to the connections after those of the script is drawn by lot: the same for the same seed.
    pub fn disturb(&self, random: Random) {
        lock(&self.shared.orders).random = Some((random, Dice::new(random.seed)));
    }

    /// From now on every connection passes.
    pub fn calm(&self) {
        *lock(&self.shared.orders) = Orders::default();
    }

    /// Resets every open connection.
    pub fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Stops listening: whoever connects is refused, as by a host where nothing runs. Connections that something came through go on.
    pub fn shut(&self) {
        let Some(door) = lock(&self.door).take() else { return };
        door.abort();
        // The port is free once the task is gone.
        let _ = self.runtime.block_on(door);
    }

    /// Listens again, on the same port.
    ///
    /// # Panics
    /// Where another process took the port meanwhile.
    pub fn open(&self) {
        let mut door = lock(&self.door);
        if door.is_none() {
            let listener = StdListener::bind(self.address).expect("the proxy's port is still free");
            listener.set_nonblocking(true).expect("a listener that does not block");
            let _runtime = self.runtime.enter();
            let listener = TcpListener::from_std(listener).expect("a listener");
            *door = Some(self.runtime.spawn(accept(listener, self.shared.clone())));
        }
    }

    /// Every connection so far, in the order they were accepted.
    #[must_use]
    pub fn passed(&self) -> Vec<Passed> {
        lock(&self.shared.connections).iter().map(|connection| connection.passed()).collect()
    }

    /// How many connections met a fault.
    #[must_use]
    pub fn disturbed(&self) -> usize {
        self.passed().iter().filter(|passed| passed.fault != Fault::None).count()
    }
}

impl Connection {
    fn new(fault: Fault) -> Self {
        Self { fault, to_server: AtomicU64::new(0), to_client: AtomicU64::new(0), ended: AtomicU64::new(0) }
    }

    fn count(&self, way: Way) -> &AtomicU64 {
        match way {
            Way::ToServer => &self.to_server,
            Way::ToClient => &self.to_client,
        }
    }

    fn passed(&self) -> Passed {
        let open = self.ended.load(Ordering::Acquire) == 0;
        let count = |way| self.count(way).load(Ordering::Acquire);
        Passed { fault: self.fault, to_server: count(Way::ToServer), to_client: count(Way::ToClient), open }
    }
}

impl Shared {
    /// What the next connection meets.
    fn next_fault(&self) -> Fault {
        let mut orders = lock(&self.orders);
        match orders.script.pop_front() {
            Some(fault) => fault,
            None => orders.random.as_mut().map_or(Fault::None, |(random, dice)| random.fault(dice)),
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let connection = Arc::new(Connection::new(shared.next_fault()));
        lock(&shared.connections).push(connection.clone());
        let (server, cuts) = (shared.server, shared.cuts.subscribe());
        tokio::spawn(async move {
            serve(client, server, &connection, cuts).await;
            connection.ended.store(1, Ordering::Release);
        });
    }
}

async fn serve(client: TcpStream, server: SocketAddr, connection: &Connection, cuts: watch::Receiver<u64>) {
    if connection.fault == Fault::Refuse {
        relay::reset(client);
        return;
    }
    match TcpStream::connect(server).await {
        Ok(server) => relay::relay(client, server, connection, cuts).await,
        // What the client would have met without a proxy, as near as it gets.
        Err(_) => relay::reset(client),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds this")
}
