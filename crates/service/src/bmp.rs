//! Listens to BMP (RFC 7854): a router that says that something changed is asked at once, and what
//! it hears of watched prefixes is judged by the lookout.

use crate::{Error, Service};
use peerage_feeds::bmp::{Message, Stream};
use std::net::SocketAddr;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

/// Listens on an address, in the background.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn listen(service: Service, address: SocketAddr) -> Result<(), Error> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| Error::Fault(format!("service.bmp_listen: cannot listen on {address}: {error}")))?;
    drop(tokio::spawn(accept(service, listener)));
    Ok(())
}

/// Reads each router that connects, by itself.
pub async fn accept(service: Service, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, router)) => drop(tokio::spawn(hear(service.clone(), stream, router))),
            Err(error) => {
                tracing::warn!(%error, "a router could not connect for BMP");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
}

async fn hear(service: Service, mut tcp: TcpStream, address: SocketAddr) {
    tracing::info!(router = %address, "a router speaks BMP");
    let (mut stream, mut buffer) = (Stream::default(), vec![0; 65_536]);
    let mut heard = service.hear_router(address);
    let why = loop {
        let read = match tcp.read(&mut buffer).await {
            Ok(0) => break "it ended the connection".to_owned(),
            Ok(read) => read,
            Err(error) => break error.to_string(),
        };
        match stream.take(&buffer[..read]) {
            Ok(messages) if messages.iter().any(|message| *message != Message::Other) => service.nudge(),
            Ok(_) => {}
            Err(error) => break error.to_string(),
        }
        if let Err(error) = heard.take(&buffer[..read]).await {
            break error.to_string();
        }
    };
    tracing::info!(router = %address, why, "the router speaks BMP no more");
    heard.gone(&why).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, demo, secrets::Vault};
    use peerage_storage::Store;
    use tokio::io::AsyncWriteExt;

    const FRR: &[u8] = include_bytes!("../../feeds/tests/bmp/frr-10.3_denyall-then-permit.bmp");

    #[tokio::test]
    async fn a_router_that_says_that_routes_changed_is_asked_at_once() {
        let dir = tempfile::tempdir().expect("directory");
        let store = Store::open(&format!("sqlite:{}", dir.path().join("test.db").display())).await.expect("opens");
        let service = Service::new(store, Clock::System, demo::settings(), Vault::ephemeral().expect("random"));
        let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        listen(service.clone(), address).await.expect("listens");
        let mut router = TcpStream::connect(address).await.expect("connects");
        router.write_all(FRR).await.expect("sent");
        tokio::time::timeout(std::time::Duration::from_secs(10), service.nudged()).await.expect("heard");
        let mut stranger = TcpStream::connect(address).await.expect("connects");
        stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("sent");
        let mut answer = vec![];
        assert!(matches!(stranger.read_to_end(&mut answer).await, Ok(0) | Err(_)), "what is no BMP is hung up on");
    }
}
