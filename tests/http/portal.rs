//! A portal in this process, and what browsers and programs do with it.

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use peerage::server::{
    assets::Assets,
    http::{AppState, router},
    voice::say_in,
};
use peerage_service::{Clock, Service, demo, secrets::Vault};
use peerage_storage::Store;
use tower::ServiceExt;

pub(crate) struct Portal {
    pub(crate) router: Router,
    pub(crate) service: Service,
    _dir: tempfile::TempDir,
}

pub(crate) async fn portal() -> Portal {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = Store::open(&format!("sqlite:{}", dir.path().join("test.db").display())).await.expect("opens");
    let now = Clock::System.now();
    let clock = Clock::held(now);
    let service = Service::new(store, clock.clone(), demo::settings(), Vault::ephemeral().expect("random")).speaking(say_in);
    service.build_demo(&clock, now).await.expect("demo world");
    let options = leptos::config::LeptosOptions::builder().output_name("peerage").build();
    let state = AppState { service: service.clone(), assets: Assets::default(), options };
    Portal { router: router(state, false), service, _dir: dir }
}

impl Portal {
    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("the router always answers")
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> (StatusCode, String) {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).expect("request");
        text(self.send(request).await).await
    }

    /// Sends the form of a page as a browser does, and gives where it leads and what stands there.
    pub(crate) async fn submit(&self, page: &str, action: &str, form: &str, cookie: &str) -> (String, String) {
        let target = form_target(&self.get(page, cookie).await.1, action);
        let request = Request::post(target)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html")
            .header(header::REFERER, format!("http://portal{page}"))
            .body(Body::from(form.to_owned()));
        let answer = self.send(request.expect("request")).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{page} {action}");
        let to = answer.headers()[header::LOCATION].to_str().expect("text").to_owned();
        let (_, next) = self.get(&to, cookie).await;
        (to, next)
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, form: &str) -> Response<Body> {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::REFERER, "http://portal/sign-in")
            .body(Body::from(form.to_owned()))
            .expect("request");
        self.send(request).await
    }

    /// Signs in through the form and gives the cookie.
    pub(crate) async fn sign_in(&self, persona: &str) -> String {
        let (_, page) = self.get("/sign-in", "").await;
        let form = format!("email={persona}%40demo.example&password=peerage+demo+world&next=");
        let answer = self.post(&form_target(&page, "/rpc/sign_in"), "", &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        cookie.split(';').next().expect("a cookie").to_owned()
    }

    pub(crate) async fn api(&self, path: &str, token: &str, body: &str) -> (StatusCode, serde_json::Value) {
        let request = Request::post(path).header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::from(body.to_owned()));
        let (status, body) = text(self.send(request.expect("request")).await).await;
        (status, serde_json::from_str(&body).expect("the API answers in JSON"))
    }
}

pub(crate) async fn text(answer: Response<Body>) -> (StatusCode, String) {
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 24).await.expect("body");
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

/// The address that a form on a page posts to.
pub(crate) fn form_target(page: &str, start: &str) -> String {
    let at = page.find(&format!("action=\"{start}")).unwrap_or_else(|| panic!("no form for {start}"));
    page[at + 8..].split('"').next().expect("quoted").to_owned()
}

/// The value that follows a piece of a page, up to a quote.
pub(crate) fn after<'a>(page: &'a str, piece: &str) -> &'a str {
    let at = page.find(piece).unwrap_or_else(|| panic!("the page has no {piece}"));
    page[at + piece.len()..].split('"').next().expect("quoted")
}
