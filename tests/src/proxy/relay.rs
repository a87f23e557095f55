//! Moves the bytes of one connection, and carries its fault out.

use std::future::pending;
use std::pin::pin;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;

use super::{Connection, End, Fault, Way};

/// Why one way is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// The sender ended it, and the receiver was told.
    Ended,
    /// Nothing can pass any more in either way.
    Both(End),
}

/// Until both ways are over, or the connection is cut.
pub(super) async fn relay(mut client: TcpStream, mut server: TcpStream, connection: &Connection, mut cuts: watch::Receiver<u64>) {
    // Small pieces are passed on as they come; a socket that is gone shows with the next byte.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let end = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let forth = pin!(pump(from_client, to_server, connection, Way::ToServer));
        let back = pin!(pump(from_server, to_client, connection, Way::ToClient));
        tokio::select! {
            end = both(forth, back) => end,
            () = told(&mut cuts) => End::Reset,
        }
    };
    if end == End::Reset {
        reset(client);
        reset(server);
    }
}

/// Ends a connection with an RST.
pub(super) fn reset(stream: TcpStream) {
    // Closing a socket that does not linger resets it.
    let _ = stream.set_zero_linger();
    drop(stream);
}

/// Returns when the proxy is told to cut; never, where it is gone.
async fn told(cuts: &mut watch::Receiver<u64>) {
    if cuts.changed().await.is_err() {
        pending::<()>().await;
    }
}

async fn both(mut forth: std::pin::Pin<&mut impl Future<Output = Over>>, mut back: std::pin::Pin<&mut impl Future<Output = Over>>) -> End {
    let (first, forth_is_first) = tokio::select! {
        over = &mut forth => (over, true),
        over = &mut back => (over, false),
    };
    let last = match first {
        Over::Both(_) => first,
        Over::Ended if forth_is_first => back.await,
        Over::Ended => forth.await,
    };
    match last {
        Over::Both(end) => end,
        Over::Ended => End::Close,
    }
}

/// Passes bytes one way.
async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, connection: &Connection, way: Way) -> Over {
    let mut buffer = vec![0; 1 << 14];
    let count = connection.count(way);
    let mut left = limit(connection.fault, way);
    if left == Some(0) {
        return broken(from, to, connection.fault).await;
    }
    loop {
        let length = match from.read(&mut buffer).await {
            Ok(0) => {
                let _ = to.shutdown().await;
                return Over::Ended;
            }
            Ok(length) => length,
            Err(_) => return Over::Both(End::Reset),
        };
        let pass = left.map_or(length, |left| length.min(usize::try_from(left).unwrap_or(usize::MAX)));
        if let Fault::Delay(time) = connection.fault {
            tokio::time::sleep(time).await;
        }
        if to.write_all(&buffer[..pass]).await.is_err() {
            return Over::Both(End::Reset);
        }
        count.fetch_add(pass as u64, Ordering::AcqRel);
        if let Some(left) = &mut left {
            *left -= pass as u64;
            if *left == 0 {
                return broken(from, to, connection.fault).await;
            }
        }
    }
}

/// The bytes that may pass this way, where that is limited.
fn limit(fault: Fault, way: Way) -> Option<u64> {
    match fault {
        Fault::Cut { way: cut, after, .. } | Fault::Stall { way: cut, after } if cut == way => Some(after),
        Fault::None | Fault::Refuse | Fault::Delay(_) | Fault::Cut { .. } | Fault::Stall { .. } => None,
    }
}

/// What a fault does once its bytes have passed.
async fn broken(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, fault: Fault) -> Over {
    if let Fault::Cut { end, .. } = fault {
        match end {
            End::Close | End::Reset => return Over::Both(end),
            End::Half => {
                let _ = to.shutdown().await;
            }
        }
    }
    let mut swallowed = vec![0; 1 << 14];
    loop {
        match from.read(&mut swallowed).await {
            // The sender has gone: there is nothing to keep the rest open for.
            Ok(0) | Err(_) => return Over::Both(End::Close),
            Ok(_) => {}
        }
    }
}
