//! Forms that work without JavaScript: plain posts to server functions.

use crate::{app::Visit, rpc::Typed};
use leptos::{prelude::*, server_fn::ServerFn};

/// The address of a server function, for the `action` of a form.
pub fn action<F: ServerFn>() -> &'static str {
    F::url()
}

/// A button that posts one thing, with hidden fields.
#[component]
pub fn Post(
    /// Where to.
    to: &'static str,
    /// Names and values.
    fields: Vec<(&'static str, String)>,
    /// What the button says.
    #[prop(into)]
    label: String,
    /// Class of the button.
    #[prop(default = "btn")]
    class: &'static str,
) -> impl IntoView {
    let hidden = fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! { <form method="post" action=to class="inline">{hidden}<button class=class type="submit">{label}</button></form> }
}

/// What was typed into a form that was just refused; empty when it was not. Inside of
/// [`super::load`] the answer is known: the frame comes before the page.
pub fn typed_before(form: &str) -> Typed {
    let frame = use_context::<Visit>().and_then(|visit| visit.0.get_untracked());
    let typed = frame.and_then(Result::ok).and_then(|frame| frame.typed);
    typed.filter(|typed| typed.form == form).unwrap_or_default()
}

/// A form that shows again what was typed into it, when it was just refused.
pub fn typed_again<V: IntoView + 'static>(form: impl AsRef<str>, show: impl Fn(Typed) -> V) -> V {
    show(typed_before(form.as_ref()))
}

/// Stands before the buttons of a form that decides something: Enter in a field presses the
/// first submit button, and this one does nothing.
pub fn no_default() -> impl IntoView {
    view! { <button class="visually-hidden" type="submit" disabled aria-hidden="true" tabindex="-1"></button> }
}

/// Where an operator takes somebody's prefix off, with a reason.
pub fn take_off(to: &'static str, fields: Vec<(&'static str, String)>) -> impl IntoView {
    let hidden = fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! {
        <section class="panel narrow-left" aria-labelledby="h-off">
            <div class="phead"><h2 id="h-off">{tr!(take_off.title)}</h2><p>{tr!(take_off.help)}</p></div>
            <form class="pbody form" method="post" action=to>
                {hidden}
                <Field id="note" label=tr!(take_off.note)>
                    <input id="note" class="field" name="note" maxlength="500" value=typed_before("take-off").get("note") autocomplete="off"/>
                </Field>
                <div class="row"><button class="btn stop" type="submit">{tr!(take_off.act)}</button></div>
            </form>
        </section>
    }
}

/// A label, a control, help below it, and what is wrong with it.
#[component]
pub fn Field(
    /// Id of the control.
    #[prop(into)]
    id: String,
    /// What is asked.
    #[prop(into)]
    label: String,
    /// How to answer.
    #[prop(optional, into)]
    help: String,
    /// What is wrong.
    #[prop(optional, into)]
    error: String,
    /// The control.
    children: Children,
) -> impl IntoView {
    let wrong = !error.is_empty();
    view! {
        <div class="field-row" class:wrong=wrong>
            <label for=id.clone()>{label}</label>
            {children()}
            {(!help.is_empty()).then(|| view! { <p class="help" id=format!("{id}-help")>{help}</p> })}
            {wrong.then(|| view! { <p class="error" id=format!("{id}-error")>{error}</p> })}
        </div>
    }
}
