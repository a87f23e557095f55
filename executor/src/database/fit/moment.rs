//! Dates and times in ISO 8601 / RFC 3339 text, as engines and APIs write them, moved to UTC.

use std::fmt::Write as _;

/// A date with an optional time of day and offset.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Moment<'a> {
    /// Days since 1970-01-01, of the date as written.
    days: i64,
    /// Seconds since that day's midnight, as written. 86,400 for `24:00:00`.
    seconds: i64,
    /// Digits after the second's point, without trailing zeros.
    fraction: &'a str,
    /// Seconds east of UTC.
    offset: i64,
}

/// PostgreSQL's last year; also keeps the arithmetic inside `i64`.
const LAST_YEAR: i64 = 294_276;

impl<'a> Moment<'a> {
    /// `2024-01-31`, `2024-01-31T12:30[:45[.678]]`, a space for the `T`, then `Z`, `UTC`, `+02`, `+02:00`, `+0200` or nothing, then ` BC` or nothing.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (text, before_christ) = match text.strip_suffix(" BC") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let date_end = text.find(['T', 't', ' ']).unwrap_or(text.len());
        let (date, time) = text.split_at(date_end);
        let days = parse_date(date, before_christ)?;
        if time.is_empty() {
            return Some(Self { days, seconds: 0, fraction: "", offset: 0 });
        }
        let time = &time[1..];
        let offset_start = time.find(|c: char| !matches!(c, '0'..='9' | ':' | '.')).unwrap_or(time.len());
        let (clock, offset) = time.split_at(offset_start);
        let (seconds, fraction) = parse_clock(clock)?;
        Some(Self { days, seconds, fraction, offset: parse_offset(offset.trim_start())? })
    }

    /// The date, for a moment at midnight.
    pub(super) fn date_text(&self) -> Result<String, &'static str> {
        if self.seconds != 0 || !self.fraction.is_empty() {
            return Err("it has a time of day; use a timestamp column");
        }
        let mut text = String::with_capacity(10);
        let era = write_date(&mut text, self.days);
        Ok(text + era)
    }

    /// `2024-01-31T12:30:00.5`, in UTC.
    pub(super) fn timestamp_text(&self) -> String {
        self.write("")
    }

    /// `2024-01-31T12:30:00.5+00:00`.
    pub(super) fn timestamptz_text(&self) -> String {
        self.write("+00:00")
    }

    fn write(&self, offset: &str) -> String {
        let total = self.days * 86_400 + self.seconds - self.offset;
        let (days, rest) = (total.div_euclid(86_400), total.rem_euclid(86_400));
        let mut text = String::with_capacity(32);
        let era = write_date(&mut text, days);
        // Writing to a String cannot fail.
        let _ = write!(text, "T{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
        if !self.fraction.is_empty() {
            let _ = write!(text, ".{}", self.fraction);
        }
        text + offset + era
    }
}

/// Whether the text is a time of day without a zone.
pub(super) fn is_time(text: &str) -> bool {
    parse_clock(text).is_some()
}

fn parse_date(text: &str, before_christ: bool) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !(4..=6).contains(&year.len()) {
        return None;
    }
    let (year, month, day) = (number(year)?, two_digits(month)?, two_digits(day)?);
    if !(1..=LAST_YEAR).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    // 1 BC is the year before AD 1, and a leap year.
    let year = if before_christ { 1 - year } else { year };
    let leap = (year.rem_euclid(4) == 0 && year.rem_euclid(100) != 0) || year.rem_euclid(400) == 0;
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    (1..=length).contains(&day).then(|| days_from_civil(year, month, day))
}

fn parse_clock(text: &str) -> Option<(i64, &str)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let (hour, minute) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?);
    let second = match parts.next() {
        Some(second) => two_digits(second)?,
        None if fraction.is_empty() => 0,
        None => return None,
    };
    let all_digits = fraction.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || !all_digits || minute > 59 || second > 60 || (text.ends_with('.')) {
        return None;
    }
    let total = hour * 3600 + minute * 60 + second;
    let fraction = fraction.trim_end_matches('0');
    // A leap second is the first second of the next minute, as in PostgreSQL.
    (hour < 24 || (total == 86_400 && fraction.is_empty())).then_some((total, fraction))
}

fn parse_offset(text: &str) -> Option<i64> {
    if text.is_empty() || text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("gmt") {
        return Some(0);
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let plain: String = digits.chars().filter(|c| *c != ':').collect();
    if !matches!(plain.len(), 2 | 4 | 6) || !plain.is_ascii() {
        return None;
    }
    let part = |at: usize| plain.get(at..at + 2).map_or(Some(0), two_digits);
    let (hours, minutes, seconds) = (part(0)?, part(2)?, part(4)?);
    (hours < 24 && minutes < 60 && seconds < 60).then_some(sign * (hours * 3600 + minutes * 60 + seconds))
}

fn two_digits(text: &str) -> Option<i64> {
    if text.len() == 2 { number(text) } else { None }
}

fn number(text: &str) -> Option<i64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in 400-year eras that start on March 1st.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Writes the date of a day number; gives the era to put at the end.
fn write_date(text: &mut String, days: i64) -> &'static str {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (shown, suffix) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    // Writing to a String cannot fail.
    let _ = write!(text, "{shown:04}-{month:02}-{day:02}");
    suffix
}
