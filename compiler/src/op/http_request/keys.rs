//! The key tables of `http_request`.

use crate::op::transform::WRITE_MODE;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::scalars::RETRY;

pub static KEYS: Table = Table::new(
    "op 'http_request'",
    "Sends requests, one for each row, and reads the replies into tables and variables.",
    &[
        Key::new("init", Kind::Section(&INIT), "what is set before the first request"),
        Key::new("for_each", Kind::Section(&FOR_EACH), "the rows that requests are made from"),
        Key::new("request", Kind::Section(&REQUEST), "what is sent").required(),
        Key::new("response", Kind::Section(&RESPONSE), "what is done with the reply"),
        Key::new("timeout", Kind::Duration, "as in 'request'"),
        Key::new("retry", Kind::Section(&RETRY), "as in 'request'"),
        Key::new("idempotent", Kind::Bool, "as in 'request'"),
        Key::new("on_error", Kind::Choice(&["fail"]), "what a failing row does").default("fail"),
        Key::later("pagination", "asks for page after page; use response.while"),
        Key::later("reject_table", "where failing rows go"),
        Key::new("verify", Kind::Section(&VERIFY), "asks the other side, on resume, whether a request arrived"),
        Key::new("on_in_doubt", Kind::Choice(&["stop", "send", "skip", "done"]), "what a resume does with a request that may have arrived")
            .default("stop"),
    ],
);

pub static INIT: Table = Table::new(
    "'init'",
    "What is set anew each time the op starts.",
    &[Key::new("variables", Kind::Assigns, "name: value, or name: {value, scope}").mistaken(&["set", "vars"]).required()],
);

pub static FOR_EACH: Table = Table::new(
    "'for_each'",
    "The rows that requests are made from: source and table, source and query, or items.",
    &[
        Key::new("source", Kind::Text, "the database of 'table' or 'query'; the project's default where absent"),
        Key::dynamic("database", Kind::Text, "the table's database"),
        Key::dynamic("namespace", Kind::Text, "the table's schema").aliases(&["schema"]),
        Key::dynamic("table", Kind::Text, "the table whose rows are gone over"),
        Key::dynamic("query", Kind::Text, "the query whose rows are gone over"),
        Key::dynamic("items", Kind::Any, "a list, or a map whose keys are gone over").mistaken(&["in", "list", "values"]),
        Key::new("as", Kind::Text, "the variable that holds the row").mistaken(&["var", "variable", "item"]).required(),
        Key::new("key", Kind::Names, "the columns that name a row in reports"),
        Key::new("concurrency", Kind::Integer, "rows in flight together, 1 to 1000; replies are still taken in the order of the rows")
            .default("1")
            .mistaken(&["parallel", "parallelism", "max_concurrency", "workers"]),
        Key::later("index_as", "the variable that counts rows"),
        Key::later("batch", "rows for each request"),
    ],
);

pub static REQUEST: Table = Table::new(
    "'request'",
    "What is sent.",
    &[
        Key::new("source", Kind::Text, "the http source: base URL, headers, authentication"),
        Key::dynamic("url", Kind::Text, "the address; a relative one starts at the source's base_url")
            .mistaken(&["uri", "endpoint", "path"])
            .required(),
        Key::new("method", Kind::Choice(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]), "in any case")
            .default("GET")
            .mistaken(&["verb"]),
        Key::dynamic("parameters", Kind::Entries, "query parameters; null leaves one out, a list repeats it").mistaken(&[
            "params",
            "query",
            "query_params",
            "query_parameters",
            "querystring",
        ]),
        Key::dynamic("headers", Kind::Entries, "headers; they replace the source's"),
        Key::new("body_format", Kind::Choice(&["json", "form_urlencoded", "form", "text"]), "json for maps and lists where absent")
            .mistaken(&["content_type", "format"]),
        Key::dynamic("body", Kind::Any, "what is sent").mistaken(&["data", "payload", "json"]),
        Key::new("timeout", Kind::Duration, "for the whole request; the source's where absent"),
        Key::new("retry", Kind::Section(&RETRY), "when the request is sent again; the source's where absent"),
        Key::new("idempotent", Kind::Bool, "true: sending the request twice does no harm").default("false"),
        Key::dynamic("idempotency_key", Kind::Text, "auto, or a value of your own: lets the server see a repeated request"),
    ],
);

pub static VERIFY: Table = Table::new(
    "'verify'",
    "How a resume finds out whether a request arrived that must not be sent twice.",
    &[
        Key::new(
            "request",
            Kind::Section(&REQUEST),
            "what is asked; it only reads, or is idempotent. The source is that of the op where absent",
        )
        .required(),
        Key::dynamic("arrived", Kind::Any, "true where the answer says that the request arrived").required(),
        Key::dynamic("reply", Kind::Any, "the value that stands for the reply that was lost; the answer itself where absent"),
    ],
);

pub static RESPONSE: Table = Table::new(
    "'response'",
    "What is done with the reply.",
    &[
        Key::new("success_status", Kind::Statuses, "statuses that are a success").default("2xx").mistaken(&[
            "success_statuses",
            "status",
            "expected_status",
            "success_codes",
        ]),
        Key::new("format", Kind::Choice(&["auto", "json", "jsonl", "csv", "text"]), "how the body is read; by Content-Type where absent")
            .default("auto"),
        Key::new("tables", Kind::Sections(&TABLE), "tables that replies are loaded into").mistaken(&["table"]),
        Key::python("parser", "gives tables, variables and while"),
        Key::new("variables", Kind::Assigns, "name: value, or name: {value, scope}; evaluated for each reply").mistaken(&["vars", "set"]),
        Key::dynamic("while", Kind::Any, "another page is asked for while this is true"),
        Key::later("errors", "what is done with replies that are errors"),
    ],
);

pub static TABLE: Table = Table::new(
    "a table of 'tables'",
    "A table that replies are loaded into.",
    &[
        Key::new("source", Kind::Text, "the database; the project's default where absent"),
        Key::dynamic("database", Kind::Text, "the table's database"),
        Key::dynamic("namespace", Kind::Text, "the table's schema").aliases(&["schema"]),
        Key::dynamic("table", Kind::Text, "the table's name").mistaken(&["name", "target_table"]).required(),
        Key::dynamic("columns", Kind::Columns, "name → type, a list of {name, type}, or auto").default("auto"),
        Key::new("model", Kind::Any, "{columns: …}: another way to write columns"),
        WRITE_MODE,
        Key::new("data_path", Kind::Text, "where the rows are in the reply: data, data[*], result.items; the whole reply where absent")
            .mistaken(&["path", "json_path"]),
        Key::dynamic("data", Kind::Any, "the rows: a list of maps, or one map").mistaken(&["rows"]),
        Key::later("key", "the columns of write_mode merge"),
    ],
);
