//! Headers that keep pages safe, and the check that a form was sent by a page of ours.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The policy of a page: scripts by nonce only, nothing from elsewhere.
pub fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Adds the headers that every answer has; a page brings its own policy.
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut add = |name: header::HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; style-src 'self'");
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::REFERRER_POLICY, "same-origin");
    add(header::X_FRAME_OPTIONS, "DENY");
    add(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    response
}

/// Refuses requests that change something and that another site's page sent.
///
/// Browsers say so themselves: `Sec-Fetch-Site` (Fetch Metadata) or else `Origin`
/// (RFC 6454 §7). Programs send neither, and bring a token instead of a cookie.
pub async fn same_site(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_ours(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This form was sent by a page of another site. Open the portal itself and try again.").into_response()
}

fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some(site), ..) => matches!(site, "same-origin" | "none"),
        (None, Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (None, Some(_), None) => false,
        (None, None, _) => true,
    }
}

/// Says how long browsers may keep an answer.
pub async fn caching(State(assets): State<crate::server::assets::Assets>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let value = if assets.is_immutable(&path) {
        "public, max-age=31536000, immutable"
    } else if response.status().is_success()
        && !path.starts_with("/peerings/")
        && (path.starts_with("/pkg/") || path.rsplit('/').next().is_some_and(|n| n.contains('.')))
    {
        "public, max-age=0, must-revalidate"
    } else {
        "private, no-store"
    };
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(value));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: bool) {
        let map: HeaderMap = headers.iter().map(|(n, v)| (header::HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        assert_eq!(is_ours(&map), expected, "{headers:?}");
    }

    #[test]
    fn forms_of_other_sites_are_refused() {
        check(&[("sec-fetch-site", "same-origin"), ("origin", "http://x"), ("host", "y")], true);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(&[("origin", "http://a:3000"), ("host", "a:3000")], true);
        check(&[("origin", "http://evil"), ("host", "a:3000")], false);
        check(&[("origin", "null"), ("host", "a:3000")], false);
        check(&[("host", "a:3000")], true);
    }

    #[test]
    fn the_page_policy_allows_no_inline_style_and_no_foreign_script() {
        let policy = page_policy("abc");
        assert!(policy.contains("'nonce-abc'") && !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }
}
