//! Verdicts, states, next actors and times: the words that every page repeats.

use crate::components::Icon;
use leptos::prelude::*;
use peerage_domain::{Next, Timestamp, Verdict, peering::StateName};

/// A verdict: shape, word and colour. A pass is quiet.
#[component]
pub fn VerdictMark(
    /// The verdict.
    verdict: Verdict,
    /// Another word than the verdict's.
    #[prop(optional, into)]
    word: Option<String>,
) -> impl IntoView {
    let (icon, default) = match verdict {
        Verdict::Pass => ("tick", tr!(verdict.pass)),
        Verdict::Warn => ("warn", tr!(verdict.warn)),
        Verdict::Fail => ("fail", tr!(verdict.fail)),
        Verdict::Unknown => ("unknown", tr!(verdict.unknown)),
    };
    view! { <span class=format!("st {}", verdict.word())><Icon name=icon/>{word.unwrap_or(default)}</span> }
}

/// The word of a state for people.
pub fn state_name(state: StateName) -> String {
    match state {
        StateName::None => tr!(state.none),
        StateName::PendingApproval => tr!(state.pending_approval),
        StateName::ChangesRequested => tr!(state.changes_requested),
        StateName::Rejected => tr!(state.rejected),
        StateName::Approved => tr!(state.approved),
        StateName::ProvisioningStarted => tr!(state.provisioning_started),
        StateName::ProvisioningFailed => tr!(state.provisioning_failed),
        StateName::ProvisioningCompleted => tr!(state.provisioning_completed),
        StateName::Validating => tr!(state.validating),
        StateName::Active => tr!(state.active),
        StateName::TypeChangeRequested => tr!(state.type_change_requested),
        StateName::TypeChangeInProgress => tr!(state.type_change_in_progress),
        StateName::ExternalBlocker => tr!(state.external_blocker),
        StateName::PendingRemove => tr!(state.pending_remove),
        StateName::Removed => tr!(state.removed),
    }
}

/// The state of a connection: shape, word and colour.
#[component]
pub fn StateBadge(
    /// The state.
    state: StateName,
    /// Large, for the head of a panel.
    #[prop(optional)]
    big: bool,
) -> impl IntoView {
    let (class, icon) = match state {
        StateName::Active => ("pass", "pass"),
        StateName::Rejected | StateName::ProvisioningFailed => ("fail", "fail"),
        StateName::ChangesRequested | StateName::ExternalBlocker | StateName::PendingRemove => ("warn", "warn"),
        StateName::None | StateName::Removed => ("unknown", "unknown"),
        StateName::PendingApproval
        | StateName::Approved
        | StateName::ProvisioningStarted
        | StateName::ProvisioningCompleted
        | StateName::Validating
        | StateName::TypeChangeRequested
        | StateName::TypeChangeInProgress => ("now", "clock"),
    };
    let big = if big { " big" } else { "" };
    view! { <span class=format!("st {class}{big}")><Icon name=icon/>{state_name(state)}</span> }
}

/// The word of an actor for people; the reader is "you" when it is their turn.
pub fn next_name(next: Next, reader_is: Next) -> String {
    if next == reader_is && next != Next::Nobody {
        return tr!(next.you);
    }
    match next {
        Next::Nobody => tr!(next.nobody),
        Next::Requester => tr!(next.requester),
        Next::Provider => tr!(next.provider),
        Next::Operator => tr!(next.operator),
        Next::Portal => tr!(next.portal),
    }
}

/// Who acts next, since when.
#[component]
pub fn NextActor(
    /// Who.
    next: Next,
    /// Who reads.
    reader: Next,
    /// Since when.
    since: Timestamp,
    /// The server's time.
    now: Timestamp,
) -> impl IntoView {
    let name = next_name(next, reader);
    if next == Next::Nobody {
        return view! { <span class="next none">{tr!(next.nobody_acts)}</span> }.into_any();
    }
    view! {
        <span class="next">
            <b>{name}</b>
            " "
            <time datetime=since.to_string() title=since.minute()>{crate::text::language().age(since, now)}</time>
        </span>
    }
    .into_any()
}

/// How long ago, with the exact time in the title.
#[component]
pub fn Ago(
    /// When.
    at: Timestamp,
    /// The server's time.
    now: Timestamp,
) -> impl IntoView {
    view! { <time datetime=at.to_string() title=at.minute()>{tr!(time.ago, age = crate::text::language().age(at, now))}</time> }
}

/// An identifier with a button that copies it.
#[component]
pub fn Copy(
    /// The identifier.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let value = text.clone();
    let label = tr!(copy.label, text = text.clone());
    view! {
        <button
            class="copy"
            type="button"
            aria-label=label
            on:click=move |_| {
                crate::browser::copy(&value);
                copied.set(true);
            }
        >
            {text}
            <span class="copied" role="status">{move || copied.get().then(|| tr!(copy.done))}</span>
            <Icon name="copy"/>
        </button>
    }
}
