//! The member export of an exchange: IX-F Member Export, JSON, versions 0.6 to 1.0
//! (<https://github.com/euro-ix/json-schemas>).

use peerage_domain::Asn;
use serde::Deserialize;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A member's port on a peering LAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The member.
    pub asn: Asn,
    /// Its name, where one is given.
    pub name: String,
    /// Its addresses.
    pub ipv4: Option<Ipv4Addr>,
    /// Its addresses.
    pub ipv6: Option<Ipv6Addr>,
    /// Most prefixes, IPv4 and IPv6, as the exchange has them.
    pub max_prefixes: (Option<u32>, Option<u32>),
}

#[derive(Deserialize)]
struct Export {
    member_list: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    asnum: u32,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    connection_list: Vec<Connection>,
}

#[derive(Deserialize)]
struct Connection {
    #[serde(default)]
    vlan_list: Vec<Vlan>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Vlan {
    ipv4: Option<Interface>,
    ipv6: Option<Interface>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Interface {
    address: Option<String>,
    max_prefix: Option<u32>,
}

/// The ports of an export. Addresses that are none are left out, and ports without any.
///
/// # Errors
/// When it is no such JSON.
pub fn parse(text: &[u8]) -> Result<Vec<Port>, serde_json::Error> {
    let export: Export = serde_json::from_slice(text)?;
    let mut ports = vec![];
    for member in export.member_list {
        for vlan in member.connection_list.iter().flat_map(|connection| &connection.vlan_list) {
            let address = |it: &Option<Interface>| it.as_ref().and_then(|it| it.address.clone()).unwrap_or_default();
            // Some write the length of the LAN behind the address.
            let plain = |text: String| text.split('/').next().unwrap_or_default().trim().to_owned();
            let (ipv4, ipv6) = (plain(address(&vlan.ipv4)).parse().ok(), plain(address(&vlan.ipv6)).parse().ok());
            if ipv4.is_none() && ipv6.is_none() {
                continue;
            }
            let most = |it: &Option<Interface>| it.as_ref().and_then(|it| it.max_prefix).filter(|most| *most > 0);
            ports.push(Port {
                asn: Asn(member.asnum),
                name: member.name.clone().unwrap_or_default(),
                ipv4,
                ipv6,
                max_prefixes: (most(&vlan.ipv4), most(&vlan.ipv6)),
            });
        }
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXPORT: &str = r#"{"version":"1.0","member_list":[
      {"asnum":6667,"name":"Elisa","connection_list":[{"ixp_id":1,"vlan_list":[
        {"vlan_id":0,"ipv4":{"address":"193.0.9.2","max_prefix":900},"ipv6":{"address":"2001:7f8:99::2/64"}},
        {"vlan_id":1,"ipv4":{"address":"not an address"}}]}]},
      {"asnum":3303,"connection_list":[{"vlan_list":[{"ipv4":{"address":"193.0.9.3","max_prefix":0}}]},{}]},
      {"asnum":719}]}"#;

    #[test]
    fn every_port_with_an_address_is_found() {
        let ports = parse(EXPORT.as_bytes()).expect("an export");
        assert_eq!(ports.len(), 2);
        assert_eq!((ports[0].asn, ports[0].name.as_str()), (Asn(6667), "Elisa"));
        assert_eq!(ports[0].ipv6, "2001:7f8:99::2".parse().ok());
        assert_eq!(ports[0].max_prefixes, (Some(900), None));
        assert_eq!((ports[1].ipv4, ports[1].max_prefixes.0), ("193.0.9.3".parse().ok(), None));
        assert!(parse(b"{}").is_err() && parse(b"[").is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_given_is_survived(text in "\\PC{0,200}") {
            let _ = parse(text.as_bytes());
        }
    }
}
