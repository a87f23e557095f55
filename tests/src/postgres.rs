//! A throwaway PostgreSQL server for tests: its own folder, port and settings, gone with the test process.
//!
//! Needs `initdb`, `postgres` and `psql` in `$SEQUOR_PG_BIN` or `/usr/lib/postgresql/*/bin`, and nothing else: the standard library only, so that
//! test crates can also include this file by path.
#![allow(dead_code, unreachable_pub, clippy::panic, clippy::expect_used, reason = "a test without its server cannot go on")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Of the superuser `postgres`, for connections by TCP. The socket trusts everybody.
pub const PASSWORD: &str = "p@ss/word";

/// A running server. Stopped, and its folder removed, when it is dropped or when this process ends in whatever way.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    /// A shell that keeps the server until its standard input is closed.
    keeper: Child,
}

/// A database of its own for one test.
#[derive(Debug)]
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

/// A transaction that stays open, with its locks, until this is dropped.
#[derive(Debug)]
pub struct Transaction {
    psql: Child,
}

/// A new, empty database on the server that all tests of this process share.
pub fn database() -> Database<'static> {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).database()
}

impl Cluster {
    pub fn start() -> Self {
        let bin = server_folder();
        let folder = new_folder();
        let data = folder.join("data");
        let password_file = folder.join("password");
        std::fs::write(&password_file, PASSWORD).expect("the temporary folder can be written");
        if is_root() {
            // The server refuses to run as root.
            let status = Command::new("chown").args(["-R", "postgres"]).arg(&folder).status();
            assert!(status.is_ok_and(|s| s.success()), "there is no user 'postgres' to run the server as");
        }
        let mut initdb = as_server_user(&bin.join("initdb"));
        initdb.args(["-U", "postgres", "-E", "UTF8", "--locale=C", "-N", "--auth-local=trust", "--auth-host=scram-sha-256"]);
        let made = initdb.arg("--pwfile").arg(&password_file).arg("-D").arg(&data).output().expect("initdb starts");
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        for _ in 0..5 {
            if let Some(cluster) = Self::listen(&bin, &folder) {
                return cluster;
            }
        }
        panic!("PostgreSQL did not start: {}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the server's socket.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// A new, empty database.
    pub fn database(&self) -> Database<'_> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        Database { cluster: self, name }
    }

    /// Ends the server as a crash would, and waits until it is gone.
    pub fn crash(&mut self) {
        let stopped =
            as_server_user(&self.bin.join("pg_ctl")).args(["stop", "-m", "immediate", "-D"]).arg(self.folder.join("data")).output();
        assert!(stopped.is_ok_and(|s| s.status.success()), "the server can be stopped");
    }

    /// Starts the server again after [`Self::crash`], at the same port.
    pub fn restart(&mut self) {
        let keeper = self.keeper.stdin.as_mut().expect("stdin is a pipe");
        keeper.write_all(b"again\n").expect("the keeper reads");
        assert!(
            self.is_ready(),
            "PostgreSQL did not start again: {}",
            std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
        );
    }

    /// Waits until it answers, or half a minute has passed.
    fn is_ready(&self) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(30) {
            let ready = Command::new(self.bin.join("psql")).args(self.arguments("postgres")).args(["-c", "SELECT 1"]).output();
            if ready.is_ok_and(|r| r.status.success()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    fn listen(bin: &Path, folder: &Path) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        // The shell's standard input is a pipe from this process: it closes with the process, however that ends.
        let script = r#""$0" "$@" >>"$SEQUOR_FOLDER/log" 2>&1 & server=$!
            while read -r again; do wait $server; "$0" "$@" >>"$SEQUOR_FOLDER/log" 2>&1 & server=$!; done
            kill -QUIT $server 2>/dev/null; wait $server; cd /; rm -rf "$SEQUOR_FOLDER""#;
        let mut keeper = as_server_user(Path::new("sh"));
        keeper
            .env("SEQUOR_FOLDER", folder)
            .current_dir(folder)
            .arg("-c")
            .arg(script)
            .arg(bin.join("postgres"))
            .arg("-D")
            .arg(folder.join("data"));
        for setting in [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".into(),
            format!("unix_socket_directories={}", folder.display()),
            "fsync=off".into(),
            "full_page_writes=off".into(),
            "max_connections=200".into(),
        ] {
            keeper.arg("-c").arg(setting);
        }
        let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh starts");
        let cluster = Self { folder: folder.to_path_buf(), bin: bin.to_path_buf(), port, keeper };
        cluster.is_ready().then_some(cluster)
    }

    fn arguments(&self, database: &str) -> Vec<String> {
        let host = self.folder.display().to_string();
        let port = self.port.to_string();
        ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h", &host, "-p", &port, "-d", database]
            .map(str::to_owned)
            .into()
    }

    /// What psql prints for these statements: columns separated by `|`.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(self.arguments(database)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = psql.spawn().expect("psql starts");
        child.stdin.take().expect("stdin is a pipe").write_all(sql.as_bytes()).expect("psql reads");
        let output = child.wait_with_output().expect("psql ends");
        assert!(output.status.success(), "psql failed: {}\n{sql}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Nothing can be done about a shell that does not end.
        let _ = self.keeper.wait();
    }
}

impl Database<'_> {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn port(&self) -> u16 {
        self.cluster.port
    }

    /// By TCP, with the password percent-encoded.
    pub fn url(&self) -> String {
        format!("postgresql://postgres:p%40ss%2Fword@127.0.0.1:{}/{}", self.cluster.port, self.name)
    }

    /// What psql prints for these statements: columns separated by `|`.
    ///
    /// # Panics
    /// Where a statement fails.
    pub fn psql(&self, sql: &str) -> String {
        self.cluster.psql(&self.name, sql)
    }

    /// Begins a transaction of its own with these statements.
    ///
    /// # Panics
    /// Where psql cannot carry them out.
    pub fn transaction(&self, sql: &str) -> Transaction {
        let mut psql = Command::new(self.cluster.bin.join("psql"));
        psql.args(self.cluster.arguments(&self.name)).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut psql = psql.spawn().expect("psql starts");
        let stdin = psql.stdin.as_mut().expect("stdin is a pipe");
        stdin.write_all(format!("begin;\n{sql};\n\\echo begun\n").as_bytes()).expect("psql reads");
        let mut answers = BufReader::new(psql.stdout.take().expect("stdout is a pipe")).lines();
        assert!(answers.any(|line| line.is_ok_and(|line| line == "begun")), "the transaction begins");
        Transaction { psql }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // One that has ended has rolled back.
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}

fn server_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("SEQUOR_PG_BIN") {
        return folder.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    versions
        .filter(|bin| bin.join("initdb").is_file())
        .max()
        .unwrap_or_else(|| panic!("no PostgreSQL server in /usr/lib/postgresql: install the package postgresql, or set SEQUOR_PG_BIN"))
}

/// Short: the path of a socket has at most 107 bytes.
fn new_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("sequor-pg-{}-{number}", std::process::id()));
    // Left by an earlier process with this id.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// A command as the user that may run the server.
fn as_server_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}
