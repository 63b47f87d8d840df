//! The client against a server that speaks the protocol of IRRd over a real socket.

use peerage_domain::Asn;
use peerage_feeds::irr_socket::declared;
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

/// Serves one visit; `answer` gives the data of a question, or nothing when there is no such object.
fn serve(answer: fn(&str) -> Option<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("address").to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a visitor");
        let lines = BufReader::new(stream.try_clone().expect("the same socket")).lines();
        for question in lines.map_while(Result::ok) {
            let text = match question.as_str() {
                "!!" => continue,
                "!q" => return,
                sources if sources.starts_with("!s") && sources != "!sRIPE" => "F no such source\n".to_owned(),
                _ => match answer(&question) {
                    Some(data) if data.is_empty() => "C\n".to_owned(),
                    Some(data) => format!("A{}\n{data}\nC\n", data.len() + 1),
                    None => "D\n".to_owned(),
                },
            };
            if stream.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    });
    address
}

fn elisa(question: &str) -> Option<String> {
    let data = match question {
        "!sRIPE" => "",
        "!iAS-ELISA,1" => "AS6667 AS719",
        "!gAS6667" => "193.10.0.0/24 193.10.1.0/24",
        "!6AS6667" => "2a00:1450:7::/48",
        "!gAS719" => "193.10.0.0/24",
        _ => return None,
    };
    Some(data.to_owned())
}

#[test]
fn the_route_objects_of_a_set_are_found_with_their_origins() {
    let found = declared(&[serve(elisa)], "RIPE", &["AS-ELISA".into()]).expect("declared");
    let has = |prefix: &str, asn| found.has(prefix.parse().expect(prefix), Asn(asn));
    assert!(has("193.10.0.0/24", 6667) && has("193.10.0.0/24", 719) && has("2a00:1450:7::/48", 6667));
    assert!(!has("193.10.1.0/24", 719) && !has("193.10.0.0/25", 6667));
    assert_eq!(found.set, "AS-ELISA");
    let one = declared(&["127.0.0.1:1".into(), serve(elisa)], "", &["AS719".into()]).expect("an ASN stands for itself");
    assert_eq!(one.routes.len(), 1);
}

#[test]
fn what_goes_wrong_is_told_in_words() {
    let check = |server: String, sources: &str, set: &str, expected: &str| {
        let why = declared(&[server], sources, &[set.into()]).expect_err("not known");
        assert!(why.contains(expected), "{why} should mention {expected}");
    };
    check(serve(elisa), "RIPE", "AS-NOBODY", "there is no set AS-NOBODY");
    check(serve(elisa), "OTHER", "AS-ELISA", "no such source");
    check("127.0.0.1:1".into(), "", "AS-ELISA", "refused");
}
