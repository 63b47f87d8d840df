//! Pages and forms, by role.

use crate::portal::*;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use peerage::server::{
    assets::Assets,
    http::{AppState, router},
};

const PAGES: [(&str, &[&str]); 24] = [
    ("/connections", &["customer", "manager", "operator"]),
    ("/connections/CN-1", &["customer", "manager", "operator"]),
    ("/probes", &["customer", "manager", "partner", "operator"]),
    ("/insights/latency", &["customer", "manager", "operator"]),
    ("/events", &["customer", "manager", "operator"]),
    ("/reports", &["customer", "manager", "operator"]),
    ("/reports/month/2026-10-01", &["customer", "manager", "operator"]),
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
