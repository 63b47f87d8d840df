//! Probes: adding and enrolling them, what they measure, and what they bring.
//!
//! The operator's probes measure what customers and partners want to have measured: every
//! registered prefix at an address of it that answers, or at the addresses that its owner named,
//! and the endpoints that partners named for their peerings. A customer's probe stands at the
//! site of a connection and measures what the operator named for that.

mod agents;

use crate::{Actor, Error, Service, secrets};
use peerage_domain::{
    Prefix, Timestamp,
    access::{Action, Role},
    probe::{EVERY_S, Method, NamedTarget, PORT, Probe, Report, Target, TargetForm, candidates, check_name, not_public},
    say,
};
use peerage_storage::{
    Page, Sort, Tx,
    connections::CustomerPrefix,
    peerings::{PeeringColumn, PeeringFilter},
    probes::AskedTrace,
};
use std::collections::BTreeMap;

/// How long a code is good, in seconds.
const CODE_S: i64 = 7 * 86_400;
/// How long a path is looked for, and how long it is kept, in seconds.
const TRACE_OPEN_S: i64 = 600;
const TRACE_KEPT_S: i64 = 30 * 86_400;
/// Most peerings that a form lists.
const LISTED: u32 = 500;
/// Most probes and named targets of an organisation.
const MOST: usize = 500;
/// Longer prefixes are shown at these lengths: a series never names a single household.
const PRIVATE: (u8, u8) = (24, 48);

/// Something that is measured, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetDetail {
    /// Its id, where somebody named it.
    pub id: Option<String>,
    /// The connection or peering that it belongs to; empty for what customers' probes measure.
    pub subject: String,
    /// What it is called.
    pub name: String,
    /// What the agents are told.
    pub target: Target,
    /// Probes for which no address of it answers.
    pub silent: Vec<String>,
    /// Probes that cannot measure it, and why.
    pub unable: Vec<(String, String)>,
}

/// What the page of probes shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Probing {
    /// The probes that the actor may see.
    pub probes: Vec<Probe>,
    /// What is measured of the actor's, or by the actor's probes.
    pub targets: Vec<TargetDetail>,
    /// Paths that were asked for, latest first.
    pub traces: Vec<AskedTrace>,
    /// What targets can be named for: id and name. The empty id is what customers' probes measure.
    pub subjects: Vec<(String, String)>,
    /// The connections at whose sites a probe can stand: id and name.
    pub sites: Vec<(String, String)>,
    /// Names of the probes by which paths can be asked for: id and name.
    pub tracers: Vec<(String, String)>,
    /// Whether the actor may add a probe without a connection: one of the operator's.
    pub is_operator: bool,
    /// Whether the actor may change any of it.
    pub writable: bool,
}

/// A target of a probe and where its measurements go.
struct Line {
    target: Target,
    organisation: String,
    series: String,
    subject: String,
    name: String,
    id: Option<String>,
}

/// A prefix at the length at which it is shown.
fn shown(prefix: Prefix) -> Prefix {
    let most = if prefix.is_ipv4() { PRIVATE.0 } else { PRIVATE.1 };
    if prefix.length() > most { prefix.shortened_to(most) } else { prefix }
}

impl Service {
    fn is_operators(&self, organisations: &[peerage_storage::accounts::Organisation], id: &str) -> bool {
        organisations.iter().any(|it| it.id == id && it.name == self.settings.operator_name)
    }

    /// Adds a probe and gives the code with which its agent makes itself known.
    ///
    /// # Errors
    /// When the actor may not, the name cannot be used, or there is no such connection.
    pub async fn add_probe(&self, actor: &Actor, name: &str, connection: &str) -> Result<(Probe, String), Error> {
        actor.may(Action::WriteProbes)?;
        let name = check_name(name).map_err(Error::Refused)?;
        let is_operator = actor.roles.contains(&Role::Operator);
        let mut tx = self.store.begin().await?;
        if is_operator && !connection.is_empty() {
            return Err(Error::Refused(say!("probe.operators", "A probe of the operator stands at no customer's site.")));
        }
        if !is_operator {
            let own = tx.connection(connection).await?.is_some_and(|it| it.organisation == actor.organisation);
            if !own {
                return Err(Error::Refused(say!("probe.site", "Choose the connection at whose site the probe stands.")));
            }
        }
        if tx.has_probe_named(&actor.organisation, &name).await? {
            return Err(Error::Refused(say!("probe.twice", "There is a probe of this name already: {name}.", name = name)));
        }
        if self.store.probes(Some(&actor.organisation)).await?.len() >= MOST {
            return Err(Error::Refused(say!("probe.many", "An organisation has at most {most} probes.", most = MOST)));
        }
        let probe = Probe {
            id: tx.next_id("PB").await?,
            organisation: actor.organisation.clone(),
            name,
            connection: connection.to_owned(),
            added: self.clock.now(),
            enrolled: None,
            heard: None,
            report: Report::default(),
        };
        tx.save_probe(&probe).await?;
        let code = self.new_code(&mut tx, &probe.id).await?;
        tx.commit().await?;
        Ok((probe, code))
    }

    async fn new_code(&self, tx: &mut Tx, id: &str) -> Result<String, Error> {
        let (code, hash) = secrets::token("enrol_")?;
        tx.set_probe_secret(id, &hash, Some(self.clock.now().plus_secs(CODE_S))).await?;
        Ok(code)
    }

    async fn own_probe(&self, tx: &mut Tx, actor: &Actor, id: &str) -> Result<Probe, Error> {
        let permit = actor.may(Action::WriteProbes)?;
        let found = tx.probe(id).await?.filter(|probe| permit.scope.covers(&probe.organisation));
        found.ok_or_else(|| Error::NotFound("probe", id.to_string()))
    }

    /// Gives a new code for a probe, as when its machine was replaced; what had the old one is not
    /// known any more.
    ///
    /// # Errors
    /// When the actor may not or it is unknown.
    pub async fn renew_probe(&self, actor: &Actor, id: &str) -> Result<(Probe, String), Error> {
        let mut tx = self.store.begin().await?;
        let probe = self.own_probe(&mut tx, actor, id).await?;
        let probe = Probe { enrolled: None, heard: None, report: Report::default(), ..probe };
        tx.save_probe(&probe).await?;
        let code = self.new_code(&mut tx, id).await?;
        tx.commit().await?;
        Ok((probe, code))
    }

    /// Forgets a probe; what it measured stays.
    ///
    /// # Errors
    /// When the actor may not or it is unknown.
    pub async fn remove_probe(&self, actor: &Actor, id: &str) -> Result<Probe, Error> {
        let mut tx = self.store.begin().await?;
        let probe = self.own_probe(&mut tx, actor, id).await?;
        tx.delete_probe(id).await?;
        tx.commit().await?;
        Ok(probe)
    }

    /// Names an address that probes measure.
    ///
    /// # Errors
    /// When the actor may not, or everything that is wrong with the form.
    pub async fn name_target(&self, actor: &Actor, form: &TargetForm) -> Result<NamedTarget, Error> {
        let permit = actor.may(Action::WriteProbes)?;
        let wish = form.read().map_err(Error::Several)?;
        let is_operator = actor.roles.contains(&Role::Operator);
        if let Some(why) = not_public(wish.address) {
            return Err(Error::Refused(why));
        }
        let mut tx = self.store.begin().await?;
        let (organisation, space) = match form.subject.as_str() {
            "" if is_operator => (actor.organisation.clone(), None),
            subject if subject.starts_with("PR-") => {
                let found = tx.peering(subject).await?.map(|it| it.body).filter(|it| permit.scope.covers(&it.organisation));
                let peering = found.ok_or_else(|| Error::NotFound("peering", subject.to_string()))?;
                let addresses = peering.connections.iter().flat_map(|it| it.spec.endpoint.peer_addresses());
                let registered = tx.all_registrations().await?.into_iter().map(|(it, _)| it);
                let own = registered.filter(|it| it.organisation == peering.organisation).map(|it| it.prefix);
                let hosts = addresses.filter_map(|address| format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 }).parse().ok());
                (peering.organisation.clone(), Some(hosts.chain(own).collect::<Vec<Prefix>>()))
            }
            subject => {
                let found = tx.connection(subject).await?.filter(|it| permit.scope.covers(&it.organisation));
                let connection = found.ok_or_else(|| Error::Refused(say!("probe.subject", "Choose what the address belongs to.")))?;
                let own = tx.all_prefixes().await?.into_iter().filter(|it| it.connection == connection.id).map(|it| it.prefix);
                (connection.organisation, Some(own.collect()))
            }
        };
        // Nobody's probes are to be turned against others.
        if space.is_some_and(|space| !space.iter().any(|prefix| prefix.contains_address(wish.address))) {
            return Err(Error::Refused(say!(
                "probe.foreign",
                "{address} lies in no prefix of {subject} and is none of its sessions' addresses.",
                address = wish.address,
                subject = form.subject
            )));
        }
        let all = tx.targets().await?;
        if all.iter().any(|it| it.subject == form.subject && it.address == wish.address && it.method == wish.method) {
            return Err(Error::Refused(say!("probe.target_twice", "{address} is measured so already.", address = wish.address)));
        }
        if all.iter().any(|it| it.subject == form.subject && it.name.to_lowercase() == wish.name.to_lowercase()) {
            return Err(Error::Refused(say!(
                "probe.target_name",
                "{name} is measured already; give this one another name.",
                name = wish.name
            )));
        }
        if all.iter().filter(|it| it.organisation == organisation).count() >= MOST {
            return Err(Error::Refused(say!("probe.targets_many", "At most {most} addresses can be named.", most = MOST)));
        }
        let target = NamedTarget {
            id: tx.next_id("TG").await?,
            organisation,
            subject: form.subject.clone(),
            name: wish.name,
            address: wish.address,
            method: wish.method,
            every_s: wish.every_s,
            added: self.clock.now(),
        };
        tx.add_target(&target).await?;
        tx.commit().await?;
        Ok(target)
    }

    /// Measures an address no longer; what was measured stays.
    ///
    /// # Errors
    /// When the actor may not or it is unknown.
    pub async fn remove_target(&self, actor: &Actor, id: &str) -> Result<NamedTarget, Error> {
        let permit = actor.may(Action::WriteProbes)?;
        let mut tx = self.store.begin().await?;
        let found = tx.targets().await?.into_iter().find(|it| it.id == id && permit.scope.covers(&it.organisation));
        let target = found.ok_or_else(|| Error::NotFound("target", id.to_string()))?;
        tx.delete_target(id).await?;
        tx.commit().await?;
        Ok(target)
    }

    /// What the page of probes shows.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn probing(&self, actor: &Actor) -> Result<Probing, Error> {
        let permit = actor.may(Action::ReadProbes)?;
        let scope = permit.scope.organisation();
        let organisations = self.store.organisations().await?;
        let all = self.store.probes(None).await?;
        let targets = self.store.targets(None).await?;
        let prefixes = self.store.all_prefixes().await?;
        let mut details: BTreeMap<(String, String), TargetDetail> = BTreeMap::new();
        // What nobody measures yet is shown, too: as if by one of the operator's.
        let nobody = Probe {
            id: String::new(),
            organisation: String::new(),
            name: String::new(),
            connection: String::new(),
            added: Timestamp::default(),
            enrolled: None,
            heard: None,
            report: Report::default(),
        };
        for probe in all.iter().chain([&nobody]) {
            let by_operator = probe.id.is_empty() || self.is_operators(&organisations, &probe.organisation);
            for line in lines(probe, by_operator, &targets, &prefixes) {
                if !(permit.scope.covers(&line.organisation) || scope == Some(probe.organisation.as_str())) {
                    continue;
                }
                let key = (line.subject.clone(), line.target.id.clone());
                let detail = details.entry(key).or_insert_with(|| TargetDetail {
                    id: line.id,
                    subject: line.subject,
                    name: line.name,
                    target: line.target.clone(),
                    silent: vec![],
                    unable: vec![],
                });
                if probe.report.silent.contains(&line.target.id) {
                    detail.silent.push(probe.name.clone());
                }
                if let Some((_, why)) = probe.report.unable.iter().find(|(id, _)| *id == line.target.id) {
                    detail.unable.push((probe.name.clone(), why.clone()));
                }
            }
        }
        if scope.is_none() {
            // The operator's own points, which only customers' probes measure.
            for it in targets.iter().filter(|it| it.subject.is_empty()) {
                let key = (String::new(), it.id.clone());
                details.entry(key).or_insert_with(|| TargetDetail {
                    id: Some(it.id.clone()),
                    subject: String::new(),
                    name: it.name.clone(),
                    target: named(it),
                    silent: vec![],
                    unable: vec![],
                });
            }
        }
        let is_operator = scope.is_none();
        let connections = self.store.all_connections().await?.into_iter().filter(|it| permit.scope.covers(&it.organisation));
        let connections: Vec<(String, String)> = connections.map(|it| (it.id, it.name)).collect();
        let peerings = self.own_peerings(actor).await?;
        let writable = actor.may(Action::WriteProbes).is_ok();
        let tracers =
            all.iter().filter(|it| self.is_operators(&organisations, &it.organisation) || scope == Some(it.organisation.as_str()));
        Ok(Probing {
            tracers: tracers.filter(|it| it.enrolled.is_some()).map(|it| (it.id.clone(), it.name.clone())).collect(),
            traces: self.store.traces(scope, 20).await?,
            targets: details.into_values().collect(),
            subjects: connections.iter().cloned().chain(peerings).collect(),
            sites: if is_operator { vec![] } else { connections },
            probes: all.into_iter().filter(|it| permit.scope.covers(&it.organisation)).collect(),
            is_operator,
            writable,
        })
    }

    /// The peerings for which the actor may name endpoints: id, and id with the location.
    async fn own_peerings(&self, actor: &Actor) -> Result<Vec<(String, String)>, Error> {
        if actor.may(Action::ReadPeerings).is_err() {
            return Ok(vec![]);
        }
        let (sort, page) = (Sort { by: PeeringColumn::Id, descending: false }, Page { offset: 0, limit: LISTED });
        let found = self.peerings(actor, PeeringFilter::default(), sort, page).await?;
        Ok(found.items.into_iter().map(|it| (it.id.clone(), format!("{} {}", it.id, it.peer_name))).collect())
    }

    /// Asks a probe for the path to a target.
    ///
    /// # Errors
    /// When the actor may not, or there is no such probe or target.
    pub async fn ask_trace(&self, actor: &Actor, probe: &str, target: &str) -> Result<AskedTrace, Error> {
        let permit = actor.may(Action::WriteProbes)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let found = tx.probe(probe).await?.filter(|it| it.enrolled.is_some());
        let found = found.ok_or_else(|| Error::NotFound("probe", probe.to_string()))?;
        let lines = self.lines_of(&mut tx, &found).await?;
        let allowed = |line: &&Line| line.target.id == target && permit.scope.covers(&line.organisation);
        let line = lines.iter().find(allowed).ok_or_else(|| Error::NotFound("target", target.to_string()))?;
        let address = line.target.addresses.first().copied().ok_or_else(|| Error::NotFound("target", target.to_string()))?;
        if tx.open_traces(&found.id, now.plus_secs(-TRACE_OPEN_S)).await?.len() >= 20 {
            return Err(Error::Refused(say!("probe.traces_many", "{name} looks for 20 paths already. Wait for them.", name = found.name)));
        }
        let trace = AskedTrace {
            id: tx.next_id("TR").await?,
            probe: found.id,
            organisation: line.organisation.clone(),
            name: format!("{} → {}", found.name, line.name),
            address,
            asked: now,
            found: None,
        };
        tx.save_trace(&trace).await?;
        tx.forget_traces(now.plus_secs(-TRACE_KEPT_S)).await?;
        tx.commit().await?;
        Ok(trace)
    }
}

fn named(it: &NamedTarget) -> Target {
    Target { id: it.id.clone(), addresses: vec![it.address], method: it.method, every_s: it.every_s }
}

/// What a probe measures, and as which series of whom it is kept.
fn lines(probe: &Probe, by_operator: bool, targets: &[NamedTarget], prefixes: &[CustomerPrefix]) -> Vec<Line> {
    let mut all = vec![];
    for it in targets.iter().filter(|it| by_operator != it.subject.is_empty()) {
        let (subject, organisation) =
            if by_operator { (it.subject.as_str(), &it.organisation) } else { (probe.connection.as_str(), &probe.organisation) };
        all.push(Line {
            target: named(it),
            organisation: organisation.clone(),
            series: format!("{subject}/{}/{}", probe.name, it.name),
            subject: it.subject.clone(),
            name: it.name.clone(),
            id: Some(it.id.clone()),
        });
    }
    if by_operator {
        // Where somebody named an address of a prefix, that is asked and no other.
        let has_name = |it: &CustomerPrefix| targets.iter().any(|t| t.subject == it.connection && it.prefix.contains_address(t.address));
        for it in prefixes.iter().filter(|it| !has_name(it)) {
            let name = shown(it.prefix).to_string();
            all.push(Line {
                target: Target {
                    id: format!("{} {}", it.connection, it.prefix),
                    addresses: candidates(it.prefix),
                    method: Method::Tcp(PORT),
                    every_s: EVERY_S,
                },
                organisation: it.organisation.clone(),
                series: format!("{}/{}/{}", it.connection, probe.name, name.replace('/', "_")),
                subject: it.connection.clone(),
                name,
                id: None,
            });
        }
    }
    all
}
