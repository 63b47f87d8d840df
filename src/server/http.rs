//! The routes of the server.

use crate::{
    app::App,
    rpc::{Failure, FailureKind},
    server::{
        api,
        assets::Assets,
        document::shell,
        exports, forms, live, security,
        sessions::{SESSION_LIFE_S, Sessions},
    },
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use leptos::{
    config::LeptosOptions,
    prelude::{provide_context, use_context},
};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use peerage_service::Service;
use std::{sync::LazyLock, time::Duration};
use tower_http::{compression::CompressionLayer, services::ServeDir};
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite};

/// What handlers share.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The use cases.
    pub service: Service,
    /// Names of static files.
    pub assets: Assets,
    /// What Leptos wants to know.
    pub options: LeptosOptions,
}

/// Largest form: ten thousand prefixes fit with room to spare.
pub(crate) const FORM_BYTES: usize = 2 * 1024 * 1024;
/// How long an answer may take until its first byte: longer than any change of a router.
const ANSWER: Duration = Duration::from_secs(120);

/// The pages. They are listed once in a process: while Leptos lists them, no resource of any page
/// in the process may load, and one that begins then never ends (`SuppressResourceLoad`).
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// Everything that the server answers.
pub fn router(state: AppState, secure_cookies: bool) -> Router {
    let sessions = SessionManagerLayer::new(Sessions(state.service.clone()))
        .with_name("peerage")
        .with_same_site(SameSite::Lax)
        .with_http_only(true)
        .with_secure(secure_cookies)
        .with_expiry(Expiry::OnInactivity(time::Duration::seconds(SESSION_LIFE_S)));
    let context = {
        let state = state.clone();
        move || {
            provide_context(state.service.clone());
            provide_context(state.assets.clone());
            // What is made for nobody in particular, such as the list of routes, is English.
            let headers = use_context::<Parts>().map(|parts| parts.headers);
            provide_context(headers.as_ref().map(forms::language_of).unwrap_or_default());
        }
    };
    // An address without a page gets the app's own answer, with its status.
    let nothing = Router::new().fallback(leptos_axum::render_app_async_with_context(context.clone(), shell)).layer(sessions.clone());
    let pages = Router::new()
        .leptos_routes_with_context(&state, ROUTES.clone(), context, shell)
        .route("/live", get(live::listen))
        .route("/peerings/{id}/{number}/routes.csv", get(exports::routes))
        .route("/metrics", get(crate::server::api::metrics))
        .route("/peerings/{id}/{number}/loa.pdf", get(exports::loa))
        .merge(api::router())
        .layer(middleware::from_fn(readable_refusals))
        .layer(sessions);
    let files =
        ServeDir::new(&state.assets.dir).precompressed_br().precompressed_gzip().append_index_html_on_directories(false).fallback(nothing);
    Router::new()
        .merge(pages)
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .fallback_service(files)
        .layer(middleware::from_fn(security::same_site))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(state.assets.clone(), security::caching))
        .layer(middleware::from_fn(security::headers))
        .with_state(state)
}

/// A form that could not even be read is answered by the page it came from, with a message.
async fn readable_refusals(session: Session, request: Request, next: Next) -> Response {
    let form = request.method() == Method::POST && request.uri().path().starts_with("/rpc/");
    let Ok(mut response) = tokio::time::timeout(ANSWER, next.run(request)).await else {
        tracing::error!("an answer took longer than {ANSWER:?} and was given up");
        return (StatusCode::SERVICE_UNAVAILABLE, "The answer took too long. Load the page again.\n").into_response();
    };
    if form
        && let Some(back) = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok())
        && let Some(path) = forms::unreadable(&session, back).await
        && let Ok(path) = HeaderValue::from_str(&path)
    {
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(header::LOCATION, path);
    } else if form && response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        return told_by_status(response).await;
    }
    response
}

/// Leptos answers 500 to a caller that is no browser, whatever went wrong; what the caller can
/// mend is told by a status of its own (RFC 9110 §15.5).
async fn told_by_status(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, FORM_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Ok(failure) = serde_json::from_slice::<Failure>(&bytes) {
        parts.status = match failure.kind {
            FailureKind::SignedOut => StatusCode::UNAUTHORIZED,
            FailureKind::Forbidden => StatusCode::FORBIDDEN,
            FailureKind::NotFound => StatusCode::NOT_FOUND,
            FailureKind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            FailureKind::Conflict => StatusCode::CONFLICT,
            FailureKind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        };
    }
    Response::from_parts(parts, axum::body::Body::from(bytes))
}

async fn ready(State(service): State<Service>) -> impl IntoResponse {
    match service.store().ping().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}
