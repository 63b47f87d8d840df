//! The client against a real cache: StayRTR.

use peerage_domain::{Timestamp, rpki::RtrCache};
use peerage_feeds::{
    rtr_socket::{News, spawn},
    vrp,
};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

struct Cache(Child);

impl Drop for Cache {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(port: u16, file: &Path, version: u8) -> Option<Cache> {
    let child = Command::new("stayrtr")
        .args([
            "-bind",
            &format!("127.0.0.1:{port}"),
            "-metrics.addr",
            "",
            "-checktime=false",
            "-refresh",
            "1",
            "-protocol",
            &version.to_string(),
        ])
        .arg("-cache")
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match child {
        Ok(child) => Some(Cache(child)),
        Err(error) => {
            println!("SKIPPED: the test against StayRTR ({error}); apt-get install stayrtr");
            None
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Waits for the next complete set.
fn complete(news: &Receiver<News>) -> (usize, u32) {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match news.recv_timeout(left).expect("a complete set within a minute") {
            News::Complete(vrps, serial) => return (vrps.len(), serial),
            News::Trouble(_) | News::Expired => {}
        }
    }
}

fn follows(version: u8) {
    let dir = tempfile::tempdir().expect("folder");
    let file = dir.path().join("vrps.json");
    fs::write(&file, include_str!("rpki/lab.json")).expect("written");
    let port = free_port();
    let Some(cache) = start(port, &file, version) else { return };
    let (stop, (tell, news)) = (Arc::new(AtomicBool::new(false)), channel());
    let address = RtrCache { host: "127.0.0.1".into(), port };
    spawn(address, stop.clone(), move |it| drop(tell.send(it))).expect("thread");
    let (count, first) = complete(&news);
    assert_eq!(count, 4);

    // The cache learns more, and says so by itself.
    let mut all: serde_json::Value = serde_json::from_str(include_str!("rpki/lab.json")).expect("JSON");
    let mut more: serde_json::Value = serde_json::from_str(include_str!("rpki/rpki-client.json")).expect("JSON");
    // They expired in 2021, and StayRTR leaves such entries out.
    more["roas"].as_array_mut().expect("list").iter_mut().for_each(|it| drop(it.as_object_mut().expect("entry").remove("expires")));
    all["roas"].as_array_mut().expect("list").extend(more["roas"].as_array().expect("list").clone());
    fs::write(&file, all.to_string()).expect("written");
    let (count, second) = complete(&news);
    assert_eq!(count, 22);
    assert!(second > first);
    assert_eq!(count, vrp::parse(all.to_string().as_bytes(), Timestamp::from_secs(0)).expect("read").len());

    // It goes away and comes back, as another session with fewer.
    drop(cache);
    fs::write(&file, include_str!("rpki/lab.json")).expect("written");
    let _again = start(port, &file, version);
    assert_eq!(complete(&news).0, 4);
    stop.store(true, Ordering::Relaxed);
}

#[test]
fn a_cache_is_followed_over_changes_and_restarts() {
    follows(1);
}

#[test]
fn a_cache_of_the_old_version_is_followed() {
    follows(0);
}
