//! Route objects from a dump of an Internet Routing Registry (RPSL: RFC 2622 §2, §4; RFC 4012
//! for IPv6), as RADB, RIPE and others publish them; plain or packed with gzip.

use peerage_domain::{Asn, Prefix};
use std::io::{self, BufRead, BufReader, Read};

/// Longest line that is looked at, in bytes; what stands behind is left out.
const LONGEST: u64 = 1 << 16;

/// What was read of a dump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Route objects with prefix and origin.
    pub objects: u64,
    /// Route objects of which one of both cannot be read.
    pub unreadable: u64,
    /// The first of those: its line, from 1, and what stands there.
    pub first: Option<(u64, String)>,
}

/// An object as far as it was read.
#[derive(Default)]
struct Object {
    /// Number of the line of its first attribute that matters, and what stands there.
    route: Option<(u64, String)>,
    origin: Option<String>,
}

impl Object {
    fn end(&mut self, tally: &mut Tally, take: &mut dyn FnMut(Prefix, Asn)) {
        let Object { route, origin } = std::mem::take(self);
        let Some((line, route)) = route else { return };
        match (route.parse::<Prefix>(), origin.as_deref().and_then(asn)) {
            (Ok(prefix), Some(origin)) => {
                tally.objects += 1;
                take(prefix, origin);
            }
            _ => {
                tally.unreadable += 1;
                tally.first.get_or_insert((line, route.chars().take(80).collect()));
            }
        }
    }

    fn attribute(&mut self, number: u64, line: &str) {
        let Some((name, value)) = line.split_once(':') else { return };
        let value = || value.split('#').next().unwrap_or_default().trim().to_owned();
        match name.trim_end().to_ascii_lowercase().as_str() {
            "route" | "route6" => self.route = Some((number, value())),
            "origin" => self.origin = Some(value()),
            _ => {}
        }
    }
}

/// `AS3333`, in either case.
fn asn(text: &str) -> Option<Asn> {
    let digits = text.get(..2).filter(|head| head.eq_ignore_ascii_case("as")).and(text.get(2..))?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok()).flatten().map(Asn)
}

/// Reads a dump to its end and gives prefix and origin of each route object.
///
/// # Errors
/// When the file cannot be read.
pub fn read(input: impl BufRead, take: &mut dyn FnMut(Prefix, Asn)) -> io::Result<Tally> {
    unpack(&mut { input }, take)
}

fn unpack(input: &mut dyn BufRead, take: &mut dyn FnMut(Prefix, Asn)) -> io::Result<Tally> {
    if input.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return plain(&mut BufReader::with_capacity(1 << 16, flate2::bufread::MultiGzDecoder::new(input)), take);
    }
    plain(input, take)
}

fn plain(input: &mut dyn BufRead, take: &mut dyn FnMut(Prefix, Asn)) -> io::Result<Tally> {
    let (mut tally, mut object, mut line) = (Tally::default(), Object::default(), vec![]);
    for number in 1.. {
        line.clear();
        if Read::take(&mut *input, LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() as u64 == LONGEST && line.last() != Some(&b'\n') {
            input.skip_until(b'\n')?;
        }
        match line.first() {
            // Words of the registry, and the rest of the attribute before.
            Some(b'%' | b'#' | b' ' | b'\t' | b'+') if !line.trim_ascii().is_empty() => {}
            _ if line.trim_ascii().is_empty() => object.end(&mut tally, take),
            // Old objects are not in UTF-8; what matters is ASCII.
            _ => object.attribute(number, &String::from_utf8_lossy(&line)),
        }
    }
    object.end(&mut tally, take);
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    const DUMP: &str = "% RADB, and its words: route: 1.2.3.0/24\n\nroute:      193.0.0.0/21\ndescr:      RIPE NCC\n            route: 9.9.9.0/24\n\
        origin:     AS3333  # theirs\nmnt-by:     X\n\naut-num: AS3333\norigin: AS1\n\nROUTE6: 2001:67c:2e8::/48\norigin: as3333\n\n\
        route: 193.0.0.0/33\norigin: AS1\n\nroute: 193.0.8.0/24\norigin: 3333\n\nroute: 193.0.9.0/24\norigin: AS2";

    fn gather(bytes: &[u8]) -> (Tally, Vec<String>) {
        let mut all = vec![];
        let tally = read(bytes, &mut |prefix, origin| all.push(format!("{prefix} {origin}"))).expect("read");
        (tally, all)
    }

    #[test]
    fn route_objects_are_read_and_others_left_out() {
        let mut packer = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        packer.write_all(DUMP.as_bytes()).expect("packed");
        for bytes in [DUMP.as_bytes().to_vec(), packer.finish().expect("packed")] {
            let (tally, all) = gather(&bytes);
            assert_eq!(all, ["193.0.0.0/21 AS3333", "2001:67c:2e8::/48 AS3333", "193.0.9.0/24 AS2"]);
            assert_eq!((tally.objects, tally.unreadable, tally.first), (3, 2, Some((15, "193.0.0.0/33".to_owned()))));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = gather(&bytes);
        }
    }
}
