//! The job that moves connections through the edge: deny all, validate, open; drain, remove.
//!
//! A step is decided and stored with the next job in one transaction. A crash at any
//! point runs the step again: every call of the engine may be repeated.

use crate::{Error, Service, peerings::command};
use peerage_domain::{
    Timestamp,
    peering::{Connection, Party, Peering, PeeringEvent, SessionState, State, StateName, Verb},
};
use peerage_edge::{ConnectionKey, Intent, Policy};
use peerage_storage::{Tx, jobs::Job};

const ADVANCE: &str = "advance";
const AUTHOR: &str = "Peerage";
/// How long a step may take before another worker tries it.
const LEASE_S: i64 = 60;

impl Service {
    /// Adds the job that an event calls for.
    pub(crate) async fn follow_up(&self, tx: &mut Tx, peering: &Peering, event: &PeeringEvent, now: Timestamp) -> Result<(), Error> {
        let Some(connection) = peering.connection(event.connection) else { return Ok(()) };
        let pause = match &connection.state {
            State::ProvisioningStarted { peer_ready: true } | State::ProvisioningCompleted | State::Validating => {
                self.settings.step_pause_s
            }
            State::PendingRemove { .. } => self.settings.removal_pause_s,
            // A legacy session runs already: it is taken over as it is.
            State::Active if event.verb == Verb::Approve => 0,
            _ => return Ok(()),
        };
        let subject = format!("{}/{}", peering.id, event.connection);
        Ok(tx.add_job(ADVANCE, &subject, now.plus_secs(pause)).await?)
    }

    /// Does every job that is due; tells how many there were.
    ///
    /// # Errors
    /// When storage fails; the job is due again later.
    pub async fn run_due_jobs(&self) -> Result<usize, Error> {
        let mut done = 0;
        while let Some(job) = self.store.lease_job(self.clock.now(), LEASE_S).await? {
            self.advance(&job).await?;
            done += 1;
        }
        Ok(done)
    }

    async fn advance(&self, job: &Job) -> Result<(), Error> {
        let (id, number) = job.subject.split_once('/').unwrap_or((&job.subject, "0"));
        let number: u16 = number.parse().unwrap_or(0);
        let mut tx = self.store.begin().await?;
        let Some(mut found) = tx.peering(id).await? else {
            tx.finish_job(&job.id).await?;
            return Ok(tx.commit().await?);
        };
        if let Some(connection) = found.body.connection(number).cloned()
            && let Some((verb, note)) = self.next_step(&found.body, &connection)
        {
            let command = command(number, verb, Party::Portal, &note);
            self.step(&mut tx, &mut found.body, &command, AUTHOR).await?;
            tx.save_peering(&found.body, found.version, self.clock.now()).await?;
        }
        tx.finish_job(&job.id).await?;
        tx.commit().await?;
        self.live.tell(id, &found.body.organisation);
        Ok(())
    }

    /// Drives the router for the state that a connection is in, and says what came of it.
    fn next_step(&self, peering: &Peering, connection: &Connection) -> Option<(Verb, String)> {
        let now = self.clock.now();
        let intent = |policy| intent(peering, connection, policy);
        match &connection.state {
            State::ProvisioningStarted { peer_ready: true } => Some(match self.edge.apply(&intent(Policy::DenyAll), now) {
                Ok(()) => (Verb::CompleteProvisioning, String::new()),
                Err(fault) => (Verb::FailProvisioning, fault.to_string()),
            }),
            State::ProvisioningCompleted => Some((Verb::StartValidation, String::new())),
            State::Validating => Some(self.validate(peering, connection)),
            State::PendingRemove { .. } => {
                self.edge.remove(&key(peering, connection));
                Some((Verb::CompleteRemoval, String::new()))
            }
            State::Active => {
                if let Err(fault) = self.edge.apply(&intent(Policy::Open), now) {
                    tracing::warn!(peering = peering.id, connection = connection.number, %fault, "an active session could not be restored");
                }
                None
            }
            _ => None,
        }
    }

    fn validate(&self, peering: &Peering, connection: &Connection) -> (Verb, String) {
        let down: Vec<String> = self
            .edge
            .sessions(&key(peering, connection))
            .into_iter()
            .filter(|fact| fact.state != SessionState::Established)
            .map(|fact| format!("{} is {}", fact.peer, fact.state.word()))
            .collect();
        if !down.is_empty() {
            return (Verb::FailValidation, format!("Not every session is up: {}.", down.join(", ")));
        }
        match self.edge.apply(&intent(peering, connection, Policy::Open), self.clock.now()) {
            Ok(()) => (Verb::PassValidation, String::new()),
            Err(fault) => (Verb::FailValidation, fault.to_string()),
        }
    }

    /// Gives an engine that forgets its sessions at a restart those back that should run.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn restore_edge(&self) -> Result<(), Error> {
        use peerage_storage::{
            Page, Sort,
            peerings::{PeeringColumn, PeeringFilter},
        };
        let sort = Sort { by: PeeringColumn::Id, descending: false };
        let (all, _) = self.store.peerings(&PeeringFilter::default(), sort, &Page { offset: 0, limit: 1_000_000 }).await?;
        for peering in &all {
            for connection in &peering.connections {
                let Some(policy) = running_policy(&connection.state) else { continue };
                if let Err(fault) = self.edge.apply(&intent(peering, connection, policy), connection.since) {
                    tracing::warn!(peering = peering.id, connection = connection.number, %fault, "a session could not be restored");
                }
            }
        }
        Ok(())
    }
}

fn running_policy(state: &State) -> Option<Policy> {
    match state.name() {
        StateName::ProvisioningCompleted | StateName::Validating => Some(Policy::DenyAll),
        StateName::Active | StateName::TypeChangeRequested | StateName::TypeChangeInProgress => Some(Policy::Open),
        StateName::PendingRemove => match state {
            State::PendingRemove { was } => running_policy(was),
            _ => None,
        },
        StateName::None
        | StateName::PendingApproval
        | StateName::ChangesRequested
        | StateName::Rejected
        | StateName::Approved
        | StateName::ProvisioningStarted
        | StateName::ProvisioningFailed
        | StateName::ExternalBlocker
        | StateName::Removed => None,
    }
}

fn key(peering: &Peering, connection: &Connection) -> ConnectionKey {
    ConnectionKey { peering: peering.id.clone(), connection: connection.number }
}

fn intent(peering: &Peering, connection: &Connection, policy: Policy) -> Intent {
    Intent { key: key(peering, connection), asn: peering.asn, peers: connection.spec.endpoint.peer_addresses(), policy }
}
