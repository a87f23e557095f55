//! What fits a column, value by value.

use super::*;

fn text(text: &str) -> Cell<'_> {
    Cell::Text(text.into())
}

fn number(text: &str) -> Cell<'_> {
    Cell::Number(text.into())
}

/// What is stored, as text.
fn stored(cell: &Cell<'_>, kind: &str) -> Result<String, String> {
    match fit(cell, kind.parse().unwrap(), Ranges::Postgres) {
        Ok(Fitted::Null) => Ok("NULL".into()),
        Ok(Fitted::Bool(b)) => Ok(b.to_string()),
        Ok(Fitted::Int(i)) => Ok(i.to_string()),
        Ok(Fitted::Float(f)) => Ok(float_text(f)),
        Ok(Fitted::Number(text) | Fitted::Text(text)) => Ok(text.into_owned()),
        Ok(Fitted::Bytes(bytes)) => Ok(format!("{bytes:?}")),
        Err(reason) => Err(reason.into_owned()),
    }
}

#[test]
fn values_keep_their_meaning() {
    for (cell, kind, expected) in [
        (Cell::Bool(true), "text", "true"),
        (Cell::Float(3.0), "text", "3.0"),
        (Cell::Float(1e16), "text", "1e+16"),
        (Cell::Float(0.0001), "text", "0.0001"),
        (Cell::Float(0.00001), "text", "1e-05"),
        (Cell::Float(-0.0), "text", "-0.0"),
        (number("10.20"), "text", "10.20"),
        (Cell::Json("{\"a\":1}".into()), "text", "{\"a\":1}"),
        (text(""), "text", ""),
        (text(""), "json", "\"\""),
        (Cell::Null, "integer", "NULL"),
        (text("12"), "integer", "12"),
        (text("12.0"), "integer", "12"),
        (number("1e3"), "smallint", "1000"),
        (Cell::Float(3.0), "integer", "3"),
        (number("9223372036854775807"), "bigint", "9223372036854775807"),
        (Cell::Float(-9_223_372_036_854_775_808.0), "bigint", "-9223372036854775808"),
        (number("10.20"), "numeric(10,2)", "10.20"),
        (number("10.2000"), "numeric(4,2)", "10.2000"),
        (number("12345678901234567890.123456789"), "numeric", "12345678901234567890.123456789"),
        (Cell::Float(0.1), "numeric(3,1)", "0.1"),
        (Cell::Float(f64::NAN), "numeric", "NaN"),
        (number("0.1234567890123456789"), "double", "0.12345678901234568"),
        (Cell::Int(9_007_199_254_740_992), "double", "9007199254740992.0"),
        (text("-Infinity"), "double", "-Infinity"),
        (text("Yes"), "boolean", "true"),
        (Cell::Int(0), "boolean", "false"),
        (text("2024-02-29"), "date", "2024-02-29"),
        (text("2024-01-02T00:00:00Z"), "date", "2024-01-02"),
        (text("0044-03-15 BC"), "date", "0044-03-15 BC"),
        (text("12:30"), "time", "12:30"),
        (text("24:00:00"), "time", "24:00:00"),
        (text("2024-01-02"), "timestamp", "2024-01-02T00:00:00"),
        (text("2024-01-02 03:04:05.120"), "timestamp", "2024-01-02T03:04:05.12"),
        (text("2024-01-02T03:04:05+05:30"), "timestamp", "2024-01-01T21:34:05"),
        (text("2024-12-31T23:30:00-0100"), "timestamptz", "2025-01-01T00:30:00+00:00"),
        (text("2024-01-02t03:04z"), "timestamptz", "2024-01-02T03:04:00+00:00"),
        (text("2016-12-31T23:59:60Z"), "timestamptz", "2017-01-01T00:00:00+00:00"),
        (text("0001-01-01T00:00:00+01:00"), "timestamptz", "0001-12-31T23:00:00+00:00 BC"),
        (text("294276-12-31 23:59:59"), "timestamp", "294276-12-31T23:59:59"),
        (text("infinity"), "timestamp", "infinity"),
        (text("{\"a\": [1]}"), "json", "{\"a\": [1]}"),
        (text("123"), "json", "\"123\""),
        (text("{not json"), "json", "\"{not json\""),
        (Cell::Bool(false), "json", "false"),
        (text("{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}"), "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        (text("a0eebc999c0b4ef8bb6d6bb9bd380a11"), "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        (text("\\x00ff"), "binary", "[0, 255]"),
        (text("äöü"), "varchar(3)", "äöü"),
    ] {
        assert_eq!(stored(&cell, kind), Ok(expected.to_owned()), "{cell:?} into {kind}");
    }
}

#[test]
fn what_would_be_lost_is_an_error() {
    for (cell, kind, reason) in [
        (text("abc"), "integer", "not an integer"),
        (text(""), "integer", "empty text"),
        (text(""), "timestamp", "empty text"),
        (text(" 1"), "integer", "not an integer"),
        (Cell::Float(3.5), "integer", "fraction"),
        (number("0.5"), "bigint", "fraction"),
        (Cell::Float(1e19), "bigint", "out of range"),
        (Cell::Float(f64::NAN), "bigint", "out of range"),
        (Cell::Int(32_768), "smallint", "-32768 to 32767"),
        (Cell::Int(-2_147_483_649), "integer", "out of range"),
        (number("9223372036854775808"), "bigint", "out of range"),
        (Cell::Bool(true), "integer", "boolean column"),
        (number("1.005"), "numeric(10,2)", "3 digits after the point"),
        (number("100"), "numeric(4,2)", "3 digits before the point"),
        (text("1,5"), "numeric", "not a number"),
        (Cell::Int(9_007_199_254_740_993), "double", "change its digits"),
        (Cell::Int(i64::MAX), "double", "change its digits"),
        (number("123456789012345678901"), "double", "change its digits"),
        (Cell::Int(16_777_217), "real", "change its digits"),
        (number("1e400"), "double", "out of range"),
        (Cell::Float(1e39), "real", "out of range"),
        (Cell::Int(2), "boolean", "neither"),
        (text("maybe"), "boolean", "neither"),
        (text("2023-02-29"), "date", "not written like"),
        (text("2024-01-02T03:00:00"), "date", "time of day"),
        (text("02/01/2024"), "date", "not written like"),
        (Cell::Int(1_700_000_000), "timestamp", "no unit"),
        (text("2024-01-02T25:00:00"), "timestamp", "not written like"),
        (text("2024-01-02T03:04:05+25:00"), "timestamp", "not written like"),
        (text("2024-01-02T"), "timestamp", "not written like"),
        (text("12:60"), "time", "not written like"),
        (text("abcd"), "varchar(3)", "4 characters"),
        (Cell::Int(12345), "varchar(3)", "5 characters"),
        (text("a0eebc99-9c0b4-ef8-bb6d-6bb9bd380a11"), "uuid", "not a UUID"),
        (text("ééééééééééééééééé"), "uuid", "not a UUID"),
        (text("aGk="), "binary", "decode it"),
        (text("\\x0"), "binary", "decode it"),
        (Cell::Bytes(Cow::Borrowed(&[0xff])), "text", "not UTF-8"),
        (Cell::Float(f64::INFINITY), "json", "no such value"),
    ] {
        let error = stored(&cell, kind).expect_err(&format!("{cell:?} into {kind}"));
        assert!(error.contains(reason), "{cell:?} into {kind}: {error}");
    }
}

#[test]
fn sqlite_keeps_wide_integers_and_refuses_not_a_number() {
    assert_eq!(fit(&Cell::Int(3_000_000_000), ColumnType::Integer, Ranges::Sqlite), Ok(Fitted::Int(3_000_000_000)));
    assert!(fit(&Cell::Float(f64::NAN), ColumnType::Double, Ranges::Sqlite).is_err());
    assert!(fit(&text("NaN"), ColumnType::Numeric(None), Ranges::Sqlite).is_err());
}

#[test]
fn the_error_names_row_column_value_and_type() {
    let column = TargetColumn { name: "amount".into(), target: Target::Known(ColumnType::Numeric(Some((10, 2)))) };
    let error = column.fit(&text(&"x".repeat(500)), Ranges::Postgres, 7).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data);
    assert_eq!(error.row.as_deref(), Some("7"));
    for part in ["row 7", "'amount'", "numeric(10,2)", "not a number"] {
        assert!(error.message.contains(part), "{part} in {}", error.message);
    }
    assert!(error.message.len() < 300, "long values are cut");
}
