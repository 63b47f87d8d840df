//! What is registered, and how each entry is judged by the view.

use crate::View;
use peerage_domain::{
    Asn, Prefix,
    irr::Declared,
    service::{
        Community, Role, Session,
        verdict::{Facts, IrrFact, Judgement, KeyFact, Place, RpkiFact, Seen, judge},
    },
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// The sessions at one location that a prefix needs, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// What people call the location.
    pub name: String,
    /// How many sessions of a family are needed.
    pub needed: usize,
}

impl Spot {
    fn place(&self) -> Place<'_> {
        Place { name: &self.name, needed: self.needed }
    }
}

/// By which sessions a prefix should come: shared by all prefixes of one provider and choice of
/// locations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The provider's name.
    pub provider: String,
    /// The provider's ASN, by which the IRR is asked.
    pub asn: Asn,
    /// The primary location; nothing for what is registered under a peering.
    pub primary: Option<Spot>,
    /// The backup location, where there is one.
    pub backup: Option<Spot>,
    /// Ids of the sessions, and where they count.
    pub sessions: Vec<(String, Role)>,
}

/// Something registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The prefix.
    pub prefix: Prefix,
    /// By which sessions it should come.
    pub coverage: Arc<Coverage>,
    /// How its key stands.
    pub key: KeyFact,
    /// The ASNs that may originate it.
    pub origins: BTreeSet<Asn>,
    /// A registration of somebody else that overlaps it.
    pub overlap: Option<Prefix>,
}

/// What networks declare in the IRR, by the ASN that was asked for.
pub type Declarations = HashMap<Asn, Option<Result<Arc<Declared>, String>>>;

/// What everything is judged by, beside the view.
pub struct Surroundings<'a> {
    /// The sessions, by id.
    pub sessions: &'a HashMap<String, Session>,
    /// The community that is wanted.
    pub community: Community,
    /// What the RPKI says.
    pub rpki: RpkiFact<'a>,
    /// What the IRR says; nothing where it is not asked.
    pub irr: Option<&'a Declarations>,
}

/// Everything that is registered, by id.
#[derive(Clone, Default)]
pub struct Book {
    entries: HashMap<String, Entry>,
    by_prefix: HashMap<Prefix, Vec<String>>,
}

impl Book {
    /// Takes over everything that is registered now; gives the ids of what is new or changed, and
    /// of what is gone.
    pub fn replace(&mut self, entries: HashMap<String, Entry>) -> (HashSet<String>, Vec<String>) {
        let fresh = entries.iter().filter(|(id, entry)| self.entries.get(*id) != Some(entry)).map(|(id, _)| id.clone()).collect();
        let gone = self.entries.keys().filter(|id| !entries.contains_key(*id)).cloned().collect();
        self.by_prefix.clear();
        for (id, entry) in &entries {
            self.by_prefix.entry(entry.prefix).or_default().push(id.clone());
        }
        self.entries = entries;
        (fresh, gone)
    }

    /// The ids of what is registered for one of these prefixes.
    pub fn about<'a>(&'a self, prefixes: impl IntoIterator<Item = &'a Prefix>) -> impl Iterator<Item = &'a String> {
        prefixes.into_iter().filter_map(|prefix| self.by_prefix.get(prefix)).flatten()
    }

    /// The ids of what should come by a session that `test` finds.
    pub fn by_session<'a>(&'a self, test: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = &'a String> {
        // Thousands of entries share one coverage.
        let mut known: HashMap<*const Coverage, bool> = HashMap::new();
        self.entries.iter().filter_map(move |(id, entry)| {
            let coverage = &entry.coverage;
            let hit = *known.entry(Arc::as_ptr(coverage)).or_insert_with(|| coverage.sessions.iter().any(|(session, _)| test(session)));
            hit.then_some(id)
        })
    }

    /// Every id.
    pub fn ids(&self) -> impl Iterator<Item = &String> {
        self.entries.keys()
    }

    /// What is registered under an id.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// How much is registered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Judges what is registered under an id, by what is known now.
    pub fn judge(&self, id: &str, view: &View, around: &Surroundings) -> Option<Judgement> {
        self.entries.get(id).map(|entry| judge_entry(entry, view, around))
    }
}

fn judge_entry(entry: &Entry, view: &View, around: &Surroundings) -> Judgement {
    let coverage = &*entry.coverage;
    let of_family = |session: &&Session| session.address.is_ipv4() == entry.prefix.is_ipv4();
    let seen = coverage.sessions.iter().filter_map(|(id, role)| {
        let session = around.sessions.get(id).filter(of_family)?;
        let route = view.route(id, entry.prefix).filter(|_| session.up != Some(false));
        Some(Seen { session, role: *role, heard: session.up.is_some() && view.is_heard(id), route })
    });
    judge(&Facts {
        prefix: entry.prefix,
        provider: &coverage.provider,
        key: entry.key,
        origins: &entry.origins,
        community: around.community,
        primary: coverage.primary.as_ref().map(Spot::place),
        backup: coverage.backup.as_ref().map(Spot::place),
        seen: seen.collect(),
        overlap: entry.overlap,
        irr: match around.irr.map(|all| all.get(&coverage.asn)) {
            None => IrrFact::Unasked,
            Some(None | Some(None)) => IrrFact::Asking,
            Some(Some(Some(Err(_)))) => IrrFact::Silent,
            Some(Some(Some(Ok(declared)))) => IrrFact::Declared(declared),
        },
        rpki: around.rpki,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::service::{Announcement, KeyStanding, ValidationState};
    use proptest::prelude::*;

    fn prefix(n: u8) -> Prefix {
        format!("193.10.{n}.0/24").parse().expect("prefix")
    }

    fn sessions() -> HashMap<String, Session> {
        let of = |n: u8| Session {
            id: format!("PR-{n}/1/v4"),
            address: format!("193.0.13.{n}").parse().expect("address"),
            router: format!("edge{n}"),
            location: "LO-1".into(),
            up: Some(true),
        };
        (1..=3).map(of).map(|session| (session.id.clone(), session)).collect()
    }

    fn book(count: u8) -> Book {
        let spot = |name: &str, needed| Some(Spot { name: name.into(), needed });
        let roles = [("PR-1/1/v4", Role::Primary), ("PR-2/1/v4", Role::Primary), ("PR-3/1/v4", Role::Backup)];
        let coverage = Arc::new(Coverage {
            provider: "Init7".into(),
            asn: Asn(13030),
            primary: spot("Zurich", 2),
            backup: spot("Frankfurt", 1),
            sessions: roles.map(|(id, role)| (id.to_owned(), role)).to_vec(),
        });
        let entry = |n| Entry {
            prefix: prefix(n),
            coverage: coverage.clone(),
            key: KeyFact::Fits(KeyStanding::Good),
            origins: [Asn(719)].into(),
            overlap: None,
        };
        let mut book = Book::default();
        book.replace((0..count).map(|n| (format!("CN-1 {}", prefix(n)), entry(n))).collect());
        book
    }

    fn around(sessions: &HashMap<String, Session>) -> Surroundings<'_> {
        Surroundings { sessions, community: Community::of(Asn(8075)), rpki: RpkiFact::Unasked, irr: None }
    }

    fn route(tagged: bool) -> Announcement {
        Announcement { path: vec![Asn(13030), Asn(719)], origin: Some(Asn(719)), community: Some(tagged), refused: vec![] }
    }

    #[test]
    fn an_entry_is_judged_by_the_sessions_of_its_family() {
        let (book, sessions) = (book(1), sessions());
        let mut view = View::default();
        let state = |view: &View| book.judge("CN-1 193.10.0.0/24", view, &around(&sessions)).expect("known").state;
        assert_eq!(state(&view), ValidationState::Unknown, "nothing was heard yet");
        for id in sessions.keys() {
            view.replace(id, [(prefix(0), route(true))]);
        }
        assert_eq!(state(&view), ValidationState::Verified);
        view.update("PR-3/1/v4", prefix(0), None);
        assert_eq!(state(&view), ValidationState::Failed);
        assert_eq!(book.about(&[prefix(0)]).count(), 1);
        assert_eq!(book.by_session(|id| id == "PR-3/1/v4").count(), 1);
        assert_eq!(book.by_session(|id| id == "PR-9/1/v4").count(), 0);
    }

    #[test]
    fn only_what_is_new_or_changed_is_told() {
        let (mut known, mut entries) = (book(2), book(3).entries);
        entries.values_mut().filter(|entry| entry.prefix == prefix(1)).for_each(|entry| entry.key = KeyFact::Missing);
        entries.retain(|_, entry| entry.prefix != prefix(0));
        let (fresh, gone) = known.replace(entries);
        assert_eq!(fresh, ["CN-1 193.10.1.0/24".to_owned(), "CN-1 193.10.2.0/24".to_owned()].into());
        assert_eq!(gone, ["CN-1 193.10.0.0/24"]);
    }

    proptest! {
        #[test]
        fn judging_what_changed_comes_to_the_same_as_judging_everything(steps in prop::collection::vec((1u8..=3, 0u8..5, prop::option::of(any::<bool>())), 0..40)) {
            let (book, sessions) = (book(5), sessions());
            let mut view = View::default();
            for id in sessions.keys() { view.replace(id, []); }
            let mut kept: HashMap<String, Judgement> =
                book.ids().map(|id| (id.clone(), book.judge(id, &view, &around(&sessions)).expect("known"))).collect();
            for (session, n, tagged) in steps {
                if view.update(&format!("PR-{session}/1/v4"), prefix(n), tagged.map(route)) {
                    for id in book.about(&[prefix(n)]) {
                        kept.insert(id.clone(), book.judge(id, &view, &around(&sessions)).expect("known"));
                    }
                }
            }
            for id in book.ids() {
                let all = book.judge(id, &view, &around(&sessions)).expect("known");
                prop_assert_eq!(&kept[id], &all);
            }
        }
    }
}
