//! Decimal number text taken apart, so that digits are counted and compared without a detour through a double.

/// `-12.50e3` and the like: sign, digits without zeros at the ends, and where the point is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// Significant digits, no zero at either end. Empty for zero.
    digits: String,
    /// Digits before the point: 0.`digits` × 10^`point`.
    point: i64,
}

/// No engine keeps more; a larger exponent is a mistake or an attack.
const LARGEST_EXPONENT: i64 = 200_000;

impl Decimal {
    /// Reads `[+-]digits[.digits][e[+-]digits]`, with a digit on at least one side of the point.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) || exponent.abs() > LARGEST_EXPONENT {
            return None;
        }
        let digits = format!("{whole}{fraction}");
        let leading = digits.bytes().take_while(|b| *b == b'0').count();
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()? + exponent;
        Some(Self { negative, point, digits: digits[leading..].trim_end_matches('0').to_owned() })
    }

    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub(super) fn significant_digits(&self) -> usize {
        self.digits.len()
    }

    /// Digits before the point, without leading zeros.
    pub(super) fn whole_digits(&self) -> u64 {
        if self.is_zero() { 0 } else { u64::try_from(self.point).unwrap_or(0) }
    }

    /// Digits after the point, without trailing zeros.
    pub(super) fn fraction_digits(&self) -> u64 {
        if self.is_zero() {
            return 0;
        }
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        u64::try_from(length.saturating_sub(self.point)).unwrap_or(0)
    }

    pub(super) fn is_integer(&self) -> bool {
        self.fraction_digits() == 0
    }

    /// The integer that it is, if it is one and fits.
    pub(super) fn to_i64(&self) -> Option<i64> {
        if self.is_zero() {
            return Some(0);
        }
        let whole = self.whole_digits();
        if !self.is_integer() || whole > 19 {
            return None;
        }
        let zeros = usize::try_from(whole).ok()? - self.digits.len();
        let text = format!("{}{}{}", if self.negative { "-" } else { "" }, self.digits, "0".repeat(zeros));
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted_without_the_zeros_that_do_not_matter() {
        for (text, significant, whole, fraction) in [
            ("0", 0, 0, 0),
            ("-0.00", 0, 0, 0),
            ("10.20", 3, 2, 1),
            ("+007", 1, 1, 0),
            ("1e3", 1, 4, 0),
            ("1.5e-3", 2, 0, 4),
            (".5", 1, 0, 1),
            ("5.", 1, 1, 0),
            ("1200", 2, 4, 0),
            ("12345678901234567890.123456789", 29, 20, 9),
        ] {
            let decimal = Decimal::parse(text).unwrap();
            assert_eq!(
                (decimal.significant_digits(), decimal.whole_digits(), decimal.fraction_digits()),
                (significant, whole, fraction),
                "{text}"
            );
        }
    }

    #[test]
    fn integers_come_out_whole() {
        for (text, value) in [
            ("12.00", Some(12)),
            ("-1.2e1", Some(-12)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1e30", None),
            ("0.5", None),
            ("0e9", Some(0)),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_i64(), value, "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in ["", "-", ".", "1,5", "0x10", "1e", "1e5.5", "١", "1 ", "NaN", "1e999999999", "--1", "1_000"] {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
    }
}
