//! Peering Service through the use cases, in the demo world, whose routers are in memory.

mod demo_world;

use demo_world::{World, demo_world};
use peerage_domain::{Prefix, Text, Timestamp, Verdict, catalogue::Query, service::ValidationState};
use peerage_service::{Actor, Error, activation::ConnectionChange, registrations::Suggest};

fn prefix(text: &str) -> Prefix {
    text.parse().expect(text)
}

/// What a refusal says.
fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Refused(text)) => text.key().to_owned(),
        Err(Error::Several(texts)) => texts.iter().map(Text::key).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    }
}

struct People {
    customer: Actor,
    partner: Actor,
    second: Actor,
}

impl World {
    async fn people(&self) -> People {
        People {
            customer: self.actor("customer@demo.example").await,
            partner: self.actor("partner@demo.example").await,
            second: self.actor("second.partner@demo.example").await,
        }
    }

    async fn look(&self) {
        self.service.listen_to_routers().await.expect("routers");
        self.service.watch_prefixes().await.expect("looked");
    }

    /// State and codes of a prefix.
    async fn state(&self, actor: &Actor, subject: &str) -> String {
        match self.service.verdict(actor, subject).await.expect("seen").0 {
            Some(verdict) => format!("{} {}", verdict.judgement.state, verdict.judgement.codes().join(" ")).trim().to_owned(),
            None => "Pending".into(),
        }
    }
}

#[tokio::test]
async fn the_demo_worlds_prefixes_are_judged_by_what_their_providers_announce() {
    let world = demo_world().await;
    let customer = world.people().await.customer;
    assert_eq!(world.state(&customer, "CN-1 193.0.16.0/24").await, "Verified");
    assert_eq!(world.state(&customer, "CN-1 2a00:d0c0:10::/48").await, "Verified");
    assert_eq!(world.state(&customer, "CN-1 193.0.17.0/24").await, "Failed service.community");
    assert_eq!(world.state(&customer, "CN-2 208.65.152.0/22").await, "Verified");
    assert_eq!(world.state(&customer, "CN-2 2620:f1::/48").await, "Failed service.key_missing service.origin_unknown");
    let (_, history) = world.service.verdict(&customer, "CN-1 193.0.17.0/24").await.expect("seen");
    let states: Vec<ValidationState> = history.iter().map(|(_, it)| it.state).collect();
    assert_eq!(states, [ValidationState::Failed, ValidationState::Verified]);
    let other = world.people().await.partner;
    assert!(matches!(world.service.verdict(&other, "CN-1 193.0.16.0/24").await, Err(Error::NotFound(..) | Error::Forbidden(_))));
}

#[tokio::test]
async fn providers_are_those_that_meet_the_requirements() {
    let world = demo_world().await;
    let people = world.people().await;
    let providers = world.service.service_providers().await.expect("derived");
    assert_eq!(providers.keys().map(ToString::to_string).collect::<Vec<_>>(), ["AS6453", "AS6939"]);
    assert!(providers.values().all(|it| it.locations.len() == 2));
    let lists = world.service.checklists(&people.partner).await.expect("checklists");
    let met: Vec<(String, bool)> = lists.iter().map(|it| (it.asn.to_string(), it.is_met())).collect();
    assert_eq!(met.iter().filter(|(asn, met)| asn == "AS6453" && *met).count(), 2);
    assert!(met.iter().any(|(asn, met)| asn == "AS13030" && !met), "Exchange peerings do not carry the service");
}

#[tokio::test]
async fn a_key_binds_a_prefix_until_it_is_revoked() {
    let world = demo_world().await;
    let People { customer, partner, second } = world.people().await;
    let service = &world.service;
    let peering = service.registrable(&partner).await.expect("peerings")[0].id.clone();
    let made = service.register_prefixes(&partner, &peering, "193.0.18.0/24,,Fjordbank\n193.0.19.0/24").await.expect("registered");
    let [first, other] = made.as_slice() else { panic!("{made:?}") };

    assert_eq!(refusal(service.activate(&customer, "CN-1", "notakey").await), "key.syntax");
    assert_eq!(refusal(service.activate(&customer, "CN-1", "3f0c1c1e-2b7a-4a57-9d0e-5f6c7d8e9a0b").await), "key.unknown");
    assert_eq!(refusal(service.activate(&customer, "CN-1", &format!("193.0.19.0/24 {}", first.key)).await), "key.other_prefix");
    assert_eq!(refusal(service.activate(&customer, "CN-2", &first.key).await), "key.other_provider");
    let two = format!("{}\nnot a key", first.key);
    assert_eq!(refusal(service.activate(&customer, "CN-1", &two).await), "key.line", "all or none");
    assert_eq!(service.activate(&customer, "CN-1", &first.key).await.expect("bound"), [prefix("193.0.18.0/24")]);
    service.rehearse_demo().await.expect("announced");
    world.look().await;
    assert_eq!(world.state(&customer, "CN-1 193.0.18.0/24").await, "Verified");

    // Another key takes its place: what was activated stays.
    let id = service.registrations(&partner, &Query { search: "193.0.18".into(), ..Query::default() }).await.expect("list").items[0]
        .it
        .id
        .clone();
    assert!(service.rotate_key(&second, &id).await.is_err(), "of another organisation");
    let fresh = service.rotate_key(&partner, &id).await.expect("rotated");
    world.look().await;
    assert_eq!(world.state(&customer, "CN-1 193.0.18.0/24").await, "Verified");
    assert_eq!(refusal(service.activate(&customer, "CN-1", &first.key).await), "key.replaced");
    assert!(service.activate(&customer, "CN-1", &fresh.key).await.is_ok());

    // A revoked one takes the service away.
    let (_, keys, history) = service.registration(&partner, &id).await.expect("read");
    service.revoke_key(&partner, &id, &keys[0].id).await.expect("revoked");
    world.look().await;
    assert_eq!(world.state(&customer, "CN-1 193.0.18.0/24").await, "Failed service.key_revoked");
    assert_eq!(refusal(service.activate(&customer, "CN-1", &fresh.key).await), "key.revoked");
    assert_eq!((keys.len(), history.len()), (2, 4), "made, activated, replaced, activated");

    // One with an end is good until then.
    let (row, keys, _) =
        service.registration(&partner, &format!("RP-{}", id[3..].parse::<u32>().expect("number") + 1)).await.expect("read");
    assert_eq!(row.it.prefix, prefix("193.0.19.0/24"));
    let past = Timestamp::from_secs(demo_world::NOW - 60);
    assert_eq!(refusal(service.expire_key(&partner, &row.it.id, &keys[0].id, Some(past)).await), "key.past");
    service.expire_key(&partner, &row.it.id, &keys[0].id, Some(past.plus_secs(3600))).await.expect("ends");
    world.wait(2 * 3600);
    assert_eq!(refusal(service.activate(&customer, "CN-1", &other.key).await), "key.expired");
}

#[tokio::test]
async fn prefixes_are_registered_once_and_all_or_none() {
    let world = demo_world().await;
    let People { customer, partner, second } = world.people().await;
    let service = &world.service;
    let peering = service.registrable(&partner).await.expect("peerings")[0].id.clone();
    let try_it = async |actor: &Actor, text: &str| refusal(service.register_prefixes(actor, &peering, text).await);
    assert_eq!(try_it(&partner, "").await, "registration.none");
    assert_eq!(try_it(&partner, "193.0.16.0/24").await, "registration.wrong");
    assert_eq!(try_it(&partner, "193.0.20.0/24\n193.0.0.0/16").await, "registration.wrong");
    assert_eq!(try_it(&partner, "208.65.152.0/23").await, "registration.wrong", "a part of what another partner registered");
    assert_eq!(try_it(&partner, "10.0.0.0/24").await, "registration.wrong");
    assert!(service.register_prefixes(&second, &peering, "193.0.20.0/24").await.is_err(), "somebody else's peering");
    assert!(service.register_prefixes(&customer, &peering, "193.0.20.0/24").await.is_err(), "not a partner");
    assert_eq!(service.registrations(&partner, &Query::default()).await.expect("list").total, 4);
    let many: Vec<String> =
        (0..10_000).map(|n| format!("{}.{}.{}.0/24, AS719, customer {n}", 23 + n / 65_536, n / 256 % 256, n % 256)).collect();
    let mut wrong = many.clone();
    wrong.iter_mut().step_by(250).for_each(|line| *line = line.replace(".0/24", ".1/24"));
    let judged = service.judge_registrations(&partner, &peering, &wrong.join("\n")).await.expect("judged");
    assert_eq!(judged.iter().filter(|line| line.judged.verdict() == Verdict::Fail).count(), 40);
    assert_eq!(try_it(&partner, &wrong.join("\n")).await, "registration.wrong");
    let made = service.register_prefixes(&partner, &peering, &many.join("\n")).await.expect("registered");
    assert_eq!(made.len(), 10_000);
    assert_eq!(made.iter().map(|key| &key.key).collect::<std::collections::HashSet<_>>().len(), 10_000, "a key each");
    world.look().await;
    assert_eq!(world.state(&partner, &format!("RP-{}", 7)).await, "Failed service.not_received");
}

#[tokio::test]
async fn what_an_asn_originates_is_suggested_from_what_is_received() {
    let world = demo_world().await;
    let People { partner, second, .. } = world.people().await;
    let service = &world.service;
    let peering = service.registrable(&second).await.expect("peerings")[0].id.clone();
    let ask = async |asn: u32| service.suggest_registrations(&second, &peering, Suggest::Received, peerage_domain::Asn(asn)).await;
    world.look().await;
    assert_eq!(refusal(ask(36561).await), "registration.none_found", "it is registered");
    let id = service.registrations(&second, &Query::default()).await.expect("list").items[0].it.id.clone();
    assert!(service.unregister_prefix(&partner, &id).await.is_err());
    assert_eq!(service.unregister_prefix(&second, &id).await.expect("taken back"), prefix("208.65.152.0/22"));
    assert_eq!(ask(36561).await.expect("suggested"), "208.65.152.0/22, AS36561");
    assert_eq!(
        refusal(service.suggest_registrations(&second, &peering, Suggest::Rpki, peerage_domain::Asn(6939)).await),
        "registration.no_rpki"
    );
    let customer = world.people().await.customer;
    world.look().await;
    assert_eq!(world.state(&customer, "CN-2 208.65.152.0/22").await, "Failed service.key_gone service.origin_unknown");
}

#[tokio::test]
async fn a_prefix_is_changed_in_place_and_a_connection_moves_to_another_provider() {
    let world = demo_world().await;
    let People { customer, partner, .. } = world.people().await;
    let service = &world.service;
    let before = service.prefixes_of(&customer, "CN-1", &Query::default()).await.expect("list").items;
    let row = before.iter().find(|row| row.prefix == prefix("193.0.17.0/24")).expect("row");
    let edit = async |version, new: &str, key: &str| service.edit_prefix(&customer, "CN-1", row.prefix, version, new, key).await;
    assert!(matches!(edit(row.version + 1, "193.0.21.0/24", "").await, Err(Error::Storage(_))), "somebody changed it meanwhile");
    assert!(edit(row.version, "193.0.17.1/24", "").await.is_err());
    assert_eq!(refusal(edit(row.version, "193.0.16.0/24", "").await), "prefix.registered");
    let peering = service.registrable(&partner).await.expect("peerings")[0].id.clone();
    let made = service.register_prefixes(&partner, &peering, "193.0.21.0/24").await.expect("registered");
    assert_eq!(refusal(edit(row.version, "193.0.22.0/24", &made[0].key).await), "key.not_for");
    assert_eq!(edit(row.version, "193.0.21.0/24", &made[0].key).await.expect("changed"), prefix("193.0.21.0/24"));
    service.rehearse_demo().await.expect("announced");
    world.look().await;
    assert_eq!(world.state(&customer, "CN-1 193.0.21.0/24").await, "Verified");
    assert_eq!(world.state(&customer, "CN-1 193.0.17.0/24").await, "Pending");
    let after = service.prefixes_of(&customer, "CN-1", &Query::default()).await.expect("list").items;
    assert_eq!((before.len(), after.len()), (4, 4));

    let (now, _) = service.connection(&customer, "CN-1").await.expect("read");
    let other = service.connection(&customer, "CN-2").await.expect("read").0;
    let same = ConnectionChange { provider: "AS6453".into(), primary: now.primary.clone(), backup: now.backup.clone().unwrap_or_default() };
    assert!(!service.preview_change(&customer, "CN-1", &same).await.expect("seen").changes);
    assert_eq!(refusal(service.change_connection(&customer, "CN-1", &same).await), "change.nothing");
    let change = ConnectionChange { provider: "AS6939".into(), primary: other.primary.clone(), backup: String::new() };
    let preview = service.preview_change(&customer, "CN-1", &change).await.expect("seen");
    assert_eq!(preview.effects.iter().map(Text::key).collect::<Vec<_>>(), ["change.provider", "change.primary", "change.no_backup"]);
    let bad = ConnectionChange { primary: "LO-99".into(), ..change.clone() };
    assert_eq!(refusal(service.change_connection(&customer, "CN-1", &bad).await), "site.primary");
    service.change_connection(&customer, "CN-1", &change).await.expect("changed");
    world.look().await;
    assert!(world.state(&customer, "CN-1 193.0.16.0/24").await.starts_with("Failed service.key_missing"));
}

impl World {
    /// Somebody of a customer's organisation of their own, with a connection to the provider of `CN-1`.
    async fn rival(&self) -> (Actor, String) {
        let service = &self.service;
        service.add_person("Rival", "rival@demo.example", "Rival", peerage_domain::access::Role::Customer).await.expect("added");
        let rival = self.actor("rival@demo.example").await;
        let customer = self.people().await.customer;
        let like = service.connection(&customer, "CN-1").await.expect("read").0;
        let id = service.new_connection_draft(&rival).await.expect("draft");
        let draft = peerage_domain::registration::ConnectionDraft {
            name: "Rival".into(),
            country: like.country.clone(),
            subdivision: like.subdivision.clone(),
            provider: like.provider_asn.to_string(),
            primary: like.primary.clone(),
            ..Default::default()
        };
        service.change_connection_draft(&rival, &id, |kept| *kept = draft).await.expect("kept");
        let connection = service.register_connection(&rival, &id).await.expect("registered").id;
        (rival, connection)
    }

    async fn events(&self, actor: &Actor) -> usize {
        let page = peerage_storage::Page { offset: 0, limit: 1 };
        let (from, to) = (Timestamp::default(), Timestamp::from_secs(demo_world::NOW + 86_400));
        self.service.route_events(actor, "", from, to, false, page).await.expect("read").total as usize
    }
}

#[tokio::test]
async fn a_key_is_worth_more_than_a_claim() {
    let world = demo_world().await;
    let People { customer, partner, .. } = world.people().await;
    let service = &world.service;
    let (rival, claim) = world.rival().await;
    let peering = service.registrable(&partner).await.expect("peerings")[0].id.clone();
    let made = service.register_prefixes(&partner, &peering, "193.0.20.0/24").await.expect("registered");

    // Everything around it, and the prefix itself, is claimed by somebody who has no key.
    service.add_prefixes(&rival, &claim, "193.0.20.0/24\n23.0.0.0/8").await.expect("added");
    assert_eq!(refusal(service.add_prefixes(&rival, &claim, "193.0.16.0/24").await), "connection.wrong_prefixes", "a keyed one is safe");
    assert_eq!(
        refusal(service.add_prefixes(&customer, "CN-1", "193.0.20.0/24").await),
        "connection.wrong_prefixes",
        "the same without a key"
    );
    assert_eq!(service.add_prefixes(&customer, "CN-1", "23.1.2.0/24").await.expect("added"), 1, "a claim around it is nothing");
    assert_eq!(service.activate(&customer, "CN-1", &made[0].key).await.expect("bound"), [prefix("193.0.20.0/24")]);
    assert!(service.prefix_of(&rival, &claim, prefix("193.0.20.0/24")).await.is_err(), "it is gone there");
    assert_eq!(refusal(service.add_prefixes(&rival, &claim, "193.0.20.0/24").await), "connection.wrong_prefixes");
    assert_eq!(refusal(service.activate(&rival, &claim, &made[0].key).await), "prefix.owned_elsewhere", "a key binds once");
}

#[tokio::test]
async fn the_operator_settles_whose_a_prefix_is() {
    let world = demo_world().await;
    let People { customer, partner, second } = world.people().await;
    let service = &world.service;
    let operator = world.actor("operator@demo.example").await;
    let id = service.registrations(&second, &Query::default()).await.expect("list").items[0].it.id.clone();
    assert!(service.take_registration_off(&partner, &id, "mine").await.is_err(), "no operator");
    assert_eq!(refusal(service.take_registration_off(&operator, &id, " ").await), "taken_off.no_reason");
    let gone = service.take_registration_off(&operator, &id, "It is another's.").await.expect("taken off");
    assert_eq!(service.registrations_taken_off(&second).await.expect("read").len(), 1, "who had it reads why");
    assert_eq!(service.registrations_taken_off(&partner).await.expect("read").len(), 0);
    let peering = service.registrable(&partner).await.expect("peerings")[0].id.clone();
    assert!(service.register_prefixes(&partner, &peering, &gone.to_string()).await.is_ok(), "it is free again");

    assert!(service.take_prefix_off(&customer, "CN-1", prefix("193.0.16.0/24"), "x").await.is_err());
    service.take_prefix_off(&operator, "CN-1", prefix("193.0.16.0/24"), "Wrong owner.").await.expect("taken off");
    assert!(service.prefix_of(&customer, "CN-1", prefix("193.0.16.0/24")).await.is_err());
}

#[tokio::test]
async fn another_choice_of_locations_is_no_route_event() {
    let world = demo_world().await;
    let customer = world.people().await.customer;
    world.look().await;
    let before = world.events(&customer).await;
    let now = world.service.connection(&customer, "CN-1").await.expect("read").0;
    let backup = now.backup.clone().expect("a backup");
    let choose = async |primary: &str, backup: &str| {
        let change = ConnectionChange { provider: now.provider_asn.to_string(), primary: primary.into(), backup: backup.into() };
        world.service.change_connection(&customer, "CN-1", &change).await.expect("changed");
        world.look().await;
    };
    choose(&now.primary, "").await;
    choose(&backup, &now.primary).await;
    choose(&now.primary, &backup).await;
    assert_eq!(world.events(&customer).await, before, "nothing changed on a router");
}
