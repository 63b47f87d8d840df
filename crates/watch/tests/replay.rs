//! Recorded incidents, each a folder, and what is found in them.

use peerage_domain::{
    Timestamp,
    interest::Interest,
    rpki::Vrps,
    sighting::{Hop, Sighting},
};
use peerage_feeds::{recording, vrp};
use peerage_watch::route::{Expectations, Finding, Learner, Relations, Watch};
use std::{fs, path::Path};

fn read(path: &Path) -> Vec<Sighting> {
    let mut all = vec![];
    let bytes = fs::read(path).expect("recording");
    recording::read(&bytes[..], &Interest::in_all(), &mut |sighting| all.push(sighting)).expect("readable");
    all.sort_by_key(|sighting| sighting.at);
    all
}

/// The file of a folder whose name begins so.
fn file(folder: &Path, stem: &str) -> Option<std::path::PathBuf> {
    let all = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path());
    all.into_iter().find(|path| path.file_stem().is_some_and(|name| name == stem))
}

fn expectations(folder: &Path) -> (Expectations, Relations) {
    if let Some(quiet) = file(folder, "quiet") {
        let mut learner = Learner::default();
        read(&quiet).into_iter().for_each(|sighting| learner.take(sighting));
        return learner.finish();
    }
    let json = fs::read(file(folder, "expect").expect("expect.json")).expect("expectations");
    (Expectations::parse(&json).expect("expectations"), Relations::default())
}

fn vrps(folder: &Path) -> Vrps {
    let Some(path) = file(folder, "vrps") else { return Vrps::default() };
    let json = fs::read(path).expect("VRPs");
    let aspas = vrp::aspas(&json, Timestamp::default()).expect("ASPAs");
    vrp::parse(&json, Timestamp::default()).expect("VRPs").into_iter().collect::<Vrps>().with_aspas(aspas)
}

fn line(finding: &Finding) -> String {
    let path: Vec<String> = finding.evidence.path().iter().map(Hop::to_string).collect();
    let by = finding.by.map_or("-".into(), |by| by.to_string());
    let reasons: Vec<&str> = finding.evidence.reasons.iter().map(|reason| reason.text.key()).collect();
    format!(
        "{} {:6} {:15} {} {by} {}% at {} [{}] {}\n",
        finding.at,
        finding.change,
        finding.kind,
        finding.prefix,
        finding.evidence.confidence(),
        finding.evidence.seen.len(),
        path.join(" "),
        reasons.join(" "),
    )
}

fn found(watch: &mut Watch, sightings: Vec<Sighting>) -> String {
    let mut all = String::new();
    for sighting in sightings {
        watch.take(sighting, &mut |finding| all.push_str(&line(&finding)));
    }
    watch.settle(&mut |finding| all.push_str(&line(&finding)));
    all
}

/// With `REWRITE=1` in the environment, what is found is kept as what is expected.
#[test]
fn recorded_incidents_are_found_at_the_first_update_that_shows_them() {
    let mut folders: Vec<_> = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/incidents")).expect("folder").collect();
    folders.retain(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_dir()));
    assert!(folders.len() >= 10, "the incidents are gone");
    for folder in folders {
        let folder = folder.expect("entry").path();
        let (expectations, relations) = expectations(&folder);
        let mut watch = Watch::new(expectations, vrps(&folder)).with_relations(relations);
        let found = found(&mut watch, read(&file(&folder, "recording").expect("recording")));
        let kept = folder.join("findings.txt");
        if std::env::var_os("REWRITE").is_some() {
            fs::write(&kept, &found).expect("kept");
        }
        let expected = fs::read_to_string(&kept).unwrap_or_default();
        assert_eq!(found, expected, "{}", folder.display());
    }
}
