//! What the demo API serves: customers with nested addresses, and orders. Made from the record's number alone, so that every start serves the same.

use std::fmt::Write as _;

const FIRST_NAMES: [&str; 12] = ["Ada", "Björn", "Chiara", "Dmitri", "Elif", "Farid", "Grace", "Hiro", "Inés", "Jonas", "Kavya", "Léa"];
const LAST_NAMES: [&str; 10] = ["Okafor", "Lindqvist", "Rossi", "Petrov", "Yılmaz", "Haddad", "O'Brien", "Tanaka", "Álvarez", "Weber"];
const CITIES: [(&str, &str); 8] = [
    ("Lagos", "NG"),
    ("Göteborg", "SE"),
    ("Torino", "IT"),
    ("Izmir", "TR"),
    ("Dublin", "IE"),
    ("Osaka", "JP"),
    ("Valencia", "ES"),
    ("Bremen", "DE"),
];
const STATUSES: [&str; 4] = ["paid", "paid", "shipped", "refunded"];

/// Spreads neighbouring numbers (the finaliser of SplitMix64).
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn pick<T: Copy, const N: usize>(list: &[T; N], n: u64) -> T {
    let index = usize::try_from(n % N as u64).unwrap_or(0);
    list[index]
}

/// Writes the customer with this id (from 1) as JSON.
pub(crate) fn write_customer(out: &mut String, id: u64) {
    let random = mix(id);
    let first = pick(&FIRST_NAMES, random);
    let last = pick(&LAST_NAMES, random >> 8);
    let day = 1 + (random >> 16) % 28;
    let month = 1 + (random >> 24) % 12;
    let active = !random.is_multiple_of(7);
    let _ = write!(
        out,
        r#"{{"id":{id},"first_name":"{first}","last_name":"{last}","email":"customer{id}@example.com","active":{active},"credit_limit":{}.{:02},"created_at":"2025-{month:02}-{day:02}T08:30:00Z","addresses":["#,
        100 + random % 900,
        (random >> 32) % 100,
    );
    for n in 0..=(random >> 40) % 2 {
        let (city, country) = pick(&CITIES, (random >> 44) + n);
        let separator = if n == 0 { "" } else { "," };
        let street = 1 + (random >> 20) % 200;
        let _ =
            write!(out, r#"{separator}{{"id":{},"street":"{street} Market Street","city":"{city}","country":"{country}"}}"#, id * 10 + n);
    }
    out.push_str("]}");
}

/// Writes the order with this id (from 1) as JSON. `customers` is how many customers there are.
pub(crate) fn write_order(out: &mut String, id: u64, customers: u64) {
    let random = mix(id ^ 0xabcd_ef01);
    let customer = 1 + random % customers.max(1);
    let status = pick(&STATUSES, random >> 12);
    let _ = write!(
        out,
        r#"{{"id":{id},"customer_id":{customer},"status":"{status}","total":"{}.{:02}","currency":"EUR"}}"#,
        5 + (random >> 20) % 400,
        (random >> 32) % 100
    );
}
