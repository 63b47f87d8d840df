//! The peering itself: what may be done with its connections, and what that changes.

use super::{Command, Connection, DirectType, Flow, Kind, Loa, MACHINE, PeeringEvent, Refusal, State, Step, Verb};
use crate::{
    Asn, Timestamp,
    session::{ConnectionSpec, Endpoint},
};
use serde::{Deserialize, Serialize};

/// A peering with all of its connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peering {
    /// Short id such as `PR-88`.
    pub id: String,
    /// The organisation that asked.
    pub organisation: String,
    /// Its network.
    pub asn: Asn,
    /// The network's name.
    pub peer_name: String,
    /// Direct or Exchange.
    pub kind: Kind,
    /// Taken over from before the portal.
    pub legacy: bool,
    /// Id of the operator's location, such as `LO-3`.
    pub location: String,
    /// The connections; their states are independent.
    pub connections: Vec<Connection>,
}

impl Peering {
    /// Which steps of the table are for this peering.
    pub fn flow(&self) -> Flow {
        match (self.legacy, self.kind) {
            (true, _) => Flow::Legacy,
            (false, Kind::Direct) => Flow::Direct,
            (false, Kind::Exchange) => Flow::Exchange,
        }
    }

    /// The connection with this number.
    pub fn connection(&self, number: u16) -> Option<&Connection> {
        self.connections.iter().find(|c| c.number == number)
    }

    /// What can be done with a connection now, by whom.
    pub fn possible(&self, number: u16) -> Vec<Step> {
        let Some(connection) = self.connection(number) else { return vec![] };
        MACHINE.iter().filter(|step| self.fits(connection, step) && self.judge(connection, step).is_ok()).copied().collect()
    }

    fn fits(&self, connection: &Connection, step: &Step) -> bool {
        let remembered = match &connection.state {
            State::PendingRemove { was } if step.verb == Verb::UndoRemoval => was.name() == step.to,
            _ => true,
        };
        let assignable = step.verb != Verb::AssignAddresses || matches!(connection.spec.endpoint, Endpoint::DirectOperatorAssigned { .. });
        // A link from before the portal is one like others once it runs here.
        let like_others = self.legacy && self.kind == Kind::Direct && step.flow == Flow::Direct && !step.main;
        let flow = step.flow == Flow::Any || step.flow == self.flow() || like_others;
        step.from == connection.state.name() && flow && remembered && assignable
    }

    fn judge(&self, connection: &Connection, step: &Step) -> Result<(), Refusal> {
        match (step.verb, &connection.state) {
            (Verb::CompleteProvisioning, State::ProvisioningStarted { peer_ready: false }) => {
                Err(Refusal::PeerNotReady { peering: self.id.clone(), connection: connection.number })
            }
            (Verb::ReportConfigured, State::ProvisioningStarted { peer_ready: true }) => {
                Err(self.refuse(connection, Verb::ReportConfigured))
            }
            (Verb::SkipValidation, State::Validating { waived: Some(_), .. }) => Err(self.refuse(connection, Verb::SkipValidation)),
            (Verb::StepBack, State::Validating { held: Some(_), .. }) => Err(self.refuse(connection, Verb::StepBack)),
            (Verb::Retry, State::Validating { held: None, .. }) => Err(self.refuse(connection, Verb::Retry)),
            // Once the peer has configured them, addresses stay as they are.
            (Verb::AssignAddresses, State::ProvisioningStarted { peer_ready: true }) => Err(self.refuse(connection, Verb::AssignAddresses)),
            (Verb::ReportConfigured, _) if connection.coming().lacks_addresses() => Err(self.no_addresses(connection)),
            (Verb::ReportConfigured, State::ProvisioningStarted { .. })
                if connection.loa.as_ref().is_some_and(|loa| loa.acknowledged.is_none()) =>
            {
                Err(Refusal::LoaUnread { peering: self.id.clone(), connection: connection.number })
            }
            (Verb::IssueLoa, State::ProvisioningStarted { peer_ready: true }) => Err(self.refuse(connection, Verb::IssueLoa)),
            (Verb::AcknowledgeLoa, _) if connection.loa.as_ref().is_none_or(|loa| loa.acknowledged.is_some()) => {
                Err(self.refuse(connection, Verb::AcknowledgeLoa))
            }
            (Verb::Approve, _) if self.legacy && connection.lacks_addresses() => Err(self.no_addresses(connection)),
            (Verb::EnableService, _) if connection.spec.peering_service => Err(self.refuse(connection, Verb::EnableService)),
            (Verb::DisableService, _) if !connection.spec.peering_service => Err(self.refuse(connection, Verb::DisableService)),
            (Verb::DisableService, _) if connection.spec.direct_type == DirectType::Voice => Err(Refusal::VoiceService),
            (Verb::RequestTypeChange, _) if self.kind == Kind::Exchange => Err(Refusal::NoType),
            (Verb::RequestTypeChange, _) if connection.spec.direct_type.others().is_empty() => {
                Err(Refusal::OtherType { asked: String::new(), is: connection.spec.direct_type })
            }
            (Verb::AcceptTypeChange, _) => match self.connections.iter().find(|c| c.number != connection.number && c.is_moving()) {
                Some(other) => Err(Refusal::OneAtATime { peering: self.id.clone(), other: other.number }),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn refuse(&self, connection: &Connection, verb: Verb) -> Refusal {
        Refusal::State { peering: self.id.clone(), connection: connection.number, state: connection.state.name(), verb }
    }

    fn no_addresses(&self, connection: &Connection) -> Refusal {
        Refusal::NoAddresses { peering: self.id.clone(), connection: connection.number }
    }

    /// Judges a command; changes nothing.
    ///
    /// # Errors
    /// The reason in words for the person who asked.
    pub fn decide(&self, command: &Command) -> Result<PeeringEvent, Refusal> {
        let connection = self
            .connection(command.connection)
            .ok_or_else(|| Refusal::NoConnection { peering: self.id.clone(), connection: command.connection })?;
        let step = MACHINE
            .iter()
            .find(|step| step.verb == command.verb && self.fits(connection, step))
            .ok_or_else(|| self.refuse(connection, command.verb))?;
        if step.by != command.by {
            return Err(Refusal::Party { verb: command.verb, party: step.by });
        }
        self.judge(connection, step)?;
        let note = command.note.trim();
        if note.is_empty() && command.verb.needs_note() {
            return Err(if command.verb == Verb::IssueLoa { Refusal::NoDemarcation } else { Refusal::NoNote });
        }
        if command.verb.needs_spec() && command.spec.is_none() {
            return Err(Refusal::NoChange);
        }
        if command.verb == Verb::RequestTypeChange {
            let is = connection.spec.direct_type;
            let fits = note.parse::<DirectType>().is_ok_and(|asked| is.others().contains(&asked));
            if !fits {
                return Err(Refusal::OtherType { asked: note.into(), is });
            }
        }
        if command.verb == Verb::AcceptTypeChange && command.spec.as_ref().is_some_and(ConnectionSpec::lacks_addresses) {
            return Err(self.no_addresses(connection));
        }
        Ok(PeeringEvent {
            connection: command.connection,
            verb: command.verb,
            to: step.to,
            by: command.by,
            note: note.into(),
            spec: command.spec.clone(),
        })
    }

    /// Takes over what happened; cannot fail.
    pub fn apply(&mut self, event: &PeeringEvent, at: Timestamp) {
        let found = self.connections.iter_mut().find(|c| c.number == event.connection);
        let Some(connection) = found else { return };
        let moved = connection.state.name() != event.to;
        match (event.verb, &mut connection.loa) {
            (Verb::IssueLoa, loa) => *loa = Some(Loa { demarcation: event.note.clone(), issued: at, acknowledged: None }),
            (Verb::AcknowledgeLoa, Some(loa)) => loa.acknowledged = Some(at),
            _ => {}
        }
        match event.verb {
            Verb::EnableService => connection.spec.peering_service = true,
            Verb::DisableService => connection.spec.peering_service = false,
            _ => {}
        }
        let before = std::mem::replace(&mut connection.state, State::None);
        match (&before, &event.spec) {
            // What is agreed on runs once the peer is ready for it.
            (State::TypeChangeInProgress { pending: Some(pending), .. }, _) if event.verb == Verb::ReportConfigured => {
                connection.spec = (**pending).clone();
            }
            (_, Some(spec)) if event.verb != Verb::AcceptTypeChange => connection.spec = spec.clone(),
            _ => {}
        }
        connection.state = if event.verb.stays() { before } else { before.enter(event, self.kind) };
        if moved {
            connection.since = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Next, peering::Party};
    use proptest::prelude::*;

    fn peering(kind: Kind, legacy: bool) -> Peering {
        let connection = |number| Connection {
            number,
            spec: ConnectionSpec::example(kind),
            state: State::None,
            since: Timestamp::from_secs(0),
            loa: None,
        };
        Peering {
            id: "PR-1".into(),
            organisation: "ORG-1".into(),
            asn: Asn(6667),
            peer_name: "Elisa".into(),
            kind,
            legacy,
            location: "LO-1".into(),
            connections: vec![connection(1), connection(2)],
        }
    }

    fn command(verb: Verb) -> Command {
        let by = MACHINE.iter().find(|s| s.verb == verb).map_or(Party::Portal, |s| s.by);
        let spec = match verb {
            Verb::AssignAddresses => Some(assigned()),
            Verb::AcceptTypeChange | Verb::Adopt => Some(ConnectionSpec { direct_type: DirectType::Voice, bfd: true, ..assigned() }),
            _ => None,
        };
        let note = if verb == Verb::RequestTypeChange { "Voice" } else { "because" };
        Command { connection: 1, verb, by, note: note.into(), spec }
    }

    fn assigned() -> ConnectionSpec {
        let endpoint = Endpoint::DirectOperatorAssigned { ipv4: Some("193.0.9.0/31".parse().expect("prefix")), ipv6: None };
        ConnectionSpec { endpoint, ..ConnectionSpec::example(Kind::Direct) }
    }

    /// Runs verbs on connection 1 and tells where it ends, or what was refused.
    fn check(kind: Kind, legacy: bool, verbs: &[Verb], expected: &str) {
        let mut it = peering(kind, legacy);
        for &verb in verbs {
            match it.decide(&command(verb)) {
                Ok(event) => it.apply(&event, Timestamp::from_secs(1)),
                Err(refusal) => {
                    assert!(refusal.to_string().contains(expected), "{refusal} should mention {expected}");
                    return;
                }
            }
        }
        assert_eq!(it.connections[0].state.name().word(), expected, "{verbs:?}");
        assert_eq!(it.connections[1].state, State::None, "connections are independent");
    }

    use Verb::*;

    #[test]
    fn an_exchange_peering_waits_for_its_peer_and_goes_active() {
        let way = [Submit, Approve, ReportConfigured, CompleteProvisioning, StartValidation, PassValidation];
        check(Kind::Exchange, false, &way, "Active");
        check(Kind::Exchange, false, &way[..2], "Approved");
        check(Kind::Exchange, false, &[Submit, Approve, CompleteProvisioning], "is Approved");
    }

    #[test]
    fn a_direct_peering_is_provisioned_when_the_peer_is_ready() {
        check(Kind::Direct, false, &[Submit, Approve], "ProvisioningStarted");
        check(Kind::Direct, false, &[Submit, Approve, CompleteProvisioning], "has not reported");
        let ready = [Submit, Approve, AssignAddresses, ReportConfigured];
        check(Kind::Direct, false, &[&ready[..], &[ReportConfigured]].concat(), "not possible");
        check(Kind::Direct, false, &[&ready[..], &[CompleteProvisioning]].concat(), "ProvisioningCompleted");
        check(Kind::Direct, false, &[Submit, Approve, Block, Unblock, CompleteProvisioning], "has not reported");
    }

    #[test]
    fn the_operator_assigns_addresses_before_the_peer_configures_them() {
        check(Kind::Direct, false, &[Submit, Approve, ReportConfigured], "no session addresses yet");
        check(Kind::Direct, false, &[Submit, AssignAddresses, Approve, ReportConfigured, AssignAddresses], "not possible");
        check(Kind::Direct, true, &[Submit, Approve], "no session addresses yet");
        check(Kind::Exchange, false, &[Submit, AssignAddresses], "not possible");
        let mut it = peering(Kind::Direct, false);
        for verb in [Submit, Approve] {
            it.apply(&it.decide(&command(verb)).expect("main line"), Timestamp::from_secs(1));
        }
        assert_eq!(it.connections[0].next(Kind::Direct), Next::Operator);
        assert_eq!(it.decide(&Command { spec: None, ..command(AssignAddresses) }), Err(Refusal::NoChange));
        it.apply(&it.decide(&command(AssignAddresses)).expect("operator"), Timestamp::from_secs(2));
        assert_eq!(it.connections[0].next(Kind::Direct), Next::Requester);
        assert_eq!(it.connections[0].since, Timestamp::from_secs(1));
    }

    #[test]
    fn the_service_is_switched_on_and_off_while_a_direct_connection_is_active() {
        let active = [Submit, Approve, AssignAddresses, ReportConfigured, CompleteProvisioning, StartValidation, PassValidation];
        check(Kind::Direct, false, &[&active[..], &[DisableService]].concat(), "not possible");
        check(Kind::Direct, false, &[&active[..], &[EnableService, EnableService]].concat(), "not possible");
        check(Kind::Direct, false, &[&active[..], &[EnableService, DisableService]].concat(), "Active");
        check(Kind::Direct, false, &[Submit, Approve, EnableService], "not possible");
        check(
            Kind::Exchange,
            false,
            &[Submit, Approve, ReportConfigured, CompleteProvisioning, StartValidation, PassValidation, EnableService],
            "not possible",
        );
        let mut it = peering(Kind::Direct, false);
        for verb in active.into_iter().chain([EnableService]) {
            it.apply(&it.decide(&command(verb)).expect("possible"), Timestamp::from_secs(1));
        }
        assert!(it.connections[0].spec.peering_service);
        it.connections[0].spec.direct_type = DirectType::Voice;
        assert_eq!(it.decide(&command(DisableService)), Err(Refusal::VoiceService));
    }

    #[test]
    fn what_the_operator_takes_back_stays_closed_until_it_goes_on() {
        let active = [Submit, Approve, ReportConfigured, CompleteProvisioning, StartValidation, PassValidation];
        let mut it = peering(Kind::Exchange, false);
        for verb in active.into_iter().chain([StepBack]) {
            it.apply(&it.decide(&command(verb)).expect("possible"), Timestamp::from_secs(1));
        }
        assert_eq!(it.connections[0].state, State::Validating { waived: None, held: Some("because".into()) });
        assert_eq!((it.connections[0].state.note(), it.connections[0].next(Kind::Exchange)), (Some("because"), Next::Operator));
        assert!(it.decide(&command(StepBack)).is_err(), "it is held already");
        it.apply(&it.decide(&command(Retry)).expect("goes on"), Timestamp::from_secs(2));
        assert_eq!(it.connections[0].state, State::Validating { waived: None, held: None });
        assert!(it.decide(&command(Retry)).is_err(), "there is nothing to go on with");
    }

    #[test]
    fn a_legacy_peering_is_active_on_approval() {
        check(Kind::Exchange, true, &[Submit, Approve], "Active");
        check(Kind::Direct, true, &[Submit, AssignAddresses, Approve, RequestRemoval], "PendingRemove");
    }

    #[test]
    fn changes_can_be_asked_for_and_given() {
        check(Kind::Exchange, false, &[Submit, RequestChanges, Resubmit, Approve], "Approved");
        check(Kind::Exchange, false, &[Submit, RequestChanges, Approve], "is ChangesRequested");
    }

    #[test]
    fn closed_is_final() {
        check(Kind::Exchange, false, &[Submit, Reject, Submit], "final");
        check(Kind::Exchange, false, &[Submit, Withdraw, Approve], "final");
    }

    #[test]
    fn the_operator_waives_validation_and_goes_back_for_a_reason() {
        let validating = [Submit, Approve, ReportConfigured, CompleteProvisioning, StartValidation];
        let with = |more: &[Verb]| [&validating[..], more].concat();
        check(Kind::Exchange, false, &with(&[SkipValidation]), "Validating");
        check(Kind::Exchange, false, &with(&[SkipValidation, SkipValidation]), "not possible");
        check(Kind::Exchange, false, &with(&[SkipValidation, RequestRemoval, UndoRemoval, SkipValidation]), "not possible");
        check(
            Kind::Exchange,
            false,
            &with(&[SkipValidation, FailValidation, Retry, CompleteProvisioning, StartValidation, SkipValidation]),
            "Validating",
        );
        check(Kind::Exchange, false, &with(&[StepBack, StepBack]), "not possible");
        check(Kind::Exchange, false, &with(&[PassValidation, StepBack]), "Validating");
        check(Kind::Exchange, false, &with(&[FailValidation, StepBack]), "Approved");
        let direct = [Submit, Approve, AssignAddresses, ReportConfigured, FailProvisioning, StepBack];
        check(Kind::Direct, false, &[&direct[..], &[CompleteProvisioning]].concat(), "has not reported");
        let mut it = peering(Kind::Exchange, false);
        for verb in validating {
            it.apply(&it.decide(&command(verb)).expect("main line"), Timestamp::from_secs(1));
        }
        assert_eq!(it.decide(&Command { note: " ".into(), ..command(SkipValidation) }), Err(Refusal::NoNote));
        let before: State = serde_json::from_str(r#"{"name":"Validating"}"#).expect("what was stored before there were reasons");
        assert_eq!(before, State::Validating { waived: None, held: None });
    }

    #[test]
    fn removal_is_refused_while_provisioning_and_can_be_undone() {
        let started = [Submit, Approve, ReportConfigured];
        check(Kind::Exchange, false, &[&started[..], &[RequestRemoval]].concat(), "cannot be interrupted");
        check(Kind::Exchange, false, &[&started[..], &[CompleteProvisioning, RequestRemoval]].concat(), "cannot be interrupted");
        check(Kind::Exchange, false, &[&started[..], &[FailProvisioning, RequestRemoval, UndoRemoval]].concat(), "ProvisioningFailed");
        check(Kind::Exchange, true, &[Submit, Approve, RequestRemoval, UndoRemoval], "Active");
        check(Kind::Exchange, true, &[Submit, Approve, RequestRemoval, CompleteRemoval, UndoRemoval], "final");
    }

    #[test]
    fn only_direct_peerings_change_their_type() {
        check(Kind::Exchange, true, &[Submit, Approve, RequestTypeChange], "no type");
        let active = [Submit, AssignAddresses, Approve];
        let with = |more: &[Verb]| [&active[..], more].concat();
        check(Kind::Direct, true, &with(&[RequestTypeChange, AcceptTypeChange]), "TypeChangeInProgress");
        check(Kind::Direct, true, &with(&[RequestTypeChange, AcceptTypeChange, ReportConfigured]), "ProvisioningStarted");
        check(Kind::Direct, true, &with(&[RequestTypeChange, AcceptTypeChange, DeclineTypeChange]), "Active");
        check(Kind::Direct, true, &with(&[RequestTypeChange, DeclineTypeChange]), "Active");
        check(Kind::Direct, true, &with(&[RequestTypeChange, Withdraw]), "Active");
        check(Kind::Direct, true, &with(&[RequestTypeChange, AcceptTypeChange, Withdraw]), "Active");
        let failed = with(&[RequestTypeChange, AcceptTypeChange, ReportConfigured, FailProvisioning, StepBack]);
        check(Kind::Direct, true, &failed, "ProvisioningStarted");
        check(Kind::Direct, true, &[&failed[..], &[ReportConfigured, CompleteProvisioning]].concat(), "ProvisioningCompleted");
        check(Kind::Direct, true, &[Submit, RequestTypeChange], "not possible");
        let mut it = peering(Kind::Direct, true);
        for verb in active.into_iter().chain([RequestTypeChange, AcceptTypeChange]) {
            it.apply(&it.decide(&command(verb)).expect("on the way"), Timestamp::from_secs(1));
        }
        assert_eq!(it.connections[0].spec.direct_type, DirectType::Edge, "the one before runs on");
        assert_eq!(it.connections[0].coming().direct_type, DirectType::Voice);
        it.apply(&it.decide(&command(ReportConfigured)).expect("ready"), Timestamp::from_secs(2));
        assert_eq!(it.connections[0].spec.direct_type, DirectType::Voice);
        assert_eq!(it.connections[0].state, State::ProvisioningStarted { peer_ready: true });
    }

    #[test]
    fn types_change_one_link_at_a_time_to_what_there_is() {
        let mut it = peering(Kind::Direct, true);
        let second = |verb| Command { connection: 2, ..command(verb) };
        for verb in [Submit, AssignAddresses, Approve, RequestTypeChange] {
            it.apply(&it.decide(&command(verb)).expect("on the way"), Timestamp::from_secs(1));
            it.apply(&it.decide(&second(verb)).expect("on the way"), Timestamp::from_secs(1));
        }
        it.apply(&it.decide(&command(AcceptTypeChange)).expect("the first"), Timestamp::from_secs(1));
        assert_eq!(it.decide(&second(AcceptTypeChange)), Err(Refusal::OneAtATime { peering: "PR-1".into(), other: 1 }));
        it.apply(&it.decide(&second(DeclineTypeChange)).expect("no"), Timestamp::from_secs(1));
        for note in ["IxRs", "Edge", "voice please"] {
            let asked = Command { note: note.into(), ..second(RequestTypeChange) };
            assert!(matches!(it.decide(&asked), Err(Refusal::OtherType { .. })), "{note}");
        }
    }

    #[test]
    fn a_letter_that_was_issued_is_acknowledged_before_the_peer_is_ready() {
        let begun = [Submit, Approve, AssignAddresses];
        let with = |more: &[Verb]| [&begun[..], more].concat();
        check(Kind::Direct, false, &with(&[IssueLoa, ReportConfigured]), "acknowledge the letter");
        check(Kind::Direct, false, &with(&[IssueLoa, AcknowledgeLoa, ReportConfigured, CompleteProvisioning]), "ProvisioningCompleted");
        check(Kind::Direct, false, &with(&[IssueLoa, AcknowledgeLoa, IssueLoa, ReportConfigured]), "acknowledge the letter");
        check(Kind::Direct, false, &with(&[AcknowledgeLoa]), "not possible");
        check(Kind::Direct, false, &with(&[IssueLoa, AcknowledgeLoa, AcknowledgeLoa]), "not possible");
        check(Kind::Direct, false, &with(&[ReportConfigured, IssueLoa]), "not possible");
        check(Kind::Direct, false, &with(&[IssueLoa, CompleteProvisioning]), "has not reported");
        check(Kind::Exchange, false, &[Submit, Approve, ReportConfigured, IssueLoa], "not possible");
    }

    #[test]
    fn a_step_is_done_by_its_party_and_with_words_where_needed() {
        let it = peering(Kind::Exchange, false);
        let wrong = Command { by: Party::Operator, ..command(Submit) };
        assert_eq!(it.decide(&wrong), Err(Refusal::Party { verb: Submit, party: Party::Requester }));
        let mut it = it;
        it.apply(&it.decide(&command(Submit)).expect("first step"), Timestamp::from_secs(1));
        assert_eq!(it.decide(&Command { note: " ".into(), ..command(Reject) }), Err(Refusal::NoNote));
        assert!(matches!(it.decide(&Command { connection: 9, ..command(Reject) }), Err(Refusal::NoConnection { .. })));
    }

    fn walk(it: &mut Peering, picks: impl Iterator<Item = (usize, bool)>) -> Vec<(PeeringEvent, Timestamp)> {
        let mut events = vec![];
        for (n, (pick, second)) in picks.enumerate() {
            let verb = Verb::ALL[pick % Verb::ALL.len()];
            let command = Command { connection: 1 + u16::from(second), ..command(verb) };
            let before = it.connection(command.connection).map(|c| c.state.name());
            if let Ok(event) = it.decide(&command) {
                let at = Timestamp::from_secs(n as i64);
                it.apply(&event, at);
                let after = it.connection(command.connection).map(|c| c.state.name());
                let legal = MACHINE.iter().any(|s| Some(s.from) == before && s.verb == verb && Some(s.to) == after);
                assert!(legal, "{before:?} {verb:?} {after:?} is not in the table");
                events.push((event, at));
            }
        }
        events
    }

    proptest! {
        #[test]
        fn any_commands_leave_the_replay_of_their_events(direct: bool, legacy: bool, picks in proptest::collection::vec((0usize..64, any::<bool>()), 0..200)) {
            let kind = if direct { Kind::Direct } else { Kind::Exchange };
            let mut live = peering(kind, legacy);
            let events = walk(&mut live, picks.into_iter());
            let mut replayed = peering(kind, legacy);
            for (event, at) in &events { replayed.apply(event, *at); }
            prop_assert_eq!(live, replayed);
        }
    }

    #[test]
    fn a_million_random_steps_stay_in_the_table() {
        let mut seed = 0x2545_f491_4f6c_dd1du64;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed as usize
        };
        for round in 0..20_000 {
            let kind = if round % 2 == 0 { Kind::Direct } else { Kind::Exchange };
            let mut it = peering(kind, round % 5 == 0);
            walk(&mut it, (0..50).map(|_| (random() >> 3, random() & 64 == 0)));
        }
    }
}
