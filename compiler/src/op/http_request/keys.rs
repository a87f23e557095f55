//! The key tables of `http_request`.

use crate::op::transform::WRITE_MODE;
use crate::syntax::columns::MODEL;
use crate::syntax::key::{Key, Kind, Table};
use crate::syntax::scalars::RETRY;

pub static KEYS: Table = Table::new(
    "op 'http_request'",
    "Sends HTTP requests, one or one for each row, follows pages, and reads the replies into tables and variables.",
    &[
        Key::new("init", Kind::Section(&INIT), "variables that are set before the first request: where a page loop starts"),
        Key::new("for_each", Kind::Section(&FOR_EACH), "one request, or one page loop, for each row; absent: one for the op"),
        Key::new("request", Kind::Section(&REQUEST), "what is sent: URL, method, parameters, headers, body").required(),
        Key::new("response", Kind::Section(&RESPONSE), "how the reply is read: into tables, into variables, and whether another page is asked for"),
        Key::new("timeout", Kind::Duration, "as 'timeout' of the request, which comes first"),
        Key::new("retry", Kind::Section(&RETRY), "as 'retry' of the request, which comes first"),
        Key::new("idempotent", Kind::Bool, "as 'idempotent' of the request, which comes first"),
        Key::new("on_error", Kind::Choice(&["fail"]), "fail: the first request that fails ends the step").default("fail").later_values(&["skip", "reject"]),
        Key::later("pagination", "page loops by kind; until then, 'while' of the response"),
        Key::later("reject_table", "the table for rows whose request failed"),
        Key::new("verify", Kind::Section(&VERIFY), "a question to the API, asked by 'sequor resume', that finds out whether a request arrived whose reply was lost"),
        Key::new("on_in_doubt", Kind::Choice(&["stop", "send", "skip", "done"]), "what 'sequor resume' does with a request that may have arrived: stop (it asks you), send it again, skip it, or take it as done")
            .default("stop"),
    ],
);

pub static INIT: Table = Table::new(
    "'init'",
    "What is set anew each time the op starts.",
    &[Key::new("variables", Kind::Assigns, "the variables, as name: value, or name: {value, scope}").mistaken(&["set", "vars"]).required()],
);

pub static FOR_EACH: Table = Table::new(
    "'for_each'",
    "The rows that requests are made from: source and table, source and query, or items.",
    &[
        Key::new("source", Kind::Text, "the database of 'table' or 'query'; absent: the project's default one"),
        Key::dynamic("database", Kind::Text, "the table's database, as the server names it; absent: the one that the source connects to"),
        Key::dynamic("namespace", Kind::Text, "the table's schema; absent: the source's").aliases(&["schema"]),
        Key::dynamic("table", Kind::Text, "the table that gives the rows; one of 'table', 'query' and 'items' is needed"),
        Key::dynamic("query", Kind::Text, "one query that gives the rows"),
        Key::dynamic("items", Kind::Any, "a list, or a map, which gives its keys").mistaken(&["in", "list", "values"]),
        Key::new("as", Kind::Text, "the variable that holds the row or item, in request, response and verify")
            .mistaken(&["var", "variable", "item"])
            .required(),
        Key::new("key", Kind::Names, "the columns that identify a row in messages and reports"),
        Key::new(
            "concurrency",
            Kind::Integer,
            "how many rows have their requests in flight together, 1 to 1000; replies are still loaded in the order of the rows",
        )
        .default("1")
        .mistaken(&["parallel", "parallelism", "max_concurrency", "workers"]),
        Key::later("index_as", "the variable that holds the number of the row"),
        Key::later("batch", "how many rows go into one request"),
    ],
);

pub static REQUEST: Table = Table::new(
    "'request'",
    "What is sent.",
    &[
        Key::new("source", Kind::Text, "the http source, which gives base URL, headers and authentication; absent: 'url' must be a whole one, and nothing is added"),
        Key::dynamic("url", Kind::Text, "the address; a relative one is put behind the source's base_url")
            .mistaken(&["uri", "endpoint", "path"])
            .required(),
        Key::new("method", Kind::Choice(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]), "the HTTP method, in any case")
            .default("GET")
            .mistaken(&["verb"]),
        Key::dynamic("parameters", Kind::Entries, "query parameters by name; null leaves one out, a list repeats it").mistaken(&[
            "params",
            "query",
            "query_params",
            "query_parameters",
            "querystring",
        ]),
        Key::dynamic("headers", Kind::Entries, "headers by name, in any case; each replaces the source's header of that name"),
        Key::new("body_format", Kind::Choice(&["json", "form_urlencoded", "form", "text"]), "how 'body' is written; it decides Content-Type, unless there is such a header; absent: text as text, everything else as JSON")
            .mistaken(&["content_type", "format"])
            .later_values(&["multipart_form_data", "multipart", "xml", "binary", "graphql"]),
        Key::dynamic("body", Kind::Any, "the body: a map, a list, or text; null sends none").mistaken(&["data", "payload", "json"]),
        Key::new("timeout", Kind::Duration, "the longest time that one attempt may take; absent: the source's"),
        Key::new("retry", Kind::Section(&RETRY), "when the request is sent again; absent: the source's. A number alone is 'attempts'"),
        Key::new("idempotent", Kind::Bool, "true: sending the request twice does no harm, so it may be tried again. GET, HEAD, OPTIONS, PUT and DELETE are taken to be so anyway").default("false"),
        Key::dynamic("idempotency_key", Kind::Text, "auto, or a value of your own: sent with the request, so that the API recognises a repetition; how it is sent is the source's 'idempotency'"),
    ],
);

pub static VERIFY: Table = Table::new(
    "'verify'",
    "How a resume finds out whether a request arrived that must not be sent twice.",
    &[
        Key::new(
            "request",
            Kind::Section(&REQUEST),
            "the question: GET, HEAD, OPTIONS, or marked idempotent. Its source, where it names none, is that of the op",
        )
        .required(),
        Key::dynamic("arrived", Kind::Condition, "a condition on the answer (response): true where it says that the request arrived")
            .required(),
        Key::dynamic("reply", Kind::Any, "what stands for the lost reply's JSON; absent: the answer itself"),
    ],
);

pub static RESPONSE: Table = Table::new(
    "'response'",
    "What is done with the reply.",
    &[
        Key::new("success_status", Kind::Statuses, "statuses that count as a success; any other fails the step. Where a parser reads response.status_code, all of them count, unless this is given").default("2xx").mistaken(&[
            "success_statuses",
            "status",
            "expected_status",
            "success_codes",
        ]),
        Key::new("format", Kind::Choice(&["auto", "json", "jsonl", "csv", "text"]), "how the body is read for tables; auto: CSV, tab-separated or JSON Lines where Content-Type says so, otherwise JSON")
            .default("auto")
            .later_values(&["xml", "binary"]),
        Key::new("tables", Kind::Sections(&TABLE), "the tables that replies are loaded into").mistaken(&["table"]),
        Key::python("parser", "code that returns a map with any of tables, variables and while, instead of or beside the keys of those names"),
        Key::new("variables", Kind::Assigns, "variables that are set after each reply, where response can be read").mistaken(&["vars", "set"]),
        Key::dynamic("while", Kind::Condition, "a condition on the reply: while it is true, the request is made anew and sent again; absent: there is one page"),
        Key::later("errors", "what is done with replies that are errors: retry, ignore, skip"),
    ],
);

pub static TABLE: Table = Table::new(
    "a table of 'tables'",
    "A table that replies are loaded into.",
    &[
        Key::new("source", Kind::Text, "the database of the table; absent: the project's default one"),
        Key::dynamic("database", Kind::Text, "the table's database, as the server names it; absent: the one that the source connects to"),
        Key::dynamic("namespace", Kind::Text, "the table's schema; absent: the source's").aliases(&["schema"]),
        Key::dynamic("table", Kind::Text, "the name of the table").mistaken(&["name", "target_table"]).required(),
        Key::new("columns", Kind::Columns, "the columns with their types; auto: found in the rows of the first reply").default("auto"),
        Key::new("model", Kind::Section(&MODEL), "another way to write 'columns'"),
        WRITE_MODE,
        Key::new("data_path", Kind::Text, "where the rows are in the reply: data, result.items, pages[0].rows; absent: the whole reply, or what the parser gives for this table")
            .mistaken(&["path", "json_path"]),
        Key::dynamic("data", Kind::Any, "the rows themselves: a list of maps, or one map; instead of data_path").mistaken(&["rows"]),
        Key::later("key", "the columns of write_mode merge"),
    ],
);
