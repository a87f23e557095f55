//! A paged API into databases, beside what `psql \copy` and a client that does nothing with the pages take; with the journal and without.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use sequor_tests::postgres;
use sequor_tests::program::{Project, executor, sequor};

use crate::measure::{Cost, has_option, measure, median, print, skip};

const ROWS: u64 = 100_000;
const PAGE: u64 = 1000;

/// The flow that is measured: columns by path, or by a parser.
fn flow(response: &str) -> String {
    format!(
        "- op: http_request
  id: load
  init: {{variables: {{page: 1}}}}
  request:
    source: shop
    url: /v1/customers
    method: GET
    parameters: {{limit: {PAGE}, page: \"{{{{ var('page') }}}}\"}}
  response:
    tables:
      - source: warehouse
        table: customers
        columns: {{id: bigint, first_name: text, last_name: text, email: text, active: boolean, credit_limit: 'numeric(10,2)', created_at: timestamptz}}
{response}"
    )
}

const BY_PATH: &str = "        data_path: data
    variables: {page_expression: var('page') + 1}
    while_expression: response.json()['meta']['page'] < response.json()['meta']['total_pages']
";
const BY_PARSER: &str = "    parser_expression: |
      reply = response.json()
      return {
        'tables': {'customers': reply['data']},
        'variables': {'page': reply['meta']['page'] + 1},
        'while': reply['meta']['page'] < reply['meta']['total_pages'],
      }
";

pub(crate) fn load() {
    let (api, url) = demo_api();
    let database = postgres::database();
    let project = Project::of(&[
        ("project.yaml", "name: load\n"),
        ("sources/shop.yaml", &format!("type: http\nbase_url: {url}\nauth: {{type: bearer_token, token: demo-token}}\n")),
        ("sources/warehouse.yaml", "type: postgres\nconn_str: \"{{ var('warehouse') }}\"\n"),
        ("sources/file.yaml", "type: sqlite\npath: load.db\n"),
        ("flows/by_path.yaml", &flow(BY_PATH)),
        ("flows/by_parser.yaml", &flow(BY_PARSER)),
        ("flows/to_sqlite.yaml", &flow(BY_PATH).replace("source: warehouse", "source: file")),
    ]);
    let _ = project.sequor(["compile", "-o", "load.plan"]).ended(0);
    let variable = format!("warehouse={}", database.url());
    let run = |flow: &str, options: &[&str]| {
        let arguments = ["run", "load.plan", "--flow", flow, "--var", &variable];
        median(5, || measure(project.command(&executor()).args(arguments).args(options)))
    };

    let by_path = run("by_path", &[]);
    assert_eq!(database.psql("select count(*) from customers"), ROWS.to_string());
    let rows = project.path().join("rows.copy");
    database.psql("create table copied (like customers)");
    let psql = |sql: String| {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &database.url(), "-c", &sql]);
        command
    };
    measure(&mut psql(format!("\\copy customers to '{}'", rows.display())));
    let copy = median(5, || {
        database.psql("truncate copied");
        measure(&mut psql(format!("\\copy copied from '{}'", rows.display())))
    });
    let fetch = median(5, || fetch_pages(&url));

    println!("bare fetch of the pages, one after the other {:>12.1} ms", fetch.wall.as_secs_f64() * 1e3);
    print(&format!("{ROWS} rows, pages of {PAGE}, columns by path → PostgreSQL"), by_path, "\\copy", copy);
    print("the same with a parser_expression → PostgreSQL", run("by_parser", &[]), "\\copy", copy);
    let to_sqlite = run("to_sqlite", &[]);
    print("columns by path → SQLite", to_sqlite, "\\copy (PostgreSQL)", copy);
    if has_option("run", "--no-journal") {
        print("journal on, by path → PostgreSQL", by_path, "journal off", run("by_path", &["--no-journal"]));
        print("journal on, by path → SQLite", to_sqlite, "journal off", run("to_sqlite", &["--no-journal"]));
    } else {
        skip("journal on against off, by path", "this executor has no --no-journal");
    }
    drop(api);
}

/// Every page over one connection, by a client that does nothing with them.
fn fetch_pages(url: &str) -> Cost {
    use std::io::{Read as _, Write as _};
    let host = url.trim_start_matches("http://");
    let started = Instant::now();
    let mut stream = std::net::TcpStream::connect(host).expect("the demo API");
    stream.set_nodelay(true).expect("a socket");
    let mut buffer = vec![0; 1 << 16];
    for page in 1..=ROWS / PAGE {
        let request =
            format!("GET /v1/customers?page={page}&limit={PAGE} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer demo-token\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut reply = Vec::new();
        let (mut wanted, mut read) = (usize::MAX, 0);
        while read < wanted {
            let n = stream.read(&mut buffer).expect("a reply");
            assert!(n > 0, "the demo API closed the connection");
            read += n;
            if wanted == usize::MAX {
                reply.extend_from_slice(&buffer[..n]);
                wanted = whole_length(&reply).unwrap_or(usize::MAX);
            }
        }
    }
    Cost { wall: started.elapsed(), memory: 0 }
}

/// Head and body together, once the head is there.
fn whole_length(reply: &[u8]) -> Option<usize> {
    let head = reply.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&reply[..head]).ok()?.to_ascii_lowercase();
    let length: usize = text.lines().find_map(|l| l.strip_prefix("content-length:"))?.trim().parse().ok()?;
    Some(head + length)
}

/// The bundled API with `ROWS` customers, on a free port.
fn demo_api() -> (Api, String) {
    let mut api = Command::new(sequor())
        .args(["demo", "--serve", "--port", "0", "--customers", &ROWS.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map(Api)
        .expect("the demo API");
    let mut line = String::new();
    BufReader::new(api.0.stdout.take().expect("a pipe")).read_line(&mut line).expect("its address");
    let url = line
        .split_whitespace()
        .find(|w| w.starts_with("http://"))
        .map(|w| w.trim_end_matches(','))
        .unwrap_or_else(|| panic!("no address in {line:?}"));
    (api, url.to_owned())
}

/// The demo API, stopped when dropped.
struct Api(Child);

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
