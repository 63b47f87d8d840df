//! What the Internet Routing Registry says of who originates what (RFC 2622 §4).

use crate::{Asn, Prefix};

/// Route objects by prefix: one number after another, since registries have millions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteObjects(Box<[(Prefix, Asn)]>);

impl RouteObjects {
    /// Whether there is an object of exactly this prefix and origin.
    pub fn declare(&self, prefix: Prefix, origin: Asn) -> bool {
        self.0.binary_search(&(prefix, origin)).is_ok()
    }

    /// How many there are, each pair of prefix and origin once.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Prefix, Asn)> for RouteObjects {
    fn from_iter<T: IntoIterator<Item = (Prefix, Asn)>>(all: T) -> Self {
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        RouteObjects(all.into())
    }
}
