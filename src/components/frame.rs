//! The frame around every page: top bar, navigation by role, messages, footer.

use crate::text::{field_name, say};
use crate::{
    components::{Copy, Icon, action},
    rpc::{
        Flash, KeyRow,
        accounts::{ChooseOrganisation, Frame, Me, SignOut, SwitchLanguage},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_location;
use peerage_domain::{Language, access::Role, catalogue::percent};

const MARK: &str = r##"<path class="own" d="M5.2 1.5h5.3v21H5.2a2.7 2.7 0 0 1-2.7-2.7V4.2a2.7 2.7 0 0 1 2.7-2.7z"/><path class="peer" d="M12 1.5h3.25a6.75 6.75 0 0 1 0 13.5H12z"/><path class="path" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" d="M6.5 18.6V9.8a1.55 1.55 0 0 1 1.55-1.55H14"/><circle class="end" cx="15.3" cy="8.25" r="2"/>"##;

/// The sign-in page, which leads back to where one is.
pub(super) fn sign_in_here() -> impl Fn() -> String + Clone {
    let location = use_location();
    move || {
        let (path, query) = (location.pathname.get(), location.search.get());
        match path.as_str() {
            "/" | "/sign-in" | "/welcome" => "/sign-in".into(),
            _ if query.is_empty() => format!("/sign-in?next={}", percent(&path)),
            _ => format!("/sign-in?next={}", percent(&format!("{path}?{}", query.trim_start_matches('?')))),
        }
    }
}

/// The bar at the top.
#[component]
pub fn TopBar(
    /// What the server says of this visit.
    frame: Frame,
) -> impl IntoView {
    let sign_in_here = sign_in_here();
    let account = match frame.me.clone() {
        Some(me) => Either::Left(account_menu(me)),
        None => Either::Right(view! { <a class="btn" href=sign_in_here>{tr!(nav.sign_in)}</a> }),
    };
    let asn = frame.operator_asn.clone();
    view! {
        <header class="bar">
            <a class="brand" href="/" aria-label="Peerage">
                <svg class="mark" viewBox="0 0 24 24" aria-hidden="true" inner_html=MARK></svg>
                <span>"Peerage"</span>
            </a>
            <span class="sep" aria-hidden="true"></span>
            <span class="org">{frame.operator_name}" "{(!frame.demo).then(|| view! { <small class="mono">{asn}</small> })}</span>
            <form class="find" role="search" action="/" method="get" aria-label=tr!(nav.search)>
                <Icon name="search"/>
                <label class="visually-hidden" for="find">{tr!(nav.search)}</label>
                <input id="find" name="search" type="search" placeholder=tr!(nav.search_hint)/>
            </form>
            <span class="push"></span>
            <a class="iconbtn" href="/help" aria-label=tr!(nav.help)><Icon name="help"/></a>
            <ThemeButton/>
            {account}
        </header>
    }
}

fn account_menu(me: Me) -> impl IntoView {
    let initials: String = me.name.split_whitespace().filter_map(|w| w.chars().next()).take(2).collect();
    let others = me
        .organisations
        .iter()
        .filter(|(.., current)| !current)
        .map(|(id, name, _)| {
            view! {
                <form method="post" action={action::<ChooseOrganisation>()}>
                    <input type="hidden" name="id" value=id.clone()/>
                    <button class="btn quiet" type="submit">{name.clone()}</button>
                </form>
            }
        })
        .collect_view();
    view! {
        <details class="menu">
            <summary class="who" aria-label=tr!(nav.account, name = me.name.clone())>{initials}</summary>
            <div class="sheet">
                <p><b>{me.name}</b><br/><span class="muted">{me.organisation}</span></p>
                {others}
                <form method="post" action={action::<SignOut>()}>
                    <button class="btn" type="submit">{tr!(nav.sign_out)}</button>
                </form>
            </div>
        </details>
    }
}

/// Switches between light and dark; the choice is a cookie, so it works without scripts.
#[component]
fn ThemeButton() -> impl IntoView {
    view! {
        <form method="post" action={action::<crate::rpc::accounts::SwitchTheme>()} class="inline">
            <button class="iconbtn" type="submit" aria-label=tr!(nav.theme)><Icon name="theme"/></button>
        </form>
    }
}

/// Who sees an entry, where it leads, its icon and its words.
fn entries(me: &Me) -> Vec<(&'static str, &'static str, String, Option<u64>)> {
    let is = |role| me.roles.contains(&role);
    let mut all = vec![];
    if is(Role::Operator) {
        all.push(("/ops/queue", "inbox", tr!(nav.queue), Some(me.waiting)));
        all.push(("/ops/peerings", "seam", tr!(nav.all_peerings), None));
        all.push(("/ops/locations", "place", tr!(nav.locations), None));
        all.push(("/ops/routers", "pulse", tr!(routers.title), None));
        if !is(Role::Partner) {
            all.push(("/partner/service", "place", tr!(service_page.title), None));
            all.push(("/partner/prefixes", "list", tr!(registered.title), None));
        }
        all.push(("/ops/organisations", "people", tr!(nav.organisations), None));
    }
    if is(Role::Partner) {
        all.push(("/partner", "seam", tr!(nav.peerings), None));
        all.push(("/partner/service", "place", tr!(service_page.title), None));
        all.push(("/partner/prefixes", "list", tr!(registered.title), None));
        all.push(("/partner/asns", "people", tr!(nav.asns), None));
    }
    if is(Role::Customer) || is(Role::Manager) || is(Role::Operator) {
        all.push(("/insights/latency", "pulse", tr!(nav.latency), None));
        all.push(("/reports", "list", tr!(reports.title), None));
        all.push(("/connections", "seam", tr!(nav.connections), None));
        all.push(("/events", "list", tr!(nav.events), None));
    }
    all.push(("/incidents", "burst", tr!(incidents.title), None));
    if is(Role::Customer) || is(Role::Partner) {
        all.push(("/alerts", "bell", tr!(alerts.title), None));
    }
    all.push(("/probes", "pulse", tr!(probes.title), None));
    all.push(("/", "search", tr!(nav.directory), None));
    all
}

/// What lies below `/partner` and has an entry of its own.
const OWN_ENTRY: [&str; 3] = ["/partner/asns", "/partner/service", "/partner/prefixes"];

/// The navigation of somebody who is signed in.
#[component]
pub fn Sidebar(
    /// Who.
    me: Me,
) -> impl IntoView {
    let path = use_location().pathname;
    let links = entries(&me)
        .into_iter()
        .map(|(href, icon, label, count)| {
            let here = move || {
                let path = path.get();
                let inside = href != "/" && path.starts_with(&format!("{href}/")) && !(href == "/partner" && OWN_ENTRY.iter().any(|own| path.starts_with(own)));
                (path == href || inside).then_some("page")
            };
            view! { <li><a href=href aria-current=here><Icon name=icon/>{label}{count.map(|n| view! { <span class="n">{n}</span> })}</a></li> }
        })
        .collect_view();
    view! { <nav class="nav" aria-label=tr!(nav.main)><ul>{links}</ul></nav> }
}

/// A message that is shown once, after a form.
#[component]
pub fn FlashMessage(
    /// The message.
    flash: Flash,
) -> impl IntoView {
    match flash {
        Flash::Done(words) => {
            view! { <div class="call done" role="status"><Icon name="pass"/><div><p><b>{words}</b></p></div></div> }.into_any()
        }
        Flash::Failed(failure) => {
            let fields = failure.fields.iter().filter(|f| f.finding.verdict == peerage_domain::Verdict::Fail);
            let list = fields
                .map(|f| view! { <li>{tr!(flash.field, n = f.connection + 1, field = field_name(&f.field), what = say(&f.finding.sentence))}</li> })
                .collect_view();
            let more = failure.more.iter().map(|sentence| view! { <li>{sentence.clone()}</li> }).collect_view();
            view! { <div class="call" role="alert"><Icon name="fail"/><div><p><b>{failure.message}</b></p><ul>{list}{more}</ul></div></div> }
                .into_any()
        }
        Flash::Keys(keys) => view! { <NewKeys keys=keys/> }.into_any(),
        // It is opened before it comes here.
        Flash::Sealed(_) => ().into_any(),
        Flash::Secret { what, value } => view! {
            <div class="call done" role="status">
                <Icon name="pass"/>
                <div><p><b>{what}</b></p><p>{tr!(flash.once)}</p><p><code class="secret">{value}</code></p></div>
            </div>
        }
        .into_any(),
    }
}

/// Keys of which each row is shown; longer lists are taken as a file.
const KEYS_SHOWN: usize = 25;

/// Keys that were just made: to copy, to hand over as links, to take as a file.
#[component]
fn NewKeys(keys: Vec<KeyRow>) -> impl IntoView {
    // A spreadsheet would run what begins like a formula.
    let plain = |text: &str| if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    let quoted = |text: &str| format!("\"{}\"", plain(text).replace('"', "\"\""));
    let line = |key: &KeyRow| format!("{},{},{},{}\r\n", key.what, quoted(&key.name), key.key, key.link);
    let csv = format!("for,name,key,link\r\n{}", keys.iter().map(line).collect::<String>());
    let file = format!("data:text/csv;charset=utf-8,{}", peerage_domain::catalogue::percent(&csv));
    let total = keys.len();
    let rows = keys
        .into_iter()
        .take(KEYS_SHOWN)
        .map(|key| {
            view! {
                <tr>
                    <td class="key mono" data-l=tr!(keys.what)>{key.what}<small class="muted">{key.name}</small></td>
                    <td data-l=tr!(registered.key)><Copy text=key.key/></td>
                    <td data-l=tr!(keys.link)><Copy text=key.link/></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="panel done" aria-labelledby="h-new-keys">
            <div class="phead">
                <h2 id="h-new-keys">{tr!(keys.title, n = total)}</h2>
                <p>{tr!(keys.once)}</p>
                <div class="acts"><a class="btn main" href=file download="prefix-keys.csv" rel="external">{tr!(keys.file)}</a></div>
            </div>
            <div class="scroll"><table class="tbl cards">
                <thead><tr><th scope="col">{tr!(keys.what)}</th><th scope="col">{tr!(registered.key)}</th><th scope="col">{tr!(keys.link)}</th></tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
            {(total > KEYS_SHOWN).then(|| view! { <p class="pbody muted">{tr!(keys.more, n = KEYS_SHOWN)}</p> })}
        </section>
    }
}

/// Where the page stands.
#[component]
pub fn Breadcrumbs(
    /// Addresses and words, from the outside.
    trail: Vec<(String, String)>,
) -> impl IntoView {
    let items = trail.into_iter().map(|(href, label)| view! { <li><a href=href>{label}</a></li> }).collect_view();
    view! { <nav aria-label=tr!(nav.breadcrumb)><ol class="crumbs">{items}</ol></nav> }
}

/// The footer.
#[component]
pub fn Foot(
    /// What the server says of this visit.
    frame: Frame,
) -> impl IntoView {
    let demo = frame.demo.then(|| {
        view! {
            <span>{tr!(foot.demo)}</span>
        }
    });
    let edge = (!frame.real_edge).then(|| view! { <span>{tr!(foot.edge)}</span> });
    view! {
        <footer class="foot">
            {demo}
            {edge}
            <a href="/help">{tr!(foot.help)}</a>
            <a href="/api/openapi.json" rel="external">{tr!(foot.api)}</a>
            <Languages/>
        </footer>
    }
}

/// The other languages, each by its own name; the choice is a cookie, so it works without scripts.
#[component]
fn Languages() -> impl IntoView {
    let current = crate::text::language();
    let buttons = Language::ALL
        .into_iter()
        .map(|language| {
            let code = language.code();
            let here = (language == current).then_some("true");
            view! { <button type="submit" name="language" value=code lang=code aria-current=here>{language.own_name()}</button> }
        })
        .collect_view();
    view! { <form class="langs" method="post" action={action::<SwitchLanguage>()} aria-label=tr!(foot.language)>{buttons}</form> }
}
