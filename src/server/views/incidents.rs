//! What the pages of incidents read.

use crate::{
    rpc::{
        Failure,
        incidents::{
            AlertsView, Bar, ChannelView, DeliveryView, EffectView, ExpectationsView, ExpectsView, FeedView, FeedsView, IncidentList,
            IncidentView,
        },
    },
    server::context::asked,
};
use peerage_domain::{
    Prefix,
    access::Action,
    catalogue::{Paged, Query},
    incident::{Course, Family, Incident},
};
use peerage_service::{
    Service,
    lookout::{Channel, FeedState, Way},
};
use peerage_storage::{Page, deliveries::Delivery, incidents::IncidentFilter};

/// Prefixes of an incident that its page leads to.
const PREFIXES: usize = 12;
/// Rows of a list.
const PAGE: u32 = 25;
/// How far back the list's pictures look, in seconds.
const LOOK_BACK_S: i64 = 30 * 86_400;

pub(crate) async fn incidents(query: Query) -> Result<IncidentList, Failure> {
    let (service, actor) = asked().await?;
    let now = service.clock().now();
    let known = |word: &str| Family::of(word).map(|family| family.word().to_owned()).unwrap_or_default();
    let filter = IncidentFilter {
        state: query.state.clone(),
        family: known(&query.kind),
        search: query.search.clone(),
        oldest_first: query.sort == "time" && !query.descending,
        ..IncidentFilter::of(None)
    };
    let rows = service.incidents(&actor, filter, Page { offset: query.offset, limit: PAGE }).await?;
    let open = IncidentFilter { state: "open".into(), ..IncidentFilter::of(None) };
    let mut open = service.incidents(&actor, open, Page { offset: 0, limit: 50 }).await?.items;
    open.retain(|it| !it.quiet);
    open.sort_by_key(|it| (it.replay.is_some(), std::cmp::Reverse(it.level()), it.family));
    open.truncate(3);
    let statistics = service.incident_statistics(&actor, now.plus_secs(-LOOK_BACK_S), now).await?;
    let bar = |it: &Incident| Bar { id: it.id.clone(), family: it.family, from: it.opened.secs(), to: it.closed.map(|at| at.secs()) };
    Ok(IncidentList {
        rows,
        bars: statistics.incidents.iter().map(bar).collect(),
        total: statistics.total,
        median_s: statistics.median_s,
        open,
        watched: service.watched(&actor)?,
        manages: Action::ManageSources.allowed(&actor.roles),
        now,
    })
}

fn deliveries(all: Vec<Delivery>, channels: &[Channel]) -> Vec<DeliveryView> {
    let name = |id: &str| channels.iter().find(|channel| channel.id == id).map_or_else(|| id.to_owned(), |channel| channel.name.clone());
    let view = |it: Delivery| DeliveryView {
        channel: name(&it.channel),
        phase: it.phase.word().into(),
        state: it.state.word().into(),
        due: it.due,
        tried: it.outcome.tried,
        attempts: it.attempts,
        answer: it.outcome.answer,
        incident: it.incident,
        id: it.id,
    };
    all.into_iter().map(view).collect()
}

pub(crate) async fn incident(id: String, prefix: String) -> Result<IncidentView, Failure> {
    let (service, actor) = asked().await?;
    let wanted = prefix.replace('_', "/").parse::<Prefix>().ok();
    let found = service.incident(&actor, &id, wanted).await?;
    let effect = |it: peerage_service::lookout::Effect| EffectView {
        before: (it.before.quantile(0.5), it.before.count()),
        during: (it.during.quantile(0.5), it.during.count()),
        loss: (it.before.loss(), it.during.loss()),
        connection: it.connection,
    };
    let latency = match &found.scene.part.measured {
        Some(it) => super::latency::around(&it.connection.0, &found.incident, service.clock().now()).await,
        None => None,
    };
    let author = |who: String| if who == Service::incident_author() { String::new() } else { who };
    Ok(IncidentView {
        writable: Action::WriteIncidents.allowed(&actor.roles),
        deliveries: deliveries(found.deliveries, &service.channels(&actor).await?),
        history: found.history.into_iter().rev().map(|it| (it.at, author(it.author), it.body)).collect(),
        effects: found.effects.into_iter().map(effect).collect(),
        latency,
        part: found.scene.part,
        course: found.scene.course,
        before: found.scene.before,
        incident: found.incident,
        prefixes: {
            let all: std::collections::BTreeSet<Prefix> = found.parts.iter().flat_map(|part| part.prefixes()).copied().collect();
            (all.len(), all.into_iter().take(PREFIXES).collect())
        },
        now: service.clock().now(),
    })
}

pub(crate) async fn alerts() -> Result<AlertsView, Failure> {
    let (service, actor) = asked().await?;
    let channels = service.channels(&actor).await?;
    let view = |it: &Channel| ChannelView {
        id: it.id.clone(),
        name: it.name.clone(),
        mail: matches!(it.way, Way::Mail { .. }),
        target: it.target(),
        quiet: it.quiet.map(|hours| hours.to_string()),
        language: it.language,
    };
    Ok(AlertsView {
        alerts: service.alerts(&actor).await?,
        mutes: service.mutes(&actor).await?,
        deliveries: deliveries(service.deliveries(&actor).await?, &channels),
        channels: channels.iter().map(view).collect(),
        mail: service.settings().lookout.mail.is_some(),
        writable: Action::WriteIncidents.allowed(&actor.roles),
        now: service.clock().now(),
    })
}

pub(crate) async fn expectations(query: Query) -> Result<ExpectationsView, Failure> {
    let (service, actor) = asked().await?;
    let row = |it: peerage_service::lookout::Expects| ExpectsView {
        prefix: it.prefix,
        origins: it.origins,
        upstreams: it.upstreams,
        longest: it.longest,
        visible: it.visible,
    };
    let finds = |it: &peerage_service::lookout::Expects| {
        let origins: Vec<String> = it.origins.iter().map(ToString::to_string).collect();
        query.finds(&[&it.prefix.to_string(), &origins.join(" ")])
    };
    let all: Vec<ExpectsView> = service.expectations(&actor).await?.into_iter().filter(finds).map(row).collect();
    Ok(ExpectationsView {
        rows: Paged::of(all, query.offset, PAGE),
        exceptions: service.exceptions(&actor).await?,
        writable: Action::WriteIncidents.allowed(&actor.roles),
        now: service.clock().now(),
    })
}

pub(crate) async fn feeds() -> Result<FeedsView, Failure> {
    let (service, actor) = asked().await?;
    let feeds = service.feeds(&actor)?.into_iter().map(|it| {
        let (up, trouble) = match it.state {
            FeedState::Connecting => (None, String::new()),
            FeedState::Connected => (Some(true), String::new()),
            FeedState::Broken(why) => (Some(false), why),
        };
        FeedView {
            name: it.name,
            up,
            trouble,
            since: it.since,
            last: it.last,
            messages: it.messages,
            watched: it.watched,
            unreadable: it.unreadable,
            dropped: it.dropped,
            gaps: it.gaps,
        }
    });
    Ok(FeedsView { feeds: feeds.collect(), now: service.clock().now() })
}

pub(crate) async fn course(prefix: String, hours: i64) -> Result<Option<Course>, Failure> {
    let (service, actor) = asked().await?;
    let Ok(prefix) = prefix.replace('_', "/").parse::<Prefix>() else { return Ok(None) };
    if !Action::ReadIncidents.allowed(&actor.roles) {
        return Ok(None);
    }
    match service.prefix_course(&actor, prefix, hours).await {
        Ok(course) => Ok(Some(course)),
        Err(peerage_service::Error::NotFound(..)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}
