//! What FRR prints, read: JSON where it has it, text where it has not.

use super::{
    config::{plain, symbol},
    render::reasons_of,
};
use crate::{
    Fault,
    reason::FUNCTION,
    state::{Hop, Route, SessionReport, Trouble},
};
use peerage_domain::{Asn, Prefix, Timestamp, peering::SessionState};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// An entry of `show bgp neighbors json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Neighbor {
    #[serde(default)]
    nbr_desc: String,
    #[serde(default)]
    bgp_state: String,
    bgp_timer_up_established_epoch: Option<i64>,
    last_reset_timer_msecs: Option<i64>,
    #[serde(default)]
    connections_dropped: u64,
    last_notification_reason: Option<String>,
    last_shutdown_description: Option<String>,
    #[serde(default)]
    prefixes_config_exceed_max: bool,
    #[serde(default)]
    admin_shut_down: bool,
    remote_as: Option<u32>,
    host_local: Option<String>,
    #[serde(default)]
    message_stats: Messages,
    #[serde(default)]
    address_family_info: BTreeMap<String, Family>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Messages {
    updates_recv: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Family {
    #[serde(default)]
    accepted_prefix_counter: u64,
    prefix_allowed_max: Option<u32>,
    route_map_for_incoming_advertisements: Option<String>,
}

/// A session with what is needed to ask further.
pub(super) struct Seen {
    /// The report; refused routes are not counted yet.
    pub report: SessionReport,
    /// The ASN that the router expects.
    pub expects: Option<Asn>,
}

fn strange(what: &str, error: &serde_json::Error) -> Fault {
    Fault::Strange(format!("{what}: {error}"))
}

/// The sessions of `show bgp neighbors json`.
pub(super) fn neighbors(text: &str, now: Timestamp) -> Result<Vec<Seen>, Fault> {
    let all: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| strange("show bgp neighbors json", &error))?;
    let mut found = vec![];
    for (address, value) in all {
        // Beside the neighbors there may be values of the view.
        let Ok(peer) = address.parse::<IpAddr>() else { continue };
        let it: Neighbor = serde_json::from_value(value).map_err(|error| strange(&address, &error))?;
        found.push(Seen { expects: it.remote_as.map(Asn), report: report(peer, it, now) });
    }
    Ok(found)
}

fn report(peer: IpAddr, it: Neighbor, now: Timestamp) -> SessionReport {
    let state = SessionState::of(&it.bgp_state);
    let family = it.address_family_info.get(if peer.is_ipv4() { "ipv4Unicast" } else { "ipv6Unicast" });
    let up = it.bgp_timer_up_established_epoch.map(Timestamp::from_secs);
    let down = it.last_reset_timer_msecs.filter(|ms| *ms > 0).map(|ms| now.plus_secs(-ms / 1000));
    let said = it.last_notification_reason.map(|reason| match it.last_shutdown_description {
        Some(words) => format!("{reason}: {words}"),
        None => reason,
    });
    let trouble = match &said {
        _ if it.prefixes_config_exceed_max => Some(Trouble::PrefixLimit),
        Some(said) if said.contains("Bad Peer AS") => Some(Trouble::PeerAsn(None)),
        _ => None,
    };
    SessionReport {
        symbol: if it.nbr_desc.is_empty() { symbol(&peer.to_string()) } else { symbol(&it.nbr_desc) },
        peer: Some(peer),
        local: it.host_local.and_then(|address| address.parse().ok()),
        peer_asn: it.remote_as.map(Asn),
        limit: family.and_then(|f| f.prefix_allowed_max),
        state,
        since: if state == SessionState::Established { up } else { down },
        last_error: said,
        trouble,
        flaps: Some(it.connections_dropped),
        accepted: family.map_or(0, |f| f.accepted_prefix_counter),
        refused: 0,
        updates: it.message_stats.updates_recv,
        disabled: it.admin_shut_down,
        filter: family.and_then(|f| f.route_map_for_incoming_advertisements.as_deref()).map(|map| plain(map).to_owned()),
    }
}

/// The peers of `show bfd peers json`.
pub(super) fn watched(text: &str) -> Option<Vec<(IpAddr, bool)>> {
    #[derive(Deserialize)]
    struct Peer {
        peer: IpAddr,
        #[serde(default)]
        status: String,
    }
    let all: Vec<Peer> = serde_json::from_str(text).ok()?;
    Some(all.into_iter().map(|it| (it.peer, it.status == "up")).collect())
}

/// How many routes a neighbor has sent, from `show bgp … prefix-counts json`.
pub(super) fn received(text: &str) -> u64 {
    #[derive(Default, Deserialize)]
    struct Counts {
        #[serde(default, rename = "ribTableWalkCounters")]
        counters: BTreeMap<String, u64>,
    }
    let counts: Counts = serde_json::from_str(text).unwrap_or_default();
    counts.counters.get("Adj-in").copied().unwrap_or_default()
}

/// The ASN of the OPEN message that the router refused last, from `show bgp neighbors ADDRESS`:
/// JSON does not have it, and a refusal on an incoming connection stands nowhere else.
pub(super) fn refused_open(text: &str) -> Option<Asn> {
    let dump = text.split("Message received that caused BGP to send a NOTIFICATION:").nth(1)?;
    let is_hex = |word: &&str| !word.is_empty() && word.len() <= 8 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let hex: String = dump.split_whitespace().take_while(is_hex).collect();
    let bytes: Vec<u8> = (0..hex.len() / 2).filter_map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()).collect();
    // RFC 4271 §4.1 and §4.2: marker of 16, length of 2, type of 1, version of 1, ASN of 2.
    if bytes.get(18) != Some(&1) {
        return None;
    }
    let short = u16::from_be_bytes([*bytes.get(20)?, *bytes.get(21)?]);
    Some(four_octets(bytes.get(29..).unwrap_or_default()).unwrap_or(Asn(u32::from(short))))
}

/// The ASN of the capability 65 (RFC 6793) among the optional parameters of an OPEN.
fn four_octets(mut parameters: &[u8]) -> Option<Asn> {
    while let [kind, length, rest @ ..] = parameters {
        let (mut inside, after) = rest.split_at_checked(usize::from(*length))?;
        while let (2, [code, length, rest @ ..]) = (*kind, inside) {
            let (value, next) = rest.split_at_checked(usize::from(*length))?;
            if let (65, [a, b, c, d]) = (*code, value) {
                return Some(Asn(u32::from_be_bytes([*a, *b, *c, *d])));
            }
            inside = next;
        }
        parameters = after;
    }
    None
}

/// A route of `received-routes` and `filtered-routes`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Adjacent {
    network: Prefix,
    next_hop: Option<IpAddr>,
    next_hop_global: Option<IpAddr>,
    metric: Option<u32>,
    loc_prf: Option<u32>,
    #[serde(default)]
    path: String,
}

/// The routes of `received-routes json`, or, with the reasons, of `filtered-routes json`.
pub(super) fn adjacent(text: &str, refused: bool) -> Result<Vec<Route>, Fault> {
    #[derive(Deserialize)]
    struct All {
        #[serde(default, rename = "receivedRoutes")]
        routes: BTreeMap<String, Adjacent>,
        #[serde(rename = "localAS")]
        asn: Option<u32>,
        warning: Option<String>,
    }
    let all: All = serde_json::from_str(text).map_err(|error| strange("show bgp … received-routes json", &error))?;
    if let Some(warning) = all.warning {
        return Err(Fault::Strange(warning));
    }
    let large = |med: Option<u32>| -> BTreeSet<(u32, u32, u32)> {
        let reasons = all
            .asn
            .filter(|_| refused)
            .zip(med)
            .into_iter()
            .flat_map(|(asn, med)| reasons_of(med).map(move |reason| (asn, FUNCTION, reason.code())));
        reasons.collect()
    };
    let route = |it: Adjacent| Route {
        prefix: it.network,
        next_hop: it.next_hop_global.or(it.next_hop),
        path: Hop::path(&it.path),
        communities: BTreeSet::new(),
        large: large(it.metric),
        local_pref: it.loc_prf,
    };
    Ok(all.routes.into_values().map(route).collect())
}

/// The prefixes of `show bgp … neighbors ADDRESS advertised-routes json`.
pub(super) fn advertised(text: &str) -> Result<BTreeSet<Prefix>, Fault> {
    #[derive(Deserialize)]
    struct All {
        #[serde(default, rename = "advertisedRoutes")]
        routes: BTreeMap<Prefix, serde_json::Value>,
    }
    let all: All = serde_json::from_str(text).map_err(|error| strange("show bgp … advertised-routes json", &error))?;
    Ok(all.routes.into_keys().collect())
}

/// The prefixes that a neighbor announces among those of `show bgp … community … json`.
pub(super) fn of_peer(text: &str, peer: IpAddr) -> Result<BTreeSet<Prefix>, Fault> {
    #[derive(Deserialize)]
    struct All {
        #[serde(default)]
        routes: BTreeMap<Prefix, Vec<Path>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Path {
        peer_id: Option<IpAddr>,
    }
    let all: All = serde_json::from_str(text).map_err(|error| strange("show bgp … community … json", &error))?;
    let by = |(prefix, paths): (Prefix, Vec<Path>)| paths.iter().any(|path| path.peer_id == Some(peer)).then_some(prefix);
    Ok(all.routes.into_iter().filter_map(by).collect())
}

/// The routes of `show bgp … neighbors ADDRESS routes json`.
pub(super) fn accepted(text: &str) -> Result<Vec<Route>, Fault> {
    #[derive(Deserialize)]
    struct All {
        #[serde(default)]
        routes: BTreeMap<String, Vec<Path>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Path {
        network: Prefix,
        loc_prf: Option<u32>,
        #[serde(default)]
        path: String,
        #[serde(default)]
        nexthops: Vec<NextHop>,
    }
    #[derive(Deserialize)]
    struct NextHop {
        ip: IpAddr,
        #[serde(default)]
        scope: String,
    }
    let all: All = serde_json::from_str(text).map_err(|error| strange("show bgp … routes json", &error))?;
    let route = |it: Path| Route {
        prefix: it.network,
        next_hop: it.nexthops.iter().find(|hop| hop.scope != "link-local").map(|hop| hop.ip),
        path: Hop::path(&it.path),
        communities: BTreeSet::new(),
        large: BTreeSet::new(),
        local_pref: it.loc_prf,
    };
    Ok(all.routes.into_values().flatten().map(route).collect())
}
