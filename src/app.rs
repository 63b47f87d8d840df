//! The document, the layout, and the list of routes: the site map.

use crate::{
    components::{FlashMessage, Foot, Sidebar, TopBar, load_more},
    pages::{customer, incidents, manager, operator, partner, probes::ProbesPage, public},
    rpc::{
        Failure,
        accounts::{self, Frame},
    },
};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    hooks::use_location,
    path,
};

/// The frame of this visit, for pages that need to know who reads.
#[derive(Clone, Copy)]
pub struct Visit(pub Resource<Result<Frame, Failure>>);

/// Everything inside of the body.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let frame = Resource::new_blocking(|| (), |()| accounts::read_frame());
    provide_context(Visit(frame));
    Effect::new(|_| {
        crate::browser::keep_other_forms();
        crate::browser::mark_hydrated();
    });
    view! {
        <Title formatter=|text: String| if text.is_empty() { "Peerage".to_owned() } else { format!("{text} – Peerage") }/>
        <Router>
            <a class="skip" href="#main">{tr!(app.skip)}</a>
            {load_more(frame, |frame| view! { <TopBar frame=frame/> })}
            <div class="frame">
                {load_more(frame, |frame| frame.me.map(|me| view! { <Sidebar me=me/> }))}
                <main class="page" id="main" tabindex="-1">
                    <Messages frame=frame/>
                    <Site/>
                </main>
            </div>
            {load_more(frame, |frame| view! { <Foot frame=frame/> })}
        </Router>
    }
}

/// The message of this visit, until one goes on to another page.
#[component]
fn Messages(frame: Resource<Result<Frame, Failure>>) -> impl IntoView {
    let path = use_location().pathname;
    let here = path.get_untracked();
    let same = Memo::new(move |_| *path.read() == here);
    view! {
        <Show when=move || same.get()>
            {load_more(frame, |frame| frame.flash.map(|flash| view! { <FlashMessage flash=flash/> }))}
        </Show>
    }
}

/// The site map.
#[component]
fn Site() -> impl IntoView {
    view! {
        <Routes fallback=public::NotFound>
            <Route path=path!("/") view=public::DirectoryPage ssr=SsrMode::Async/>
            <Route path=path!("/locations/:id") view=public::LocationPage ssr=SsrMode::Async/>
            <Route path=path!("/partners/:key") view=public::PartnerPage ssr=SsrMode::Async/>
            <Route path=path!("/sign-in") view=public::SignInPage ssr=SsrMode::Async/>
            <Route path=path!("/welcome/:token") view=public::WelcomePage ssr=SsrMode::Async/>
            <Route path=path!("/help") view=public::HelpPage ssr=SsrMode::Async/>
            <Route path=path!("/home") view=public::HomePage ssr=SsrMode::Async/>

            <Route path=path!("/connections") view=customer::ConnectionsPage ssr=SsrMode::Async/>
            <Route path=path!("/connections/new/:id/basics") view=customer::BasicsStep ssr=SsrMode::Async/>
            <Route path=path!("/connections/new/:id/site") view=customer::SiteStep ssr=SsrMode::Async/>
            <Route path=path!("/connections/new/:id/prefixes") view=customer::PrefixesStep ssr=SsrMode::Async/>
            <Route path=path!("/connections/new/:id/review") view=customer::ReviewStep ssr=SsrMode::Async/>
            <Route path=path!("/connections/:id/prefixes/:prefix") view=customer::PrefixPage ssr=SsrMode::Async/>
            <Route path=path!("/connections/:id/change") view=customer::ChangePage ssr=SsrMode::Async/>
            <Route path=path!("/activate/:key") view=customer::HandOverPage ssr=SsrMode::Async/>
            <Route path=path!("/connections/:id") view=customer::ConnectionPage ssr=SsrMode::Async/>
            <Route path=path!("/events") view=customer::EventsPage ssr=SsrMode::Async/>

            <Route path=path!("/partner") view=partner::PeeringsPage ssr=SsrMode::Async/>
            <Route path=path!("/partner/service") view=partner::ServicePage ssr=SsrMode::Async/>
            <Route path=path!("/partner/prefixes") view=partner::RegisteredPage ssr=SsrMode::Async/>
            <Route path=path!("/partner/prefixes/:id") view=partner::RegistrationPage ssr=SsrMode::Async/>
            <Route path=path!("/partner/customers") view=partner::CustomersPage ssr=SsrMode::Async/>
            <Route path=path!("/partner/asns") view=partner::AsnsPage ssr=SsrMode::Async/>
            <Route path=path!("/partner/asns/new") view=partner::NewAsnPage ssr=SsrMode::Async/>
            <Route path=path!("/partner/asns/:id") view=partner::AsnPage ssr=SsrMode::Async/>
            <Route path=path!("/partner/peerings/new/:id/place") view=partner::PlaceStep ssr=SsrMode::Async/>
            <Route path=path!("/partner/peerings/new/:id/sessions") view=partner::SessionsStep ssr=SsrMode::Async/>
            <Route path=path!("/partner/peerings/new/:id/review") view=partner::ReviewStep ssr=SsrMode::Async/>
            <Route path=path!("/partner/peerings/:id") view=partner::PeeringPage ssr=SsrMode::Async/>

            <Route path=path!("/peerings/:id/:number/routes") view=partner::RoutesPage ssr=SsrMode::Async/>
            <Route path=path!("/peerings/:id/:number/glass") view=partner::GlassPage ssr=SsrMode::Async/>

            <Route path=path!("/ops/queue") view=operator::QueuePage ssr=SsrMode::Async/>
            <Route path=path!("/ops/peerings") view=operator::PeeringsPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/peerings/:id") view=operator::ReviewPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/asns") view=operator::AsnsPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/asns/:id") view=operator::AsnReviewPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/locations") view=operator::LocationsPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/routers") view=operator::RoutersPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/routers/:id") view=operator::RouterPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/import") view=operator::ImportsPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/import/:id") view=operator::ImportPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/organisations") view=operator::OrganisationsPage ssr=SsrMode::Async/>

            <Route path=path!("/incidents") view=incidents::IncidentsPage ssr=SsrMode::Async/>
            <Route path=path!("/incidents/:id") view=incidents::IncidentPage ssr=SsrMode::Async/>
            <Route path=path!("/alerts") view=incidents::AlertsPage ssr=SsrMode::Async/>
            <Route path=path!("/expectations") view=incidents::ExpectationsPage ssr=SsrMode::Async/>
            <Route path=path!("/ops/sources") view=incidents::SourcesPage ssr=SsrMode::Async/>

            <Route path=path!("/probes") view=ProbesPage ssr=SsrMode::Async/>
            <Route path=path!("/reports") view=manager::ReportPage ssr=SsrMode::Async/>
            <Route path=path!("/reports/:span/:day") view=manager::ReportPage ssr=SsrMode::Async/>
            <Route path=path!("/insights/latency") view=manager::LatencyPage ssr=SsrMode::Async/>
        </Routes>
    }
}
