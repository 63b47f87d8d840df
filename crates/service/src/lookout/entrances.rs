//! Where traffic of customers' prefixes comes in, by what the operator's routers receive: a finding
//! of its own, `suboptimal`, with the life of all others.

use super::record;
use crate::{Actor, Error, Service, directory::Directory};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    incident::{Kind, Reason},
    sighting::{Hop, SeenRoute, Vantage},
};
use peerage_storage::connections::ServiceConnection;
use peerage_watch::{
    entrance::{Way, floor_ms, slower, worse},
    route::{Change, Evidence, Expectation, Finding, Terms},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// What was told: since when, what showed it, what was expected.
type Told = (Timestamp, Arc<Evidence>, Expectation);

/// What is known of entrances in this process.
#[derive(Default)]
pub(super) struct Known {
    /// The shortest path that was ever seen, by the name under which a prefix is judged.
    shortest: HashMap<String, usize>,
    /// What was told and is not over, by prefix; read from the database at first.
    open: Option<BTreeMap<Prefix, Told>>,
}

/// A location where a prefix is announced, or should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Id of the location.
    pub location: String,
    /// Whether it is the primary (true) or the backup location (false); nothing where it is neither.
    pub approved: Option<bool>,
    /// Sessions that announce it.
    pub sessions: usize,
    /// Shortest path there, in ASNs; nothing where nobody announces it.
    pub hops: Option<usize>,
}

fn approved(connection: &ServiceConnection, location: &str) -> Option<bool> {
    match location {
        it if it == connection.primary => Some(true),
        it if connection.backup.as_deref() == Some(it) => Some(false),
        _ => None,
    }
}

impl Service {
    /// Where a prefix of a connection comes in, and where it should.
    ///
    /// # Errors
    /// When there is no such connection that the actor may see.
    pub async fn places_of(&self, actor: &Actor, connection: &str, prefix: Prefix) -> Result<Vec<Place>, Error> {
        let (connection, _) = self.connection(actor, connection).await?;
        let place = |location: &str, sessions: usize, hops: Option<usize>| Place {
            location: location.to_owned(),
            approved: approved(&connection, location),
            sessions,
            hops,
        };
        let entrances = self.watch.entrances(prefix);
        let mut all: Vec<Place> = entrances
            .iter()
            .map(|it| place(&it.location, it.sessions.len(), it.sessions.iter().map(|(_, route)| route.path.len()).min()))
            .collect();
        for location in std::iter::once(&connection.primary).chain(&connection.backup) {
            if !all.iter().any(|place| place.location == *location) {
                all.push(place(location, 0, None));
            }
        }
        all.sort_by_key(|place| (place.approved != Some(true), place.approved.is_none(), place.location.clone()));
        Ok(all)
    }

    /// Judges the entrances of prefixes whose routes changed.
    pub(super) async fn judge_entrances(&self) -> Result<(), Error> {
        self.read_open_entrances().await?;
        let moved = self.watch.moved();
        if moved.is_empty() {
            return Ok(());
        }
        let connections: HashMap<String, ServiceConnection> =
            self.store.all_connections().await?.into_iter().map(|it| (it.id.clone(), it)).collect();
        let directory = self.directory().await?;
        let name = |id: &str| directory.location(id).map_or_else(|| id.to_owned(), |l| format!("{}, {}", l.name, l.city));
        let (now, mut findings) = (self.clock.now(), vec![]);
        for subject in moved {
            let Some((id, prefix)) = subject.split_once(' ') else { continue };
            let (Some(connection), Ok(prefix)) = (connections.get(id), prefix.parse::<Prefix>()) else { continue };
            // While a router does not tell, what was known stays.
            if self.watch.is_silent(&subject) {
                continue;
            }
            let entrances = self.watch.entrances(prefix);
            let way = |it: &crate::verdicts::Entrance| Way {
                name: name(&it.location),
                approved: approved(connection, &it.location).is_some(),
                hops: it.sessions.iter().map(|(_, route)| route.path.len()).min().unwrap_or_default(),
            };
            let ways: Vec<Way> = entrances.iter().map(way).collect();
            let names: Vec<String> = std::iter::once(&connection.primary).chain(&connection.backup).map(|id| name(id)).collect();
            let mut reasons = self.lookout.world().entrances.worse(&subject, &ways, &names);
            if !reasons.is_empty() {
                reasons.extend(self.slower(connection, &directory, now).await?);
            }
            let evidence = (!reasons.is_empty()).then(|| evidence(&entrances, connection.provider_asn, reasons));
            let mut world = self.lookout.world();
            let expected = world.expectations.governing(prefix).cloned();
            findings.extend(world.entrances.turn(prefix, evidence, expected, now));
        }
        if findings.is_empty() {
            return Ok(());
        }
        let kept = self.record("", None, findings.iter().map(record::Told::from).collect(), vec![]).await;
        if kept.is_err() {
            // The database says what was told.
            self.lookout.world().entrances.open = None;
        }
        kept
    }

    /// What the round-trip times of the last quarter of an hour say, beside those of the day before.
    async fn slower(&self, connection: &ServiceConnection, directory: &Directory, now: Timestamp) -> Result<Option<Reason>, Error> {
        let median = async |from_s: i64, to_s: i64| -> Result<Option<f64>, Error> {
            let (from, to) = (now.plus_secs(-from_s), now.plus_secs(-to_s));
            Ok(self.latency_of(&connection.organisation, &connection.id, from, to).await?.quantile(0.5))
        };
        let floor = floor_of(connection, directory, &connection.primary).unwrap_or(0.0);
        let (Some(before), Some(lately)) = (median(25 * 3600, 3600).await?, median(900, 0).await?) else { return Ok(None) };
        Ok(slower(before, lately, floor))
    }

    async fn read_open_entrances(&self) -> Result<(), Error> {
        if self.lookout.world().entrances.open.is_some() {
            return Ok(());
        }
        let parts = self.store.open_parts("").await?.into_iter().filter(|part| part.kind == Kind::Suboptimal);
        let known = |part: peerage_domain::incident::Part| {
            let expected = Expectation::from(&part.expected);
            let evidence = Evidence { origin: part.origin, seen: vec![], reasons: part.reasons };
            (part.prefix, (part.since, Arc::new(evidence), expected))
        };
        let open = parts.map(known).collect();
        self.lookout.world().entrances.open = Some(open);
        Ok(())
    }
}

/// Shortest round-trip time in ms that light allows between a customer's site and a location, as far
/// as both are known.
pub(crate) fn floor_of(connection: &ServiceConnection, directory: &Directory, location: &str) -> Option<f64> {
    let site = peerage_domain::place::locate(&connection.country, &connection.subdivision)?.centre;
    let point = directory.location(location)?.point?;
    Some(floor_ms(site.distance_km(point)))
}

fn evidence(entrances: &[crate::verdicts::Entrance], provider: Asn, reasons: Vec<Reason>) -> Evidence {
    let seen = entrances.iter().flat_map(|it| &it.sessions).map(|(session, route)| {
        let peer = session.address.to_string();
        let vantage = Vantage { source: session.router.clone(), asn: provider, peer, tells_withdrawals: true };
        let path = route.path.iter().copied().map(Hop::Asn).collect();
        (Arc::new(vantage), Arc::new(SeenRoute { path, only_to_customer: None }))
    });
    let mut seen: Vec<_> = seen.collect();
    seen.sort();
    let origin = seen.first().and_then(|(_, route)| route.origin());
    Evidence { origin, seen, reasons }
}

impl Known {
    /// Why ways are worse than they should be, and were; what is short is remembered.
    fn worse(&mut self, subject: &str, ways: &[Way], approved: &[String]) -> Vec<Reason> {
        let shortest = ways.iter().filter(|way| way.approved).map(|way| way.hops).min();
        let known = match (self.shortest.get(subject).copied(), shortest) {
            (Some(known), Some(now)) => Some(known.min(now)),
            (known, now) => known.or(now),
        };
        if let Some(known) = known {
            self.shortest.insert(subject.to_owned(), known);
        }
        // Where no path is known to compare with, its length says nothing.
        worse(ways, approved, known.unwrap_or(usize::MAX))
    }

    /// What is to be told of a prefix, by what was told before.
    fn turn(&mut self, prefix: Prefix, now: Option<Evidence>, expected: Option<Expectation>, at: Timestamp) -> Option<Finding> {
        let open = self.open.get_or_insert_default();
        let finding =
            |change, since, expected, evidence| Finding { at, since, change, kind: Kind::Suboptimal, prefix, by: None, expected, evidence };
        match (open.remove(&prefix), now) {
            (None, None) => None,
            (Some((since, evidence, expected)), None) => Some(finding(Change::Close, since, expected, evidence)),
            (before, Some(evidence)) => {
                let evidence = Arc::new(evidence);
                let plain = || Expectation::of(prefix, Terms::default());
                let expected = expected.unwrap_or_else(plain);
                if expected.ignored.contains(Kind::Suboptimal) {
                    return before.map(|(since, evidence, expected)| finding(Change::Close, since, expected, evidence));
                }
                let (change, since) = match &before {
                    None => (Change::Open, at),
                    Some((since, known, _)) if known.reasons != evidence.reasons => (Change::Update, *since),
                    Some((since, ..)) => {
                        open.insert(prefix, (*since, evidence, expected));
                        return None;
                    }
                };
                open.insert(prefix, (since, evidence.clone(), expected.clone()));
                Some(finding(change, since, expected, evidence))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{activation::ConnectionChange, demo::TestWorld, lookout::ExceptionForm};
    use peerage_storage::{Page, incidents::IncidentFilter};

    /// Has the peers at one location of the demo world's connection announce nothing.
    async fn withdraw_at(service: &Service, location: &str) {
        let routers = service.store.routers().await.expect("routers");
        for ((id, number), router) in service.store.placements().await.expect("placements") {
            let router = routers.iter().find(|it| it.id == router).expect("router");
            let peering = service.store.peering(&id).await.expect("read").expect("peering").body;
            let connection = peering.connection(number).expect("connection");
            if peering.location != location {
                continue;
            }
            for address in connection.spec.endpoint.peer_addresses() {
                let family = if address.is_ipv4() { "v4" } else { "v6" };
                let symbol = format!("{}_{number}_{family}", id.to_lowercase().replace('-', "_"));
                service.fleet.engine(router).announce(&symbol, vec![]);
            }
        }
    }

    #[tokio::test]
    async fn traffic_that_comes_in_where_it_should_not_is_an_incident_until_it_does() {
        let world = TestWorld::new().await;
        let (service, now) = (&world.service, world.clock.now());
        let customer = world.actor("customer@demo.example").await;
        let look = async || {
            service.listen_to_routers().await.expect("routers");
            service.watch_prefixes().await.expect("looked");
            service.tend_lookout().await.expect("tended");
            let filter = IncidentFilter { state: "open".into(), ..IncidentFilter::of(None) };
            let found = service.incidents(&customer, filter, Page { offset: 0, limit: 10 }).await.expect("incidents").items;
            let lasting = found.into_iter().filter(|it| !it.quiet);
            lasting.map(|it| (it.worst.kind, it.worst.prefix.to_string())).collect::<Vec<_>>()
        };
        assert_eq!(look().await, []);
        let (connection, _) = service.connection(&customer, "CN-1").await.expect("connection");
        let primary = connection.primary.clone();
        let change = ConnectionChange { provider: connection.provider_asn.to_string(), primary: primary.clone(), backup: String::new() };
        service.change_connection(&customer, "CN-1", &change).await.expect("changed");
        assert_eq!(look().await, [], "it comes in at the primary location, too");
        withdraw_at(service, &primary).await;
        let found = look().await;
        assert!(found.contains(&(Kind::Suboptimal, "193.0.16.0/24".to_owned())), "{found:?}");
        let places = service.places_of(&customer, "CN-1", "193.0.16.0/24".parse().expect("prefix")).await.expect("places");
        let told: Vec<_> = places.iter().map(|it| (it.approved, it.sessions > 0)).collect();
        assert_eq!(told, [(Some(true), false), (None, true)]);
        assert_eq!(look().await.len(), found.len(), "it is told once");
        let meant = ExceptionForm {
            prefix: "193.0.16.0/24".into(),
            what: "kind".into(),
            value: "suboptimal".into(),
            reason: "moving".into(),
            until: now.plus_secs(5 * 86_400).iso_date(),
            incident: String::new(),
        };
        let exception = service.add_exception(&customer, &meant).await.expect("excepted");
        assert!(!look().await.contains(&(Kind::Suboptimal, "193.0.16.0/24".to_owned())), "it is meant");
        service.remove_exception(&customer, &exception.id).await.expect("removed");
        assert_eq!(look().await.len(), found.len(), "it is not meant any more");
        service.rehearse_demo().await.expect("announced again");
        assert_eq!(look().await, []);
    }
}
