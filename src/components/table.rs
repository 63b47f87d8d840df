//! Lists: sorted, filtered and paged on the server, with their state in the URL.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use peerage_domain::catalogue::Query;

/// The list's state from the URL.
pub fn query_from_url() -> Memo<Query> {
    let map = use_query_map();
    Memo::new(move |_| {
        let map = map.read();
        let get = |name: &str| map.get(name).unwrap_or_default();
        Query {
            search: get("search").chars().take(100).collect(),
            country: get("country"),
            metro: get("metro"),
            kind: get("kind"),
            partner: get("partner"),
            state: get("state"),
            sort: get("sort"),
            descending: get("desc") == "1",
            offset: get("offset").parse().unwrap_or(0),
        }
    })
}

/// A column: its word in the URL, empty when it cannot be sorted by, and its title.
pub struct Column {
    /// Word in the URL.
    pub sort: &'static str,
    /// Title.
    pub title: String,
    /// Whether it holds numbers.
    pub number: bool,
}

impl Column {
    /// A column of text; without a title it holds buttons.
    pub fn text(sort: &'static str, title: impl Into<String>) -> Self {
        Column { sort, title: title.into(), number: false }
    }

    /// A column of numbers.
    pub fn number(sort: &'static str, title: impl Into<String>) -> Self {
        Column { sort, title: title.into(), number: true }
    }
}

/// How a list stands to one of its columns, and the address that sorts by it.
struct Order {
    here: bool,
    order: &'static str,
    arrow: &'static str,
    href: String,
}

impl Order {
    fn by(column: &str, query: &Query, path: &str) -> Order {
        let here = query.sort == column;
        let target = Query { sort: column.into(), descending: here && !query.descending, offset: 0, ..query.clone() };
        let (order, arrow) = match (here, query.descending) {
            (false, _) => ("none", ""),
            (true, false) => ("ascending", " ↑"),
            (true, true) => ("descending", " ↓"),
        };
        Order { here, order, arrow, href: format!("{path}{}", target.url()) }
    }
}

/// The head of a table; a click sorts, another one turns the order round.
#[component]
pub fn SortedHead(
    /// The columns.
    columns: Vec<Column>,
    /// The state of the list.
    query: Query,
    /// Path of the page.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let head = move |column: Column| {
        let number = if column.number { "num" } else { "" };
        if column.title.is_empty() {
            return view! { <td></td> }.into_any();
        }
        if column.sort.is_empty() {
            return view! { <th scope="col" class=number>{column.title}</th> }.into_any();
        }
        let Order { here, order, arrow, href } = Order::by(column.sort, &query, &path);
        view! {
            <th scope="col" class=number class:sortd=here aria-sort=order>
                <a href=href>{column.title}{arrow}</a>
            </th>
        }
        .into_any()
    };
    view! { <thead><tr>{columns.into_iter().map(head).collect_view()}</tr></thead> }
}

/// What a list that is no table can be sorted by.
#[component]
pub fn SortLinks(
    /// The words in the URL and their titles.
    columns: Vec<(&'static str, String)>,
    /// The state of the list.
    query: Query,
    /// Path of the page.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let link = move |(column, title): (&str, String)| {
        let Order { here, order, arrow, href } = Order::by(column, &query, &path);
        let spoken = (here && order == "descending").then(|| view! { <span class="visually-hidden">{tr!(pager.descending)}</span> });
        view! { <li><a href=href aria-current=here.then_some("true")>{title}{arrow}{spoken}</a></li> }
    };
    view! { <nav class="sorts" aria-label=tr!(pager.sort)><span aria-hidden="true">{tr!(pager.sort)}</span><ul>{columns.into_iter().map(link).collect_view()}</ul></nav> }
}

/// The search field of a list; the list's order stays.
#[component]
pub fn ListSearch(
    /// The state of the list.
    query: Query,
    /// Path of the page.
    #[prop(into)]
    path: String,
    /// What can be searched for.
    #[prop(into)]
    hint: String,
    /// Values and words to filter by, where the list has kinds.
    #[prop(optional)]
    kinds: Vec<(String, String)>,
) -> impl IntoView {
    let id = format!("search-{}", path.trim_matches('/').replace('/', "-"));
    let keep = |name: &'static str, value: String| (!value.is_empty()).then(|| view! { <input type="hidden" name=name value=value/> });
    let chosen = query.kind.clone();
    let kinds = (!kinds.is_empty()).then(|| {
        let options = kinds.into_iter().map(|(value, word)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{word}</option> }
        });
        let options: Vec<_> = options.collect();
        view! { <select class="field" name="kind" aria-label=tr!(filter.only)><option value="">{tr!(filter.any)}</option>{options}</select> }
    });
    view! {
        <form class="acts" method="get" action=path role="search" aria-label=tr!(filter.label)>
            <label class="visually-hidden" for=id.clone()>{tr!(filter.search)}</label>
            <input id=id.clone() class="field" type="search" name="search" value=query.search.clone() placeholder=hint/>
            {kinds}
            {keep("sort", query.sort.clone())}
            {keep("desc", if query.descending { "1".to_owned() } else { String::new() })}
            <button class="btn" type="submit">{tr!(filter.show)}</button>
        </form>
    }
}

/// Which part of a list is shown, and the ways to the others.
#[component]
pub fn Pager(
    /// Rows in all.
    total: u64,
    /// Rows on a page.
    limit: u32,
    /// The state of the list.
    query: Query,
    /// Path of the page.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let offset = query.offset;
    let last = (u64::from(offset) + u64::from(limit)).min(total);
    let link = move |offset: u32, label: String| {
        let url = format!("{path}{}", Query { offset, ..query.clone() }.url());
        view! { <a class="btn sm" href=url>{label}</a> }
    };
    let back = (offset > 0).then(|| link(offset.saturating_sub(limit), tr!(pager.back)));
    let on = (last < total).then(|| link(offset + limit, tr!(pager.on)));
    view! {
        <div class="below">
            <span>{tr!(pager.range, first = (u64::from(offset) + 1).min(total), last = last, total = total)}</span>
            <span class="push"></span>
            {back}
            {on}
        </div>
    }
}

/// What a list shows when it has no row to show: past its end, or nothing matches, or
/// there is nothing at all.
#[component]
pub fn EmptyList(
    /// Rows in all.
    total: u64,
    /// The state of the list.
    query: Query,
    /// Path of the page.
    #[prop(into)]
    path: String,
    /// One sentence for when there is nothing at all.
    #[prop(into)]
    text: String,
    /// A way on, for when there is nothing at all.
    children: Children,
) -> impl IntoView {
    if total > 0 {
        let first = format!("{path}{}", Query { offset: 0, ..query }.url());
        return view! { <Empty text=tr!(pager.past, total = total)><a class="btn" href=first>{tr!(pager.first)}</a></Empty> }.into_any();
    }
    if query.is_filtered() {
        return view! { <Empty text=tr!(filter.nothing)><a class="btn" href=path>{tr!(filter.clear)}</a></Empty> }.into_any();
    }
    view! { <Empty text=text>{children()}</Empty> }.into_any()
}

/// What is shown when something is empty.
#[component]
pub fn Empty(
    /// One sentence.
    #[prop(into)]
    text: String,
    /// A way on.
    children: Children,
) -> impl IntoView {
    view! { <div class="blank in-panel"><p>{text}</p><div class="row">{children()}</div></div> }
}
