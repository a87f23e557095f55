//! A TCP proxy that breaks connections as networks do: between a program under test and a database or service.
//!
//! What happens to the n-th connection is decided before it is opened, by a list or by a seed, so that a failing test can be seen again.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpSocket;

use crate::crash::matrix::Random;

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Pass,
    /// Closed as soon as it is accepted.
    Refuse,
    /// Reset as soon as it is accepted.
    Reset,
    /// Closed once so many bytes have gone to the server.
    CutRequest(u64),
    /// Closed once so many bytes have come from the server.
    CutReply(u64),
    /// Reset once so many bytes have come from the server.
    ResetReply(u64),
    /// The server's side is closed for writing once so many bytes have come from it; the other way stays open.
    HalfClose(u64),
    /// Nothing moves any more once so many bytes have come from the server, until the proxy is released.
    Stall(u64),
    /// Each piece from the server waits so long.
    Delay(Duration),
}

/// Decides, and counts.
#[derive(Debug)]
struct Plan {
    /// For the next connections.
    listed: VecDeque<Fate>,
    /// After those; without it they pass.
    random: Option<Random>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    plan: Mutex<Plan>,
    accepted: AtomicUsize,
    closing: AtomicBool,
    released: Mutex<bool>,
    release: Condvar,
    /// Both ends of what is open, to be closed with the proxy.
    streams: Mutex<Vec<TcpStream>>,
}

/// A running proxy, closed when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    /// The first connections meet these fates, the others pass.
    #[must_use]
    pub fn listed(server: SocketAddr, fates: impl IntoIterator<Item = Fate>) -> Self {
        Self::start(server, Plan { listed: fates.into_iter().collect(), random: None })
    }

    /// Every connection's fate is drawn: about half of them pass.
    #[must_use]
    pub fn random(server: SocketAddr, seed: u64) -> Self {
        Self::start(server, Plan { listed: VecDeque::new(), random: Some(Random(seed)) })
    }

    fn start(server: SocketAddr, plan: Plan) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            server,
            plan: Mutex::new(plan),
            accepted: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            released: Mutex::new(false),
            release: Condvar::new(),
            streams: Mutex::default(),
        });
        let of_thread = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || of_thread.accept(&listener));
        Self { address, shared, acceptor: Some(acceptor) }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::Acquire)
    }

    /// The next connections meet these fates.
    pub fn next(&self, fates: impl IntoIterator<Item = Fate>) {
        self.shared.plan.lock().unwrap_or_else(PoisonError::into_inner).listed.extend(fates);
    }

    /// Everything that stalls goes on.
    pub fn release(&self) {
        *self.shared.released.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.release.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        self.release();
        // Wakes the acceptor.
        drop(TcpStream::connect(self.address));
        for stream in self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            if self.closing.load(Ordering::Acquire) {
                return;
            }
            self.accepted.fetch_add(1, Ordering::AcqRel);
            let fate = self.plan.lock().unwrap_or_else(PoisonError::into_inner).next();
            match fate {
                Fate::Refuse => drop(client),
                Fate::Reset => reset(&client),
                fate => self.connect(client, fate),
            }
        }
    }

    fn connect(self: &Arc<Self>, client: TcpStream, fate: Fate) {
        let Ok(server) = TcpStream::connect(self.server) else { return };
        for stream in [&client, &server] {
            let _ = stream.set_nodelay(true);
        }
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.extend([&client, &server].into_iter().filter_map(|stream| stream.try_clone().ok()));
        drop(streams);
        let (Ok(client_again), Ok(server_again)) = (client.try_clone(), server.try_clone()) else { return };
        let (up, down) = (Arc::clone(self), Arc::clone(self));
        std::thread::spawn(move || up.forward(client, server, fate, Way::ToServer));
        std::thread::spawn(move || down.forward(server_again, client_again, fate, Way::FromServer));
    }

    /// Moves bytes one way until their end or the fate's.
    fn forward(&self, mut from: TcpStream, mut to: TcpStream, fate: Fate, way: Way) {
        let limit = fate.limit(way);
        let mut moved = 0_u64;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            if limit.is_some_and(|limit| moved >= limit) {
                return self.meet(&from, &to, fate);
            }
            let room = limit.map_or(buffer.len(), |limit| usize::try_from(limit - moved).map_or(buffer.len(), |n| n.min(buffer.len())));
            let read = match from.read(&mut buffer[..room]) {
                Ok(read) if read > 0 => read,
                Ok(_) | Err(_) => {
                    let _ = to.shutdown(Shutdown::Write);
                    return;
                }
            };
            if let (Fate::Delay(time), Way::FromServer) = (fate, way) {
                std::thread::sleep(time);
            }
            if to.write_all(&buffer[..read]).is_err() {
                let _ = from.shutdown(Shutdown::Read);
                return;
            }
            moved += read as u64;
        }
    }

    /// Lets go of the handles that are kept of this stream.
    fn forget(&self, stream: &TcpStream) {
        let peer = stream.peer_addr().ok();
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).retain(|kept| kept.peer_addr().ok() != peer);
    }

    /// `from` and `to` as the bytes go; the client is `to` where the fate is about what comes from the server.
    fn meet(&self, from: &TcpStream, to: &TcpStream, fate: Fate) {
        match fate {
            Fate::CutRequest(_) | Fate::CutReply(_) => {
                let _ = to.shutdown(Shutdown::Both);
                let _ = from.shutdown(Shutdown::Both);
            }
            Fate::ResetReply(_) => {
                // An orderly end would go first if the client's side were shut down: it is only closed. The other thread lets go of it with the server's end.
                reset(to);
                self.forget(to);
                let _ = from.shutdown(Shutdown::Both);
            }
            Fate::HalfClose(_) => {
                let _ = to.shutdown(Shutdown::Write);
            }
            Fate::Stall(_) => {
                let mut released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
                while !*released {
                    released = self.release.wait(released).unwrap_or_else(PoisonError::into_inner);
                }
                drop(released);
                let _ = to.shutdown(Shutdown::Both);
                let _ = from.shutdown(Shutdown::Both);
            }
            Fate::Pass | Fate::Refuse | Fate::Reset | Fate::Delay(_) => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ToServer,
    FromServer,
}

impl Fate {
    /// After how many bytes of one way it is met.
    fn limit(self, way: Way) -> Option<u64> {
        match (self, way) {
            (Self::CutRequest(bytes), Way::ToServer) => Some(bytes),
            (Self::CutReply(bytes) | Self::ResetReply(bytes) | Self::HalfClose(bytes) | Self::Stall(bytes), Way::FromServer) => Some(bytes),
            _ => None,
        }
    }
}

impl Plan {
    fn next(&mut self) -> Fate {
        if let Some(fate) = self.listed.pop_front() {
            return fate;
        }
        let Some(random) = &mut self.random else { return Fate::Pass };
        // Small and large numbers of bytes are as likely: in the middle of a greeting, and of a table.
        let bits = 2 + random.below(15);
        let bytes = random.below(1 << bits);
        match random.below(14) {
            0 => Fate::Refuse,
            1 => Fate::Reset,
            2 => Fate::CutRequest(bytes),
            3 => Fate::CutReply(bytes),
            4 => Fate::ResetReply(bytes),
            5 => Fate::HalfClose(bytes),
            6 => Fate::Delay(Duration::from_millis(1 + bytes % 20)),
            _ => Fate::Pass,
        }
    }
}

/// The peer gets RST instead of an orderly end, once the last handle of the stream is closed.
fn reset(stream: &TcpStream) {
    if let Ok(again) = stream.try_clone() {
        let _ = TcpSocket::from_std_stream(again).set_zero_linger();
    }
}
