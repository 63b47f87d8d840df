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
    if let Some((local, east_s)) = zone(text)
        && let Ok(moment) = format!("{local}Z").parse::<Timestamp>()
    {
        return Ok(moment.plus_secs(-east_s));
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

/// What stands before a zone such as `+02:00` or `-0330`, and how far east that is, in seconds.
fn zone(text: &str) -> Option<(&str, i64)> {
    // A date has hyphens, too: a zone comes behind them.
    let at = text.rfind(['+', '-']).filter(|at| *at > 10)?;
    let (local, zone) = text.split_at(at);
    let digits: String = zone[1..].chars().filter(|letter| *letter != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    let seconds = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
    Some((local, if zone.starts_with('-') { -seconds } else { seconds }))
}
