//! The proxy that breaks connections does what its users rely on: the exact byte, the kind of end, the same faults for the same seed.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use sequor_tests::postgres;
use sequor_tests::proxy::{End, Fault, Proxy, Random, Way};

/// Answers every connection with what it was sent, and `!` at its end. Ends with the test process.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    if stream.write_all(&buffer[..length]).is_err() {
                        return;
                    }
                }
                let _ = stream.write_all(b"!");
            });
        }
    });
    port
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", proxy.port())).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    stream
}

/// Sends a text and the end of the stream; gives what comes back, and how that ends.
fn talk(proxy: &Proxy, text: &[u8]) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut stream = connect(proxy);
    let sent = stream.write_all(text).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut got = Vec::new();
    let read = stream.read_to_end(&mut got).map(drop);
    (got, sent.and(read).map_err(|e| e.kind()))
}

#[test]
fn what_is_not_disturbed_passes() {
    let proxy = Proxy::to_port(echo());
    let text = vec![b'x'; 300_000];
    let (got, end) = talk(&proxy, &text);
    assert_eq!((got.len(), end), (300_001, Ok(())));
    let passed = proxy.passed();
    assert_eq!((passed[0].to_server, passed[0].to_client, passed[0].fault), (300_000, 300_001, Fault::None));
}

#[test]
fn a_cut_is_at_the_byte() {
    let proxy = Proxy::to_port(echo());
    for after in [0, 1, 4, 9] {
        proxy.script([Fault::Cut { way: Way::ToClient, after, end: End::Close }]);
        let mut stream = connect(&proxy);
        // What is written to a connection that is closed already may be refused.
        let _ = stream.write_all(b"0123456789");
        let mut got = Vec::new();
        let _ = stream.read_to_end(&mut got);
        assert!(b"0123456789".starts_with(&got), "{got:?}");
        assert_eq!(got.len() as u64, proxy.passed().last().expect("a connection").to_client);
        assert_eq!(got.len() as u64, after);
    }
    proxy.script([Fault::Cut { way: Way::ToServer, after: 3, end: End::Close }]);
    let mut stream = connect(&proxy);
    stream.write_all(b"0123456789").expect("a write");
    let _ = stream.read_to_end(&mut Vec::new());
    assert_eq!(proxy.passed().last().expect("a connection").to_server, 3);
}

#[test]
fn a_reset_is_an_error_and_a_close_is_an_end() {
    let proxy = Proxy::to_port(echo());
    proxy.script([
        Fault::Cut { way: Way::ToClient, after: 2, end: End::Reset },
        Fault::Cut { way: Way::ToClient, after: 2, end: End::Close },
    ]);
    for expected in [Err(ErrorKind::ConnectionReset), Ok(())] {
        let mut stream = connect(&proxy);
        stream.write_all(b"01").expect("a write");
        let read = stream.read_to_end(&mut Vec::new()).map(drop).map_err(|e| e.kind());
        assert_eq!(read, expected);
    }
}

#[test]
fn one_way_can_end_while_the_other_goes_on() {
    let proxy = Proxy::to_port(echo());
    proxy.script([Fault::Cut { way: Way::ToServer, after: 5, end: End::Half }]);
    let mut stream = connect(&proxy);
    stream.write_all(b"0123456789").expect("a write");
    let mut got = Vec::new();
    stream.read_to_end(&mut got).expect("the way back stays open");
    assert_eq!(got, b"01234!", "the server has read the end");
    stream.write_all(b"and more").expect("the client was not told");
}

#[test]
fn a_stalled_connection_says_nothing() {
    let proxy = Proxy::to_port(echo());
    proxy.script([Fault::Stall { way: Way::ToClient, after: 1 }]);
    let mut stream = connect(&proxy);
    stream.write_all(b"0123456789").expect("a write");
    let mut got = [0; 1];
    stream.read_exact(&mut got).expect("one byte");
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
    let silent = stream.read(&mut got).map_err(|e| e.kind());
    assert!(matches!(silent, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{silent:?}");
    assert!(proxy.passed()[0].open);
}

#[test]
fn a_delay_holds_every_piece_back() {
    let proxy = Proxy::to_port(echo());
    proxy.script([Fault::Delay(Duration::from_millis(40))]);
    let start = Instant::now();
    let (got, end) = talk(&proxy, b"hello");
    assert_eq!((got.as_slice(), end), (b"hello!".as_slice(), Ok(())));
    assert!(start.elapsed() >= Duration::from_millis(80), "there and back");
}

#[test]
fn connections_are_refused_and_accepted_again() {
    let proxy = Proxy::to_port(echo());
    proxy.script([Fault::Refuse]);
    let (got, end) = talk(&proxy, b"hello");
    assert!(got.is_empty() && end.is_err(), "{end:?}");
    assert_eq!(proxy.passed()[0].to_server, 0);

    let mut open = connect(&proxy);
    open.write_all(b"x").and_then(|()| open.read_exact(&mut [0])).expect("it is accepted");
    proxy.shut();
    let refused = TcpStream::connect(("127.0.0.1", proxy.port())).map(drop).map_err(|e| e.kind());
    assert_eq!(refused, Err(ErrorKind::ConnectionRefused));
    open.write_all(b"x").expect("a write");
    open.read_exact(&mut [0]).expect("open connections go on");
    proxy.open();
    assert_eq!(talk(&proxy, b"a").0, b"a!");

    proxy.cut();
    assert_eq!(open.read(&mut [0]).map_err(|e| e.kind()), Err(ErrorKind::ConnectionReset));
    assert_eq!(talk(&proxy, b"b").0, b"b!", "connections after the cut pass");
}

#[test]
fn a_seed_gives_the_same_faults() {
    let faults = |seed| {
        let proxy = Proxy::to_port(echo());
        proxy.script([Fault::None]);
        proxy.disturb(Random { seed, one_in: 2, most_bytes: 20, stalls: false });
        for _ in 0..40 {
            let _ = talk(&proxy, b"0123456789");
        }
        proxy.passed().iter().map(|passed| passed.fault).collect::<Vec<_>>()
    };
    let first = faults(7);
    assert_eq!(first, faults(7));
    assert_ne!(first, faults(8));
    let disturbed = first.iter().filter(|fault| **fault != Fault::None).count();
    assert!((5..=35).contains(&disturbed), "{disturbed} of 41");
}

#[test]
fn a_real_client_meets_what_it_would_meet() {
    let database = postgres::database();
    let proxy = Proxy::to_port(database.port());
    let ask = || {
        let url = database.url().replace(&format!(":{}/", database.port()), &format!(":{}/", proxy.port()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            use sqlx::{Connection as _, PgConnection};
            let mut connection = PgConnection::connect(&url).await?;
            sqlx::query_scalar::<_, i64>("select count(*) from generate_series(1, 5000)").fetch_one(&mut connection).await
        })
    };
    assert_eq!(ask().expect("an answer"), 5000);
    proxy.script([
        Fault::Cut { way: Way::ToClient, after: 100, end: End::Reset },
        Fault::Cut { way: Way::ToServer, after: 50, end: End::Close },
    ]);
    assert!(ask().is_err());
    assert!(ask().is_err());
    assert_eq!(ask().expect("an answer"), 5000);
}
