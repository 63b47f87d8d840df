//! Charts as data, tables and pictures.

use crate::portal::*;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_chart_is_data_a_table_and_a_picture() {
    let portal = portal().await;
    let manager = portal.sign_in("manager").await;
    let now = portal.service.clock().now();
    let span = format!("from={}&to={now}", now.plus_secs(-7 * 86_400));
    let check = async |address: &str, field: &str, columns: &str| {
        let (status, data) = portal.get(address, &manager).await;
        assert_eq!(status, StatusCode::OK, "{address}: {data}");
        let data: serde_json::Value = serde_json::from_str(&data).expect("JSON");
        assert!(data[field].as_array().is_some_and(|all| !all.is_empty()), "{address}: {data}");
        let (_, table) = portal.get(&format!("{address}&format=csv"), &manager).await;
        assert!(table.starts_with(columns) && table.lines().count() > 2 && table.ends_with("\r\n"), "{address}: {table:.200}");
        let (_, picture) = portal.get(&format!("{address}&format=svg"), &format!("{manager}; language=fr")).await;
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n") && picture.contains("<title>"), "{address}: {picture:.200}");
        assert!(picture.contains(','), "{address}");
        assert_eq!(portal.get(&format!("{address}&format=xls"), &manager).await.0, StatusCode::BAD_REQUEST);
        assert_eq!(portal.get(address, "").await.0, StatusCode::UNAUTHORIZED);
        data
    };
    let series = check(&format!("/api/v1/telemetry/latency?series=CN-1/Primary&{span}"), "buckets", "time,answered,lost,").await;
    assert!(series["step_s"].as_i64() > Some(0));
    let groups = check(&format!("/api/v1/telemetry/groups?by=provider&{span}"), "groups", "group,time,answered,lost,").await;
    assert!(groups["groups"][0]["median_ms"].as_f64().is_some(), "{}", groups["groups"][0]);
    check(&format!("/api/v1/telemetry/groups?by=location&scale=relative&{span}"), "groups", "group,time,").await;
    let hours = check(&format!("/api/v1/telemetry/matrix?of=hours&{span}"), "ms", "\"hours\",\"00\",\"01\"").await;
    assert_eq!((hours["rows"].as_array().map(Vec::len), hours["ms"].as_array().map(Vec::len)), (Some(7), Some(168)));
    check("/api/v1/telemetry/budget?connection=CN-1", "days", "day,spent\r\n20").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_answered_with_what_to_do() {
    let portal = portal().await;
    let manager = portal.sign_in("manager").await;
    let check = async |address: &str, status: StatusCode, words: &str| {
        let (found, body) = portal.get(&format!("/api/v1/telemetry/{address}"), &manager).await;
        assert!(found == status && body.contains(words), "{address}: {found} {body}");
    };
    check("groups?by=colour&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z", StatusCode::BAD_REQUEST, "by is provider").await;
    check("groups?by=probe&from=yesterday&to=2026-11-02T00:00:00Z", StatusCode::BAD_REQUEST, "RFC 3339").await;
    check("matrix?of=days&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z", StatusCode::BAD_REQUEST, "hours or places").await;
    check("matrix?of=hours&from=2026-10-01T00:00:00Z&to=2026-11-29T00:00:00Z", StatusCode::BAD_REQUEST, "up to 30 days").await;
    check("budget?connection=CN-99", StatusCode::NOT_FOUND, "CN-99").await;
    check("budget", StatusCode::BAD_REQUEST, "connection").await;
    // From the end of time to its beginning.
    check("groups?by=probe&from=9999-01-01T00:00:00Z&to=1970-01-01T00:00:00Z", StatusCode::OK, "groups").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_are_read_by_token_and_show_what_is_ones_own() {
    let portal = portal().await;
    let now = portal.service.clock().now();
    let query = format!("/api/v1/telemetry/groups?by=provider&from={}&to={now}", now.plus_secs(-86_400));
    let read = async |organisation: &str| {
        let token = portal.service.add_token(organisation, "reader").await.expect("token");
        let request = Request::get(&query).header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::empty()).expect("request");
        let (status, body) = text(portal.send(request).await).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_str::<serde_json::Value>(&body).expect("JSON")["groups"].as_array().map_or(0, Vec::len)
    };
    assert!(read("Fjordbank").await > 0);
    let partner = portal.service.sign_in("partner@demo.example", peerage_service::demo::PASSWORD).await.expect("signed in").id;
    let partner = portal.service.actor(&partner, None).await.expect("member").organisation_name;
    assert_eq!(read(&partner).await, 0, "{partner} has no connections");
}
