//! Pages, messages and mail in the reader's language.

use crate::portal::*;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use peerage_domain::Language;
use peerage_service::{Error, lookout::ChannelForm};

/// A page as a browser that likes these languages gets it.
async fn page(portal: &Portal, path: &str, cookie: &str, accept: &str) -> String {
    let request = Request::get(path).header(header::COOKIE, cookie).header(header::ACCEPT_LANGUAGE, accept).body(Body::empty());
    text(portal.send(request.expect("request")).await).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_in_the_language_that_was_chosen_or_that_the_browser_likes() {
    let portal = portal().await;
    let check = async |cookie: &str, accept: &str, language: Language, words: &str| {
        let found = page(&portal, "/sign-in", cookie, accept).await;
        assert!(found.contains(&format!("<html lang=\"{}\"", language.code())), "{cookie} {accept}");
        assert!(found.contains(words), "{cookie} {accept}: no “{words}”");
    };
    check("", "", Language::En, "Sign in").await;
    check("", "de", Language::En, "Sign in").await;
    check("", "sv-SE,sv;q=0.9,en;q=0.8", Language::Sv, "Logga in").await;
    check("", "nl", Language::Nl, "Aanmelden").await;
    check("language=fr", "sv", Language::Fr, "Se connecter").await;
    check("language=xx", "sv", Language::Sv, "Logga in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_is_chosen_by_a_form_and_kept() {
    let portal = portal().await;
    let target = form_target(&portal.get("/help", "").await.1, "/rpc/switch_language");
    let chosen = portal.post(&target, "", "language=sv").await;
    assert_eq!(chosen.status(), StatusCode::SEE_OTHER);
    let cookie = chosen.headers()[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.starts_with("language=sv; Path=/; Max-Age="), "{cookie}");
    for nothing in ["language=tlh", "language=", "language=sv%0d%0aSet-Cookie:x"] {
        let answer = portal.post(&target, "", nothing).await;
        assert!(answer.headers().get(header::SET_COOKIE).is_none(), "{nothing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_reports_are_in_the_readers_language() {
    let portal = portal().await;
    let customer = portal.sign_in("customer").await + "; language=sv";
    let form = "target[subject]=CN-1&target[address]=8.8.8.8";
    let (_, refused) = portal.submit("/probes", "/rpc/name_target", form, &customer).await;
    assert!(refused.contains("role=\"alert\"") && !refused.contains("lies in no prefix"), "the refusal is English");

    let manager = portal.sign_in("manager").await;
    for (language, words) in [
        ("en", "better than the week before|slower than the week before|as in the week before|nothing to compare"),
        ("sv", "Veckan "),
        ("nl", "Week van "),
        ("fr", "Semaine du "),
    ] {
        let (status, found) = portal.get("/reports", &format!("{manager}; language={language}")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(words.split('|').any(|words| found.contains(words)), "{language}: no “{words}”");
        let decimal = if language == "en" { "." } else { "," };
        let median = found.split(" ms").next().and_then(|before| before.rsplit(['>', ' ']).next().map(str::to_owned)).expect("a number");
        assert!(median.contains(decimal), "{language}: {median}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_has_its_readers_language() {
    let portal = portal().await;
    let person = portal.service.sign_in("customer@demo.example", peerage_service::demo::PASSWORD).await.expect("signed in").id;
    let customer = portal.service.actor(&person, None).await.expect("member");
    let form = |name: &str, language: &str| ChannelForm {
        name: name.into(),
        kind: "webhook".into(),
        target: "https://example.net/hook".into(),
        language: language.into(),
        ..ChannelForm::default()
    };
    let (channel, _) = portal.service.add_channel(&customer, &form("NOC", "nl")).await.expect("added");
    assert_eq!(channel.language, Language::Nl);
    assert_eq!(portal.service.add_channel(&customer, &form("NOC 2", "")).await.expect("added").0.language, Language::En);
    let refused = async |form: ChannelForm| match portal.service.add_channel(&customer, &form).await {
        Err(Error::Several(all)) => all.len(),
        Err(Error::Refused(_)) => 1,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(form("NOC 3", "klingon")).await, 1);
    assert_eq!(refused(form("noc", "nl")).await, 1, "there is one of that name");
    assert_eq!(refused(ChannelForm { quiet: "always".into(), target: " ".into(), ..form("", "klingon") }).await, 4);
    let cookie = portal.sign_in("customer").await;
    assert!(portal.get("/alerts", &cookie).await.1.contains("<small lang=\"nl\">Nederlands"));
    // A browser that reads Swedish is offered Swedish.
    let offered = page(&portal, "/alerts", &cookie, "sv").await;
    let at = offered.find("id=\"channel-language\"").expect("a field");
    let option = offered[at..].split("<option").find(|option| option.contains("value=\"sv\"")).expect("an option");
    assert!(option.split('>').next().is_some_and(|tag| tag.contains("selected")), "{option}");
}
