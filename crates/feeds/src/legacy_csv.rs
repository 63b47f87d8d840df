//! Sessions from before the portal, as a table (RFC 4180) with a head.

use serde::Deserialize;

/// The columns; of each row some may be empty.
pub const COLUMNS: &str = "location,asn,name,peer_ipv4,peer_ipv6,session_ipv4,session_ipv6,operator_ipv4,operator_ipv6,\
                           max_prefixes_ipv4,max_prefixes_ipv6,bandwidth_mbps";
/// Most rows.
pub const MOST: usize = 2000;

/// One connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)] // the columns are those of a request's form
pub struct Row {
    pub location: String,
    pub asn: String,
    pub name: String,
    pub peer_ipv4: String,
    pub peer_ipv6: String,
    pub session_ipv4: String,
    pub session_ipv6: String,
    pub operator_ipv4: String,
    pub operator_ipv6: String,
    pub max_prefixes_ipv4: String,
    pub max_prefixes_ipv6: String,
    pub bandwidth_mbps: String,
}

/// Reads a table.
///
/// # Errors
/// What is wrong with the first line that cannot be read, in words.
pub fn parse(text: &str) -> Result<Vec<Row>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    // Spreadsheets of some countries write semicolons.
    let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).delimiter(delimiter).from_reader(text.as_bytes());
    let mut rows = vec![];
    for row in reader.deserialize() {
        rows.push(row.map_err(|error| error.to_string())?);
        if rows.len() > MOST {
            return Err(format!("there are more than {MOST} rows"));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_are_read_by_the_names_of_their_columns() {
        let rows =
            parse("asn,location,peer_ipv4\n6667, LO-1 ,80.81.192.144\n\"719\",\"DE-CIX, Frankfurt\",80.81.192.7\n").expect("a table");
        assert_eq!((rows.len(), rows[0].location.as_str(), rows[1].location.as_str()), (2, "LO-1", "DE-CIX, Frankfurt"));
        assert_eq!(parse("asn;location\n1;LO-1\n").expect("a table")[0].asn, "1");
        assert_eq!(parse(&format!("{COLUMNS}\n")), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let check = |text: &str, expected: &str| {
            let why = parse(text).expect_err("wrong");
            assert!(why.contains(expected), "{why} should mention {expected}");
        };
        check("asn,oops\n1,2\n", "oops");
        check("asn,location\n1\n", "line: 2");
        check(&format!("asn\n{}", "1\n".repeat(MOST + 1)), "more than 2000");
    }

    proptest! {
        #[test]
        fn whatever_is_given_is_survived(text in "[a-z,;\"\n\\PC]{0,200}") {
            let _ = parse(&text);
        }
    }
}
