//! The flows of the tests of interrupted runs. Their database is the source `store`, their API the source `api`.

/// Seven columns of a customer.
pub const COLUMNS: &str =
    "{id: bigint, name: text, email: text, total: \"numeric(12,2)\", active: boolean, created: timestamp, note: text}";

const PAGES: &str = "
- op: http_request
  id: load_customers
  init: {variables: {page: 1}}
  request: {source: api, url: /customers, method: GET, parameters: {page: \"{{ var('page') }}\"}}
  response:
    tables:
      - {source: store, table: customers, data_path: data, columns: @COLUMNS@}
    variables: {page_expression: \"response.json()['page'] + 1\"}
    while_expression: response.json()['more']
";

const CURSOR: &str = "
- op: http_request
  id: load_orders
  init: {variables: {cursor: null}}
  request: {source: api, url: /orders, method: GET, parameters: {after: \"{{ var('cursor') }}\"}}
  response:
    tables:
      - {source: store, table: orders, columns: {id: bigint, total: \"numeric(12,2)\"}, write_mode: append}
      - {source: store, table: notes, columns: {id: bigint, note: text}}
    parser_expression: |
      reply = response.json()
      return {
          \"tables\": {\"orders\": reply['data'], \"notes\": [row for row in reply['data'] if row['note'] is not None]},
          \"variables\": {\"cursor\": reply['next']},
          \"while\": reply['next'] is not None,
      }
";

const BEST: &str = "
- op: transform
  id: find_best
  source: store
  target_table: best
  query: select id, email, total from customers where id <= 25
";

const SIGN_UP: &str = "
- op: http_request
  id: sign_up
  for_each: {source: store, table: best, as: row, key: [id]@TOGETHER@}
  request:
    source: api
    url: \"/members/{{ var('row').id }}\"
    method: POST
    body: {email: \"{{ var('row').email }}\"}
  response:
    tables:
      - {source: store, table: members, data_path: \"\", columns: {id: bigint, number: bigint}, write_mode: append}
";

const KEYED: &str = "
- op: http_request
  id: keyed
  for_each: {source: store, table: best, as: row, key: [id]}
  request: {source: api, url: \"/keyed/{{ var('row').id }}\", method: POST, idempotency_key: auto, body: {email: \"{{ var('row').email }}\"}}
  response:
    tables:
      - {source: store, table: keyed, data_path: \"\", columns: {id: bigint, number: bigint}}
";

const LABEL: &str = "
- op: http_request
  id: label
  for_each: {source: store, query: select id from customers where id <= 20, as: row, key: [id]@TOGETHER@}
  request: {source: api, url: \"/labels/{{ var('row').id }}\", method: PUT, body: {label: good}}
  response:
    tables:
      - {source: store, table: labels, data_path: \"\", columns: {id: bigint, number: bigint}}
";

const COUNT: &str = "
- op: execute
  id: count
  source: store
  statement: insert into history (n) select count(*) from customers; insert into history (n) select count(*) from best
  transaction: true
";

const ROUNDS: &str = "
- op: set_variable
  set: {round: {value: 0, scope: local}, rounds: 0}
- op: while
  condition_expression: var('round') < 4
  steps:
    - op: set_variable
      set: {round: {value_expression: var('round') + 1, scope: local}, rounds_expression: var('rounds') + 10}
    - op: execute
      source: store
      statement: \"insert into history (n) values ({{ var('round') }})\"
      transaction: true
";

const EACH: &str = "
- op: for_each
  items: [3, 1, 2]
  as: number
  steps:
    - op: try
      steps:
        - op: http_request
          request: {source: api, url: \"/labels/{{ var('number') }}\", method: PUT, body: {n: \"{{ var('number') }}\"}}
          response:
            tables:
              - {source: store, table: orders, data_expression: \"[{'id': var('number'), 'total': 1}]\", columns: {id: bigint, total: \"numeric(12,2)\"}, write_mode: append}
        - op: fail
          message: \"{{ var('number') }} fails\"
      catch:
        - steps:
            - op: execute
              source: store
              statement: \"insert into history (n) values (100 + {{ var('number') }})\"
              transaction: true
";

/// Pages, a cursor, SQL, a POST for each row, a PUT for each, counts, and a message: what a day's job does.
#[must_use]
pub fn day_job() -> String {
    steps(&[PAGES, CURSOR, BEST, SIGN_UP, LABEL, COUNT, ROUNDS, EACH], 1)
}

/// The same without requests that can end in doubt.
#[must_use]
pub fn repeatable_job() -> String {
    steps(&[PAGES, CURSOR, BEST, KEYED, LABEL, COUNT, ROUNDS, EACH], 4)
}

/// Every page is loaded, then this many of the rows are sent, 16 requests at a time.
#[must_use]
pub fn bulk_job(sent: u64) -> String {
    let best = BEST.replace("id <= 25", &format!("id <= {sent}"));
    steps(&[PAGES, &best, SIGN_UP], 16)
}

/// Short flows, each with another kind of effect: name and text.
#[must_use]
pub fn short_jobs() -> Vec<(&'static str, String)> {
    vec![
        ("pages", steps(&[PAGES], 1)),
        ("cursor and two tables", steps(&[CURSOR], 1)),
        ("transform", steps(&[PAGES, BEST], 1)),
        ("posts", steps(&[PAGES, BEST, SIGN_UP], 1)),
        ("posts, four at a time", steps(&[PAGES, BEST, SIGN_UP], 4)),
        ("posts with a key", steps(&[PAGES, BEST, KEYED], 1)),
        ("puts", steps(&[PAGES, LABEL], 4)),
        ("statements", steps(&[PAGES, BEST, COUNT], 1)),
        ("rounds", steps(&[ROUNDS], 1)),
        ("members, each caught", steps(&[EACH], 1)),
    ]
}

/// What the tables that are appended to look like before.
pub const SETUP: &str = "create table orders (id bigint, total numeric(12,2));
create table members (id bigint, number bigint);
create table history (n bigint);
insert into orders values (0, 1.50);
insert into members values (0, 0);";

fn steps(parts: &[&str], together: u64) -> String {
    let together = if together > 1 { format!(", concurrency: {together}") } else { String::new() };
    parts.concat().replace("@COLUMNS@", COLUMNS).replace("@TOGETHER@", &together)
}
