//! From one configuration to another, as commands for vtysh.
//!
//! vtysh is not transactional: it does one line after the other and goes on after a mistake. So
//! the order makes every moment safe: new objects come first, then sessions go over to them one
//! by one, each in one step; a new session is made while it is shut down; old objects stay
//! until the change is confirmed, so that the way back is the same in the other direction.

use super::config::{Config, Neighbor, any_first_asn, define, family, undefine};
use std::{fmt::Write, net::IpAddr};

/// The commands that make `from` into `to`; objects that `to` does not have stay.
pub(super) fn transition(from: &Config, to: &Config) -> String {
    let mut script = String::new();
    for (key, lines) in to.objects.iter().filter(|(key, lines)| from.objects.get(*key) != Some(lines)) {
        script.push_str(&define(key, lines));
    }
    let mut lines: Vec<String> = vec![];
    for address in from.neighbors.keys().filter(|address| !to.neighbors.contains_key(*address)) {
        lines.push(format!(" no neighbor {address}"));
    }
    for (address, wanted) in &to.neighbors {
        match from.neighbors.get(address) {
            Some(have) if have == wanted => {}
            Some(have) => lines.extend(changed(*address, have, wanted)),
            None => lines.extend(made(*address, wanted, to.is_transparent(wanted))),
        }
    }
    if let Some(asn) = to.asn.or(from.asn).filter(|_| !lines.is_empty()) {
        let _ = writeln!(script, "router bgp {asn}\n{}\nexit", lines.join("\n"));
    }
    script
}

/// The commands that take away every object that nothing uses any more.
pub(super) fn cleaning(running: &Config) -> String {
    let used = running.used();
    // Route maps first: they mention the lists.
    running.objects.keys().rev().filter(|key| !used.contains(*key)).map(undefine).collect()
}

fn made(address: IpAddr, wanted: &Neighbor, transparent: bool) -> Vec<String> {
    let line = |text: &String| format!(" neighbor {address} {text}");
    let (remote, others): (Vec<&String>, Vec<&String>) = wanted.general.iter().partition(|text| text.starts_with("remote-as "));
    let mut lines: Vec<String> = remote.into_iter().map(line).collect();
    lines.push(format!(" neighbor {address} shutdown"));
    lines.extend(others.into_iter().map(line));
    lines.extend(transparent.then(|| any_first_asn(address)));
    if !address.is_ipv4() {
        lines.extend([" address-family ipv4 unicast".into(), format!("  no neighbor {address} activate"), " exit-address-family".into()]);
    }
    lines.push(format!(" address-family {}", family(address)));
    lines.extend(wanted.family.iter().map(|text| format!("  neighbor {address} {text}")));
    lines.push(" exit-address-family".into());
    lines.push(format!(" no neighbor {address} shutdown"));
    lines
}

fn changed(address: IpAddr, have: &Neighbor, wanted: &Neighbor) -> Vec<String> {
    let mut lines = changes(&have.general, &wanted.general, &format!("neighbor {address}"), " ");
    let inside = changes(&have.family, &wanted.family, &format!("neighbor {address}"), "  ");
    if !inside.is_empty() {
        lines.push(format!(" address-family {}", family(address)));
        lines.extend(inside);
        lines.push(" exit-address-family".into());
    }
    lines
}

/// What tells two settings apart that replace each other: `route-map` has one a direction.
fn slot(line: &str) -> (&str, &str) {
    let first = line.split(' ').next().unwrap_or_default();
    let last = if first == "route-map" { line.rsplit(' ').next().unwrap_or_default() } else { "" };
    (first, last)
}

fn changes(have: &[String], wanted: &[String], head: &str, indent: &str) -> Vec<String> {
    let gone = have.iter().filter(|line| !wanted.iter().any(|w| slot(w) == slot(line)));
    let new = wanted.iter().filter(|line| !have.contains(line));
    let gone = gone.map(|line| format!("{indent}no {head} {line}"));
    gone.chain(new.map(|line| format!("{indent}{head} {line}"))).collect()
}
