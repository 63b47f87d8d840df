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
    check(&format!("/api/v1/telemetry/groups?by=location&scale=relative&{span}"), "groups", "group,time,answered,lost,p5_percent,").await;
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
    check("budget", StatusCode::BAD_REQUEST, "Say connection in the query").await;
    check("budget?conection=CN-1", StatusCode::BAD_REQUEST, "conection is nothing that is asked here").await;
    let span = "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z";
    check(&format!("groups?by=probe&scale=big&{span}"), StatusCode::BAD_REQUEST, "absolute or relative").await;
    check(&format!("latency?series=CN-1/Primary&max_points=0&{span}"), StatusCode::BAD_REQUEST, "max_points").await;
    check(&format!("latency?series=CN-1/Primary&max_points=x&{span}"), StatusCode::BAD_REQUEST, "max_points").await;
    for address in ["latency?series=CN-1/Primary", "groups?by=probe", "matrix?of=hours", "matrix?of=places"] {
        let check = async |from: &str, to: &str, words: &str| {
            check(&format!("{address}&from={from}&to={to}"), StatusCode::BAD_REQUEST, words).await
        };
        check("9999-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "behind from").await;
        check("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "behind from").await;
        check("1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "400 days").await;
        check("2026-11-01", "2026-11-02", "RFC 3339").await;
    }
    check(&format!("matrix?of=places&from={}&to=2026-11-02T00:00:00Z", "2025-09-28T00:00:00Z"), StatusCode::OK, "rows").await;
    check(&format!("matrix?of=places&from={}&to=2026-11-02T00:00:00Z", "2025-09-27T23:59:59Z"), StatusCode::BAD_REQUEST, "400 days").await;
    // Other zones, with a plus that became a space, too.
    check("groups?by=probe&from=2026-11-01T00:00:00+01:00&to=2026-11-02T00:00:00%2B01:00", StatusCode::OK, "groups").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_asks_for_what_cannot_be_shown_is_answered_with_what_is_closest() {
    let portal = portal().await;
    let manager = portal.sign_in("manager").await;
    let now = portal.service.clock().now();
    let check = async |window: &str, is_other: bool| {
        let (status, page) = portal.get(&format!("/insights/latency?window={window}"), &manager).await;
        assert_eq!((status, page.contains("class=\"sub note\"")), (StatusCode::OK, is_other), "{window}");
    };
    check("", false).await;
    check("6h", false).await;
    check(&format!("{}..{now}", now.plus_secs(-7200)), false).await;
    check(&format!("{}..{}", now.plus_secs(-7200), now.plus_secs(7200)), false).await;
    check("yesterday", true).await;
    check(&format!("{now}..{}", now.plus_secs(-7200)), true).await;
    check("1970-01-01T00:00Z..9999-12-31T00:00Z", true).await;
    for report in ["year/2026-11-01", "week/garbage", "week/9999-01-01"] {
        let (status, page) = portal.get(&format!("/reports/{report}"), &manager).await;
        assert_eq!((status, page.contains("There is no report")), (StatusCode::NOT_FOUND, true), "{report}");
    }
    assert_eq!(portal.get("/reports/month/1970-01-01", &manager).await.0, StatusCode::OK);
}
