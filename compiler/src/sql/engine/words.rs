//! Functions of other engines, and what says the same.

use super::super::Dialect;

/// What to write instead of a function that the engine does not have. The name is in capitals.
pub(super) fn function(name: &str, dialect: Dialect) -> Option<&'static str> {
    let list: &[(&str, &str)] = match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
    };
    BOTH.iter().chain(list).find(|(n, _)| *n == name).map(|(_, instead)| *instead)
}

/// Functions that neither has, with a form that both have.
#[rustfmt::skip]
const BOTH: &[(&str, &str)] = &[
    ("ISNULL", "`coalesce(a, b)`"),
    ("NVL", "`coalesce(a, b)`"),
    ("NVL2", "`CASE WHEN x IS NOT NULL THEN a ELSE b END`"),
    ("LEN", "`length(x)`"),
    ("TO_NVARCHAR", "`CAST(x AS text)`"),
    ("CURDATE", "`CURRENT_DATE`"),
    ("SYSDATETIME", "`CURRENT_TIMESTAMP`"),
    ("GETDATE", "`CURRENT_TIMESTAMP`"),
    ("GETUTCDATE", "`CURRENT_TIMESTAMP`"),
    ("LISTAGG", "`group_concat(x, ',')` in SQLite, `string_agg(x, ',')` in PostgreSQL"),
    ("TRY_CAST", "`CAST(x AS type)`"),
];

#[rustfmt::skip]
const SQLITE: &[(&str, &str)] = &[
    ("NOW", "`CURRENT_TIMESTAMP` or `datetime('now')`"),
    ("DATEADD", "`datetime(x, '+1 day')`"),
    ("DATE_ADD", "`datetime(x, '+1 day')`"),
    ("DATE_SUB", "`datetime(x, '-1 day')`"),
    ("DATEDIFF", "`julianday(a) - julianday(b)`, which gives days"),
    ("DATE_TRUNC", "`strftime('%Y-%m-01', x)`, or `date(x, 'start of month')`"),
    ("DATE_PART", "`strftime('%Y', x)`"),
    ("DATE_FORMAT", "`strftime('%Y-%m-%d', x)`"),
    ("TO_CHAR", "`strftime('%Y-%m-%d', x)` for dates, `printf('%.2f', x)` for numbers"),
    ("TO_DATE", "`date(x)`: the text must be as in 2024-12-31"),
    ("TO_TIMESTAMP", "`datetime(x)` or `datetime(x, 'unixepoch')`"),
    ("TO_NUMBER", "`CAST(x AS REAL)`"),
    ("GREATEST", "`max(a, b)`"),
    ("LEAST", "`min(a, b)`"),
    ("LEFT", "`substr(x, 1, n)`"),
    ("RIGHT", "`substr(x, -n)`"),
    ("CHARINDEX", "`instr(x, part)`"),
    ("STRPOS", "`instr(x, part)`"),
    ("SPLIT_PART", "`substr` and `instr`"),
    ("REGEXP_REPLACE", "`replace(x, a, b)`; SQLite has no regular expressions of its own"),
    ("ARRAY_AGG", "`json_group_array(x)`"),
    ("JSON_AGG", "`json_group_array(x)`"),
    ("JSONB_AGG", "`json_group_array(x)`"),
    ("JSON_BUILD_OBJECT", "`json_object('name', value)`"),
    ("JSONB_BUILD_OBJECT", "`json_object('name', value)`"),
    ("JSON_VALUE", "`json_extract(x, '$.name')`"),
    ("ROW_TO_JSON", "`json_object('name', value)`"),
    ("STRING_TO_ARRAY", "`json_each(x)` of a JSON list"),
    ("POSITION", "`instr(x, part)`"),
    ("GENERATE_SERIES", "`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)`"),
    ("BOOL_OR", "`max(x)`"),
    ("BOOL_AND", "`min(x)`"),
    ("GEN_RANDOM_UUID", "`lower(hex(randomblob(16)))`"),
    ("UNNEST", "`json_each(x)`"),
    ("STDDEV", "the formula with `avg(x * x)` and `avg(x)`"),
];

#[rustfmt::skip]
const POSTGRES: &[(&str, &str)] = &[
    ("IFNULL", "`coalesce(a, b)`"),
    ("IF", "`CASE WHEN condition THEN a ELSE b END`"),
    ("IIF", "`CASE WHEN condition THEN a ELSE b END`"),
    ("DATEADD", "`x + interval '1 day'`"),
    ("DATE_SUB", "`x - interval '1 day'`"),
    ("DATEDIFF", "`a - b`, which gives days for dates"),
    ("DATE_FORMAT", "`to_char(x, 'YYYY-MM-DD')`"),
    ("STR_TO_DATE", "`to_date(x, 'YYYY-MM-DD')`"),
    ("STRFTIME", "`to_char(x, 'YYYY-MM-DD')`"),
    ("DATETIME", "`x::timestamp`, or `now()` for `datetime('now')`"),
    ("JULIANDAY", "`extract(julian from x)`"),
    ("UNIXEPOCH", "`extract(epoch from x)`"),
    ("UNIX_TIMESTAMP", "`extract(epoch from x)`"),
    ("FROM_UNIXTIME", "`to_timestamp(x)`"),
    ("GROUP_CONCAT", "`string_agg(x, ',')`"),
    ("JSON_EXTRACT", "`x::json -> 'name'`, or `#>>` for a path"),
    ("JSON_GROUP_ARRAY", "`json_agg(x)`"),
    ("JSON_GROUP_OBJECT", "`json_object_agg(name, value)`"),
    ("INSTR", "`strpos(x, part)`"),
    ("CHARINDEX", "`strpos(x, part)`"),
    ("PRINTF", "`format('%s', x)` or `to_char(x, '…')`"),
    ("HEX", "`encode(x, 'hex')`"),
    ("RAND", "`random()`"),
    ("RANDOMBLOB", "`gen_random_bytes(n)` of pgcrypto"),
    ("TYPEOF", "`pg_typeof(x)`"),
    ("TOTAL", "`coalesce(sum(x), 0)`"),
];
