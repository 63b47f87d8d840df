//! The connection to RIS Live (ris-live.ripe.net/manual): a thread that subscribes and hands on
//! each message as it comes, over any number of connections.

use peerage_domain::Prefix;
use serde_json::json;
use std::{
    io::ErrorKind,
    net::TcpStream,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tungstenite::{Message, WebSocket, client::IntoClientRequest, http::Uri, stream::MaybeTlsStream};

/// Up to so many prefixes are asked for one by one; of more, everything is asked for and chosen here.
pub const SINGLY: usize = 500;
/// How often the thread looks whether it should end or ask for others.
const TICK: Duration = Duration::from_millis(500);
/// A connection on which nothing comes for so long is given up; RIS sends thousands of messages a second, and answers a ping.
const SILENCE: Duration = Duration::from_secs(60);
/// Wait after a failed connection: at first, and at most.
const RECONNECT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Largest message, in bytes.
const LARGEST: usize = 1 << 20;

/// What the thread tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It is connected and subscribed.
    Connected,
    /// A message.
    Message(String),
    /// The connection broke, or did not come about, and why. What happens until the next
    /// [`News::Connected`] is not seen.
    Gap(String),
}

/// Of which prefixes one wants to hear; shared with the thread.
#[derive(Clone, Default)]
pub struct Wanted(Arc<Mutex<(u64, Vec<Prefix>)>>);

impl Wanted {
    /// Asks for these from now on.
    pub fn set(&self, prefixes: Vec<Prefix>) {
        let mut wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.1 != prefixes {
            *wanted = (wanted.0 + 1, prefixes);
        }
    }

    fn get(&self) -> (u64, Vec<Prefix>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The messages that subscribe to prefixes.
fn subscriptions(prefixes: &[Prefix]) -> Vec<String> {
    let of = |mut data: serde_json::Value| {
        // Marks for customers only stand in the message itself (RFC 9234).
        data["socketOptions"] = json!({"includeRaw": true});
        json!({"type": "ris_subscribe", "data": data}).to_string()
    };
    let mut all = vec![];
    if prefixes.len() > SINGLY {
        all.push(of(json!({"type": "UPDATE"})));
    } else {
        all.extend(
            prefixes
                .iter()
                .map(|prefix| of(json!({"type": "UPDATE", "prefix": prefix.to_string(), "moreSpecific": true, "lessSpecific": false}))),
        );
    }
    // What a session had is gone with it, and what nobody keeps alive may be old.
    all.push(of(json!({"type": "RIS_PEER_STATE"})));
    all.push(of(json!({"type": "KEEPALIVE"})));
    all
}

/// Follows RIS Live until `stop` is set.
pub fn follow(url: &str, wanted: &Wanted, stop: &AtomicBool, mut tell: impl FnMut(News)) {
    let mut pause = RECONNECT.0;
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        if let Err(why) = connection(url, wanted, stop, &mut tell) {
            tell(News::Gap(why));
        }
        if began.elapsed() > SILENCE {
            pause = RECONNECT.0;
        }
        let until = Instant::now() + pause;
        pause = (pause * 2).min(RECONNECT.1);
        while Instant::now() < until && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

/// Starts a thread that follows; it ends soon after `stop` is set.
///
/// # Errors
/// When the system gives no thread.
pub fn spawn(url: String, wanted: Wanted, stop: Arc<AtomicBool>, tell: impl FnMut(News) + Send + 'static) -> std::io::Result<()> {
    let run = move || follow(&url, &wanted, &stop, tell);
    std::thread::Builder::new().name("ris-live".into()).spawn(run).map(|_| ())
}

/// One connection: over when it breaks, when nothing comes for too long, or when others are wanted.
fn connection(url: &str, wanted: &Wanted, stop: &AtomicBool, tell: &mut dyn FnMut(News)) -> Result<(), String> {
    let words = |error: tungstenite::Error| error.to_string();
    let uri: Uri = url.parse().map_err(|_| format!("“{url}” is no address"))?;
    let host = uri.host().ok_or_else(|| format!("“{url}” names no host"))?;
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("wss") { 443 } else { 80 });
    let tcp = TcpStream::connect((host.trim_matches(['[', ']']), port)).map_err(|error| error.to_string())?;
    tcp.set_read_timeout(Some(Duration::from_secs(10)))
        .and_then(|()| tcp.set_write_timeout(Some(Duration::from_secs(10))))
        .map_err(|e| e.to_string())?;
    let request = url.into_client_request().map_err(words)?;
    let mut limits = tungstenite::protocol::WebSocketConfig::default();
    limits.max_message_size = Some(LARGEST);
    let (mut socket, _) = tungstenite::client_tls_with_config(request, tcp, Some(limits), None).map_err(|error| error.to_string())?;
    let (version, prefixes) = wanted.get();
    for message in subscriptions(&prefixes) {
        socket.send(Message::text(message)).map_err(words)?;
    }
    set_tick(&socket).map_err(|error| error.to_string())?;
    tell(News::Connected);
    let (mut heard, mut asked) = (Instant::now(), false);
    while !stop.load(Ordering::Relaxed) {
        match socket.read() {
            Ok(Message::Text(text)) => {
                (heard, asked) = (Instant::now(), false);
                tell(News::Message(text.to_string()));
            }
            Ok(Message::Close(_)) => return Err("the server ended the connection".into()),
            Ok(_) => (heard, asked) = (Instant::now(), false),
            Err(tungstenite::Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.to_string()),
        }
        if wanted.get().0 != version {
            let _ = socket.close(None);
            return Err("others are asked for now".into());
        }
        if heard.elapsed() > SILENCE {
            return Err(format!("nothing came for {} s", SILENCE.as_secs()));
        }
        if heard.elapsed() > SILENCE / 2 && !asked {
            asked = true;
            socket.send(Message::Ping(vec![].into())).map_err(words)?;
        }
    }
    let _ = socket.close(None);
    Ok(())
}

fn set_tick(socket: &WebSocket<MaybeTlsStream<TcpStream>>) -> std::io::Result<()> {
    match socket.get_ref() {
        MaybeTlsStream::Plain(tcp) => tcp.set_read_timeout(Some(TICK)),
        MaybeTlsStream::Rustls(tls) => tls.get_ref().set_read_timeout(Some(TICK)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::TcpListener, sync::mpsc};

    /// Serves two connections, each with the subscription that came and one message.
    fn server(listener: TcpListener) {
        for turn in 0..2 {
            let (tcp, _) = listener.accept().expect("connects");
            let mut socket = tungstenite::accept(tcp).expect("a WebSocket");
            let asked = socket.read().expect("a subscription").to_string();
            assert!(asked.contains("ris_subscribe") && asked.contains("193.0.0.0/21"), "{asked}");
            for kind in ["RIS_PEER_STATE", "KEEPALIVE"] {
                assert!(socket.read().expect("a subscription").to_string().contains(kind));
            }
            socket.send(Message::text(format!("{{\"turn\":{turn}}}"))).expect("sent");
            let _ = socket.close(None);
            let _ = socket.flush();
        }
    }

    #[test]
    fn a_connection_that_breaks_is_a_gap_and_begins_again() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("ws://{}/", listener.local_addr().expect("address"));
        let server = std::thread::spawn(move || server(listener));
        let (wanted, stop) = (Wanted::default(), Arc::new(AtomicBool::new(false)));
        wanted.set(vec!["193.0.0.0/21".parse().expect("prefix")]);
        let (sender, news) = mpsc::channel();
        spawn(url, wanted, stop.clone(), move |it| drop(sender.send(it))).expect("a thread");
        let next = || news.recv_timeout(Duration::from_secs(20)).expect("news");
        for turn in 0..2 {
            assert_eq!(next(), News::Connected);
            assert_eq!(next(), News::Message(format!("{{\"turn\":{turn}}}")));
            assert!(matches!(next(), News::Gap(_)));
        }
        stop.store(true, Ordering::Relaxed);
        server.join().expect("served");
    }

    #[test]
    fn many_prefixes_are_asked_for_together() {
        let prefix: Prefix = "193.0.0.0/21".parse().expect("prefix");
        assert_eq!(subscriptions(&[prefix; 3]).len(), 5);
        let all = subscriptions(&vec![prefix; SINGLY + 1]);
        assert_eq!(all.len(), 3);
        assert!(!all[0].contains("193.0.0.0/21"));
    }
}
