//! Webhooks: signed POSTs (Standard Webhooks 1.0), to public addresses only.
//!
//! Whoever adds a webhook has the portal connect to where they say. So the addresses to which a
//! name resolves are looked at when it connects, not when it is typed: none may be of a network
//! that is not public (IANA special-purpose registries), unless the operator allows it; and where a
//! receiver leads on to is not followed.

use crate::{Error, secrets};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use peerage_domain::{Prefix, say, special::special};
use sha2::Sha256;
use std::{net::IpAddr, time::Duration};
use ureq::{
    Agent,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// So much of an answer is kept.
const ANSWER: usize = 300;

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was taken, with this answer.
    Taken(String),
    /// It was not; it may be another time.
    Failed(String),
    /// It will never be (410 Gone).
    Gone(String),
}

/// Whether a webhook may reach an address.
fn is_allowed(address: IpAddr, allow: &[Prefix]) -> bool {
    allow.iter().any(|prefix| prefix.contains_address(address)) || special(Prefix::covering(address.into())).is_none()
}

/// A new secret: 256 random bits.
pub(super) fn secret() -> Result<String, Error> {
    let bytes = [secrets::bits()?.to_be_bytes(), secrets::bits()?.to_be_bytes()].concat();
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}

/// An address that a webhook may have, as far as that can be told from it.
pub(super) fn checked(text: &str, allow: &[Prefix]) -> Result<String, Error> {
    let text = text.trim();
    let bad = || {
        let shown: String = text.chars().take(60).collect();
        Error::Refused(say!(
            "webhook.url",
            "“{input}” is no address for a webhook. Write it like https://example.net/hook, without a name or password in it.",
            input = shown
        ))
    };
    let uri: Uri = text.parse().map_err(|_| bad())?;
    let host = uri.host().ok_or_else(bad)?.trim_matches(['[', ']']);
    let plain = uri.scheme_str() == Some("http") && !allow.is_empty();
    // What stands behind the host and is no port is not read as one by everybody.
    let odd_port = uri.authority().is_some_and(|it| it.port().is_some() != it.as_str().trim_start_matches(it.host()).starts_with(':'));
    if text.len() > 500
        || host.is_empty()
        || odd_port
        || uri.port_u16() == Some(0)
        || !(plain || uri.scheme_str() == Some("https"))
        || text.contains('@')
    {
        return Err(bad());
    }
    match host.parse::<IpAddr>() {
        Ok(address) if !is_allowed(address, allow) => Err(Error::Refused(say!(
            "webhook.private",
            "{address} is no public address; webhooks go to public ones only.",
            address = address
        ))),
        _ => Ok(text.to_owned()),
    }
}

/// Resolves names to addresses that are allowed, or to none.
#[derive(Debug)]
struct Guarded {
    allow: Vec<Prefix>,
    inner: Names,
}

struct Names(DefaultResolver);

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the system's resolver")
    }
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.0.resolve(uri, config, timeout)?;
        let own = |address: IpAddr| self.allow.iter().any(|prefix| prefix.contains_address(address));
        let plain = uri.scheme_str() != Some("https");
        for address in found.iter().map(std::net::SocketAddr::ip) {
            if !is_allowed(address, &self.allow) || plain && !own(address) {
                let words = format!("{address} is no public address; webhooks go to public ones only");
                return Err(ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, words)));
            }
        }
        Ok(found)
    }
}

/// `v1,` and the base64 of HMAC-SHA256 over id, time and body.
pub(super) fn signature(secret: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Sends a body, and waits for the answer; blocks.
pub(super) fn send(url: &str, secret: &str, id: &str, seconds: i64, body: &str, allow: &[Prefix]) -> Answer {
    let Some(signature) = signature(secret, id, seconds, body) else { return Answer::Failed("its secret cannot be read".into()) };
    let config = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent(concat!("Peerage/", env!("CARGO_PKG_VERSION")))
        .build();
    let resolver = Guarded { allow: allow.to_vec(), inner: Names(DefaultResolver::default()) };
    let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
    let request = agent
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", &seconds.to_string())
        .header("webhook-signature", &signature);
    let short = |text: String| text.chars().filter(|c| !peerage_domain::is_invisible(*c)).take(ANSWER).collect::<String>();
    match request.send(body) {
        // What the system says of a connection needs no name of a library before it.
        Err(ureq::Error::Io(error)) => Answer::Failed(short(error.to_string())),
        Err(error) => Answer::Failed(short(error.to_string())),
        Ok(mut response) => {
            let status = response.status();
            let text = response.body_mut().with_config().limit(4096).read_to_string().unwrap_or_default();
            let words = short(format!("{status} {text}").trim().to_owned());
            match status.as_u16() {
                200..=299 => Answer::Taken(words),
                410 => Answer::Gone(words),
                _ => Answer::Failed(words),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
        let body = r#"{"test": 2432232314}"#;
        let found = signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(found.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert!(secret().expect("random").len() > 40);
    }

    #[test]
    fn addresses_that_lead_inside_are_refused() {
        let check = |url: &str, allow: &[&str], fine: bool| {
            let allow: Vec<Prefix> = allow.iter().map(|it| it.parse().expect("prefix")).collect();
            assert_eq!(checked(url, &allow).is_ok(), fine, "{url}");
        };
        check("https://example.net/hook", &[], true);
        check("https://example.net:8443/hook", &[], true);
        check("https://example.net:99999/hook", &[], false);
        check("https://example.net:0/hook", &[], false);
        check("https://8.8.8.8/", &[], true);
        check("http://example.net/hook", &[], false);
        for inside in [
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "[::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "0.0.0.0",
        ] {
            check(&format!("https://{inside}/"), &[], false);
        }
        check("http://127.0.0.1:8080/hook", &["127.0.0.0/8"], true);
        check("http://10.0.0.1/hook", &["127.0.0.0/8"], false);
        for bad in ["", "ftp://example.net/", "https://", "https://user:pass@example.net/", "javascript:alert(1)", "example.net"] {
            check(bad, &["127.0.0.0/8"], false);
        }
    }

    /// Answers one request with a status, and gives what came.
    fn server(status: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://localhost:{}/hook", listener.local_addr().expect("address").port());
        let answer = move || {
            let (mut tcp, _) = listener.accept().expect("connects");
            let (mut all, mut buffer) = (vec![], [0; 4096]);
            while !String::from_utf8_lossy(&all).contains("{\"x\":1}") {
                let read = tcp.read(&mut buffer).expect("read");
                if read == 0 {
                    break;
                }
                all.extend_from_slice(&buffer[..read]);
            }
            tcp.write_all(
                format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nlocation: http://10.0.0.1/\r\nconnection: close\r\n\r\nok").as_bytes(),
            )
            .expect("written");
            String::from_utf8_lossy(&all).into_owned()
        };
        (url, std::thread::spawn(answer))
    }

    #[test]
    fn what_is_sent_is_signed_and_its_answer_told() {
        // A name may resolve to either family.
        let allow: Vec<Prefix> = ["127.0.0.0/8", "::1/128"].iter().map(|it| it.parse().expect("prefix")).collect();
        let sent = |status| {
            let (url, served) = server(status);
            let answer = send(&url, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "DE-1", 7, "{\"x\":1}", &allow);
            (answer, served.join().expect("served"))
        };
        let (answer, came) = sent("200 OK");
        assert_eq!(answer, Answer::Taken("200 OK ok".into()));
        for part in ["webhook-id: DE-1", "webhook-timestamp: 7", "webhook-signature: v1,", "content-type: application/json"] {
            assert!(came.to_lowercase().contains(&part.to_lowercase()), "{part}: {came}");
        }
        assert!(matches!(sent("500 Oh").0, Answer::Failed(_)));
        assert!(matches!(sent("302 Found").0, Answer::Failed(_)), "it is not followed");
        assert!(matches!(sent("410 Gone").0, Answer::Gone(_)));
    }

    #[test]
    fn a_name_that_resolves_to_the_inside_is_refused_when_it_is_used() {
        let Answer::Failed(why) = send("https://localhost:1/", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "DE-1", 7, "{}", &[]) else {
            panic!("it was sent");
        };
        assert!(why.contains("no public address"), "{why}");
    }
}
