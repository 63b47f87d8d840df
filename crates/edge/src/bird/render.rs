//! BIRD's configuration, made from typed data only: one file a peering, and one that holds
//! what they share and includes them.
//!
//! Every filter ends with an explicit `reject`. A refused route keeps the reasons as large
//! communities (see [`Reason`]), because `import keep filtered` keeps it with its attributes.

use crate::{
    intent::{Accept, Registered, RoutePolicy, RouterIntent, Session, comment},
    judge::{LENGTHS, LONGEST_PATH},
    reason::{FUNCTION, Reason},
    render::{Files, Reveal},
};
use peerage_domain::{Prefix, rpki::RtrCache, special};
use std::{fmt::Write, net::IpAddr};

/// The file that the router's own `bird.conf` includes.
pub const MAIN: &str = "peerage.conf";

/// Warn at this share of the most prefixes.
const WARN_PERCENT: u64 = 80;

/// What differs between versions of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// BIRD 2.
    V2,
    /// BIRD 3: the kind of authentication is named.
    V3,
}

/// The configuration of a router, by file name.
pub fn render(intent: &RouterIntent, dialect: Dialect, reveal: Reveal) -> Files {
    let mut files = Files::new();
    let mut sessions: Vec<&Session> = intent.sessions.iter().collect();
    sessions.sort_by_key(|s| (s.peering.clone(), s.connection, !s.is_ipv4()));
    for session in sessions {
        let file = files.entry(format!("{}.conf", session.peering)).or_insert_with(|| header(session));
        file.push_str(&filters(intent, session));
        file.push_str(&protocol(session, dialect, reveal));
    }
    let includes: String = files.keys().map(|name| format!("include \"{name}\";\n")).collect();
    files.insert(MAIN.into(), shared(intent) + &includes);
    files
}

fn header(session: &Session) -> String {
    format!(
        "# {} {} {}\n# approved by {} on {}\n# Written by Peerage; changes by hand are reported as drift.\n",
        session.peering,
        comment(&session.peer_name),
        session.peer_asn,
        comment(&session.approved_by),
        comment(&session.approved_on),
    )
}

/// What every filter uses.
fn shared(intent: &RouterIntent) -> String {
    let asn = intent.router.asn.0;
    let bogons = |v4: bool| {
        let ranges: Vec<String> = special::ranges().filter(|r| r.is_ipv4() == v4).map(|r| format!("{r}+")).collect();
        ranges.join(", ")
    };
    let refuse = |reason: Reason| format!("pg_refuse({})", reason.code());
    let net = |name: &str, v4: bool| {
        let (shortest, longest) = LENGTHS[usize::from(!v4)];
        format!(
            "function pg_net{name}()\n{{\n  if net.len > {longest} then {};\n  if net.len < {shortest} then {};\n  if net ~ [ {} ] then {};\n}}\n\n",
            refuse(Reason::TooLong),
            refuse(Reason::TooShort),
            bogons(v4),
            refuse(Reason::BogonPrefix),
        )
    };
    let mut text = format!("# What Peerage runs on {}.\n\ntimeformat protocol iso long;\n\ndefine PG_ASN = {asn};\n\n", intent.router.name);
    text.push_str(&rpki(&intent.router.rpki));
    let _ = write!(text, "function pg_refuse(int pg_why)\n{{\n  bgp_large_community.add((PG_ASN, {FUNCTION}, pg_why));\n}}\n\n");
    text.push_str(&net("4", true));
    text.push_str(&net("6", false));
    let _ = write!(
        text,
        "function pg_path(int pg_peer)\n{{\n  if bgp_path.len = 0 then {};\n  if bgp_path.len > {LONGEST_PATH} then {};\n  \
         if bgp_path.len > 0 && pg_peer != 0 && bgp_path.first != pg_peer then {};\n  if bgp_path.last != bgp_path.last_nonaggregated then {};\n  \
         if bgp_path ~ [ 0, 23456, 64496..131071, 4200000000..4294967295 ] then {};\n}}\n\n",
        refuse(Reason::EmptyPath),
        refuse(Reason::LongPath),
        refuse(Reason::FirstAsn),
        refuse(Reason::AsSet),
        refuse(Reason::BogonAsn),
    );
    text
}

/// The tables of what the RPKI says, and the caches that fill them.
fn rpki(caches: &[RtrCache]) -> String {
    if caches.is_empty() {
        return String::new();
    }
    let mut text = "roa4 table pg_roa4;\nroa6 table pg_roa6;\n\n".to_owned();
    for (at, cache) in caches.iter().enumerate() {
        let host = if cache.host.parse::<IpAddr>().is_ok() { cache.host.clone() } else { format!("\"{}\"", cache.host) };
        let _ = write!(
            text,
            "protocol rpki pg_rpki_{}\n{{\n  roa4 {{ table pg_roa4; }};\n  roa6 {{ table pg_roa6; }};\n  remote {host} port {};\n  retry keep 10;\n}}\n\n",
            at + 1,
            cache.port,
        );
    }
    text
}

fn filters(intent: &RouterIntent, session: &Session) -> String {
    let symbol = session.symbol();
    let family = if session.is_ipv4() { "4" } else { "6" };
    let mut text = format!(
        "\nfilter {symbol}_in\n{{\n  bgp_large_community.delete([(PG_ASN, *, *)]);\n  pg_net{family}();\n  pg_path({});\n  \
         if ! (bgp_next_hop ~ {}) then pg_refuse({});\n  if net ~ [ {} ] then pg_refuse({});\n",
        // A route server does not add its own ASN.
        if session.route_server { 0 } else { session.peer_asn.0 },
        session.network,
        Reason::NextHop.code(),
        session.protected().iter().map(|own| format!("{own}+")).collect::<Vec<_>>().join(", "),
        Reason::Protected.code(),
    );
    if !intent.router.rpki.is_empty() {
        let invalid = format!("roa_check(pg_roa{family}, net, bgp_path.last) = ROA_INVALID");
        let _ = writeln!(text, "  if {invalid} then pg_refuse({});", Reason::RpkiInvalid.code());
    }
    match session.policy.accept() {
        None => {
            let _ = writeln!(text, "  pg_refuse({});", Reason::DenyAll.code());
        }
        Some(accept) => text.push_str(&accepting(session, accept)),
    }
    text.push_str("  reject;\n}\n\n");
    text.push_str(&export(intent, session));
    text
}

/// The part of an import filter that lets routes in.
fn accepting(session: &Session, accept: &Accept) -> String {
    let mut text = registered(session, accept);
    let _ = writeln!(text, "  if bgp_large_community ~ [(PG_ASN, {FUNCTION}, *)] then reject;");
    if let Some(preference) = accept.local_pref {
        let _ = writeln!(text, "  bgp_local_pref = {preference};");
    }
    // RFC 8326 §4.2: a route that asks to go elsewhere is the last resort; so is ours when draining.
    if matches!(session.policy, RoutePolicy::Drain(_)) {
        text.push_str("  bgp_local_pref = 0;\n");
    } else {
        text.push_str("  if (65535, 0) ~ bgp_community then bgp_local_pref = 0;\n");
    }
    for (high, low) in &accept.communities {
        let _ = writeln!(text, "  bgp_community.add(({high}, {low}));");
    }
    text.push_str("  accept;\n");
    text
}

/// Refuses what is not registered.
fn registered(session: &Session, accept: &Accept) -> String {
    let mut text = String::new();
    if !accept.any {
        let prefixes: Vec<String> = accept.prefixes.iter().map(pattern).collect();
        text.push_str(&refuse_unless("net", &prefixes, Reason::NotRegistered));
    }
    if let Some(allowed) = accept.allowed_origins(session.peer_asn) {
        let origins: Vec<String> = allowed.iter().map(|asn| asn.0.to_string()).collect();
        text.push_str(&refuse_unless("bgp_path.last_nonaggregated", &origins, Reason::Origin));
    }
    text
}

/// An empty set is no set in BIRD: then everything is refused.
fn refuse_unless(what: &str, values: &[String], reason: Reason) -> String {
    match values {
        [] => format!("  pg_refuse({});\n", reason.code()),
        _ => format!("  if ! ({what} ~ [ {} ]) then pg_refuse({});\n", values.join(", "), reason.code()),
    }
}

fn pattern(it: &Registered) -> String {
    let Registered { prefix, max_length } = it;
    match max_length.filter(|max| *max > prefix.length()) {
        Some(max) => format!("{prefix}{{{},{max}}}", prefix.length()),
        None => prefix.to_string(),
    }
}

fn export(intent: &RouterIntent, session: &Session) -> String {
    let own: Vec<&Prefix> = intent.router.announce.iter().filter(|p| p.is_ipv4() == session.is_ipv4()).collect();
    let own: Vec<String> = own.into_iter().map(ToString::to_string).collect();
    let announced = match (&session.policy, own.is_empty()) {
        (RoutePolicy::DenyAll, _) | (_, true) => String::new(),
        (RoutePolicy::Open(_), false) => format!("  if net ~ [ {} ] then accept;\n", own.join(", ")),
        // RFC 8326 §4.1: GRACEFUL_SHUTDOWN is 65535:0.
        (RoutePolicy::Drain(_), false) => {
            format!("  if net ~ [ {} ] then {{ bgp_community.add((65535, 0)); accept; }}\n", own.join(", "))
        }
    };
    format!("filter {}_out\n{{\n{announced}  reject;\n}}\n", session.symbol())
}

fn protocol(session: &Session, dialect: Dialect, reveal: Reveal) -> String {
    let symbol = session.symbol();
    let mut text = format!(
        "\nprotocol bgp {symbol}\n{{\n  description \"{}\";\n  local {} as PG_ASN;\n  neighbor {} as {};\n  hold time {};\n",
        session.id(),
        session.local,
        session.peer,
        session.peer_asn.0,
        session.hold_time_s,
    );
    if let Some(key) = &session.md5 {
        if dialect == Dialect::V3 {
            text.push_str("  authentication md5;\n");
        }
        let _ = writeln!(text, "  password \"{}\";", reveal.of(key));
    }
    if session.gtsm {
        text.push_str("  ttl security on;\n");
    }
    if session.bfd {
        text.push_str("  bfd on;\n");
    }
    if let Some(role) = session.role {
        let _ = writeln!(text, "  local role {};", role.bird());
    }
    let warn_at = (u64::from(session.max_prefixes) * WARN_PERCENT / 100).max(1);
    let _ = write!(
        text,
        "  ipv{} {{\n    import table on;\n    import keep filtered on;\n    import filter {symbol}_in;\n    export filter {symbol}_out;\n    \
         receive limit {} action disable;\n    import limit {warn_at} action warn;\n  }};\n}}\n",
        if session.is_ipv4() { 4 } else { 6 },
        session.max_prefixes,
    );
    text
}
