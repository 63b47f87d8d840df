//! What is registered, put into the form in which it is judged.

use super::{Owner, Wanted, subject};
use crate::providers::{Partners, Placed};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    service::{KeyRecord, RegisteredPrefix, Role, requirements::Requirements, verdict::KeyFact},
};
use peerage_storage::connections::{CustomerPrefix, ServiceConnection};
use peerage_watch::{Coverage, Entry, Spot};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// What is registered, as it stands on record.
pub(super) struct Record {
    pub(super) registrations: HashMap<String, RegisteredPrefix>,
    pub(super) keys: HashMap<String, KeyRecord>,
    pub(super) connections: Vec<ServiceConnection>,
    pub(super) prefixes: Vec<CustomerPrefix>,
    pub(super) customers: HashSet<(String, Asn)>,
    pub(super) names: HashMap<String, Vec<(String, Asn)>>,
    pub(super) now: Timestamp,
}

impl Record {
    pub(super) fn entries(
        &self,
        partners: &Partners,
        wanted: &[Wanted],
        needed: &Requirements,
        place: impl Fn(&str) -> String,
    ) -> (HashMap<String, Entry>, HashMap<String, Owner>) {
        let (mut entries, mut owners) = (HashMap::new(), HashMap::new());
        let networks: HashMap<&str, (Asn, &str)> = partners
            .placed
            .values()
            .flatten()
            .map(|placed| (placed.peering.id.as_str(), (placed.peering.asn, placed.peering.peer_name.as_str())))
            .collect();
        let mut under: HashMap<&str, Arc<Coverage>> = HashMap::new();
        for it in self.registrations.values() {
            let (asn, name) = networks.get(it.peering.as_str()).copied().unwrap_or((Asn(0), ""));
            let coverage = under.entry(&it.peering).or_insert_with(|| {
                let of = |want: &&Wanted| want.placed.peering.id == it.peering;
                let sessions = wanted.iter().filter(of).map(|want| (want.session.id.clone(), Role::Primary)).collect();
                Arc::new(Coverage { provider: name.to_owned(), asn, primary: None, backup: None, sessions })
            });
            let origins = self.origins(it, name, &it.organisation);
            entries.insert(
                it.id.clone(),
                Entry { prefix: it.prefix, coverage: coverage.clone(), key: KeyFact::NotNeeded, origins, overlap: None },
            );
            owners.insert(it.id.clone(), Owner { id: it.peering.clone(), organisation: it.organisation.clone(), customer: false });
        }
        let taken = Taken::of(self.registrations.values());
        let connections: HashMap<&str, (&ServiceConnection, Arc<Coverage>)> =
            self.connections.iter().map(|it| (it.id.as_str(), (it, Arc::new(coverage(it, wanted, needed, &place))))).collect();
        for row in &self.prefixes {
            let Some((connection, coverage)) = connections.get(row.connection.as_str()) else { continue };
            let (key, origins) = self.key(row, connection, &networks, partners);
            let of_this = |it: &RegisteredPrefix| networks.get(it.peering.as_str()).is_some_and(|(asn, _)| *asn == connection.provider_asn);
            let overlap = taken.overlapping(row.prefix, |id| self.registrations.get(id).is_some_and(|it| !of_this(it)));
            let id = subject(&row.connection, row.prefix);
            entries.insert(id.clone(), Entry { prefix: row.prefix, coverage: coverage.clone(), key, origins, overlap });
            owners.insert(id, Owner { id: row.connection.clone(), organisation: row.organisation.clone(), customer: true });
        }
        (entries, owners)
    }

    /// The ASNs that may originate a registered prefix: the registered one, and approved ones of
    /// the same name (the reference service's rule for other origins).
    fn origins(&self, it: &RegisteredPrefix, network: &str, organisation: &str) -> BTreeSet<Asn> {
        let named = self.names.get(organisation).into_iter().chain(self.names.get(&it.organisation)).flatten();
        std::iter::once(it.origin).chain(named.filter(|(name, _)| name == network).map(|(_, asn)| *asn)).collect()
    }

    /// How the key of a customer's prefix stands, and from where the prefix may come.
    fn key(
        &self,
        row: &CustomerPrefix,
        connection: &ServiceConnection,
        networks: &HashMap<&str, (Asn, &str)>,
        partners: &Partners,
    ) -> (KeyFact, BTreeSet<Asn>) {
        let Some(id) = &row.key else { return (KeyFact::Missing, BTreeSet::new()) };
        let Some(key) = self.keys.get(id) else { return (KeyFact::Gone, BTreeSet::new()) };
        let standing = KeyFact::Fits(key.standing(self.now));
        if let Some((organisation, asn)) = key.subject.split_once('/') {
            let Ok(asn) = asn.parse::<Asn>() else { return (KeyFact::Gone, BTreeSet::new()) };
            if !self.customers.contains(&(organisation.to_owned(), asn)) {
                return (KeyFact::Gone, BTreeSet::new());
            }
            let of = |placed: &Placed| placed.peering.organisation == organisation;
            let fits = partners.placed.get(&connection.provider_asn).is_some_and(|all| all.iter().any(of));
            return (if fits { standing } else { KeyFact::OtherProvider }, [asn].into());
        }
        let Some(it) = self.registrations.get(&key.subject) else { return (KeyFact::Gone, BTreeSet::new()) };
        let (asn, name) = networks.get(it.peering.as_str()).copied().unwrap_or((Asn(0), ""));
        let fact = if asn == connection.provider_asn && it.prefix == row.prefix { standing } else { KeyFact::OtherProvider };
        (fact, self.origins(it, name, &row.organisation))
    }
}

/// The sessions that a customer's connection needs.
pub(super) fn coverage(it: &ServiceConnection, wanted: &[Wanted], needed: &Requirements, place: &impl Fn(&str) -> String) -> Coverage {
    let role = |want: &Wanted| {
        let carries = want.placed.connection().is_some_and(|c| c.spec.peering_service);
        let location = &want.session.location;
        match carries && want.placed.peering.asn == it.provider_asn {
            true if *location == it.primary => Some(Role::Primary),
            true if Some(location) == it.backup.as_ref() => Some(Role::Backup),
            _ => None,
        }
    };
    Coverage {
        provider: it.provider.clone(),
        asn: it.provider_asn,
        primary: Some(Spot { name: place(&it.primary), needed: needed.connections }),
        backup: it.backup.as_ref().map(|backup| Spot { name: place(backup), needed: needed.other_locations }),
        sessions: wanted.iter().filter_map(|want| Some((want.session.id.clone(), role(want)?))).collect(),
    }
}

/// Registered prefixes in the order of their addresses, to find those that overlap.
struct Taken(BTreeMap<Prefix, String>);

impl Taken {
    fn of<'a>(all: impl Iterator<Item = &'a RegisteredPrefix>) -> Self {
        Taken(all.map(|it| (it.prefix, it.id.clone())).collect())
    }

    /// A registered prefix that overlaps another one and that `counts` finds.
    fn overlapping(&self, prefix: Prefix, counts: impl Fn(&str) -> bool) -> Option<Prefix> {
        let covering = (0..=prefix.length()).filter_map(|length| self.0.get_key_value(&prefix.shortened_to(length)));
        let inside = self.0.range(prefix..).take_while(|(other, _)| prefix.contains(**other));
        covering.chain(inside).find(|(_, id)| counts(id)).map(|(other, _)| *other)
    }
}
