//! Signing in, setting the first password, and the way to one's own start page.

use crate::{
    app::Visit,
    components::{Field, action, load, load_more},
    pages::param,
    rpc::accounts::{SetPassword, SignIn, link_owner},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{components::Redirect, hooks::use_query_map};
use peerage_domain::access::Role;

/// `/sign-in`
#[component]
pub fn SignInPage() -> impl IntoView {
    let query = use_query_map();
    let next = query.with_untracked(|q| q.get("next").unwrap_or_default());
    let visit = expect_context::<Visit>().0;
    view! {
        <Title text=tr!(sign_in.title)/>
        <section class="panel narrow">
            <div class="phead"><h1>{tr!(sign_in.title)}</h1></div>
            <form class="pbody form" method="post" action={action::<SignIn>()}>
                <input type="hidden" name="next" value=next/>
                <Field id="email" label=tr!(sign_in.email)>
                    <input id="email" class="field" name="email" type="email" autocomplete="username" required/>
                </Field>
                <Field id="password" label=tr!(sign_in.password)>
                    <input id="password" class="field" name="password" type="password" autocomplete="current-password" required/>
                </Field>
                <button class="btn main" type="submit">{tr!(sign_in.button)}</button>
            </form>
            {load_more(visit, |frame| frame.demo.then(|| view! {
                <p class="below">{tr!(sign_in.demo)}</p>
            }))}
        </section>
    }
}

/// `/welcome/TOKEN`: a one-time link.
#[component]
pub fn WelcomePage() -> impl IntoView {
    let token = param("token");
    let owner = Resource::new_blocking(move || token.get(), link_owner);
    load(owner, move |(name, email)| {
        view! {
            <Title text=tr!(welcome.title)/>
            <section class="panel narrow">
                <div class="phead"><h1>{tr!(welcome.hello, name = name)}</h1></div>
                <form class="pbody form" method="post" action={action::<SetPassword>()}>
                    <input type="hidden" name="token" value=token.get_untracked()/>
                    <Field id="email" label=tr!(sign_in.email)>
                        <input id="email" class="field" type="email" autocomplete="username" readonly value=email/>
                    </Field>
                    <Field id="password" label=tr!(welcome.password) help=tr!(welcome.help)>
                        <input id="password" class="field" name="password" type="password" autocomplete="new-password" minlength="12" required aria-describedby="password-help"/>
                    </Field>
                    <button class="btn main" type="submit">{tr!(welcome.button)}</button>
                </form>
            </section>
        }
    })
}

/// `/home`: the start page of the person's role.
#[component]
pub fn HomePage() -> impl IntoView {
    let visit = expect_context::<Visit>().0;
    load(visit, |frame| {
        let roles = frame.me.map(|me| me.roles).unwrap_or_default();
        let path = if roles.contains(&Role::Operator) {
            "/ops/queue"
        } else if roles.contains(&Role::Partner) {
            "/partner"
        } else if roles.contains(&Role::Customer) {
            "/connections"
        } else if roles.contains(&Role::Manager) {
            "/insights/latency"
        } else {
            "/sign-in"
        };
        view! { <Redirect path=path/> }
    })
}
