//! The table of faults: code, name, severity, one line about it, and its page in docs/codes.
//!
//! A number is never given to another fault. A check names its code as text (`Diagnostic::error("S103", …)`); tests hold that every code used is here.

use crate::diagnostic::{Severity, did_you_mean};

/// A kind of fault.
#[derive(Debug)]
pub struct Code {
    pub code: &'static str,
    /// For people who filter reports: lower case, hyphens.
    pub name: &'static str,
    /// How it is usually reported; a single case may be milder.
    pub severity: Severity,
    pub summary: &'static str,
    page: &'static str,
}

macro_rules! codes {
    ($($code:ident $severity:ident $name:literal $summary:literal)*) => {
        &[$(Code {
            code: stringify!($code),
            name: $name,
            severity: Severity::$severity,
            summary: $summary,
            page: include_str!(concat!("../../docs/codes/", stringify!($code), ".md")),
        }),*]
    };
}

/// In the order of the pages: by letter and number.
#[rustfmt::skip]
pub const CODES: &[Code] = codes! {
    C301 Warning "constant-condition"       "A condition comes out the same in every run."
    C302 Error   "not-a-condition"          "A condition can never be true or false."
    C303 Warning "unreachable-step"         "A step comes after one that never goes on."
    C304 Error   "endless-while"            "Nothing in a `while` can change its condition."
    C305 Error   "same-page-forever"        "A page loop asks for the same page again and again."
    C306 Error   "first-page-without-value" "The first request of a page loop reads a variable that only its reply sets."
    C307 Warning "while-may-be-null"        "`while` of a reply may be null, which ends the loop without a word."
    C308 Error   "while-not-a-boolean"      "`while` of a reply is never true or false."
    C310 Warning "shadowed-loop-variable"   "A loop uses the name of the loop around it for its own variable."
    C311 Warning "own-table-changed"        "A loop changes the table that it goes over."
    C312 Warning "created-in-each-turn"     "Each turn of a loop creates a table anew."
    C313 Hint    "empty-catch"              "A `catch` has no steps, so that errors vanish."
    C314 Warning "unknown-error-kind"       "A `catch` or a `retry` names a kind of error that nothing raises."
    C315 Error   "leave-outside-loop"       "`break` or `continue` stands outside of a loop."
    C316 Error   "branches-collide"         "Branches of a `parallel` write the same table or variable."
    C317 Error   "items-depend"             "Rows of a loop that are in flight together depend on each other."
    C318 Warning "expectation-misfit"       "An `assert` expects of its query what is likely to be the opposite of what is meant."
    C319 Warning "set-back-each-round"      "A variable that adds up over the rounds of a loop is set back in each of them."
    C320 Warning "pages-missed"             "A page loop leaves out pages, or asks for rows twice."
    C321 Warning "all-rows-in-each-turn"    "A loop gives the value that it found for one row to all rows of a table."
    C322 Warning "row-ends-the-flow"        "`return` or `break` stands where all rows of a loop behind the first one of its kind are left out."
    C323 Warning "pauses-beyond-timeout"    "The pauses of a step are longer than its `timeout`."
    C330 Warning "catch-never-reached"      "An entry of `catch` is never reached."
    H802 Error   "bad-status"               "A status is none that HTTP has, or is compared with text."
    H803 Error   "bad-url"                  "A URL cannot be used."
    H804 Warning "plain-http"               "A request is sent without TLS."
    H805 Error   "credentials-in-url"       "A URL holds a user name and a password."
    H806 Warning "body-without-format"      "A text that looks like JSON is sent as plain text."
    H808 Warning "body-on-get"              "A GET or HEAD request has a body."
    H809 Warning "content-type-clash"       "The `Content-Type` header says something else than the body is."
    H810 Warning "two-authentications"      "A request has two authentications."
    H811 Warning "other-host"               "A request goes to another host than that of its source."
    H812 Hint    "list-without-paging"      "A list is asked for in pages, and only the first page is read."
    H813 Warning "status-not-looked-at"     "Errors count as a success, and nothing looks at the status."
    H814 Warning "retry-without-key"        "A request is to be tried again that must not be sent twice."
    H815 Hint    "in-doubt-after-crash"     "A resume cannot know whether a request in a loop arrived."
    H816 Warning "never-in-doubt"           "`verify` or `on_in_doubt` stands beside a request that may be sent twice anyway."
    H817 Warning "retry-sends-again"        "A step that is tried again sends a request again that must not be sent twice."
    H818 Warning "base-path-twice"          "A URL repeats the path of its source's base_url."
    H819 Warning "dollar-before-template"   "A `$` stands before a template."
    H820 Warning "text-in-query"            "A text from a row or a reply goes into the query string of a URL as it is."
    H821 Warning "scheme-in-token"          "A token or password has the name of a scheme before it."
    H822 Warning "header-twice"             "A header is given twice."
    H823 Error   "body-is-no-json"          "A body that is to be JSON is none."
    H824 Warning "harmless-in-name-only"    "A POST that makes something anew is said to do no harm."
    H825 Warning "empty-reply-as-json"      "A reply without a body is read as JSON."
    H826 Warning "status-never-there"       "A parser asks for a status that is no success, so that it never sees one."
    H827 Warning "same-key"                 "All requests of a loop have the same idempotency key."
    J501 Error   "jinja-syntax"             "A template is not valid Jinja."
    J502 Error   "jinja-unknown-name"       "A template uses a name that does not exist."
    J503 Error   "jinja-unknown-filter"     "A template uses a filter or test that does not exist."
    J504 Hint    "computed-variable-name"   "The name of a variable is known only at run time."
    J505 Warning "template-in-python"       "A `{{ … }}` stands inside Python."
    J506 Warning "template-in-sql-text"     "A value from a row or a reply is put between quotes into SQL."
    J507 Error   "brace-collision"          "Braces that are meant as text begin a template."
    J508 Warning "null-text"                "`__NULL__` stands where it means nothing."
    J509 Error   "text-without-quotes"      "The text of a column is put into SQL without quotes."
    J510 Error   "template-in-template"     "A template stands inside of a text of another template."
    J511 Warning "default-of-null"          "`default` is given for a column, which may be NULL but is never missing."
    J512 Warning "set-in-loop"               "A `set` in a loop of a template adds to a name of outside, and is lost with its round."
    M001 Warning "plan-older"               "A plan file is older than the project beside it."
    M002 Error   "plan-version"             "The plan was written for another version of the executor."
    M004 Error   "plan-damaged"             "The plan file is damaged or is no plan."
    M006 Warning "unused-ignore"            "A comment ignores a fault that is not there."
    M007 Warning "unknown-ignore"           "A comment ignores a code that does not exist."
    P601 Error   "python-syntax"            "A snippet is not valid Python."
    P603 Warning "slash-comment"            "A comment in Python starts with `//`."
    P604 Error   "python-undefined-name"    "A snippet uses a name that is not defined."
    P605 Error   "no-return"                "A snippet never returns a value."
    P606 Warning "branch-without-return"    "One way through a snippet returns a value, another does not."
    P607 Warning "name-perhaps-unset"       "A name is read that is not set on every way to its line."
    P608 Error   "unknown-member"           "A member is used that `response`, `context` or a value does not have."
    P609 Error   "response-not-available"   "A snippet uses `response` where there is no reply."
    P610 Error   "module-not-available"     "A snippet imports a module that snippets do not have."
    P611 Error   "parser-misfit"            "A parser's result does not fit the tables that its op declares."
    P612 Error   "no-such-column"           "A column is read of a row whose table or query does not have it."
    P613 Warning "index-into-empty"         "The first or last member is taken of a list that may be empty."
    P614 Hint    "unused-name"              "A snippet sets or imports something that it never uses."
    P616 Error   "outside-access"           "A snippet wants files, sockets, processes or to sleep."
    P617 Warning "duplicate-dict-key"       "A key stands twice in one dict."
    P618 Warning "unreachable-line"         "A line of a snippet is never reached."
    P619 Error   "misused-value"            "A line of a snippet needs another kind of value than it gets."
    P620 Error   "snippet-too-large"        "A snippet is too long or too deeply nested."
    P621 Error   "endless-snippet"           "A loop in a snippet has no way out."
    P622 Warning "constant-comparison"       "A comparison or condition in a snippet always has the same answer."
    P623 Warning "loop-ends-at-once"        "A loop that collects values returns in its first round."
    P624 Warning "one-map-for-all"          "Each round of a loop adds the same map to a list."
    P625 Warning "loop-name-reused"         "An inner loop takes the name of the outer one."
    P626 Warning "get-without-default"      "A member is taken of what `.get(…)` gives, which may be None."
    P627 Warning "forgotten-f"               "A text holds a name in braces and has no `f` before it."
    P628 Error   "past-the-end"              "A loop's counter goes past the end of the list that it indexes."
    Q701 Error   "sql-syntax"               "A statement is not valid SQL."
    Q702 Warning "last-go-missing"          "Lines `go` end the statements, but not the last one."
    Q703 Warning "go-in-text"               "A line `go` is part of a quoted text and ends no statement."
    Q704 Error   "not-one-query"            "One query is expected, and the text is something else."
    Q705 Hint    "trailing-semicolon"       "A query has a semicolon at its end."
    Q706 Warning "table-not-created"        "A table is read that no step creates, and one with nearly the same name is created."
    Q707 Error   "unknown-column"           "A query names a column that none of its tables has."
    Q708 Warning "other-engine"             "A statement uses SQL that another engine knows and this one does not."
    Q710 Warning "duplicate-output"         "Two columns of a result have the same name."
    Q711 Warning "text-arithmetic"          "A statement computes with a column that holds text."
    Q712 Warning "unguarded-statement"      "A statement changes all rows of a table, or drops what may not be there."
    Q713 Error   "ambiguous-column"         "A column is named without its table, and two tables of the query have it."
    Q714 Error   "misplaced-aggregate"      "An aggregate stands where the engine does not take it."
    Q715 Error   "unequal-lists"            "Two lists of a statement must be equally long and are not."
    Q716 Error   "not-in-a-transaction"     "A statement begins or ends a transaction, or cannot run inside of one."
    Q717 Error   "unbound-placeholder"      "A statement has a placeholder for a value, and nothing gives the value."
    Q718 Warning "compared-with-null"       "A value is compared with NULL by `=`, which is never true."
    Q719 Error   "type-mismatch"            "Values of types are brought together that the engine does not take together."
    Q720 Error   "wrong-arguments"          "A function is called that the engine does not have, or with a wrong number of arguments."
    Q721 Error   "not-selected"             "ORDER BY wants something that DISTINCT or UNION does not give."
    Q722 Warning "doubtful-assignment"      "A column is given two values, or a condition that was meant to be another assignment."
    Q723 Error   "gone-table"               "A statement uses a table that a step before it has dropped or renamed."
    Q724 Error   "no-unique-key"            "ON CONFLICT names columns that nothing makes unique."
    Q725 Error   "missing-value"            "An INSERT gives no value to a column that must have one."
    Q726 Warning "already-there"            "A column or table is added that is there already."
    Q727 Warning "hardly-meant"             "A statement runs, and does what hardly anybody means."
    R201 Error   "unknown-source"           "A source is named that the project does not have."
    R202 Error   "unknown-flow"             "A flow is named that the project does not have."
    R203 Error   "flow-cycle"               "Flows call each other in a circle."
    R204 Hint    "computed-reference"       "The name of a source or flow is known only at run time."
    R205 Error   "wrong-kind-of-source"     "A source is of another kind than its use needs."
    R206 Error   "source-incomplete"        "A source or its authentication lacks a field."
    R207 Error   "unknown-environment"      "An environment is chosen that does not exist."
    R208 Error   "missing-in-environment"   "The chosen environment does not define a variable that the flows need."
    R209 Warning "environments-differ"      "An environment lacks a variable that another one gives and flows read."
    R210 Hint    "unused-source"            "No flow uses a source."
    R211 Error   "no-source"                "No source is given, and the project has no default one."
    S101 Error   "unknown-op"               "A step names an op that does not exist."
    S102 Error   "missing-op"               "A step has no `op`."
    S103 Error   "unknown-key"              "A key has no meaning where it stands."
    S104 Error   "missing-key"              "A required key is missing."
    S105 Error   "key-and-expression"       "A key is given both plainly and as an expression."
    S106 Error   "wrong-type"               "A value is of another kind than its key wants."
    S107 Error   "bad-value"                "A value is not one of those that its key knows."
    S108 Error   "not-supported"            "A form that is known but that this version cannot run."
    S109 Hint    "letter-case"              "A value is written in other letters than usual."
    S110 Warning "empty-block"              "A list of steps is empty."
    S111 Error   "duplicate-id"             "Two steps of a flow have the same `id`."
    S112 Hint    "repeated-without-id"      "A request that is sent again and again has no `id`."
    S113 Warning "bad-name"                 "A name is hard to use on a command line, in a shell or as a file."
    S114 Warning "not-a-flow"               "A file in `flows/` is no flow."
    S115 Hint    "older-form"               "An older form is used, which goes on working."
    S116 Error   "bad-start-step"           "A call starts with a step that the flow does not have."
    S117 Warning "template-in-environment"  "A template stands in an environment, whose values are taken as they are."
    S118 Warning "reference-as-text"        "A source names a variable of the process as other tools do, and it is taken as text."
    T901 Warning "overwritten-table"        "A step creates a table anew that a step before it has just filled."
    T902 Warning "append-to-unknown"        "Rows are added to a table that no step creates, and one with nearly the same name is created."
    T903 Warning "different-columns"        "Two steps write the same table with different columns."
    T904 Error   "bad-column"               "A column of a new table has a name or type that the engine refuses."
    T905 Warning "case-collision"           "Two names differ in capitals only, and the engine takes them for two things."
    T906 Error   "table-without-data"       "A table of a parser has no data."
    T909 Warning "copied-onto-itself"       "A table is copied onto itself."
    T910 Warning "read-before-made"         "A table is read before the step that makes it, and is not there before."
    T911 Warning "added-in-every-run"        "Every run adds the same rows to a table once more."
    T912 Warning "added-by-each-attempt"     "A block that is tried again adds the same rows to a table once more."
    V401 Error   "undefined-variable"       "A variable is read that nothing defines."
    V402 Warning "perhaps-undefined"        "A variable is read that is not defined on every path."
    V403 Warning "read-before-set"          "A variable is read before it is set."
    V404 Warning "set-elsewhere-only"       "A variable is set only by a flow that does not run before."
    V405 Error   "missing-parameter"        "A flow is called without a parameter that it needs."
    V406 Warning "unknown-parameter"        "A flow is called with a parameter that it does not declare."
    V407 Hint    "never-read"               "A variable is set and never read."
    V408 Warning "value-of-wrong-kind"      "A variable or value is of another kind than its use needs."
    V409 Error   "bad-variable"             "A variable is set in a form that cannot be meant."
    V410 Warning "shadowed-variable"        "Two variables of a flow have the same name, and one hides the other."
    V411 Warning "nothing-returned"         "The output of a flow is taken that returns nothing."
    V412 Warning "null-of-empty"            "Something is computed with an aggregate that is NULL for an empty table."
    V413 Warning "set-before-compared"      "A difference from a variable is always 0, as the variable is set first."
    V414 Warning "asked-from-now-on"        "A request asks for what came after this moment instead of after the last run."
    V415 Warning "gone-before-next-run"     "A local variable is set for the next run, which does not have it."
    X001 Error   "secret-literal"           "A secret is written into a file of the project."
    X002 Warning "secret-printed"           "A secret is printed."
    X003 Warning "secret-in-query"          "A secret is sent in the query string of a URL."
    X004 Warning "secret-stored"            "A secret is stored where values outlive the run."
    Y001 Error   "yaml-syntax"              "The file is not valid YAML."
    Y002 Error   "tab-indentation"          "A tab is used as indentation."
    Y003 Error   "duplicate-key"            "A key is there twice."
    Y004 Error   "bad-alias"                "An alias or merge refers to nothing usable."
    Y005 Error   "unreadable-file"          "A file cannot be read as text."
    Y006 Warning "ambiguous-scalar"         "An unquoted value stands where text is meant, and YAML may read it as something else."
    Y007 Error   "several-documents"        "A file holds more than one document."
    Y008 Error   "empty-file"               "A file is empty."
    Y009 Error   "unknown-tag"              "A tag is not known."
    Y010 Error   "too-much"                 "A file is too large, too deep, or grows too much through aliases."
    Y011 Warning "invisible-character"      "A character that nobody can see."
    Y012 Warning "folded-code"              "Code under `>` is joined into one line."
    Y013 Error   "unquoted-template"        "A template is not in quotes."
    Y014 Warning "comment-cuts-text"        "A `#` that seems to be meant as text begins a comment."
};

/// The code of that name, in any case (`y001`).
#[must_use]
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|c| c.code.eq_ignore_ascii_case(code.trim()))
}

/// The page about a code: cause, reason, fix and examples, as Markdown.
#[must_use]
pub fn explain(code: &str) -> Option<&'static str> {
    find(code).map(|c| c.page)
}

/// The code that an unknown one was probably meant to be. A fault's name counts as well (`unknown-key`).
#[must_use]
pub fn suggest(code: &str) -> Option<&'static Code> {
    let wanted = code.trim();
    if let Some(named) = CODES.iter().find(|c| c.name.eq_ignore_ascii_case(wanted)) {
        return Some(named);
    }
    did_you_mean(wanted, CODES.iter().flat_map(|c| [c.code, c.name]))
        .and_then(|found| CODES.iter().find(|c| c.code == found || c.name == found))
}
