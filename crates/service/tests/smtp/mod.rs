//! A mail server of the tests' own.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

/// Speaks SMTP (RFC 5321) to whoever connects, and keeps what it is told.
pub fn mail_server() -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let server = format!("smtp://{}", listener.local_addr().expect("address"));
    let said: Arc<Mutex<String>> = Arc::default();
    let kept = said.clone();
    std::thread::spawn(move || {
        for tcp in listener.incoming() {
            let Ok(tcp) = tcp else { return };
            let mut out = tcp.try_clone().expect("a second handle");
            let mut say = |line: &str| drop(out.write_all(format!("{line}\r\n").as_bytes()));
            say("220 test ESMTP");
            let mut in_data = false;
            for line in BufReader::new(tcp).lines().map_while(Result::ok) {
                kept.lock().expect("said").push_str(&format!("{line}\n"));
                match line.split(' ').next().unwrap_or_default() {
                    "." if in_data => {
                        in_data = false;
                        say("250 taken");
                    }
                    _ if in_data => {}
                    "DATA" => {
                        in_data = true;
                        say("354 go on");
                    }
                    "QUIT" => say("221 bye"),
                    _ => say("250 ok"),
                }
            }
        }
    });
    (server, said)
}
