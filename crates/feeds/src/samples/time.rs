//! A moment as tools write it: ISO 8601 with its zone, or seconds or milliseconds since 1970.

use peerage_domain::Timestamp;

/// Later than any time in seconds, and earlier than any in milliseconds that is meant.
const MILLIS_FROM: f64 = 1e11;

/// Reads a moment.
pub(super) fn read(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return number_of(number);
    }
    let shown: String = text.chars().take(40).collect();
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    // A zone without a colon is ISO 8601, too.
    if let Some((local, minutes)) = text.split_at_checked(text.len().saturating_sub(2))
        && let Ok(moment) = format!("{local}:{minutes}").parse()
    {
        return Ok(moment);
    }
    if format!("{text}Z").parse::<Timestamp>().is_ok() {
        return Err(format!("“{shown}” says no zone; write {shown}Z for UTC"));
    }
    Err(format!("“{shown}” is no time such as 2026-11-20T14:05:00Z, or seconds since 1970"))
}

/// Seconds since 1970, or milliseconds, which are larger.
pub(super) fn number_of(number: f64) -> Result<Timestamp, String> {
    let millis = if number.abs() < MILLIS_FROM { number * 1000.0 } else { number };
    // Until the year 5138, behind which seconds and milliseconds could not be told apart.
    if millis.is_finite() && (0.0..MILLIS_FROM * 1000.0).contains(&millis) {
        Ok(Timestamp::from_millis(millis.round() as i64))
    } else {
        Err(format!("{number} is no time in seconds since 1970"))
    }
}
