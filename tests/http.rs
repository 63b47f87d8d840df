//! The server in this process: routes, sessions by role, headers, the REST API.

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use peerage::server::{
    assets::Assets,
    http::{AppState, router},
};
use peerage_domain::Timestamp;
use peerage_service::{Clock, Service, demo, secrets::Vault};
use peerage_storage::Store;
use tower::ServiceExt;

struct Portal {
    router: Router,
    service: Service,
    _dir: tempfile::TempDir,
}

async fn portal() -> Portal {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = Store::open(&format!("sqlite:{}", dir.path().join("test.db").display())).await.expect("opens");
    let now = Clock::System.now();
    let clock = Clock::held(now);
    let service = Service::new(store, clock.clone(), demo::settings(), Vault::ephemeral().expect("random"));
    service.build_demo(&clock, now).await.expect("demo world");
    let options = leptos::config::LeptosOptions::builder().output_name("peerage").build();
    let state = AppState { service: service.clone(), assets: Assets::default(), options };
    Portal { router: router(state, false), service, _dir: dir }
}

impl Portal {
    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("the router always answers")
    }

    async fn get(&self, path: &str, cookie: &str) -> (StatusCode, String) {
        let request = Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).expect("request");
        text(self.send(request).await).await
    }

    /// Sends the form of a page as a browser does, and gives where it leads and what stands there.
    async fn submit(&self, page: &str, action: &str, form: &str, cookie: &str) -> (String, String) {
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

    async fn post(&self, path: &str, cookie: &str, form: &str) -> Response<Body> {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::REFERER, "http://portal/sign-in")
            .body(Body::from(form.to_owned()))
            .expect("request");
        self.send(request).await
    }

    /// Signs in through the form and gives the cookie.
    async fn sign_in(&self, persona: &str) -> String {
        let (_, page) = self.get("/sign-in", "").await;
        let form = format!("email={persona}%40demo.example&password=peerage+demo+world&next=");
        let answer = self.post(&form_target(&page, "/rpc/sign_in"), "", &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        cookie.split(';').next().expect("a cookie").to_owned()
    }

    async fn api(&self, path: &str, token: &str, body: &str) -> (StatusCode, serde_json::Value) {
        let request = Request::post(path).header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::from(body.to_owned()));
        let (status, body) = text(self.send(request.expect("request")).await).await;
        (status, serde_json::from_str(&body).expect("the API answers in JSON"))
    }
}

async fn text(answer: Response<Body>) -> (StatusCode, String) {
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 24).await.expect("body");
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

/// The address that a form on a page posts to.
fn form_target(page: &str, start: &str) -> String {
    let at = page.find(&format!("action=\"{start}")).unwrap_or_else(|| panic!("no form for {start}"));
    page[at + 8..].split('"').next().expect("quoted").to_owned()
}

const PAGES: [(&str, &[&str]); 22] = [
    ("/connections", &["customer", "manager", "operator"]),
    ("/connections/CN-1", &["customer", "manager", "operator"]),
    ("/probes", &["customer", "manager", "partner", "operator"]),
    ("/insights/latency", &["customer", "manager", "operator"]),
    ("/events", &["customer", "manager", "operator"]),
    ("/incidents", &["customer", "manager", "partner", "operator"]),
    ("/incidents/IN-1", &["customer", "manager", "partner", "operator"]),
    ("/alerts", &["customer", "manager", "partner", "operator"]),
    ("/expectations", &["customer", "manager", "partner", "operator"]),
    ("/ops/sources", &["operator"]),
    ("/partner", &["partner"]),
    ("/partner/asns/PA-1", &["partner", "operator"]),
    ("/partner/customers", &["partner"]),
    ("/partner/service", &["partner", "operator"]),
    ("/partner/prefixes", &["partner", "operator"]),
    ("/connections/CN-1/prefixes/193.0.16.0_24", &["customer", "manager", "operator"]),
    ("/connections/CN-1/change", &["customer"]),
    ("/ops/queue", &["operator"]),
    ("/ops/routers", &["operator"]),
    ("/ops/import", &["operator"]),
    ("/ops/locations", &["operator"]),
    ("/ops/organisations", &["operator"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_its_pages() {
    let portal = portal().await;
    for persona in ["customer", "manager", "partner", "operator"] {
        let cookie = portal.sign_in(persona).await;
        for (path, allowed) in PAGES {
            let (status, page) = portal.get(path, &cookie).await;
            let wanted = if allowed.contains(&persona) { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(status, wanted, "{persona} {path}");
            assert!(page.contains("<h1"), "{persona} {path} has a heading");
        }
    }
    for (path, _) in PAGES {
        assert_eq!(portal.get(path, "").await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_end_while_other_portals_start() {
    let portal = portal().await;
    let state = AppState {
        service: portal.service.clone(),
        assets: Assets::default(),
        options: leptos::config::LeptosOptions::builder().output_name("peerage").build(),
    };
    let starting = tokio::spawn(async move {
        for _ in 0..20 {
            drop(router(state.clone(), false));
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..20 {
        assert_eq!(portal.get("/sign-in", "").await.0, StatusCode::OK);
    }
    starting.await.expect("started");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_connection_is_not_found() {
    let portal = portal().await;
    let link =
        portal.service.add_person("Nordbank", "sven@nordbank.example", "Sven", "customer".parse().expect("role")).await.expect("added");
    let (_, page) = portal.get(&format!("/welcome/{link}"), "").await;
    let form = format!("token={link}&password=a+sentence+is+fine");
    let answer = portal.post(&form_target(&page, "/rpc/set_password"), "", &form).await;
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text").split(';').next().expect("cookie").to_owned();
    let foreign = portal.get("/connections/CN-1", &cookie).await;
    let missing = portal.get("/connections/CN-999", &cookie).await;
    assert_eq!((foreign.0, missing.0), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    let (_, again) = portal.get(&format!("/welcome/{link}"), "").await;
    assert!(again.contains("has been used or has expired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_leads_back_with_a_message_shown_once() {
    let portal = portal().await;
    let (_, page) = portal.get("/sign-in", "").await;
    let answer = portal.post(&form_target(&page, "/rpc/sign_in"), "", "email=customer%40demo.example&password=wrong&next=").await;
    assert_eq!(answer.headers()[header::LOCATION], "/sign-in");
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text").split(';').next().expect("cookie").to_owned();
    assert!(portal.get("/sign-in", &cookie).await.1.contains("the password is wrong"));
    assert!(!portal.get("/sign-in", &cookie).await.1.contains("the password is wrong"));
}

#[tokio::test(flavor = "multi_thread")]
async fn telemetry_comes_in_by_token_and_goes_out_by_session() {
    let portal = portal().await;
    let token = portal.service.add_token("Fjordbank", "probe").await.expect("token");
    let time = portal.service.clock().now().plus_secs(-60);
    let body = format!(
        r#"{{"samples":[{{"series":"CN-1/Probe","time":"{time}","rtt_ms":12.5}},{{"series":"CN-1/Probe","time":"{time}","rtt_ms":-1}}]}}"#
    );
    let path = "/api/v1/telemetry/latency";
    let (status, receipt) = portal.api(path, &token, &body).await;
    assert_eq!((status, receipt["accepted"].as_u64(), receipt["refused"][0]["index"].as_u64()), (StatusCode::OK, Some(1), Some(1)));
    assert_eq!(portal.api(path, &token, &body).await.1["repeated"], true);
    assert_eq!(portal.api(path, "wrong", &body).await.0, StatusCode::UNAUTHORIZED);
    let (status, problem) = portal.api(path, &token, "{").await;
    assert_eq!((status, problem["status"].as_u64()), (StatusCode::BAD_REQUEST, Some(400)));
    let cookie = portal.sign_in("customer").await;
    let query = format!("{path}?series=CN-1/Probe&from={}&to={}", time.plus_secs(-600), time.plus_secs(600));
    let (status, course) = portal.get(&query, &cookie).await;
    assert_eq!(status, StatusCode::OK);
    assert!(course.contains("\"n\":1") && course.contains("12.4"), "{course}");
    let future = Timestamp::from_secs(time.secs() + 86_400);
    let event = format!(r#"{{"events":[{{"time":"{future}","kind":"PrefixWithdrawalEvent","prefix":"193.0.16.0/24"}}]}}"#);
    assert_eq!(portal.api("/api/v1/telemetry/events", &token, &event).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_comes_from_files_atlas_and_probers() {
    let portal = portal().await;
    let token = portal.service.add_token("Fjordbank", "import").await.expect("token");
    let now = portal.service.clock().now();
    let send = async |query: &str, body: String| {
        let request = Request::post(format!("/api/v1/telemetry/latency/import{query}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body))
            .expect("request");
        text(portal.send(request).await).await
    };
    let csv = format!("time,series,rtt_ms\n{now},CN-1/Oslo,8.5\n{now},CN-1/Oslo,\n{now},CN-1/Oslo,-1\n");
    let (status, kept) = send("", csv.clone()).await;
    assert!(status == StatusCode::OK && kept.contains("\"accepted\":2") && kept.contains("line 4"), "{kept}");
    assert!(send("", csv).await.1.contains("\"repeated\":true"));
    let page = |requests: u64, below: u64| {
        format!(
            "# TYPE smokeping_requests_total counter\nsmokeping_requests_total{{host=\"a\",ip=\"\"}} {requests}\n\
             smokeping_response_duration_seconds_bucket{{host=\"a\",le=\"0.01\"}} {below}\n\
             smokeping_response_duration_seconds_bucket{{host=\"a\",le=\"+Inf\"}} {below}\n"
        )
    };
    assert_eq!(send("", page(10, 10)).await.0, StatusCode::UNPROCESSABLE_ENTITY, "of which connection?");
    assert_eq!(send("?connection=CN-99", page(10, 10)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(send("?connection=CN-1", page(10, 10)).await.1.contains("\"accepted\":0"), "when that happened is not known");
    assert!(send("?connection=CN-1", page(17, 15)).await.1.contains("\"accepted\":7"));
    let atlas = format!(
        r#"{{"fw":5080,"type":"ping","af":4,"prb_id":165,"dst_name":"hsi.example","dst_addr":"192.0.2.1","timestamp":{},"sent":3,"rcvd":2,"result":[{{"rtt":9.5}},{{"rtt":9.7}},{{"x":"*"}}]}}"#,
        now.secs() - 60
    );
    let (status, kept) = send("?connection=CN-1", atlas).await;
    assert!(status == StatusCode::OK && kept.contains("\"accepted\":3"), "{kept}");
    assert_eq!(send("", "<html>".into()).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send("", String::new()).await.0, StatusCode::OK, "nothing in it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_the_api_and_the_health_are_public() {
    let portal = portal().await;
    let (_, states) = portal.get("/api/v1/states", "").await;
    let states: serde_json::Value = serde_json::from_str(&states).expect("JSON");
    assert_eq!(states["states"].as_array().map(Vec::len), Some(15));
    assert_eq!(states["steps"].as_array().map(Vec::len), Some(peerage_domain::peering::MACHINE.len()));
    let (_, openapi) = portal.get("/api/openapi.json", "").await;
    assert!(openapi.contains("/api/v1/telemetry/latency"));
    assert_eq!(portal.get("/healthz", "").await.0, StatusCode::OK);
    assert_eq!(portal.get("/readyz", "").await.0, StatusCode::OK);
    assert_eq!(portal.get("/no/such/page", "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_sites_change_nothing() {
    let portal = portal().await;
    let request = Request::post("/rpc/sign_out").header("sec-fetch-site", "cross-site").body(Body::empty()).expect("request");
    assert_eq!(portal.send(request).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_cannot_be_read_leads_back_with_a_message() {
    let portal = portal().await;
    let operator = portal.sign_in("operator").await;
    let waiting = "/ops/peerings/PR-4";
    let large = format!("id=PR-4&connection=1&verb=Approve&note={}", "x".repeat(3 << 20));
    for form in ["id=PR-4&connection=1", "id=PR-4&connection=1&verb=Explode", "id=PR-4&connection=70000&verb=Approve", "", &large] {
        let (to, page) = portal.submit(waiting, "/rpc/step", form, &operator).await;
        assert_eq!(to, waiting);
        assert!(page.contains("could not be read"), "{:.60}", form);
        assert!(!portal.get(waiting, &operator).await.1.contains("could not be read"), "shown once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn received_routes_are_a_file_for_those_who_may_see_them() {
    let portal = portal().await;
    let path = "/peerings/PR-1/1/routes.csv";
    assert_eq!(portal.get(path, "").await.0, StatusCode::UNAUTHORIZED);
    let partner = portal.sign_in("partner").await;
    assert_eq!(
        portal.get(path, &partner).await,
        (StatusCode::OK, "prefix,next_hop,as_path,origin_validation,accepted,refused_for\r\n".to_owned())
    );
    let other = portal.sign_in("second.partner").await;
    assert_eq!(portal.get(path, &other).await.0, StatusCode::NOT_FOUND);
    assert_eq!(portal.get("/peerings/PR-3/1/routes.csv", &partner).await.0, StatusCode::UNPROCESSABLE_ENTITY, "no router yet");
}

/// The value that follows a piece of a page, up to a quote.
fn after<'a>(page: &'a str, piece: &str) -> &'a str {
    let at = page.find(piece).unwrap_or_else(|| panic!("the page has no {piece}"));
    page[at + piece.len()..].split('"').next().expect("quoted")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_peering_goes_from_the_form_to_the_letter() {
    let portal = portal().await;
    let (partner, operator) = (portal.sign_in("partner").await, portal.sign_in("operator").await);
    let (place, _) = portal.submit("/partner", "/rpc/new_peering", "location=", &partner).await;
    let id = place.split('/').nth(4).expect("a draft").to_owned();
    let start = format!("id={id}&asn=AS13030&kind=Direct-Voice");
    let (_, page) = portal.submit(&place, "/rpc/save_place", &format!("{start}&go=stay"), &partner).await;
    let choices = page.split("name=\"location\"").nth(1).expect("locations");
    let location = after(choices, "<option value=\"").to_owned();
    let (sessions, page) = portal.submit(&place, "/rpc/save_place", &format!("{start}&location={location}"), &partner).await;
    assert!(page.contains("operator gives the addresses after approval") && !page.contains("connections[0][session_ipv4]"));
    let form = format!("id={id}&connections[0][max_prefixes_ipv4]=100&connections[0][bandwidth_mbps]=10000&connections[0][link_test]=yes");
    let (review, page) = portal.submit(&sessions, "/rpc/save_sessions", &form, &partner).await;
    assert!(review.ends_with("/review") && page.contains("Direct, voice") && page.contains("BFD"));
    let (peering, _) = portal.submit(&review, "/rpc/submit_peering", &format!("id={id}"), &partner).await;
    let id = peering.rsplit('/').next().expect("an id").to_owned();

    // The operator approves, assigns what its pool offers and issues the letter.
    let ops = format!("/ops/peerings/{id}");
    let (_, page) = portal.submit(&ops, "/rpc/step", &format!("id={id}&connection=1&verb=Approve"), &operator).await;
    let offered = after(page.split("name=\"ipv4\"").nth(1).expect("a field"), "value=\"").replace('/', "%2F");
    portal.submit(&ops, "/rpc/assign_addresses", &format!("id={id}&connection=1&ipv4={offered}"), &operator).await;
    let letter = format!("/peerings/{id}/1/loa.pdf");
    assert_eq!(portal.get(&letter, &partner).await.0, StatusCode::UNPROCESSABLE_ENTITY, "none yet");
    let issue = format!("id={id}&connection=1&verb=IssueLoa&note=Cage+12%2C+panel+A");
    portal.submit(&ops, "/rpc/step", &issue, &operator).await;
    let (status, body) = portal.get(&letter, &partner).await;
    assert!(status == StatusCode::OK && body.starts_with("%PDF-"));
    assert_eq!(portal.get(&letter, &portal.sign_in("second.partner").await).await.0, StatusCode::NOT_FOUND);
    let (_, page) = portal.submit(&peering, "/rpc/step", &format!("id={id}&connection=1&verb=AcknowledgeLoa"), &partner).await;
    assert!(page.contains("Cage 12, panel A") && page.contains("Acknowledged") && page.contains("169.254.1.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_from_before_are_read_kept_and_converted_by_forms() {
    let portal = portal().await;
    let (partner, operator) = (portal.sign_in("partner").await, portal.sign_in("operator").await);
    let (to, page) = portal.submit("/ops/import", "/rpc/read_sessions", "from=csv&text=asn%2Coops%0A1%2C2", &operator).await;
    assert!(to == "/ops/import" && page.contains("cannot be read") && page.contains("asn,oops"), "what was typed comes back");
    let table =
        "from=csv&text=location%2Casn%2Cpeer_ipv4%0ALO-1%2C13030%2C195.69.144.7%0ALO-1%2C64512%2C195.69.144.8%0ALO-1%2C3303%2C195.69.144.9";
    let (preview, page) = portal.submit("/ops/import", "/rpc/read_sessions", table, &operator).await;
    assert!(page.contains("3 networks, 2 of them can be kept") && page.contains("not a public ASN"), "{page}");
    let id = preview.rsplit('/').next().expect("an id").to_owned();
    let (to, page) = portal.submit(&preview, "/rpc/keep_import", &format!("id={id}"), &operator).await;
    assert!(to == preview && page.contains("at least one row"));
    let (to, page) = portal.submit(&preview, "/rpc/keep_import", &format!("id={id}&rows[0]=0&rows[2]=2"), &operator).await;
    assert!(to == "/ops/import" && page.contains("LG-1") && page.contains("LG-2") && page.contains("AS3303"));
    let (_, mine) = portal.get("/partner", &partner).await;
    assert!(mine.contains("Convert LG-") && mine.matches("Convert LG-").count() == 1, "its own only");
    let legacy = format!("LG-{}", after(&mine, "Convert LG-").split('<').next().expect("a number"));
    let (to, page) = portal.submit("/partner", "/rpc/convert_legacy", &format!("id={legacy}"), &partner).await;
    assert!(to.ends_with("/sessions") && page.contains("195.69.144.7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn prefixes_and_metrics_are_read_by_those_whom_they_concern() {
    let portal = portal().await;
    let (customer, partner, operator) =
        (portal.sign_in("customer").await, portal.sign_in("partner").await, portal.sign_in("operator").await);
    let json = async |path: &str, cookie: &str| -> (StatusCode, serde_json::Value) {
        let (status, body) = portal.get(path, cookie).await;
        (status, serde_json::from_str(&body).expect("JSON"))
    };
    let (status, list) = json("/api/v1/connections/CN-1/prefixes?state=Failed", &customer).await;
    assert_eq!((status, list["total"].as_u64()), (StatusCode::OK, Some(1)), "{list}");
    let item = &list["items"][0];
    assert_eq!((item["prefix"].as_str(), item["prefixValidationState"].as_str()), (Some("193.0.17.0/24"), Some("Failed")));
    assert!(item["errorMessage"].as_str().is_some_and(|text| text.contains("8075:8007")));
    assert_eq!(item["learnedType"].as_str(), Some("ViaServiceProvider"));
    assert_eq!(json("/api/v1/connections/CN-1/prefixes", &partner).await.0, StatusCode::FORBIDDEN);
    assert_eq!(json("/api/v1/connections/CN-1/prefixes", "").await.0, StatusCode::UNAUTHORIZED);
    let (_, list) = json("/api/v1/registered-prefixes", &partner).await;
    assert_eq!((list["total"].as_u64(), list["items"][0]["originAsn"].as_u64()), (Some(4), Some(6453)));
    let (_, sessions) = json("/api/v1/sessions", &partner).await;
    assert!(sessions.as_array().is_some_and(|all| all.iter().any(|it| it["sessionAvailability"].as_f64() == Some(1.0))), "{sessions}");
    assert_eq!(portal.get("/metrics", &partner).await.0, StatusCode::FORBIDDEN);
    let (status, text) = portal.get("/metrics", &operator).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        text.contains("peerage_prefixes{state=\"Verified\"}") && text.contains("peerage_bgp_session_up{session=\"PR-5/1/v4\",asn=\"6453\""),
        "{text}"
    );

    // A token of the organisation reads the same.
    let token = portal.service.add_token("Fjordbank", "scripts").await.expect("token");
    let ask =
        Request::get("/api/v1/connections/CN-1/prefixes").header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::empty());
    assert_eq!(portal.send(ask.expect("request")).await.status(), StatusCode::OK);
    let ask = Request::get("/metrics").header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::empty());
    assert_eq!(portal.send(ask.expect("request")).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shown_once_and_handed_over_by_forms() {
    let portal = portal().await;
    let (customer, partner) = (portal.sign_in("customer").await, portal.sign_in("partner").await);
    let form = "peering=PR-5&prefixes=193.0.30.0%2F24%2C%2CFjordbank%0A193.0.31.1%2F24&go=register";
    let (to, page) = portal.submit("/partner/prefixes", "/rpc/register_prefixes", form, &partner).await;
    assert!(to == "/partner/prefixes" && page.contains("1 of 2 lines cannot be registered") && page.contains("193.0.30.0/24,,Fjordbank"));
    let form = "peering=PR-5&prefixes=193.0.30.0%2F24%2C%2CFjordbank&go=register";
    let (_, page) = portal.submit("/partner/prefixes", "/rpc/register_prefixes", form, &partner).await;
    let key = after(&page, "/activate/").split(['"', '<', ' ']).next().expect("a key").to_owned();
    assert_eq!(key.len(), 36, "{key}");
    assert!(!portal.get("/partner/prefixes", &partner).await.1.contains(&key), "shown once");
    let path = format!("/activate/{key}");
    let (_, page) = portal.get(&path, &customer).await;
    assert!(page.contains("registered 193.0.30.0/24 for you"), "{page}");
    let (to, page) = portal.submit(&path, "/rpc/activate_prefixes", &format!("id=CN-1&keys={key}"), &customer).await;
    assert!(to == "/connections/CN-1/prefixes/193.0.30.0_24" && page.contains("193.0.30.0/24"));
    let other = portal.sign_in("second.partner").await;
    assert_eq!(portal.get("/partner/prefixes/RP-1", &other).await.0, StatusCode::NOT_FOUND);
    assert_eq!(portal.get("/connections/CN-1/prefixes/193.0.99.0_24", &customer).await.0, StatusCode::NOT_FOUND);
    assert_eq!(portal.get("/connections/CN-1/prefixes/nonsense", &customer).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_enrols_asks_and_brings_through_the_api() {
    let portal = portal().await;
    let cookie = portal.sign_in("operator").await;
    let (_, page) = portal.submit("/probes", "/rpc/add_probe", "name=Oslo+PoP", &cookie).await;
    let code = after(&page, "--enrol ").split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().expect("a code").to_owned();
    assert!(code.starts_with("enrol_"), "{code}");
    let ask = async |path: &str, token: &str, key: &str, body: String| {
        let request = Request::post(format!("/api/v1/probe/{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("idempotency-key", key)
            .body(Body::from(body))
            .expect("request");
        text(portal.send(request).await).await
    };
    let token = "t".repeat(40);
    let enrol = format!(r#"{{"code":"{code}","token":"{token}"}}"#);
    let wrong = ask("enrol", "", "", r#"{"code":"enrol_x","token":"tttttttttttttttttttttttttttttttttttttttt"}"#.into()).await;
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    assert!(wrong.1.contains("Ask for a new one"), "{}", wrong.1);
    assert_eq!(ask("enrol", "", "", enrol).await.0, StatusCode::OK);
    let (status, orders) = ask("orders", &token, "", "{}".into()).await;
    assert!(status == StatusCode::OK && orders.contains("CN-1 193.0.16.0/24"), "{orders}");
    let now = portal.service.clock().now();
    let results =
        format!(r#"{{"results":[{{"target":"CN-1 193.0.16.0/24","time":"{now}","rtt_ms":12.5}},{{"target":"x","time":"{now}"}}]}}"#);
    let (status, kept) = ask("results", &token, "b1", results.clone()).await;
    assert!(status == StatusCode::OK && kept.contains("\"accepted\":1") && kept.contains("x is not measured any more"), "{kept}");
    assert!(ask("results", &token, "b1", results).await.1.contains("\"repeated\":true"));
    for (token, body, expected) in
        [("", "{}", StatusCode::UNAUTHORIZED), (&code, "{}", StatusCode::UNAUTHORIZED), (&token, "x", StatusCode::BAD_REQUEST)]
    {
        assert_eq!(ask("orders", token, "", body.into()).await.0, expected, "{body}");
    }
    assert_eq!(
        ask("traces/TR-9", &token, "", r#"{"time":"2026-01-01T00:00:00Z","hops":[],"reached":false}"#.into()).await.0,
        StatusCode::NOT_FOUND
    );
    // What was typed wrongly comes back with the reason.
    let (_, page) = portal.submit("/probes", "/rpc/name_target", "target[subject]=CN-1&target[address]=8.8.8.8", &cookie).await;
    assert!(page.contains("lies in no prefix of CN-1") && page.contains("value=\"8.8.8.8\""), "said and kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_review() {
    let portal = portal().await;
    let partner = portal.sign_in("second.partner").await;
    for path in
        ["/ops/peerings/PR-4", "/ops/asns/PA-3", "/ops/routers", "/ops/routers/RT-1", "/ops/routers/new", "/ops/import", "/ops/import/D-1"]
    {
        assert_eq!(portal.get(path, &partner).await.0, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inviting_a_member_of_another_organisation_does_not_move_them() {
    let portal = portal().await;
    let operator = portal.sign_in("operator").await;
    let invite = "organisation=Elsewhere&email=customer%40demo.example&name=Ingrid&role=partner";
    let (_, page) = portal.submit("/ops/organisations", "/rpc/invite", invite, &operator).await;
    assert!(page.contains("has an account") && !page.contains("/welcome/"));
    let customer = portal.sign_in("customer").await;
    assert_eq!(portal.get("/connections", &customer).await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_calls_a_form_is_told_by_status() {
    let portal = portal().await;
    let operator = portal.sign_in("operator").await;
    let target = form_target(&portal.get("/ops/peerings/PR-4", &operator).await.1, "/rpc/step");
    for form in ["id=PR-4&connection=1", "id=PR-4&connection=1&verb=Explode", ""] {
        let request = Request::post(&target)
            .header(header::COOKIE, &operator)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Body::from(form))
            .expect("request");
        assert_eq!(portal.send(request).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{form}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_comes_back_with_a_refusal() {
    let portal = portal().await;
    let operator = portal.sign_in("operator").await;
    let check = async |cookie: &str, page: &str, action: &str, form: &str, message: &str, typed: &str| {
        let (to, shown) = portal.submit(page, action, form, cookie).await;
        assert_eq!(to, page);
        assert!(shown.contains(message), "{page} should say {message}");
        assert!(shown.contains(typed), "{page} should show {typed} again");
        assert!(!portal.get(page, cookie).await.1.contains(typed), "only once");
    };
    let invite = "organisation=Nordlicht&email=nobody&name=Lars+Holm&role=partner";
    check(&operator, "/ops/organisations", "/rpc/invite", invite, "not a mail address", "value=\"Lars Holm\"").await;
    let offers = "id=LO-1&offers=ten+gig&note=by+the+window&published=yes";
    check(&operator, "/ops/locations", "/rpc/edit_location", offers, "not a list of bandwidths", "value=\"by the window\"").await;
    let partner = portal.sign_in("partner").await;
    let asn = "asn=AS64512&name=Bergfunk&contacts[0][role]=Noc&contacts[0][email]=noc%40bergfunk.example&contacts[0][phone]=%2B41445550100";
    check(&partner, "/partner/asns/new", "/rpc/associate_asn", asn, "not a public ASN", "value=\"noc@bergfunk.example\"").await;
    let customer = portal.sign_in("customer").await;
    let prefixes = "id=CN-1&prefixes=193.0.6.1%2F23%0Anonsense";
    check(&customer, "/connections/CN-1", "/rpc/add_prefixes", prefixes, "cannot be registered", "nonsense</textarea>").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_says_when_its_end_is_behind_and_when_nothing_matches() {
    let portal = portal().await;
    let customer = portal.sign_in("customer").await;
    for (path, words) in [
        ("/connections?offset=500", "lies behind them"),
        ("/connections?search=zzz", "Nothing matches"),
        ("/events?offset=900", "lies behind them"),
        ("/?offset=900", "lies behind them"),
        ("/?search=zzz", "Nothing matches"),
        ("/locations/LO-1?search=zzz", "Nothing matches"),
        ("/locations/LO-1?offset=9000", "lies behind them"),
        ("/partners/AS13030?kind=Direct&search=zzz", "Nothing matches"),
    ] {
        assert!(portal.get(path, &customer).await.1.contains(words), "{path} should say {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sightings_come_by_the_operators_token_and_incidents_are_read_by_those_whom_they_concern() {
    let portal = portal().await;
    let operator = portal.service.add_token("Demo operator AS8075", "collector").await.expect("token");
    let customer = portal.service.add_token("Fjordbank", "reader").await.expect("token");
    let now = Clock::System.now().plus_secs(-5);
    let line = format!(r#"{{"at":"{now}","asn":3491,"announce":["208.65.153.0/24","8.8.8.0/24"],"path":[3491,17557]}}"#);
    let (status, taken) = portal.api("/api/v1/watch/sightings", &operator, &line).await;
    assert_eq!((status, &taken["watched"], &taken["findings"]), (StatusCode::OK, &1.into(), &1.into()), "{taken}");
    let (_, again) = portal.api("/api/v1/watch/sightings", &operator, &line).await;
    assert_eq!(again["findings"], 0, "the same again changes nothing");
    let refused = async |path: &str, token: &str, body: &str| portal.api(path, token, body).await.0;
    assert_eq!(refused("/api/v1/watch/sightings", &customer, &line).await, StatusCode::FORBIDDEN);
    assert_eq!(refused("/api/v1/watch/sightings", &operator, "{}").await, StatusCode::BAD_REQUEST);
    let (status, large) = portal.api("/api/v1/watch/sightings", &operator, &" ".repeat(3 << 20)).await;
    assert_eq!((status, &large["detail"]), (StatusCode::PAYLOAD_TOO_LARGE, &"A request has at most 2 MB; send it in parts.".into()));
    assert_eq!(refused("/api/v1/watch/sightings?end=true", &operator, &line).await, StatusCode::UNPROCESSABLE_ENTITY);
    let late = line.replace(&now.to_string(), &now.plus_secs(86_400).to_string());
    assert_eq!(refused("/api/v1/watch/sightings", &operator, &late).await, StatusCode::UNPROCESSABLE_ENTITY);
    let cookie = portal.sign_in("customer").await;
    let read =
        async |path: &str, cookie: &str| -> serde_json::Value { serde_json::from_str(&portal.get(path, cookie).await.1).expect("JSON") };
    let open = read("/api/v1/incidents?state=open", &cookie).await;
    assert_eq!((&open["total"], &open["items"][0]["type"]), (&1.into(), &"sub-prefix".into()), "{open}");
    let one = read(&format!("/api/v1/incidents/{}", open["items"][0]["id"].as_str().unwrap_or_default()), &cookie).await;
    assert_eq!(one["parts"][0]["seen"][0]["path"], serde_json::json!([3491, 17557]));
    let expected = read("/api/v1/expectations", &cookie).await;
    assert!(expected["prefixes"].as_array().is_some_and(|all| all.iter().any(|it| it["prefix"] == "208.65.152.0/22")), "{expected}");
    assert_eq!(portal.get("/api/v1/incidents?family=x", &cookie).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(read("/api/v1/incidents?state=open", &portal.sign_in("second.partner").await).await["total"], 1, "who registered it");
    assert_eq!(read("/api/v1/incidents?state=open", &portal.sign_in("partner").await).await["total"], 0);
}
