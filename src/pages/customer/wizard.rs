//! `/connections/new/D-7/…`: registering a connection, a page a step, kept on the server.

use crate::{
    components::{Breadcrumbs, Field, Post, PrefixEditor, VerdictMark, action, load, owned_elsewhere, typed_before},
    pages::param,
    rpc::connections::{DraftView, RegisterConnection, SaveBasics, SavePrefixes, SaveSite, read_connection_draft},
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Verdict,
    catalogue::{Partner, PartnerLocation},
};

const STEPS: [&str; 4] = ["basics", "site", "prefixes", "review"];

fn step_name(step: &str) -> String {
    match step {
        "basics" => tr!(wizard.basics),
        "site" => tr!(wizard.site),
        "prefixes" => tr!(wizard.prefixes),
        _ => tr!(wizard.review),
    }
}

/// The frame of every step: title, where one is, and the step itself.
fn step<V: IntoView + 'static>(name: &'static str, show: impl Fn(DraftView) -> V + Clone + Send + Sync + 'static) -> impl IntoView {
    let id = param("id");
    let draft = Resource::new_blocking(move || id.get(), read_connection_draft);
    load(draft, move |mut view| {
        let typed = typed_before(&format!("draft/{}", view.id));
        let kept = [("name", &mut view.draft.name), ("prefixes", &mut view.draft.prefixes)];
        kept.into_iter().for_each(|(name, text)| typed.get(name).into_iter().for_each(|typed| *text = typed));
        let links = STEPS
            .into_iter()
            .enumerate()
            .map(|(n, s)| {
                let label = step_name(s);
                view! { <li><a href=format!("/connections/new/{}/{s}", view.id) aria-current=(s == name).then_some("step")><span class="i">{n + 1}</span><span class="w">{label}</span></a></li> }
            })
            .collect_view();
        view! {
            <Title text=tr!(wizard.step_title, step = step_name(name))/>
            <div>
                <Breadcrumbs trail=vec![("/connections".into(), tr!(connections.title))]/>
                <h1>{tr!(wizard.title)}</h1>
            </div>
            <nav aria-label=tr!(wizard.steps)><ol class="wizard">{links}</ol></nav>
            {show(view)}
        }
    })
}

/// The first step: a name.
#[component]
pub fn BasicsStep() -> impl IntoView {
    step("basics", |view| {
        // An empty name is not wrong before anything was typed.
        let error = if view.draft.name.is_empty() { String::new() } else { view.name_problem.clone().unwrap_or_default() };
        view! {
            <section class="panel narrow-left">
                <form class="pbody form" method="post" action={action::<SaveBasics>()}>
                    <input type="hidden" name="id" value=view.id/>
                    <Field id="name" label=tr!(wizard.name) help=tr!(wizard.name_help) error=error>
                        <input id="name" class="field" name="name" value=view.draft.name maxlength="80" required autocomplete="off" aria-describedby="name-help"/>
                    </Field>
                    <button class="btn main" type="submit">{tr!(wizard.on)}</button>
                </form>
            </section>
        }
    })
}

fn option(value: String, label: String, chosen: &str) -> impl IntoView + use<> {
    let selected = value == chosen;
    view! { <option value=value selected=selected>{label}</option> }
}

/// The second step: where the site is and who connects it.
#[component]
pub fn SiteStep() -> impl IntoView {
    step("site", |view| {
        let draft = view.draft.clone();
        let countries = view.countries.iter().map(|(code, name)| option(code.clone(), name.clone(), &draft.country)).collect_view();
        let state = if view.states.is_empty() {
            view! { <input id="subdivision" class="field" name="subdivision" value=draft.subdivision.clone() autocomplete="address-level1"/> }.into_any()
        } else {
            let states = view.states.iter().map(|(code, name)| option(code.clone(), name.clone(), &draft.subdivision)).collect_view();
            view! { <select id="subdivision" class="field" name="subdivision"><option value="">{tr!(wizard.no_state)}</option>{states}</select> }.into_any()
        };
        let chosen = view.providers.iter().find(|p| p.key == draft.provider).cloned();
        view! {
            <section class="panel">
                <form class="pbody form" method="post" action={action::<SaveSite>()}>
                    <input type="hidden" name="id" value=view.id/>
                    <div class="cols">
                        <Field id="country" label=tr!(wizard.country)>
                            <select id="country" class="field" name="country" required autocomplete="country"><option value="">{tr!(wizard.choose)}</option>{countries}</select>
                        </Field>
                        <Field id="subdivision" label=tr!(wizard.state)>{state}</Field>
                        <div class="field-row"><button class="btn end" type="submit" name="go" value="stay">{tr!(wizard.find)}</button></div>
                    </div>
                    {providers(&view.providers, &draft.provider, !draft.country.is_empty())}
                    {chosen.map(|provider| places(&provider, &draft.primary, &draft.backup))}
                    <button class="btn main" type="submit">{tr!(wizard.on)}</button>
                </form>
            </section>
        }
    })
}

fn distance(location: &PartnerLocation) -> String {
    location.distance_km.map_or_else(String::new, |km| tr!(wizard.km, km = format!("{km:.0}")))
}

fn providers(all: &[Partner], chosen: &str, has_country: bool) -> impl IntoView + use<> {
    const SHOWN: usize = 12;
    if all.is_empty() && has_country {
        return view! { <p class="help">{tr!(wizard.no_provider)}" "<a href="/">{tr!(nav.directory)}</a></p> }.into_any();
    }
    if all.is_empty() {
        return view! { <p class="help">{tr!(wizard.first_country)}</p> }.into_any();
    }
    let (near, far) = all.split_at(all.len().min(SHOWN));
    let far_chosen = far.iter().any(|p| p.key == chosen);
    let count = far.len();
    let near = near.iter().map(|p| provider_pick(p, chosen)).collect_view();
    let far = far.iter().map(|p| provider_pick(p, chosen)).collect_view();
    view! {
        <fieldset class="field-row">
            <legend>{tr!(wizard.provider)}</legend>
            <div class="picks">{near}</div>
            {(count > 0).then(|| view! { <details open=far_chosen><summary>{tr!(wizard.more_providers, n = count)}</summary><div class="picks">{far}</div></details> })}
        </fieldset>
        <p><button class="btn" type="submit" name="go" value="stay">{tr!(wizard.places)}</button></p>
    }
    .into_any()
}

fn provider_pick(provider: &Partner, chosen: &str) -> impl IntoView + use<> {
    let nearest = provider.locations.first();
    let id = format!("p-{}", provider.key);
    let serves = nearest.map(|l| tr!(wizard.nearest, city = l.city.clone(), distance = distance(l), n = provider.locations.len()));
    view! {
        <label class="pick" for=id.clone()>
            <input id=id.clone() type="radio" name="provider" value=provider.key.clone() checked=provider.key == chosen/>
            <span><b>{provider.name.clone()}</b>" "<span class="mono muted">{provider.key.clone()}</span><small>{serves}</small></span>
        </label>
    }
}

fn places(provider: &Partner, primary: &str, backup: &str) -> impl IntoView + use<> {
    let label = |l: &PartnerLocation| format!("{} · {} · {}", l.city, l.name, distance(l));
    let primaries = provider.locations.iter().map(|l| option(l.id.clone(), label(l), primary)).collect_view();
    let backups = provider.locations.iter().map(|l| option(l.id.clone(), label(l), backup)).collect_view();
    view! {
        <div class="cols">
            <Field id="primary" label=tr!(wizard.primary) help=tr!(wizard.primary_help)>
                <select id="primary" class="field" name="primary">{primaries}</select>
            </Field>
            <Field id="backup" label=tr!(wizard.backup) help=tr!(wizard.backup_help)>
                <select id="backup" class="field" name="backup"><option value="">{tr!(wizard.none)}</option>{backups}</select>
            </Field>
        </div>
    }
}

/// The third step: the prefixes that are used at the site.
#[component]
pub fn PrefixesStep() -> impl IntoView {
    step("prefixes", |view| {
        view! {
            <section class="panel">
                <form class="pbody form" method="post" action={action::<SavePrefixes>()}>
                    <input type="hidden" name="id" value=view.id/>
                    // The first submit button is the one that Enter presses.
                    <button class="visually-hidden" type="submit" tabindex="-1" aria-hidden="true">{tr!(wizard.on)}</button>
                    <label for="prefixes">{tr!(wizard.prefixes_label)}</label>
                    <p class="help" id="prefixes-help">{tr!(wizard.prefixes_help)}</p>
                    <PrefixEditor text=view.draft.prefixes known=view.known elsewhere={owned_elsewhere(&view.judged)} repair_by_form=true/>
                    <div class="acts row">
                        <button class="btn main" type="submit">{tr!(wizard.on)}</button>
                        <button class="btn" type="submit" name="go" value="stay">{tr!(wizard.check)}</button>
                    </div>
                </form>
            </section>
        }
    })
}

/// The last step: everything on one page.
#[component]
pub fn ReviewStep() -> impl IntoView {
    step("review", |view| {
        let draft = view.draft.clone();
        let provider = view.providers.iter().find(|p| p.key == draft.provider);
        let place = |id: &str| {
            provider.and_then(|p| p.locations.iter().find(|l| l.id == id)).map(|l| format!("{}, {} ({})", l.city, l.name, distance(l)))
        };
        let country = view.countries.iter().find(|(code, _)| *code == draft.country).map(|(_, name)| name.clone());
        let failed = view.judged.iter().filter(|j| j.verdict() == Verdict::Fail).count();
        let missing = || tr!(review.missing);
        let site = country.map(|c| if draft.subdivision.is_empty() { c } else { format!("{c}, {}", draft.subdivision) });
        let prefix_words = if view.judged.is_empty() { tr!(review.no_prefixes) } else { tr!(review.n_prefixes, n = view.judged.len()) };
        let ready = view.name_problem.is_none() && provider.is_some() && place(&draft.primary).is_some() && failed == 0;
        let id = view.id.clone();
        let change = move |step: &str| {
            view! { <dd><a href=format!("/connections/new/{id}/{step}")>{tr!(review.change)}<span class="visually-hidden">" "{step_name(step)}</span></a></dd> }
        };
        view! {
            <section class="panel" aria-labelledby="all">
                <div class="phead"><h2 id="all">{tr!(review.title)}</h2></div>
                <dl class="pbody review">
                    <div><dt>{tr!(wizard.name)}</dt><dd>{if draft.name.is_empty() { missing() } else { draft.name.clone() }}{view.name_problem.clone().map(|p| view! { <p class="error">{p}</p> })}</dd>{change("basics")}</div>
                    <div><dt>{tr!(connections.site)}</dt><dd>{site.unwrap_or_else(missing)}</dd>{change("site")}</div>
                    <div><dt>{tr!(connections.provider)}</dt><dd>{provider.map_or_else(missing, |p| p.name.clone())}</dd>{change("site")}</div>
                    <div><dt>{tr!(wizard.primary)}</dt><dd>{place(&draft.primary).unwrap_or_else(missing)}</dd>{change("site")}</div>
                    <div><dt>{tr!(wizard.backup)}</dt><dd>{place(&draft.backup).unwrap_or_else(|| tr!(wizard.none))}</dd>{change("site")}</div>
                    <div><dt>{tr!(wizard.prefixes)}</dt><dd>{prefix_words}" "{(failed > 0).then(|| view! { <VerdictMark verdict=Verdict::Fail word=tr!(prefixes.fail, n = failed)/> })}</dd>{change("prefixes")}</div>
                </dl>
                <div class="below">
                    <span>{if ready { tr!(review.next) } else { tr!(review.not_yet) }}</span>
                    <span class="push"></span>
                    <Post to={action::<RegisterConnection>()} fields=vec![("id", view.id.clone())] label=tr!(review.submit) class="btn main"/>
                </div>
            </section>
        }
    })
}
