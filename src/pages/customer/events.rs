//! `/events`: what happened to routes in the last 30 days.

use crate::{
    components::{self, Ago, Column, EmptyList, LevelMark, Pager, SortedHead, event_words, live, load, query_from_url},
    rpc::insights::route_events,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    incident::Kind,
    telemetry::{RouteEvent, RouteEventKind},
};

/// What happened to a route, as people say it.
fn kind_name(kind: RouteEventKind) -> String {
    use RouteEventKind as K;
    match kind {
        K::PrefixAnnouncementEvent => tr!(event.announced),
        K::PrefixWithdrawalEvent => tr!(event.withdrawn),
        K::PrefixBackupRouteAnnouncementEvent => tr!(event.backup_announced),
        K::PrefixBackupRouteWithdrawalEvent => tr!(event.backup_withdrawn),
        K::PrefixActivePath => tr!(event.active),
        K::PrefixBackupPath => tr!(event.backup),
        K::PrefixOriginAsChangeEvent => tr!(event.origin),
        K::PrefixBackupRouteOriginAsChangeEvent => tr!(event.backup_origin),
        K::PrefixPartOriginAsChangeEvent => components::kind_name(Kind::SubPrefix),
        K::PrefixForgedPathEvent => components::kind_name(Kind::ForgedOrigin),
        K::PrefixRouteLeakEvent => components::kind_name(Kind::RouteLeak),
        K::PrefixVisibilityLossEvent => components::kind_name(Kind::VisibilityLoss),
        K::PrefixRpkiInvalidEvent => components::kind_name(Kind::RpkiInvalid),
        K::PrefixMoreSpecificEvent => components::kind_name(Kind::MoreSpecific),
        K::PrefixPathChangeEvent => components::kind_name(Kind::PathChange),
        K::PrefixSuboptimalEvent => components::kind_name(Kind::Suboptimal),
        K::PacketLossEvent => components::kind_name(Kind::PacketLoss),
        K::LatencyRiseEvent => components::kind_name(Kind::LatencyRise),
        K::PrefixIncidentOverEvent => tr!(event.over),
    }
}

/// Events, latest first.
#[component]
pub fn EventsPage() -> impl IntoView {
    let query = query_from_url();
    let found = Resource::new_blocking(move || query.get(), route_events);
    live(|| "events".to_owned(), found);
    let chip = move |word: &'static str| {
        let label = match word {
            "Critical" => tr!(level.critical),
            "Error" => tr!(level.error),
            "Warning" => tr!(level.warning),
            "Information" => tr!(level.information),
            _ => tr!(filter.any),
        };
        let href = if word.is_empty() { "/events".to_owned() } else { format!("/events?kind={word}") };
        view! { <a class="chip" href=href aria-current=move || (query.read().kind == word).then_some("true")>{label}</a> }
    };
    let chips = move || ["", "Critical", "Error", "Warning", "Information"].map(chip).collect_view();
    view! {
        <Title text=tr!(events.title)/>
        <h1>{tr!(events.title)}</h1>
        {load(found, move |(page, now)| {
            let empty = page.items.is_empty();
            let rows = page.items.iter().map(|(id, e)| row(id, e, now)).collect_view();
            view! {
                <section class="panel" aria-labelledby="h-events">
                    <div class="phead"><h2 id="h-events">{tr!(events.n, n = page.total)}</h2><div class="chips">{chips()}</div></div>
                    {if empty {
                        view! {
                            <EmptyList total=page.total query=query.get_untracked() path="/events" text=tr!(events.empty)>
                                <a class="btn" href="/connections">{tr!(connections.title)}</a>
                            </EmptyList>
                        }.into_any()
                    } else {
                        view! { <div class="scroll"><table class="tbl cards">
                            <SortedHead columns=columns() query=query.get_untracked() path="/events"/>
                            <tbody>{rows}</tbody>
                        </table></div><Pager total=page.total limit=page.limit query=query.get_untracked() path="/events"/> }.into_any()
                    }}
                </section>
            }
        })}
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::text("time", tr!(events.when)),
        Column::text("", tr!(events.level)),
        Column::text("", tr!(connection.prefix)),
        Column::text("", tr!(events.what)),
        Column::text("", tr!(events.path)),
        Column::text("", tr!(events.summary)),
    ]
}

fn row(id: &str, event: &RouteEvent, now: peerage_domain::Timestamp) -> impl IntoView + use<> {
    let path: Vec<String> = event.path.iter().map(|a| a.0.to_string()).collect();
    view! {
        <tr id=id.to_owned()>
            <td data-l=tr!(events.when)><Ago at=event.time now=now/></td>
            <td class="v" data-l=tr!(events.level)><LevelMark level=event.kind.level()/></td>
            <td class="key mono" data-l=tr!(connection.prefix)>{event.prefix.to_string()}</td>
            <td data-l=tr!(events.what)>{kind_name(event.kind)}</td>
            <td class="mono" data-l=tr!(events.path)>{path.join(" ")}</td>
            <td data-l=tr!(events.summary)>{event_words(event)}</td>
        </tr>
    }
}
