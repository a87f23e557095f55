//! Rounding of decimal number text without a detour through a float.

/// Larger exponents are left to floats: their plain digits would be long.
const LARGEST_EXPONENT: i64 = 400;

/// Number text without a sign as plain digits with `places` after the point, ties to the even digit. `None` for what is not plain decimal text.
#[must_use]
pub fn fixed(unsigned: &str, places: usize) -> Option<String> {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok().filter(|e| e.abs() <= LARGEST_EXPONENT)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut point = i64::try_from(whole.len()).ok()? + exponent;
    if point < 1 {
        digits.insert_str(0, &"0".repeat(usize::try_from(1 - point).ok()?));
        point = 1;
    }
    let point = usize::try_from(point).ok()?;
    let end = point.checked_add(places)?;
    let missing = end.saturating_sub(digits.len());
    digits.push_str(&"0".repeat(missing));
    let (kept, rest) = digits.split_at(end);
    let rounded = if rounds_up(kept, rest) { incremented(kept) } else { kept.to_owned() };
    let (whole, fraction) = rounded.split_at(rounded.len() - places);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    Some(if places == 0 { whole.to_owned() } else { format!("{whole}.{fraction}") })
}

fn rounds_up(kept: &str, rest: &str) -> bool {
    let mut rest = rest.bytes();
    match rest.next() {
        None | Some(b'0'..=b'4') => false,
        Some(b'5') => rest.any(|b| b != b'0') || kept.bytes().last().is_some_and(|b| b % 2 == 1),
        Some(_) => true,
    }
}

fn incremented(digits: &str) -> String {
    let head = digits.trim_end_matches('9');
    let nines = digits.len() - head.len();
    let zeros = "0".repeat(nines);
    match head.char_indices().last() {
        None => format!("1{zeros}"),
        Some((at, last)) => {
            let before = head.get(..at).unwrap_or_default();
            let next = last.to_digit(10).and_then(|d| char::from_digit(d + 1, 10)).unwrap_or(last);
            format!("{before}{next}{zeros}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_rounded_as_written() {
        for (text, places, expected) in [
            ("12.50", 2, "12.50"),
            ("12.50", 0, "12"),
            ("13.50", 0, "14"),
            ("2.675", 2, "2.68"),
            ("99999999999999999.99", 2, "99999999999999999.99"),
            ("99999999999999999.99", 1, "100000000000000000.0"),
            ("0.004", 2, "0.00"),
            ("0.0051", 2, "0.01"),
            ("1.5e3", 1, "1500.0"),
            ("1.5E-3", 4, "0.0015"),
            ("00.5", 1, "0.5"),
        ] {
            assert_eq!(fixed(text, places).as_deref(), Some(expected), "{text} with {places}");
        }
        for text in ["", "NaN", "1e999999999", "1.2.3", "."] {
            assert_eq!(fixed(text, 2), None, "{text}");
        }
    }
}
