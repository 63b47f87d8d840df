//! Waiting for the server, showing its failures, and hearing of changes.

use crate::{
    app::Visit,
    rpc::{Failure, FailureKind},
};
use leptos::{either::Either, prelude::*};

/// Shows what a resource gives, or why it gave nothing. While it is asked again, the old
/// content stays.
pub fn load<T, V>(resource: Resource<Result<T, Failure>>, show: impl Fn(T) -> V + Clone + Send + Sync + 'static) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let visit = use_context::<Visit>();
    view! {
        <Transition fallback=|| view! { <p class="wait" role="status">{tr!(app.loading)}</p> }>
            {move || {
                let show = show.clone();
                Suspend::new(async move {
                    // Forms show what the frame knows of their last try.
                    if let Some(Visit(frame)) = visit {
                        let _ = frame.await;
                    }
                    match resource.await {
                        Ok(value) => Either::Left(show(value)),
                        Err(failure) => Either::Right(failure_view(failure)),
                    }
                })
            }}
        </Transition>
    }
}

/// Like [`load`], for a second part of a page: why there is nothing is said by the first.
pub fn load_more<T, V>(resource: Resource<Result<T, Failure>>, show: impl Fn(T) -> V + Clone + Send + Sync + 'static) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    view! {
        <Transition>
            {move || {
                let show = show.clone();
                Suspend::new(async move { resource.await.ok().map(show) })
            }}
        </Transition>
    }
}

/// A failure as a page of its own.
pub fn failure_view(failure: Failure) -> impl IntoView {
    let title = match failure.kind {
        FailureKind::SignedOut => tr!(failure.signed_out),
        FailureKind::Forbidden => tr!(failure.forbidden),
        FailureKind::NotFound => tr!(failure.not_found),
        FailureKind::Refused => tr!(failure.refused),
        FailureKind::Conflict => tr!(failure.conflict),
        FailureKind::Fault => tr!(failure.fault),
    };
    let signed_out = failure.kind == FailureKind::SignedOut;
    view! {
        <leptos_meta::Title text=title.clone()/>
        <div class="blank">
            <h1>{title}</h1>
            <p>{failure.message}</p>
            <p>
                {if signed_out {
                    Either::Left(view! { <a class="btn main" href=super::frame::sign_in_here()>{tr!(nav.sign_in)}</a> })
                } else {
                    Either::Right(view! { <a class="btn main" href="/home">{tr!(failure.start)}</a>" "<a class="btn" href="/">{tr!(failure.home)}</a> })
                }}
            </p>
        </div>
    }
}

/// Asks a resource again whenever the server says that `subject` changed.
pub fn live<T: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static>(
    subject: impl Fn() -> String + 'static,
    resource: Resource<Result<T, Failure>>,
) -> RwSignal<bool> {
    // Without scripts nothing is live.
    let connected = RwSignal::new(false);
    let visit = use_context::<Visit>();
    Effect::new(move |_| {
        // Only those who are signed in hear of anything.
        let frame = visit.and_then(|visit| visit.0.get_untracked()).and_then(Result::ok);
        if frame.as_ref().is_some_and(|frame| frame.me.is_none()) {
            return;
        }
        connected.set(true);
        let heard = frame.map(|frame| frame.heard).unwrap_or_default();
        crate::browser::listen(&subject(), heard, move || resource.refetch(), move |up| connected.set(up));
    });
    connected
}
