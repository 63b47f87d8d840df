//! Validated ROA payloads as files: the JSON that rpki-client, Routinator and StayRTR write,
//! and a network's own view of it (SLURM, RFC 8416).

use peerage_domain::{
    Asn, Prefix, Timestamp,
    rpki::{Aspa, Vrp},
};
use serde::Deserialize;

/// Why a file is not a list of VRPs.
#[derive(Debug, thiserror::Error)]
pub enum VrpError {
    /// It is no JSON, or has another shape.
    #[error("no list of VRPs: {0}. Give the JSON of rpki-client, Routinator or StayRTR")]
    Shape(#[from] serde_json::Error),
    /// One entry cannot be used.
    #[error("entry {at}: {what}")]
    Entry {
        /// Which one, from 1.
        at: usize,
        /// What is wrong.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Wrapped { roas: Vec<Entry> },
    Bare(Vec<Entry>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    asn: Number,
    prefix: String,
    #[serde(alias = "maxPrefixLength")]
    max_length: Option<u8>,
    /// Seconds since 1970.
    expires: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Plain(u32),
    Text(String),
}

impl Number {
    fn asn(&self) -> Option<Asn> {
        match self {
            Number::Plain(number) => Some(Asn(*number)),
            // `AS0` is a value here, unlike in forms.
            Number::Text(text) => {
                let digits = text.get(..2).filter(|head| head.eq_ignore_ascii_case("as")).map_or(text.as_str(), |_| &text[2..]);
                digits.parse().ok().map(Asn)
            }
        }
    }
}

fn vrp(entry: &Entry) -> Result<Vrp, String> {
    let prefix: Prefix = entry.prefix.parse().map_err(|error: peerage_domain::PrefixError| error.to_string())?;
    let longest = if prefix.is_ipv4() { 32 } else { 128 };
    let max_length = entry.max_length.unwrap_or(prefix.length());
    if !(prefix.length()..=longest).contains(&max_length) {
        return Err(format!("{prefix} cannot have a longest length of {max_length}"));
    }
    let asn = entry.asn.asn().ok_or_else(|| format!("{prefix} has no AS number"))?;
    Ok(Vrp { prefix, max_length, asn })
}

/// Reads a JSON file: `{"roas": [{"asn", "prefix", "maxLength", "expires"}]}`, or the list
/// alone. What has expired by `now` is left out.
///
/// # Errors
/// The first entry that cannot be used: half a list would call good routes invalid.
pub fn parse(json: &[u8], now: Timestamp) -> Result<Vec<Vrp>, VrpError> {
    let entries = match serde_json::from_slice(json)? {
        File::Wrapped { roas } => roas,
        File::Bare(all) => all,
    };
    let current = |entry: &Entry| entry.expires.is_none_or(|at| at > now.secs());
    let read = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| current(entry))
        .map(|(at, entry)| vrp(entry).map_err(|what| VrpError::Entry { at: at + 1, what }));
    read.collect()
}

/// Reads what a file of VRPs says of providers: `{"aspas": [{"customer_asid", "providers"}]}` as
/// rpki-client writes it, or `customer` as Routinator does. A file without it says nothing; what
/// has expired by `now` is left out.
///
/// # Errors
/// The first entry that cannot be used.
pub fn aspas(json: &[u8], now: Timestamp) -> Result<Vec<Aspa>, VrpError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum File {
        Wrapped {
            #[serde(default)]
            aspas: Vec<Entry>,
        },
        Bare(serde::de::IgnoredAny),
    }
    #[derive(Deserialize)]
    struct Entry {
        #[serde(alias = "customer", alias = "customerAsid")]
        customer_asid: Number,
        #[serde(alias = "provider_asids", alias = "providerAsids")]
        providers: Vec<Number>,
        /// Seconds since 1970.
        expires: Option<i64>,
    }
    let File::Wrapped { aspas } = serde_json::from_slice(json)? else { return Ok(vec![]) };
    let read = |(at, entry): (usize, &Entry)| {
        let bad = || VrpError::Entry { at: at + 1, what: "an ASPA names AS numbers".into() };
        let providers: Option<Vec<Asn>> = entry.providers.iter().map(Number::asn).collect();
        Ok(Aspa { customer: entry.customer_asid.asn().ok_or_else(bad)?, providers: providers.ok_or_else(bad)? })
    };
    aspas.iter().enumerate().filter(|(_, entry)| entry.expires.is_none_or(|at| at > now.secs())).map(read).collect()
}

/// What a network leaves out of the RPKI, and adds to it, for itself (RFC 8416).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slurm {
    filters: Vec<(Option<Prefix>, Option<Asn>)>,
    assertions: Vec<Vrp>,
}

impl Slurm {
    /// Reads a SLURM file; what it says of BGPsec is left alone.
    ///
    /// # Errors
    /// When it is no SLURM file of version 1, or an entry cannot be used.
    pub fn parse(json: &[u8]) -> Result<Slurm, VrpError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct File {
            slurm_version: u8,
            #[serde(default)]
            validation_output_filters: Filters,
            #[serde(default)]
            locally_added_assertions: Assertions,
        }
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Filters {
            prefix_filters: Vec<Filter>,
        }
        #[derive(Deserialize)]
        struct Filter {
            prefix: Option<String>,
            asn: Option<u32>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Assertions {
            prefix_assertions: Vec<Entry>,
        }
        let file: File = serde_json::from_slice(json)?;
        if file.slurm_version != 1 {
            return Err(VrpError::Entry { at: 0, what: format!("slurmVersion {} is not 1", file.slurm_version) });
        }
        let filter = |(at, it): (usize, Filter)| {
            let wrong = |what: String| VrpError::Entry { at: at + 1, what };
            let prefix = it.prefix.map(|text| text.parse().map_err(|error: peerage_domain::PrefixError| wrong(error.to_string())));
            match (prefix.transpose()?, it.asn.map(Asn)) {
                (None, None) => Err(wrong("a filter needs a prefix or an asn (RFC 8416 §3.3.1)".into())),
                found => Ok(found),
            }
        };
        let assertion = |(at, it): (usize, &Entry)| vrp(it).map_err(|what| VrpError::Entry { at: at + 1, what });
        Ok(Slurm {
            filters: file.validation_output_filters.prefix_filters.into_iter().enumerate().map(filter).collect::<Result<_, _>>()?,
            assertions: file.locally_added_assertions.prefix_assertions.iter().enumerate().map(assertion).collect::<Result<_, _>>()?,
        })
    }

    /// The VRPs as this network sees them.
    pub fn apply(&self, vrps: impl IntoIterator<Item = Vrp>) -> Vec<Vrp> {
        let left_out = |vrp: &Vrp| {
            self.filters.iter().any(|(prefix, asn)| prefix.is_none_or(|p| p.contains(vrp.prefix)) && asn.is_none_or(|asn| asn == vrp.asn))
        };
        vrps.into_iter().filter(|vrp| !left_out(vrp)).chain(self.assertions.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Before the real file's entries expired.
    fn then() -> Timestamp {
        "2021-07-28T00:00:00Z".parse().expect("time")
    }

    #[test]
    fn providers_are_read_in_the_ways_that_validators_write_them() {
        let now = Timestamp::from_secs(1000);
        let told = |json: &str| {
            let all = aspas(json.as_bytes(), now).map_err(|error| error.to_string());
            all.map(|all| {
                all.into_iter().map(|it| (it.customer.0, it.providers.iter().map(|asn| asn.0).collect())).collect::<Vec<(u32, Vec<u32>)>>()
            })
        };
        let both = Ok(vec![(64500, vec![64496, 64497])]);
        assert_eq!(told(r#"{"roas":[],"aspas":[{"customer_asid":64500,"expires":2000,"providers":[64496,64497]}]}"#), both);
        assert_eq!(told(r#"{"aspas":[{"customer":"AS64500","providers":["AS64496","AS64497"],"ta":"ripe"}]}"#), both);
        assert_eq!(told(r#"{"aspas":[{"customer_asid":64500,"expires":1000,"providers":[1]}]}"#), Ok(vec![]));
        assert_eq!(told(r#"{"roas":[]}"#), Ok(vec![]));
        assert_eq!(told("[]"), Ok(vec![]));
        assert!(told(r#"{"aspas":[{"customer":"x","providers":[]}]}"#).is_err());
    }

    #[test]
    fn the_files_of_validators_are_read() {
        let real = parse(include_bytes!("../tests/rpki/rpki-client.json"), then()).expect("read");
        assert_eq!(real.len(), 18);
        let later = "2026-11-21T00:00:00Z".parse().expect("time");
        assert_eq!(parse(include_bytes!("../tests/rpki/rpki-client.json"), later).expect("read"), [], "they have expired");
        assert_eq!(real[0], Vrp { prefix: "1.0.0.0/24".parse().expect("prefix"), max_length: 24, asn: Asn(13335) });
        let lab = parse(include_bytes!("../tests/rpki/lab.json"), then()).expect("read");
        assert_eq!(lab.iter().map(|vrp| vrp.asn.0).collect::<Vec<_>>(), [64501, 64501, 64501, 13335], "numbers and texts");
        let bare = parse(br#"[{"asn":"64501","prefix":"203.0.113.0/24"}, {"asn":"AS0","prefix":"192.0.2.0/24","maxLength":32}]"#, then())
            .expect("read");
        assert_eq!(bare.iter().map(|vrp| (vrp.max_length, vrp.asn.0)).collect::<Vec<_>>(), [(24, 64501), (32, 0)]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let check = |json: &str, words: &str| {
            let refusal = parse(json.as_bytes(), then()).expect_err(words).to_string();
            assert!(refusal.contains(words), "{refusal} should mention {words}");
        };
        check("{}", "no list of VRPs");
        check("[]x", "no list of VRPs");
        check(r#"[{"asn":1,"prefix":"10.0.0.0/8"},{"asn":1,"prefix":"10.0.0.1/8"}]"#, "entry 2: 10.0.0.1/8 has host bits");
        check(r#"[{"asn":1,"prefix":"10.0.0.0/8","maxLength":7}]"#, "cannot have a longest length of 7");
        check(r#"[{"asn":"ASx","prefix":"10.0.0.0/8"}]"#, "has no AS number");
    }

    #[test]
    fn slurm_filters_and_adds() {
        let slurm = Slurm::parse(
            br#"{"slurmVersion":1,"validationOutputFilters":{"prefixFilters":[{"prefix":"203.0.113.0/24"},{"asn":13335}],"bgpsecFilters":[]},
            "locallyAddedAssertions":{"prefixAssertions":[{"asn":64999,"prefix":"198.51.100.0/24","maxPrefixLength":25,"comment":"ours"}],"bgpsecAssertions":[]}}"#,
        );
        let left = slurm.expect("read").apply(parse(include_bytes!("../tests/rpki/lab.json"), then()).expect("read"));
        assert_eq!(left.iter().map(|vrp| (vrp.asn.0, vrp.max_length)).collect::<Vec<_>>(), [(64501, 24), (64501, 48), (64999, 25)]);
        assert!(Slurm::parse(br#"{"slurmVersion":2}"#).is_err());
        assert!(Slurm::parse(br#"{"slurmVersion":1,"validationOutputFilters":{"prefixFilters":[{}]}}"#).is_err());
    }

    proptest! {
        #[test]
        fn whatever_a_file_holds_is_survived(text in "\\PC{0,80}", asn in any::<i64>(), length in any::<i16>()) {
            let _ = parse(text.as_bytes(), then());
            let _ = Slurm::parse(text.as_bytes());
            let _ = parse(format!(r#"[{{"asn":{asn},"prefix":"10.0.0.0/{length}","maxLength":{length}}}]"#).as_bytes(), then());
        }
    }
}
