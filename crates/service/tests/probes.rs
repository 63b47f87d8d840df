//! Probes through the use cases, in the demo world.

mod demo_world;

use demo_world::{NOW, World, demo_world};
use peerage_domain::{
    Text, Timestamp,
    probe::{Enrol, Measured, Orders, Probe, Report, TargetForm, Trace},
};
use peerage_latency::Step;
use peerage_service::{Actor, Error, probes::Probing};

/// What a refusal says.
fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Refused(text) | Error::Unauthenticated(text)) => text.key().to_owned(),
        Err(Error::Several(texts)) => texts.iter().map(Text::key).collect::<Vec<_>>().join(" "),
        Err(Error::NotFound(thing, id)) => format!("no {thing} {id}"),
        other => format!("{other:?}"),
    }
}

fn enrol(code: &str, token: char) -> Enrol {
    Enrol { code: code.into(), token: token.to_string().repeat(40), version: "1.2.3".into() }
}

fn target(subject: &str, address: &str) -> TargetForm {
    TargetForm { subject: subject.into(), address: address.into(), method: "tcp".into(), ..TargetForm::default() }
}

fn measured(target: &str, ago: i64, rtt_ms: Option<f64>) -> Measured {
    Measured { target: target.into(), time: Timestamp::from_secs(NOW - ago), rtt_ms }
}

struct Actors {
    customer: Actor,
    partner: Actor,
    operator: Actor,
}

impl World {
    async fn actors(&self) -> Actors {
        Actors {
            customer: self.actor("customer@demo.example").await,
            partner: self.actor("partner@demo.example").await,
            operator: self.actor("operator@demo.example").await,
        }
    }

    /// A probe whose agent has shown its code.
    async fn enrolled(&self, actor: &Actor, name: &str, connection: &str) -> Probe {
        let (probe, code) = self.service.add_probe(actor, name, connection).await.expect("added");
        let ask = Enrol { token: format!("{:x<40}", probe.id), ..enrol(&code, 'x') };
        self.service.enrol_probe(&ask).await.expect("enrolled");
        self.service.probe_of(&ask.token).await.expect("known")
    }

    async fn orders(&self, probe: &Probe) -> Orders {
        self.service.probe_orders(probe, Report::default()).await.expect("orders")
    }

    /// Answered and lost in the last hour of a series.
    async fn counts(&self, actor: &Actor, series: &str) -> (u64, u64) {
        let (from, to) = (Timestamp::from_secs(NOW - 3600), Timestamp::from_secs(NOW));
        let (step, intervals) = self.service.latency_between(actor, series, from, to, 61).await.expect("read");
        assert_eq!(step, Step::Minute);
        intervals.iter().fold((0, 0), |(n, lost), it| (n + it.histogram.count(), lost + it.histogram.lost()))
    }
}

fn names(found: &Probing) -> String {
    found.targets.iter().map(|it| format!("{} {}", it.subject, it.name)).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn a_code_makes_one_agent_known_and_the_same_agent_again() {
    let world = demo_world().await;
    let operator = world.actors().await.operator;
    let (probe, code) = world.service.add_probe(&operator, " Oslo PoP ", "").await.expect("added");
    assert_eq!((probe.name.as_str(), probe.enrolled), ("Oslo PoP", None));
    assert_eq!(refusal(world.service.enrol_probe(&enrol("enrol_wrong", 'a')).await), "probe.code");
    assert_eq!(refusal(world.service.enrol_probe(&Enrol { token: "short".into(), ..enrol(&code, 'a') }).await), "probe.token");
    let first = world.service.enrol_probe(&enrol(&code, 'a')).await.expect("enrolled");
    let again = world.service.enrol_probe(&enrol(&code, 'a')).await.expect("the answer was lost, it asks again");
    assert_eq!(first, again);
    assert_eq!(first.id, "PB-1");
    assert_eq!(refusal(world.service.enrol_probe(&enrol(&code, 'b')).await), "probe.code", "another agent with a used code");
    assert_eq!(refusal(world.service.probe_of(&code).await), "probe.unknown", "a code is no token");

    let (_, fresh) = world.service.renew_probe(&operator, "PB-1").await.expect("a new code");
    assert_eq!(refusal(world.service.probe_of(&enrol("", 'a').token).await), "probe.unknown", "the old agent is not known any more");
    world.wait(8 * 86_400);
    assert_eq!(refusal(world.service.enrol_probe(&enrol(&fresh, 'c')).await), "probe.code", "the code is too old");
}

#[tokio::test]
async fn the_operators_probes_measure_every_registered_prefix_or_what_was_named_in_it() {
    let world = demo_world().await;
    let Actors { customer, operator, .. } = world.actors().await;
    let probe = world.enrolled(&operator, "Oslo PoP", "").await;
    let before = world.orders(&probe).await;
    let of = |orders: &Orders, id: &str| orders.targets.iter().find(|it| it.id == id).map(|it| it.addresses.len());
    assert_eq!(of(&before, "CN-1 193.0.16.0/24"), Some(6));
    assert_eq!(of(&before, "CN-1 209.16.0.0/18"), Some(6));

    let named = world.service.name_target(&customer, &target("CN-1", "193.0.16.77")).await.expect("named");
    let after = world.orders(&probe).await;
    assert_eq!((of(&after, "CN-1 193.0.16.0/24"), of(&after, &named.id)), (None, Some(1)));
    world.service.remove_target(&customer, &named.id).await.expect("removed");
    assert_eq!(world.orders(&probe).await, before);
}

#[tokio::test]
async fn nobodys_probes_are_turned_against_others() {
    let world = demo_world().await;
    let Actors { customer, partner, operator } = world.actors().await;
    let service = &world.service;
    let check = async |actor: &Actor, subject: &str, address: &str, expected: &str| {
        assert_eq!(refusal(service.name_target(actor, &target(subject, address)).await), expected, "{subject} {address}");
    };
    check(&customer, "CN-1", "8.8.8.8", "probe.foreign").await;
    check(&customer, "CN-1", "127.0.0.1", "probe.special").await;
    check(&customer, "CN-1", "169.254.169.254", "probe.special").await;
    check(&customer, "CN-1", "::ffff:10.0.0.1", "probe.special").await;
    check(&customer, "CN-99", "193.0.16.1", "probe.subject").await;
    check(&customer, "", "193.0.16.1", "probe.subject").await;
    check(&partner, "CN-1", "193.0.16.1", "probe.subject").await;
    check(&partner, "PR-1", "8.8.8.8", "probe.foreign").await;
    check(&partner, "PR-2", "8.8.8.8", "no peering PR-2").await;
    check(&operator, "", "10.0.0.1", "probe.special").await;
    let peering = service.peering(&partner, "PR-1").await.expect("a peering").peering;
    let session = peering.connections[0].spec.endpoint.peer_addresses()[0].to_string();
    service.name_target(&partner, &target("PR-1", &session)).await.expect("the own session's address");
    check(&partner, "PR-1", &session, "probe.target_twice").await;
    // What is measured of a peering is the partner's to read, and nobody else's.
    let probe = world.enrolled(&operator, "Oslo PoP", "").await;
    let orders = world.orders(&probe).await;
    let named = orders.targets.iter().find(|it| it.id == "TG-1").expect("the endpoint");
    world.service.take_results(&probe, "b1", &[measured(&named.id, 60, Some(3.0))]).await.expect("kept");
    let day = peerage_latency::View::Last(peerage_latency::Window::D1);
    let read = service.latency(&partner, "PR-1", day).await.expect("read");
    assert_eq!(
        read.iter().map(|it| (it.series.name.clone(), it.total.count())).collect::<Vec<_>>(),
        [(format!("PR-1/Oslo PoP/{session}"), 1)]
    );
    assert!(matches!(service.latency(&customer, "PR-1", day).await, Err(Error::Forbidden(_))));
    let second = world.actor("second.partner@demo.example").await;
    assert!(service.latency(&second, "PR-1", day).await.expect("read").is_empty());
    assert_eq!(refusal(service.add_probe(&customer, "Home", "").await), "probe.site");
    assert_eq!(refusal(service.add_probe(&customer, "a/b", "CN-1").await), "probe.name");
}

#[tokio::test]
async fn a_batch_is_kept_once_and_says_what_it_cannot_keep() {
    let world = demo_world().await;
    let Actors { customer, operator, .. } = world.actors().await;
    let probe = world.enrolled(&operator, "Oslo PoP", "").await;
    let id = "CN-1 193.0.16.0/24";
    let results = [
        measured(id, 60, Some(12.5)),
        measured(id, 40, None),
        measured(id, -4000, Some(1.0)),
        measured(id, 30, Some(-1.0)),
        measured("TG-99", 30, Some(1.0)),
    ];
    let receipt = world.service.take_results(&probe, "b1", &results).await.expect("kept");
    assert_eq!((receipt.accepted, receipt.refused.iter().map(|it| it.0).collect::<Vec<_>>(), receipt.repeated), (2, vec![2, 3, 4], false));
    assert!(world.service.take_results(&probe, "b1", &results).await.expect("kept").repeated);
    assert_eq!(world.counts(&customer, "CN-1/Oslo PoP/193.0.16.0_24").await, (1, 1));
    assert_eq!(refusal(world.service.take_results(&probe, "", &results).await), "batch.id");
    let many = vec![measured(id, 1, None); 10_001];
    assert_eq!(refusal(world.service.take_results(&probe, "b2", &many).await), "batch.samples");
    // Another probe may call its batch the same.
    let other = world.enrolled(&operator, "Bergen PoP", "").await;
    assert!(!world.service.take_results(&other, "b1", &results).await.expect("kept").repeated);
}

#[tokio::test]
async fn a_customers_probe_measures_what_the_operator_named_for_it() {
    let world = demo_world().await;
    let Actors { customer, operator, .. } = world.actors().await;
    let probe = world.enrolled(&customer, "Rack 4", "CN-2").await;
    assert_eq!(world.orders(&probe).await.targets, []);
    let form = TargetForm { name: "Zürich edge".into(), ..target("", "193.0.99.1") };
    let point = world.service.name_target(&operator, &form).await.expect("named");
    let orders = world.orders(&probe).await;
    assert_eq!(orders.targets.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), [point.id.as_str()]);
    world.service.take_results(&probe, "b1", &[measured(&point.id, 60, Some(3.0))]).await.expect("kept");
    assert_eq!(world.counts(&customer, "CN-2/Rack 4/Zürich edge").await, (1, 0));
    // The operator's own do not measure their own points.
    let own = world.enrolled(&operator, "Oslo PoP", "").await;
    assert!(world.orders(&own).await.targets.iter().all(|it| it.id != point.id));
}

#[tokio::test]
async fn everybody_sees_what_is_measured_of_theirs_and_why_it_is_not() {
    let world = demo_world().await;
    let Actors { customer, partner, operator } = world.actors().await;
    let probe = world.enrolled(&operator, "Oslo PoP", "").await;
    let (silent, unable) = ("CN-1 193.0.16.0/24", "CN-2 208.65.152.0/22");
    let report = Report {
        silent: vec![silent.into(), "made up".into()],
        unable: vec![(unable.into(), "no\nICMP".into())],
        waiting: 3,
        ..Report::default()
    };
    world.service.probe_orders(&probe, report).await.expect("orders");
    let seen = world.service.probing(&customer).await.expect("seen");
    assert!(seen.probes.is_empty(), "the operator's probes are the operator's");
    assert!(names(&seen).contains("CN-1 193.0.16.0/24"), "{}", names(&seen));
    let of = |id: &str| seen.targets.iter().find(|it| it.target.id == id).expect("a target");
    assert_eq!(of(silent).silent, ["Oslo PoP"]);
    assert_eq!(of(unable).unable, [("Oslo PoP".to_owned(), "noICMP".to_owned())]);
    assert_eq!(names(&world.service.probing(&partner).await.expect("seen")), "");
    let all = world.service.probing(&operator).await.expect("seen");
    assert_eq!((all.probes.len(), all.probes[0].report.waiting, all.probes[0].heard.is_some()), (1, 3, true));
    assert!(all.probes[0].is_away(Timestamp::from_secs(NOW + 200)));
}

#[tokio::test]
async fn a_path_is_asked_for_found_and_shown() {
    let world = demo_world().await;
    let Actors { customer, partner, operator } = world.actors().await;
    let probe = world.enrolled(&operator, "Oslo PoP", "").await;
    let id = "CN-1 193.0.16.0/24";
    assert_eq!(refusal(world.service.ask_trace(&partner, &probe.id, id).await), format!("no target {id}"));
    let asked = world.service.ask_trace(&customer, &probe.id, id).await.expect("asked");
    let orders = world.orders(&probe).await;
    assert_eq!(
        orders.traces.iter().map(|it| (it.id.clone(), it.address.to_string())).collect::<Vec<_>>(),
        [(asked.id.clone(), "193.0.16.1".to_owned())]
    );
    let found = Trace { time: Timestamp::from_secs(NOW), hops: vec![], reached: false, trouble: None };
    let other = world.enrolled(&operator, "Bergen PoP", "").await;
    assert_eq!(refusal(world.service.take_trace(&other, &asked.id, found.clone()).await), format!("no path {}", asked.id));
    world.service.take_trace(&probe, &asked.id, found.clone()).await.expect("kept");
    assert_eq!(world.orders(&probe).await.traces, []);
    let seen = world.service.probing(&customer).await.expect("seen");
    assert_eq!(seen.traces[0].found, Some(found));
}

#[tokio::test]
async fn what_belongs_to_a_connection_goes_with_it() {
    let world = demo_world().await;
    let Actors { customer, operator, .. } = world.actors().await;
    let probe = world.enrolled(&operator, "Oslo PoP", "").await;
    world.service.name_target(&customer, &target("CN-2", "208.65.153.1")).await.expect("named");
    let at_site = world.enrolled(&customer, "Rack 4", "CN-2").await;
    world.service.delete_connection(&customer, "CN-2", "Seattle office").await.expect("deleted");
    assert!(world.orders(&probe).await.targets.iter().all(|it| it.id.starts_with("CN-1 ")));
    assert!(matches!(world.service.probe_orders(&at_site, Report::default()).await, Err(Error::NotFound(..))), "nobody is at that site");
    world.service.remove_probe(&operator, &probe.id).await.expect("removed");
    assert!(matches!(world.service.probe_orders(&probe, Report::default()).await, Err(Error::NotFound(..))));
}
