//! Reports of weeks and months: what stands in them, and that each is told once, across crashes.

use peerage_domain::{Timestamp, report::Span};
use peerage_service::voice::Voice;
use peerage_service::{Error, objectives::ObjectiveForm};

mod demo_world;
mod sightings;

use demo_world::NOW;
use sightings::{Lasting, actor, receiver, webhook};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_week_is_told_once_when_it_is_over_also_across_crashes() {
    let (url, received) = receiver("204 No Content");
    let lasting = Lasting::new().await;
    let service = lasting.open().await;
    let manager = actor(&service, "manager@demo.example").await;
    let customer = actor(&service, "customer@demo.example").await;
    let channel = webhook(&service, &customer, &url).await;
    service.subscribe(&manager, "week", &channel).await.expect("subscribed");
    assert!(matches!(service.subscribe(&manager, "week", &channel).await, Err(Error::Refused(_))), "twice");
    assert!(matches!(service.subscribe(&manager, "year", &channel).await, Err(Error::Refused(_))));
    assert!(matches!(service.subscribe(&manager, "week", "CH-99").await, Err(Error::Refused(_))));
    let week = Span::Week.holding(Timestamp::from_secs(NOW));
    let mut service = service;
    // Every few hours for two weeks, with a crash behind each look.
    let mut at = Timestamp::from_secs(NOW);
    while at < week.behind().to.plus_secs(DAY) {
        at = at.plus_secs(5 * 3600);
        lasting.clock.set(at);
        service.tend_lookout().await.expect("tended");
        if at.secs() % 2 == 0 {
            service.deliver_due().await.expect("told");
        }
        drop(service);
        service = lasting.open().await;
    }
    service.deliver_due().await.expect("told");
    let told: Vec<(String, String)> = {
        let all = received.lock().expect("received");
        let of = |it: &serde_json::Value| {
            (it["type"].as_str().unwrap_or_default().to_owned(), it["data"]["from"].as_str().unwrap_or_default().to_owned())
        };
        all.iter().map(|(_, it)| of(it)).filter(|(kind, _)| kind == "report.ready").collect()
    };
    let expected = [week, week.behind()].map(|it| ("report.ready".to_owned(), it.from.to_string()));
    assert_eq!(told, expected);
    let known = service.subscriptions(&manager).await.expect("read");
    service.unsubscribe(&manager, &known[0].id).await.expect("ended");
    assert!(matches!(service.unsubscribe(&manager, &known[0].id).await, Err(Error::NotFound(..))));
}

#[tokio::test]
async fn a_report_has_every_connection_with_what_was_wanted_of_it() {
    let lasting = Lasting::new().await;
    let service = lasting.open().await;
    let manager = actor(&service, "manager@demo.example").await;
    let customer = actor(&service, "customer@demo.example").await;
    let wanted = ObjectiveForm { within_ms: "1000".into(), percent: "50".into() };
    service.set_objective(&customer, "CN-1", &wanted).await.expect("set");
    assert!(matches!(service.set_objective(&manager, "CN-1", &wanted).await, Err(Error::Forbidden(..))), "managers read");
    for span in Span::ALL {
        let found = service.report(&manager, span, Timestamp::from_secs(NOW)).await.expect("a report");
        let mut names: Vec<&str> = found.rows.iter().map(|row| row.connection.0.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["CN-1", "CN-2"]);
        assert!(found.goes_on && found.packets.count() > 0);
        let row = found.rows.iter().find(|row| row.connection.0 == "CN-1").expect("there");
        let (_, budget) = row.level.expect("wanted");
        assert_eq!(budget.sent, row.packets.count() + row.packets.lost());
        assert_eq!(budget.failed, row.packets.lost(), "a second is enough for everybody");
        assert_eq!(row.course.len(), if span == Span::Week { 168 } else { row.course.len() });
        assert!(found.headline(Voice::ENGLISH).starts_with("Median "), "{}", found.headline(Voice::ENGLISH));
    }
    let level = service.level(&manager, "CN-1").await.expect("a level");
    let kept = level.kept.clone().expect("wanted");
    assert_eq!(kept.objective.within_ms, 1000.0);
    assert!((kept.course.last().expect("days").1 - kept.budget.spent).abs() < 1e-9, "the course ends where the budget is");
    assert!(level.sessions.len() >= 2 && level.any.1.is_some_and(|share| share > 0.5), "{level:?}");
    service.remove_objective(&customer, "CN-1").await.expect("taken off");
    assert_eq!(service.level(&customer, "CN-1").await.expect("a level").kept, None);
    let stranger = actor(&service, "partner@demo.example").await;
    assert!(
        service.level(&stranger, "CN-1").await.is_err() && service.report(&stranger, Span::Week, Timestamp::from_secs(NOW)).await.is_err()
    );
}
