//! The Internet Routing Registry over the query protocol of IRRd, which whois.radb.net,
//! rr.ntt.net and others speak (the IRRd documentation, "Whois queries, IRRd style").
//!
//! Questions are lines; each answer begins with a letter: `A` and a length before data, `C` for
//! success without or behind data, `D` for nothing found, `E` and `F` for errors.

use peerage_domain::{Asn, Prefix};

/// Longest answer that is taken, in bytes.
const LONGEST: usize = 64 * 1024 * 1024;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Data, which may be empty.
    Data(String),
    /// There is no such object.
    NotFound,
    /// The server's words.
    Refused(String),
}

/// Why an answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IrrFault {
    /// It does not begin as answers do.
    #[error("the server does not speak the protocol of IRRd: it says “{0}”")]
    Protocol(String),
    /// It is longer than anything that is expected.
    #[error("the answer has {0} bytes, more than is taken")]
    Length(usize),
}

/// The answer at the front of what was received, and how many bytes it has; nothing while it
/// is not complete.
///
/// # Errors
/// When it is no answer.
pub fn answer(received: &[u8]) -> Result<Option<(Answer, usize)>, IrrFault> {
    let Some(end) = received.iter().position(|byte| *byte == b'\n') else {
        if received.len() > 1000 {
            return Err(strange(received));
        }
        return Ok(None);
    };
    let (line, behind) = (&received[..end], end + 1);
    let rest = || String::from_utf8_lossy(&line[1..]).trim().to_owned();
    match line.first() {
        Some(b'A') => {
            let length: usize = rest().parse().map_err(|_| strange(line))?;
            if length > LONGEST {
                return Err(IrrFault::Length(length));
            }
            let data = received.get(behind..behind + length);
            let closing = received.get(behind + length..behind + length + 2);
            match (data, closing) {
                (Some(data), Some(b"C\n")) => {
                    Ok(Some((Answer::Data(String::from_utf8_lossy(data).trim().to_owned()), behind + length + 2)))
                }
                (Some(_), Some(other)) => Err(strange(other)),
                _ => Ok(None),
            }
        }
        Some(b'C') => Ok(Some((Answer::Data(String::new()), behind))),
        Some(b'D') => Ok(Some((Answer::NotFound, behind))),
        Some(b'E') => Ok(Some((Answer::Refused("there are several copies of the key".into()), behind))),
        Some(b'F') => Ok(Some((Answer::Refused(rest()), behind))),
        _ => Err(strange(line)),
    }
}

fn strange(bytes: &[u8]) -> IrrFault {
    IrrFault::Protocol(String::from_utf8_lossy(bytes).chars().take(60).collect())
}

/// The ASNs of an answer to `!i…,1`.
pub fn asns(data: &str) -> impl Iterator<Item = Asn> {
    data.split_whitespace().filter_map(|word| word.to_ascii_uppercase().strip_prefix("AS")?.parse().ok().map(Asn))
}

/// The prefixes of an answer to `!g…` or `!6…`.
pub fn prefixes(data: &str) -> impl Iterator<Item = Prefix> {
    data.split_whitespace().filter_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(received: &str, expected: Option<(Answer, usize)>) {
        assert_eq!(answer(received.as_bytes()), Ok(expected), "{received:?}");
    }

    #[test]
    fn answers_are_read_when_they_are_complete() {
        let data = Answer::Data("AS6667 AS719".into());
        check("A13\nAS6667 AS719\nC\nD\n", Some((data, 19)));
        check("A13\nAS6667 AS719\nC", None);
        check("A13\nAS66", None);
        check("C\n", Some((Answer::Data(String::new()), 2)));
        check("D\n", Some((Answer::NotFound, 2)));
        check("F no such source\n", Some((Answer::Refused("no such source".into()), 17)));
        check("", None);
        assert!(matches!(answer(b"HTTP/1.1 400 Bad Request\r\n"), Err(IrrFault::Protocol(words)) if words.contains("HTTP")));
        assert_eq!(answer(b"A999999999999\n"), Err(IrrFault::Length(999_999_999_999)));
        assert!(answer(b"A3\nabcdX\n").is_err(), "the length is wrong");
    }

    #[test]
    fn asns_and_prefixes_are_found_among_other_words() {
        assert_eq!(asns("AS6667 as719 AS-SET x").collect::<Vec<_>>(), [Asn(6667), Asn(719)]);
        let found: Vec<String> = prefixes("193.10.0.0/16 2001:db8::/32 nothing").map(|p| p.to_string()).collect();
        assert_eq!(found, ["193.10.0.0/16", "2001:db8::/32"]);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(Some((_, length))) = answer(&bytes) {
                prop_assert!(length <= bytes.len());
            }
        }
    }
}
