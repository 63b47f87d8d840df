//! `/peerings/PR-88/1/routes`: what the operator's router receives on a connection.

use crate::{
    components::{Breadcrumbs, Column, Copy, EmptyList, ListSearch, Pager, SortedHead, VerdictMark, load, query_from_url},
    pages::param,
    rpc::edge::{RouteRow, RoutesView, read_routes},
    text::say,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{Verdict, catalogue::Query, rpki::OriginState};

/// The routes of one connection.
#[component]
pub fn RoutesPage() -> impl IntoView {
    let (id, number, query) = (param("id"), param("number"), query_from_url());
    let asked = move || (id.get(), number.get().parse().unwrap_or(0), query.get());
    let found = Resource::new_blocking(asked, |(id, number, query)| read_routes(id, number, query));
    load(found, move |found| view! { <Routes found=found query=query.get_untracked()/> })
}

#[component]
fn Routes(found: RoutesView, query: Query) -> impl IntoView {
    let path = format!("/peerings/{}/{}/routes", found.peering, found.connection);
    let title = tr!(routes.heading, peer = found.network.0.clone(), n = found.connection);
    let kinds = vec![("accepted".to_owned(), tr!(routes.accepted)), ("refused".to_owned(), tr!(routes.refused))];
    let (accepted, refused) = found.counts;
    let search = view! {
        <div class="phead">
            <h2 id="h-routes">{tr!(routes.counts, accepted = accepted, refused = refused)}</h2>
            <ListSearch query=query.clone() path=path.clone() hint=tr!(routes.search) kinds=kinds/>
        </div>
    };
    let list = if found.routes.items.is_empty() {
        view! { <EmptyList total=found.routes.total query=query path=path text=tr!(routes.empty)><a class="btn" href="/home">{tr!(failure.start)}</a></EmptyList> }.into_any()
    } else {
        let columns = vec![
            Column::text("prefix", tr!(connection.prefix)),
            Column::text("", tr!(routes.verdict)),
            Column::text("", tr!(routes.origin)),
            Column::text("path", tr!(events.path)),
            Column::text("", tr!(routes.next_hop)),
        ];
        let rows = found.routes.items.into_iter().map(row).collect_view();
        view! {
            <div class="scroll"><table class="tbl cards"><SortedHead columns=columns query=query.clone() path=path.clone()/><tbody>{rows}</tbody></table></div>
            <Pager total=found.routes.total limit=found.routes.limit query=query path=path/>
        }
        .into_any()
    };
    let csv = format!("/peerings/{}/{}/routes.csv", found.peering, found.connection);
    view! {
        <Title text=title.clone()/>
        <div>
            <Breadcrumbs trail=vec![(format!("/partner/peerings/{}", found.peering), found.peering.clone())]/>
            <div class="title"><h1>{title}</h1><Copy text=found.network.1.to_string()/><div class="acts"><a class="btn" href=csv rel="external" download="">{tr!(routes.csv)}</a></div></div>
        </div>
        <section class="panel" aria-labelledby="h-routes">{search}{list}</section>
    }
}

fn row(route: RouteRow) -> impl IntoView {
    let (verdict, word) = if route.refused.is_empty() {
        (Verdict::Pass, tr!(routes.accepted))
    } else {
        (Verdict::Fail, route.refused.iter().map(say).collect::<Vec<_>>().join(", "))
    };
    let origin = match route.origin {
        Some(OriginState::Valid) => view! { <VerdictMark verdict=Verdict::Pass word=tr!(routes.valid)/> }.into_any(),
        Some(OriginState::Invalid) => view! { <VerdictMark verdict=Verdict::Fail word=tr!(routes.invalid)/> }.into_any(),
        Some(OriginState::NotFound) => view! { <VerdictMark verdict=Verdict::Warn word=tr!(routes.not_found)/> }.into_any(),
        None => view! { <VerdictMark verdict=Verdict::Unknown word=tr!(routes.unknown)/> }.into_any(),
    };
    view! {
        <tr>
            <td class="key mono" data-l=tr!(connection.prefix)>{route.prefix}</td>
            <td data-l=tr!(routes.verdict)><VerdictMark verdict=verdict word=word/></td>
            <td data-l=tr!(routes.origin)>{origin}</td>
            <td class="mono" data-l=tr!(events.path)>{route.path}</td>
            <td class="mono" data-l=tr!(routes.next_hop)>{route.next_hop}</td>
        </tr>
    }
}
