//! What the reference service measures on a peering: session availability, flaps, prefix counts.

use crate::{Actor, Error, Service, providers::Placed};
use peerage_domain::{
    Asn, Timestamp,
    access::Action,
    peering::{SessionState, StateName},
    service::{ValidationState, availability},
};
use std::{collections::BTreeMap, net::IpAddr};

/// One session.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionMetric {
    /// Such as `PR-88/1/v4`.
    pub id: String,
    /// The partner's network.
    pub asn: Asn,
    /// The partner's address.
    pub address: IpAddr,
    /// Name of the operator's router.
    pub router: String,
    /// Id of the location.
    pub location: String,
    /// Whether it is Established; nothing while the router does not tell.
    pub up: Option<bool>,
    /// Since when it is in its state.
    pub since: Option<Timestamp>,
    /// Share of the last day and of the last thirty that it was Established, from 0 to 1.
    pub availability: (Option<f64>, Option<f64>),
    /// How often it went down.
    pub flaps: Option<u64>,
    /// Routes accepted and refused, and how many there may be.
    pub prefixes: (u64, u64, Option<u32>),
    /// Whether its connection carries the service.
    pub service: bool,
}

/// The word of a state on record.
pub(crate) fn state_word(up: Option<bool>) -> &'static str {
    match up {
        Some(true) => "up",
        Some(false) => "down",
        None => "unknown",
    }
}

pub(crate) fn state_of(word: &str) -> Option<bool> {
    match word {
        "up" => Some(true),
        "down" => Some(false),
        _ => None,
    }
}

impl Service {
    /// The sessions of the actor's peerings, of everybody's for operators.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn session_metrics(&self, actor: &Actor) -> Result<Vec<SessionMetric>, Error> {
        let permit = actor.may(Action::ReadPeerings)?;
        let partners = self.partners().await?;
        let mut found = vec![];
        for placed in partners.placed.values().flatten().filter(|placed| permit.scope.covers(&placed.peering.organisation)) {
            found.extend(self.metrics_of(placed).await?);
        }
        Ok(found)
    }

    async fn metrics_of(&self, placed: &Placed) -> Result<Vec<SessionMetric>, Error> {
        let (Some(router), Some(connection)) = (placed.router.as_ref(), placed.connection()) else { return Ok(vec![]) };
        if connection.state.name() != StateName::Active {
            return Ok(vec![]);
        }
        let reports = self.fleet.heard(router).and_then(|heard| heard.sessions.ok());
        let now = self.clock.now();
        let mut changes: BTreeMap<String, Vec<(Timestamp, Option<bool>)>> = BTreeMap::new();
        for (session, at, word) in self.store.session_changes(&format!("{}/{}/", placed.peering.id, placed.number)).await? {
            changes.entry(session).or_default().push((at, state_of(&word)));
        }
        let one = |address: IpAddr| {
            let id = placed.session_id(address);
            let report = reports.as_ref().and_then(|all| all.iter().find(|report| report.symbol == placed.symbol(address)));
            let known = changes.get(&id).map(Vec::as_slice).unwrap_or_default();
            let share = |days: i64| availability(known, now.plus_secs(-days * 86_400), now);
            SessionMetric {
                asn: placed.peering.asn,
                address,
                router: router.name.clone(),
                location: placed.peering.location.clone(),
                up: reports.as_ref().map(|_| report.is_some_and(|report| report.state == SessionState::Established)),
                since: report.and_then(|report| report.since),
                availability: (share(1), share(30)),
                flaps: report.and_then(|report| report.flaps),
                prefixes: report.map_or((0, 0, None), |report| (report.accepted, report.refused, report.limit)),
                service: connection.spec.peering_service,
                id,
            }
        };
        Ok(connection.spec.endpoint.peer_addresses().into_iter().map(one).collect())
    }

    /// Everything in the text format of Prometheus (version 0.0.4).
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn prometheus(&self, actor: &Actor) -> Result<String, Error> {
        actor.may(Action::ManageRouters)?;
        let mut text = Exposition::default();
        for it in self.session_metrics(actor).await? {
            let family = if it.address.is_ipv4() { "ipv4" } else { "ipv6" };
            let labels = [
                ("session", it.id.clone()),
                ("asn", it.asn.0.to_string()),
                ("peer", it.address.to_string()),
                ("family", family.to_owned()),
                ("location", it.location.clone()),
                ("router", it.router.clone()),
            ];
            if let Some(up) = it.up {
                text.add("peerage_bgp_session_up", "gauge", "Whether the session is Established.", &labels, f64::from(u8::from(up)));
                text.add("peerage_bgp_prefixes_accepted", "gauge", "Routes that are let in.", &labels, it.prefixes.0 as f64);
                text.add("peerage_bgp_prefixes_refused", "gauge", "Routes that are refused.", &labels, it.prefixes.1 as f64);
            }
            if let Some(limit) = it.prefixes.2 {
                text.add("peerage_bgp_prefixes_limit", "gauge", "Most routes that the session may announce.", &labels, f64::from(limit));
            }
            if let Some(flaps) = it.flaps {
                text.add("peerage_bgp_session_flaps_total", "counter", "How often the session went down.", &labels, flaps as f64);
            }
            for (window, share) in [("1d", it.availability.0), ("30d", it.availability.1)] {
                let Some(share) = share else { continue };
                let labels: Vec<_> = labels.iter().cloned().chain([("window", window.to_owned())]).collect();
                let help = "Share of the known time that the session was Established.";
                text.add("peerage_bgp_session_availability_ratio", "gauge", help, &labels, share);
            }
        }
        let counts = self.store.verdict_counts().await?;
        for state in ValidationState::ALL {
            let count = counts.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
            let labels = [("state", state.word().to_owned())];
            text.add("peerage_prefixes", "gauge", "Customers' and registered prefixes by validation state.", &labels, count as f64);
        }
        if let Some(vrps) = self.vrps() {
            text.add("peerage_vrps", "gauge", "Validated ROA payloads in use.", &[], vrps.len() as f64);
        }
        Ok(text.finish())
    }
}

/// The text format, by name of the metric.
#[derive(Default)]
struct Exposition(BTreeMap<&'static str, (&'static str, &'static str, Vec<String>)>);

impl Exposition {
    fn add(&mut self, name: &'static str, kind: &'static str, help: &'static str, labels: &[(&'static str, String)], value: f64) {
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.entry(name).or_insert_with(|| (kind, help, vec![])).2.push(format!("{name}{labels} {value}"));
    }

    fn finish(self) -> String {
        let one = |(name, (kind, help, lines)): (&str, (&str, &str, Vec<String>))| {
            format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{}\n", lines.join("\n"))
        };
        self.0.into_iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_format_escapes_labels_and_names_each_metric_once() {
        let mut text = Exposition::default();
        text.add("a_up", "gauge", "Up.", &[("peer", "x\"y\\z".to_owned())], 1.0);
        text.add("a_up", "gauge", "Up.", &[("peer", "b".to_owned())], 0.5);
        text.add("b_total", "counter", "All.", &[], 3.0);
        let wanted = "# HELP a_up Up.\n# TYPE a_up gauge\na_up{peer=\"x\\\"y\\\\z\"} 1\na_up{peer=\"b\"} 0.5\n# HELP b_total All.\n# TYPE b_total counter\nb_total 3\n";
        assert_eq!(text.finish(), wanted);
    }
}
