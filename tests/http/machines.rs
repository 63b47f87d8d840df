//! What programs send and read: by token, by session, and by anybody.

use crate::portal::*;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use peerage_domain::Timestamp;
use peerage_service::Clock;

#[tokio::test(flavor = "multi_thread")]
async fn telemetry_comes_in_by_token_and_goes_out_by_session() {
    let portal = portal().await;
    let token = portal.service.add_token("Fjordbank", "probe").await.expect("token");
    let time = portal.service.clock().now().plus_secs(-60);
    let body = format!(
        r#"{{"samples":[{{"series":"CN-1/Probe","time":"yesterday","rtt_ms":1}},{{"series":"CN-1/Probe","time":"{time}","rtt_ms":12.5}},
        {{"series":"CN-1/Probe","time":"{time}","rtt_ms":-1}},{{"series":"CN-1/Probe","time":"{time}","rtt":5}},{{"series":"CN-1//Probe","time":"{time}","rtt_ms":5}}]}}"#
    );
    let path = "/api/v1/telemetry/latency";
    let (status, receipt) = portal.api(path, &token, &body).await;
    let refused = |at: usize| (receipt["refused"][at]["index"].as_u64(), receipt["refused"][at]["reason"].to_string());
    assert_eq!((status, receipt["accepted"].as_u64()), (StatusCode::OK, Some(1)), "{receipt}");
    for (at, index, words) in [(0, 0, "is not a time"), (1, 2, "-1 is not"), (2, 3, "null for a lost packet"), (3, 4, "nothing empty")] {
        let (found, why) = refused(at);
        assert!(found == Some(index) && why.contains(words), "{receipt}");
    }
    let again = portal.api(path, &token, &body).await.1;
    assert_eq!((&again["repeated"], &again["accepted"], &again["refused"]), (&true.into(), &0.into(), &receipt["refused"]));
    assert_eq!(portal.api(path, "wrong", &body).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(portal.api(path, &token, r#"[[["CN-1/Probe",1,5]]]"#).await.0, StatusCode::BAD_REQUEST);
    let (_, positional) = portal.api(path, &token, r#"{"samples":[["CN-1/Probe",1,5]]}"#).await;
    assert!(positional["refused"][0]["reason"].to_string().contains("no object"), "{positional}");
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
    assert!(status == StatusCode::OK && kept.contains("\"accepted\":2") && kept.contains("\"line\":4"), "{kept}");
    let again = send("", csv).await.1;
    assert!(again.contains("\"repeated\":true") && again.contains("\"line\":4"), "{again}");
    // What was refused is judged again, and another connection makes it another file.
    let bare = format!("time,series,rtt_ms\n{now},Home,8.5\n");
    for (query, words) in [("", "nothing of it can be kept; line 2: series"), ("?connection=CN-99", "of your organisation")] {
        let (status, problem) = send(query, bare.clone()).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && problem.contains(words), "{query}: {problem}");
    }
    for query in ["?connection=CN-1", "?connection=CN-2"] {
        let (_, kept) = send(query, bare.clone()).await;
        assert!(kept.contains("\"accepted\":1") && kept.contains("\"repeated\":false"), "{query}: {kept}");
    }
    assert!(send("?connection=CN-2", bare).await.1.contains("\"repeated\":true"));
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
    // Parts of a long file are batches of their own; of the second one nothing can be kept.
    let long = format!("{now},CN-1/Long,8\n").repeat(10_000) + &format!("{now},CN-99/Long,8\n");
    assert!(send("", long.clone()).await.1.contains("\"accepted\":10000"));
    let (status, kept) = send("", long).await;
    assert!(status == StatusCode::OK && kept.contains("\"repeated\":true") && kept.contains("\"line\":10001"), "{kept}");
    let (_, kept) = send("", format!("{now},CN-1/Oslo,7\n{now},CN-1/Oslo,7\n")).await;
    assert!(kept.contains("\"alike\":1") && kept.contains("\"first_alike\":2"), "{kept}");
    let keyless = Request::post("/api/v1/telemetry/latency/import")
        .header(header::AUTHORIZATION, format!("bearer {token}"))
        .header("idempotency-key", "")
        .body(Body::from(format!("{now},CN-1/Oslo,6\n")));
    assert_eq!(text(portal.send(keyless.expect("request")).await).await.0, StatusCode::UNPROCESSABLE_ENTITY, "a key has something in it");
    assert_eq!(send("", "<html>".into()).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send("", String::new()).await.0, StatusCode::UNPROCESSABLE_ENTITY, "nothing in it");
    let bad = format!("time,series,rtt_ms\r\n{now},CN-1/Oslo,9.5\r\n") + &format!("\r\n{now},CN-1/Oslo,x\r\n").repeat(120);
    let (_, kept) = send("", bad).await;
    assert!(kept.contains("\"refused_count\":120") && kept.contains("\"line\":4") && kept.contains("\"line\":202"), "{kept}");
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
    for address in ["/api/v1/no/such", "/api/v1", "/api/v1/"] {
        let (status, problem) = portal.get(address, "").await;
        assert!(status == StatusCode::NOT_FOUND && problem.contains("\"status\":404"), "{address}: {problem}");
    }
    let (status, problem) = portal.get("/api/v1/telemetry/latency/import", "").await;
    assert!(status == StatusCode::METHOD_NOT_ALLOWED && problem.contains("\"status\":405"), "{problem}");
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
