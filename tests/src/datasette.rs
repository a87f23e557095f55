//! A Datasette server over a SQLite file: an API that nobody here wrote. Installed by `tests/run`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The secret that signs tokens.
const SECRET: &str = "sequor-tests";

/// A running server, stopped when dropped.
pub struct Datasette {
    process: Child,
    port: u16,
    program: PathBuf,
}

impl Datasette {
    /// Serves `database`; `None` where Datasette is not installed (`tests/run --quick`).
    #[must_use]
    pub fn start(database: &Path) -> Option<Self> {
        let program = PathBuf::from(std::env::var_os("SEQUOR_DATASETTE")?);
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
        let process = Command::new(&program)
            .args(["serve", "--host", "127.0.0.1", "--root", "--secret", SECRET, "--port", &port.to_string()])
            .arg(database)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("datasette starts");
        let server = Self { process, port, program };
        server.wait();
        Some(server)
    }

    /// Until it takes connections, or a minute has passed.
    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "datasette does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A token that may write.
    #[must_use]
    pub fn token(&self) -> String {
        let output =
            Command::new(&self.program).args(["create-token", "root", "--secret", SECRET]).output().expect("datasette makes a token");
        String::from_utf8(output.stdout).expect("a token is text").trim().to_owned()
    }
}

impl Drop for Datasette {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
