//! What a looking glass asks of a router.

use crate::Fault;
use peerage_domain::Prefix;
use std::net::IpAddr;

/// Where a question points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One address.
    Address(IpAddr),
    /// A prefix.
    Prefix(Prefix),
}

impl Target {
    /// Whether it is IPv4.
    pub fn is_ipv4(self) -> bool {
        match self {
            Target::Address(address) => address.is_ipv4(),
            Target::Prefix(prefix) => prefix.is_ipv4(),
        }
    }

    /// It as a prefix, a single address with its whole length.
    pub fn prefix(self) -> Prefix {
        match self {
            Target::Address(address) => Prefix::covering(address.into()),
            Target::Prefix(prefix) => prefix,
        }
    }
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The routes to a target, as the router has them.
    Route(Target),
    /// Four echo requests from the router.
    Ping(IpAddr),
    /// The hops on the way from the router.
    Traceroute(IpAddr),
}

impl Question {
    /// The command that asks it of the router's system; none for routes.
    pub(crate) fn command(self) -> Result<(&'static str, Vec<String>), Fault> {
        let words = |all: &[&str], address: IpAddr| all.iter().map(|word| (*word).to_owned()).chain([address.to_string()]).collect();
        match self {
            Question::Ping(address) => Ok(("ping", words(&["-n", "-c", "4", "-i", "0.25", "-W", "1"], address))),
            Question::Traceroute(address) => Ok(("traceroute", words(&["-n", "-q", "1", "-w", "1", "-m", "15"], address))),
            Question::Route(_) => Err(Fault::Strange("routes are not asked of the system".into())),
        }
    }
}
