//! FRR's configuration, made from typed data only.
//!
//! Every rule that refuses adds its reason as a large community and goes on; at the end a
//! route with any reason is denied. FRR forgets the communities of a route that it denies, so
//! the last step before the denial also writes the reasons into the MED, as a sum of powers of
//! two: `show bgp ipv4 unicast neighbors ADDRESS filtered-routes` shows it (see
//! [`reasons_of`]).

use super::config::{Config, Key, Neighbor, files};
use crate::{
    intent::{Accept, Registered, RoutePolicy, RouterIntent, Session, comment},
    judge::{LENGTHS, LONGEST_PATH},
    reason::{FUNCTION, Reason},
    render::{Files, Reveal},
};
use peerage_domain::{Prefix, special};
use std::collections::BTreeMap;

/// The file of what all sessions share.
pub const MAIN: &str = "peerage.conf";
/// Warn at this share of the most prefixes, in percent.
const WARN_PERCENT: u32 = 80;
/// What [`AsnClass`](peerage_domain::AsnClass) does not call public, as FRR matches paths: 0,
/// 23456, 64496 to 131071 and 4200000000 and more.
const BOGON_ASNS: &str = "_(0|23456|6449[6-9]|64[5-9][0-9][0-9]|6[5-9][0-9][0-9][0-9]|[7-9][0-9][0-9][0-9][0-9]|1[0-2][0-9][0-9][0-9][0-9]|130[0-9][0-9][0-9]|1310[0-6][0-9]|13107[01]|42[0-9]{8})_";

/// The configuration of a router, by file name.
pub fn render(intent: &RouterIntent, reveal: Reveal) -> Files {
    let head = |session: &Session| {
        let header = format!(
            "! {} {} {}\n! approved by {} on {}\n! Written by Peerage; changes by hand are reported as drift.\n",
            session.peering,
            comment(&session.peer_name),
            session.peer_asn,
            comment(&session.approved_by),
            comment(&session.approved_on),
        );
        (format!("{}.conf", session.peering), header)
    };
    let mut headers: BTreeMap<String, String> = intent.sessions.iter().map(head).collect();
    headers.insert(MAIN.into(), format!("! What Peerage runs on {}.\n", intent.router.name));
    let mut files = files(&config(intent, reveal), &headers);
    // Without sessions there is nothing of Peerage's on the router.
    if !intent.sessions.is_empty() {
        files.entry(MAIN.into()).or_insert_with(|| headers[MAIN].clone());
    }
    files
}

/// The reasons that a refused route's MED stands for.
pub(super) fn reasons_of(med: u32) -> impl Iterator<Item = Reason> {
    Reason::ALL.iter().copied().filter(move |reason| med & bit(*reason) != 0)
}

fn bit(reason: Reason) -> u32 {
    1 << reason.code()
}

/// The configuration as data.
pub(super) fn config(intent: &RouterIntent, reveal: Reveal) -> Config {
    let mut all = Config { asn: Some(intent.router.asn.0), ..Config::default() };
    if !intent.sessions.is_empty() {
        shared(intent, &mut all);
    }
    for session in &intent.sessions {
        lists(session, &mut all);
        import(intent, session, &mut all);
        export(intent, session, &mut all);
        all.neighbors.insert(session.peer, neighbor(session, reveal));
    }
    let used = all.used();
    all.objects.retain(|key, _| used.contains(key));
    all.settle();
    all
}

fn key(kind: &str, name: impl Into<String>) -> Key {
    (super::config::KINDS.iter().position(|it| *it == kind).unwrap_or_default(), name.into())
}

fn prefix_list(v4: bool, name: impl Into<String>) -> Key {
    key(if v4 { "ip prefix-list" } else { "ipv6 prefix-list" }, name)
}

/// Entries numbered by fives, as FRR numbers them.
fn numbered(entries: impl IntoIterator<Item = String>) -> Vec<String> {
    entries.into_iter().enumerate().map(|(at, entry)| format!("seq {} {entry}", (at + 1) * 5)).collect()
}

fn longest(v4: bool) -> u8 {
    if v4 { 32 } else { 128 }
}

/// A prefix and all of its parts.
fn within(prefix: Prefix) -> String {
    let longest = longest(prefix.is_ipv4());
    if prefix.length() == longest { prefix.to_string() } else { format!("{prefix} le {longest}") }
}

/// A route map under way.
struct Map<'a> {
    intent: &'a RouterIntent,
    lines: Vec<String>,
    number: u32,
}

impl Map<'_> {
    /// An entry of the map at the next number.
    fn entry(&mut self, verdict: &str, inside: &[String]) {
        self.number += 10;
        self.lines.push(format!("{verdict} {}", self.number));
        self.lines.extend(inside.iter().map(|line| format!(" {line}")));
    }

    /// Goes on with another map, and comes back.
    fn call(&mut self, name: &str) {
        self.entry("permit", &[format!("call {name}"), "on-match next".into()]);
    }

    /// Notes a reason on routes that match; on every route without a condition.
    fn refuse(&mut self, condition: Option<String>, reason: Reason) {
        let note = format!("set large-community {}:{FUNCTION}:{} additive", self.intent.router.asn.0, reason.code());
        let inside: Vec<String> = condition.into_iter().chain([note, "on-match next".into()]).collect();
        self.entry("permit", &inside);
    }
}

/// What the filters of all sessions use.
fn shared(intent: &RouterIntent, all: &mut Config) {
    let asn = intent.router.asn.0;
    let map = || Map { intent, lines: vec![], number: 0 };
    for v4 in [true, false] {
        let (family, whole, (shortest, longest)) = if v4 { ("ip", "0.0.0.0/0", LENGTHS[0]) } else { ("ipv6", "::/0", LENGTHS[1]) };
        let n = if v4 { 4 } else { 6 };
        let bogons = special::ranges().filter(|range| range.is_ipv4() == v4).map(|range| format!("permit {}", within(range)));
        all.objects.insert(prefix_list(v4, format!("pg_long{n}")), numbered([format!("permit {whole} ge {}", longest + 1)]));
        all.objects.insert(prefix_list(v4, format!("pg_short{n}")), numbered([format!("permit {whole} le {}", shortest - 1)]));
        all.objects.insert(prefix_list(v4, format!("pg_bogon{n}")), numbered(bogons));
        let mut net = map();
        let is = |list: &str| Some(format!("match {family} address prefix-list pg_{list}{n}"));
        net.refuse(is("long"), Reason::TooLong);
        net.refuse(is("short"), Reason::TooShort);
        net.refuse(is("bogon"), Reason::BogonPrefix);
        net.entry("permit", &[]);
        all.objects.insert(key("route-map", format!("pg_net{n}")), net.lines);
        let own = intent.router.announce.iter().filter(|p| p.is_ipv4() == v4).map(|p| format!("permit {p}"));
        let own = numbered(own);
        if !own.is_empty() {
            all.objects.insert(prefix_list(v4, format!("pg_announce{n}")), own);
        }
    }
    let mut path = map();
    for (name, expression, reason) in [
        ("pg_empty", "^$".to_owned(), Reason::EmptyPath),
        ("pg_endless", format!("^([^ ]+ ){{{LONGEST_PATH}}}"), Reason::LongPath),
        ("pg_set", "\\}$".to_owned(), Reason::AsSet),
        ("pg_bogon_asn", BOGON_ASNS.to_owned(), Reason::BogonAsn),
    ] {
        all.objects.insert(key("bgp as-path access-list", name), numbered([format!("permit {expression}")]));
        path.refuse(Some(format!("match as-path {name}")), reason);
    }
    path.entry("permit", &[]);
    all.objects.insert(key("route-map", "pg_path"), path.lines);
    let expanded = |name: &str| key("bgp large-community-list expanded", name);
    all.objects.insert(expanded("pg_ours"), numbered([format!("permit ^{asn}:.*")]));
    all.objects.insert(expanded("pg_refused"), numbered([format!("permit _{asn}:{FUNCTION}:.*")]));
    all.objects.insert(key("bgp community-list standard", "pg_drain"), numbered(["permit graceful-shutdown".to_owned()]));
    let mut why = map();
    why.entry("permit", &["set metric 0".into(), "on-match next".into()]);
    for reason in Reason::ALL {
        let name = format!("pg_why_{}", reason.code());
        let it = format!("permit {asn}:{FUNCTION}:{}", reason.code());
        why.entry("permit", &[format!("match large-community {name}"), format!("set metric +{}", bit(*reason)), "on-match next".into()]);
        all.objects.insert(key("bgp large-community-list standard", name), numbered([it]));
    }
    why.entry("deny", &[]);
    all.objects.insert(key("route-map", "pg_why"), why.lines);
}

/// The lists of one session.
fn lists(session: &Session, all: &mut Config) {
    let (symbol, v4) = (session.symbol(), session.is_ipv4());
    let everything_else = || "permit any".to_owned();
    let own = session.protected().into_iter().map(|own| format!("permit {}", within(own)));
    all.objects.insert(prefix_list(v4, format!("{symbol}_protected")), numbered(own));
    // FRR also compares the link-local next hop that stands beside the global one (RFC 2545 §3).
    let beside = (!v4).then(|| "deny fe80::/10 le 128".to_owned());
    let hops = std::iter::once(format!("deny {}", within(session.network))).chain(beside).chain([everything_else()]);
    all.objects.insert(prefix_list(v4, format!("{symbol}_hops")), numbered(hops));
    let peer = session.peer_asn.0;
    // A route server does not add its own ASN (RFC 7947 §2.2.2.1).
    if !session.route_server {
        let first = ["deny ^$".to_owned(), format!("deny ^{peer}_"), "permit .*".to_owned()];
        all.objects.insert(key("bgp as-path access-list", format!("{symbol}_first")), numbered(first));
    }
    let Some(accept) = session.policy.accept() else { return };
    if !accept.any {
        let registered = accept.prefixes.iter().map(|it| format!("deny {}", pattern(it)));
        all.objects.insert(prefix_list(v4, format!("{symbol}_unregistered")), numbered(registered.chain([everything_else()])));
    }
    if let Some(allowed) = accept.allowed_origins(session.peer_asn) {
        // The last ASN, before a set where there is one.
        let fits = allowed.into_iter().map(|asn| format!("deny _{}( \\{{.*\\}})?$", asn.0));
        let origin = fits.chain(["permit .*".to_owned()]);
        all.objects.insert(key("bgp as-path access-list", format!("{symbol}_origin")), numbered(origin));
    }
}

fn pattern(it: &Registered) -> String {
    let Registered { prefix, max_length } = it;
    match max_length.filter(|max| *max > prefix.length()) {
        Some(max) => format!("{prefix} le {max}"),
        None => prefix.to_string(),
    }
}

fn import(intent: &RouterIntent, session: &Session, all: &mut Config) {
    let (symbol, v4) = (session.symbol(), session.is_ipv4());
    let family = if v4 { "ip" } else { "ipv6" };
    let mut map = Map { intent, lines: vec![], number: 0 };
    map.entry("permit", &["set large-comm-list pg_ours delete".into(), "on-match next".into()]);
    map.call(if v4 { "pg_net4" } else { "pg_net6" });
    map.call("pg_path");
    if !session.route_server {
        map.refuse(Some(format!("match as-path {symbol}_first")), Reason::FirstAsn);
    }
    map.refuse(Some(format!("match {family} next-hop prefix-list {symbol}_hops")), Reason::NextHop);
    map.refuse(Some(format!("match {family} address prefix-list {symbol}_protected")), Reason::Protected);
    if !intent.router.rpki.is_empty() {
        map.refuse(Some("match rpki invalid".into()), Reason::RpkiInvalid);
    }
    match session.policy.accept() {
        None => map.refuse(None, Reason::DenyAll),
        Some(accept) => {
            if !accept.any {
                map.refuse(Some(format!("match {family} address prefix-list {symbol}_unregistered")), Reason::NotRegistered);
            }
            if accept.allowed_origins(session.peer_asn).is_some() {
                map.refuse(Some(format!("match as-path {symbol}_origin")), Reason::Origin);
            }
            accepting(session, accept, &mut map);
        }
    }
    map.entry("permit", &["call pg_why".into()]);
    map.entry("deny", &[]);
    all.objects.insert(key("route-map", format!("{symbol}_in")), map.lines);
}

/// Routes with a reason go on behind these entries, which let in all others.
fn accepting(session: &Session, accept: &Accept, map: &mut Map<'_>) {
    let refused = map.number + 40;
    map.entry("permit", &["match large-community pg_refused".into(), format!("on-match goto {refused}")]);
    let mut communities = accept.communities.clone();
    communities.sort_unstable();
    let communities: Vec<String> = communities.iter().map(|(high, low)| format!("{high}:{low}")).collect();
    let marks = (!communities.is_empty()).then(|| format!("set community {} additive", communities.join(" ")));
    let let_in = |condition: Option<String>, preference: Option<u32>| -> Vec<String> {
        let preference = preference.map(|value| format!("set local-preference {value}"));
        condition.into_iter().chain(marks.clone()).chain(preference).collect()
    };
    // RFC 8326 §4.2: a route that asks to go elsewhere is the last resort; so is ours when draining.
    map.entry("permit", &let_in(Some("match community pg_drain".into()), Some(0)));
    let preference = if matches!(session.policy, RoutePolicy::Drain(_)) { Some(0) } else { accept.local_pref };
    map.entry("permit", &let_in(None, preference));
}

fn export(intent: &RouterIntent, session: &Session, all: &mut Config) {
    let v4 = session.is_ipv4();
    let mut map = Map { intent, lines: vec![], number: 0 };
    let announces = intent.router.announce.iter().any(|p| p.is_ipv4() == v4);
    if announces && session.policy != RoutePolicy::DenyAll {
        let (family, n) = if v4 { ("ip", 4) } else { ("ipv6", 6) };
        let mut inside = vec![format!("match {family} address prefix-list pg_announce{n}")];
        // RFC 8326 §4.1.
        if matches!(session.policy, RoutePolicy::Drain(_)) {
            inside.push("set community graceful-shutdown additive".into());
        }
        map.entry("permit", &inside);
    }
    map.entry("deny", &[]);
    all.objects.insert(key("route-map", format!("{}_out", session.symbol())), map.lines);
}

fn neighbor(session: &Session, reveal: Reveal) -> Neighbor {
    let symbol = session.symbol();
    let mut general = vec![
        format!("remote-as {}", session.peer_asn.0),
        format!("description {}", session.id()),
        format!("update-source {}", session.local),
        format!("timers {} {}", (session.hold_time_s / 3).max(1), session.hold_time_s),
    ];
    general.extend(session.md5.as_ref().map(|key| format!("password {}", reveal.of(key))));
    general.extend(session.gtsm.then(|| "ttl-security hops 1".to_owned()));
    general.extend(session.bfd.then(|| "bfd".to_owned()));
    general.extend(session.role.map(|role| format!("local-role {}", role.frr())));
    let family = vec![
        "activate".to_owned(),
        "soft-reconfiguration inbound".to_owned(),
        // It counts what is let in. With `force` it counts all that is received, and walks the
        // whole table for every single route (8.4): validation counts those instead.
        format!("maximum-prefix {} {WARN_PERCENT}", session.max_prefixes),
        format!("route-map {symbol}_in in"),
        format!("route-map {symbol}_out out"),
    ];
    Neighbor { general, family }
}
