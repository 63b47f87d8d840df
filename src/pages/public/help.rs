//! `/help`: what the states mean, drawn from the table that the program obeys.

use crate::{
    components::{chart::StatesDiagram, load, next_name, state_name},
    rpc::directory::no_such_page,
};
use leptos::prelude::*;
use leptos_meta::Title;
use peerage_domain::{
    Next,
    peering::{Flow, MACHINE, Party, StateName, Verb},
};

/// What one does to come from one state to another.
pub(crate) fn verb_name(verb: Verb) -> String {
    match verb {
        Verb::Submit => tr!(verb.submit),
        Verb::Approve => tr!(verb.approve),
        Verb::AssignAddresses => tr!(verb.assign_addresses),
        Verb::RequestChanges => tr!(verb.request_changes),
        Verb::Resubmit => tr!(verb.resubmit),
        Verb::IssueLoa => tr!(verb.issue_loa),
        Verb::AcknowledgeLoa => tr!(verb.acknowledge_loa),
        Verb::Reject => tr!(verb.reject),
        Verb::Withdraw => tr!(verb.withdraw),
        Verb::ReportConfigured => tr!(verb.report_configured),
        Verb::CompleteProvisioning => tr!(verb.complete_provisioning),
        Verb::FailProvisioning => tr!(verb.fail_provisioning),
        Verb::Retry => tr!(verb.retry),
        Verb::StartValidation => tr!(verb.start_validation),
        Verb::PassValidation => tr!(verb.pass_validation),
        Verb::FailValidation => tr!(verb.fail_validation),
        Verb::SkipValidation => tr!(verb.skip_validation),
        Verb::StepBack => tr!(verb.step_back),
        Verb::RequestTypeChange => tr!(verb.request_type_change),
        Verb::AcceptTypeChange => tr!(verb.accept_type_change),
        Verb::DeclineTypeChange => tr!(verb.decline_type_change),
        Verb::Adopt => tr!(verb.adopt),
        Verb::EnableService => tr!(verb.enable_service),
        Verb::DisableService => tr!(verb.disable_service),
        Verb::Block => tr!(verb.block),
        Verb::Unblock => tr!(verb.unblock),
        Verb::RequestRemoval => tr!(verb.request_removal),
        Verb::UndoRemoval => tr!(verb.undo_removal),
        Verb::CompleteRemoval => tr!(verb.complete_removal),
    }
}

fn meaning(state: StateName) -> String {
    match state {
        StateName::None => tr!(meaning.none),
        StateName::PendingApproval => tr!(meaning.pending_approval),
        StateName::ChangesRequested => tr!(meaning.changes_requested),
        StateName::Rejected => tr!(meaning.rejected),
        StateName::Approved => tr!(meaning.approved),
        StateName::ProvisioningStarted => tr!(meaning.provisioning_started),
        StateName::ProvisioningFailed => tr!(meaning.provisioning_failed),
        StateName::ProvisioningCompleted => tr!(meaning.provisioning_completed),
        StateName::Validating => tr!(meaning.validating),
        StateName::Active => tr!(meaning.active),
        StateName::TypeChangeRequested => tr!(meaning.type_change_requested),
        StateName::TypeChangeInProgress => tr!(meaning.type_change_in_progress),
        StateName::ExternalBlocker => tr!(meaning.external_blocker),
        StateName::PendingRemove => tr!(meaning.pending_remove),
        StateName::Removed => tr!(meaning.removed),
    }
}

/// The help page.
#[component]
pub fn HelpPage() -> impl IntoView {
    let states = StateName::ALL
        .iter()
        .map(|&s| view! { <tr><td class="key" data-l=tr!(help.state)>{state_name(s)}</td><td class="v" data-l=tr!(help.next)>{next_name(s.next(), Next::Nobody)}</td><td data-l=tr!(help.meaning)>{meaning(s)}</td></tr> })
        .collect_view();
    let steps = MACHINE
        .iter()
        .map(|s| {
            let by = match s.by {
                Party::Requester => next_name(Next::Requester, Next::Nobody),
                Party::Operator => next_name(Next::Operator, Next::Nobody),
                Party::Portal => next_name(Next::Portal, Next::Nobody),
            };
            let flow = if s.flow == Flow::Any { String::new() } else { s.flow.word().to_owned() };
            view! { <tr><td data-l=tr!(help.from)>{state_name(s.from)}</td><td class="key" data-l=tr!(help.step)>{verb_name(s.verb)}</td><td data-l=tr!(help.to)>{state_name(s.to)}</td><td data-l=tr!(help.by)>{by}</td><td data-l=tr!(help.only)>{flow}</td></tr> }
        })
        .collect_view();
    view! {
        <Title text=tr!(help.title)/>
        <h1>{tr!(help.heading)}</h1>
        <p class="sub">{tr!(help.intro)}</p>
        <section class="panel" aria-labelledby="diagram">
            <div class="phead"><h2 id="diagram">{tr!(help.diagram)}</h2><p>{tr!(help.drawn)}" "<a href="/api/v1/states" rel="external">{tr!(help.data)}</a></p></div>
            <p class="only-narrow below">{tr!(help.sideways)}</p>
            <div class="scroll pbody" tabindex="0" role="region" aria-label=tr!(help.scroll)><StatesDiagram/></div>
        </section>
        <section class="panel" aria-labelledby="states">
            <div class="phead"><h2 id="states">{tr!(help.states)}</h2></div>
            <div class="scroll"><table class="tbl cards"><thead><tr><th scope="col">{tr!(help.state)}</th><th scope="col">{tr!(help.next)}</th><th scope="col">{tr!(help.meaning)}</th></tr></thead><tbody>{states}</tbody></table></div>
        </section>
        <section class="panel" aria-labelledby="steps">
            <div class="phead"><h2 id="steps">{tr!(help.steps)}</h2></div>
            <div class="scroll"><table class="tbl tight cards"><thead><tr><th scope="col">{tr!(help.from)}</th><th scope="col">{tr!(help.step)}</th><th scope="col">{tr!(help.to)}</th><th scope="col">{tr!(help.by)}</th><th scope="col">{tr!(help.only)}</th></tr></thead><tbody>{steps}</tbody></table></div>
        </section>
    }
}

/// Any other address: the server says so, with its status.
#[component]
pub fn NotFound() -> impl IntoView {
    let asked = Resource::new_blocking(|| (), |()| no_such_page());
    load(asked, |()| ())
}
