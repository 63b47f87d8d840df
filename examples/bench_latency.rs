//! `cargo xtask bench latency`, second part: samples by HTTP until they are durable, beside bare
//! batched inserts of the same rows into a database of the same kind, in turn; and how long a
//! chart of 30 days takes to compute.

#[path = "../crates/storage/tests/cluster/mod.rs"]
mod cluster;

use cluster::Cluster;
use peerage::server::{
    assets::Assets,
    http::{AppState, router},
};
use peerage_domain::{Timestamp, telemetry::Sample};
use peerage_latency::{View, Window};
use peerage_service::{Clock, Service, demo, groups::By, secrets::Vault, telemetry::Sender};
use peerage_storage::{Store, latency::Slot};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::{fmt::Write as _, time::Instant};

const SERIES: usize = 100;
/// Samples of a request, as many as one may have.
const BATCH: usize = 10_000;
const BATCHES: usize = 30;
/// Rows of one statement of the rival's; more makes it no faster.
const ROWS: usize = 500;
/// Charts that are computed.
const CHARTS: usize = 300;

/// A round-trip time in ms that looks measured, from a number.
fn rtt(number: usize) -> f64 {
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    12.0 + (mixed % 4000) as f64 / 1000.0
}

/// Series, seconds and value of each sample of a batch: one of each series a second.
fn samples(batch: usize, began: i64) -> impl Iterator<Item = (usize, i64, f64)> {
    (0..BATCH).map(move |at| (at % SERIES, began + (batch * BATCH / SERIES + at / SERIES) as i64, rtt(batch * BATCH + at)))
}

fn body(batch: usize, began: i64) -> String {
    let mut text = "{\"samples\":[".to_owned();
    for (number, (series, at, rtt)) in samples(batch, began).enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let time = Timestamp::from_secs(at);
        let _ = write!(text, "{comma}{{\"series\":\"CN-1/probe-{series}\",\"time\":\"{time}\",\"rtt_ms\":{rtt}}}");
    }
    text + "]}"
}

enum Rival {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

macro_rules! on {
    ($rival:expr, $connection:ident => $work:expr) => {
        match $rival {
            Rival::Sqlite($connection) => $work,
            Rival::Postgres($connection) => $work,
        }
    };
}

impl Rival {
    async fn insert(&mut self, batch: usize, began: i64) {
        let all: Vec<_> = samples(batch, began).collect();
        on!(self, connection => {
            let mut tx = connection.begin().await.expect("begin");
            for rows in all.chunks(ROWS) {
                let places: Vec<String> = (0..rows.len()).map(|at| format!("(${}, ${}, ${})", at * 3 + 1, at * 3 + 2, at * 3 + 3)).collect();
                let sql = format!("INSERT INTO bare (series, at, rtt) VALUES {}", places.join(", "));
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for (series, at, rtt) in rows {
                    query = query.bind(*series as i64).bind(*at).bind(*rtt);
                }
                query.execute(&mut *tx).await.expect("inserted");
            }
            tx.commit().await.expect("durable");
        });
    }

    async fn prepare(&mut self) {
        on!(self, connection => {
            sqlx::query("CREATE TABLE bare (series BIGINT NOT NULL, at BIGINT NOT NULL, rtt DOUBLE PRECISION NOT NULL)")
                .execute(&mut **connection).await.expect("made");
        });
    }
}

/// A portal that listens, and a customer's token.
struct Portal {
    service: Service,
    url: String,
    token: String,
}

impl Portal {
    async fn start(database: &str, now: Timestamp) -> Portal {
        let store = Store::open(database).await.expect("opens");
        let clock = Clock::held(now);
        let service = Service::new(store, clock.clone(), demo::settings(), Vault::ephemeral().expect("random"));
        service.build_demo(&clock, now).await.expect("demo world");
        let customer = service.sign_in("customer@demo.example", demo::PASSWORD).await.expect("signed in").id;
        let customer = service.actor(&customer, None).await.expect("member");
        let token = service.add_token(&customer.organisation_name, "bench").await.expect("token");
        let options = leptos::config::LeptosOptions::builder().output_name("peerage").build();
        let state = AppState { service: service.clone(), assets: Assets::default(), options };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/api/v1/telemetry/latency", listener.local_addr().expect("address"));
        let app = router(state, false);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Portal { service, url, token }
    }

    async fn post(&self, agent: &ureq::Agent, batch: usize, body: String) {
        let (agent, url, token) = (agent.clone(), self.url.clone(), self.token.clone());
        let sent = tokio::task::spawn_blocking(move || {
            let request =
                agent.post(&url).header("Authorization", format!("Bearer {token}")).header("Idempotency-Key", format!("bench-{batch}"));
            let text = request.send(body).expect("taken").body_mut().read_to_string().expect("a receipt");
            assert!(text.contains(&format!("\"accepted\":{BATCH}")), "{text}");
        });
        sent.await.expect("sent");
    }
}

async fn ingestion(name: &str, portal: &Portal, rival: &mut Rival, began: i64) {
    let agent = ureq::Agent::new_with_defaults();
    rival.prepare().await;
    let (mut ours, mut theirs) = (vec![], vec![]);
    for batch in 0..BATCHES {
        let body = body(batch, began);
        let start = Instant::now();
        portal.post(&agent, batch, body).await;
        ours.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        rival.insert(batch, began).await;
        theirs.push(start.elapsed().as_secs_f64());
    }
    let rate = |all: &[f64]| (BATCH * all.len()) as f64 / all.iter().sum::<f64>() / 1000.0;
    println!(
        "{name:<11} {:>6.0} thousand samples/s, {:>5.2} x bare inserts ({:.0} thousand/s)",
        rate(&ours),
        theirs.iter().sum::<f64>() / ours.iter().sum::<f64>(),
        rate(&theirs)
    );
}

/// Twenty probes measure from everywhere to everything.
fn series_name(number: usize) -> String {
    format!("CN-1/PoP {}/full-{number}", number % 20)
}

/// Ninety days of a thousand series, an hour's histogram each.
async fn fill(store: &Store, template: &[Vec<u8>], now: i64) -> Vec<String> {
    let mut ids = vec![];
    let all = store.organisations().await.expect("read");
    let id = |name: &str| all.iter().find(|it| it.name == name).expect("of the demo world").id.clone();
    let organisations = [id("Fjordbank"), id(demo::OPERATOR_NAME)];
    for number in 0..1000 {
        let mut tx = store.begin().await.expect("begin");
        // Half of them are the customer's, the others the operator's.
        let organisation = &organisations[number % 2];
        ids.push(tx.series(organisation, &series_name(number)).await.expect("series").id);
        for step_s in [3600, 86_400] {
            let count = 90 * 86_400 / step_s;
            let of = |at: i64| -> (Slot, Vec<u8>) {
                let start = now - now % step_s - at * step_s;
                ((ids[number].clone(), start), template[(number + at as usize) % template.len()].clone())
            };
            let rows: Vec<_> = (0..count).map(of).collect();
            tx.put_histograms(step_s, &rows).await.expect("put");
        }
        tx.commit().await.expect("durable");
    }
    ids
}

fn percentile(mut all: Vec<f64>, share: f64) -> f64 {
    all.sort_by(f64::total_cmp);
    all[((all.len() - 1) as f64 * share).round() as usize] * 1000.0
}

async fn charts(portal: &Portal, now: Timestamp) {
    let template: Vec<Vec<u8>> = (0..200)
        .map(|at| {
            let mut it = peerage_latency::Histogram::default();
            (0..3600).for_each(|n| it.record(rtt(at * 3600 + n)));
            it.encode()
        })
        .collect();
    let bytes = template.iter().map(Vec::len).sum::<usize>() / template.len();
    fill(portal.service.store(), &template, now.secs()).await;
    let operator = portal.service.sign_in("operator@demo.example", demo::PASSWORD).await.expect("signed in").id;
    let operator = portal.service.actor(&operator, None).await.expect("member");
    let mut took = vec![];
    for number in 0..CHARTS {
        let name = series_name(number * 7 % 1000);
        let start = Instant::now();
        let (_, intervals) =
            portal.service.latency_between(&operator, &name, now.plus_secs(-30 * 86_400), now, 721).await.expect("a chart");
        took.push(start.elapsed().as_secs_f64());
        assert!(intervals.len() > 700, "{}", intervals.len());
    }
    println!(
        "            30 days of one series in hours ({bytes} bytes a histogram): p50 {:.1} ms, p99 {:.1} ms",
        percentile(took.clone(), 0.5),
        percentile(took, 0.99)
    );
    grouped(portal, now).await;
}

/// Thirty days of the customer's five hundred series by probe, while measurements go on to come; a month is
/// put together when a portal starts.
async fn grouped(portal: &Portal, now: Timestamp) {
    let manager = portal.service.sign_in("manager@demo.example", demo::PASSWORD).await.expect("signed in").id;
    let manager = portal.service.actor(&manager, None).await.expect("member");
    let sender = Sender { organisation: manager.organisation.clone(), label: "bench".into() };
    let start = Instant::now();
    portal.service.warm_groups().await.expect("put together");
    let warm_s = start.elapsed().as_secs_f64();
    let mut took = vec![];
    for number in 0..CHARTS {
        let sample = |at: usize| Sample {
            series: format!("CN-1/probe-{at}"),
            time: now.plus_secs(-(at as i64) * 7),
            rtt_ms: Some(rtt(number * SERIES + at)),
        };
        let samples: Vec<Sample> = (0..SERIES).map(sample).collect();
        portal.service.take_samples(&sender, &format!("grouped-{number}"), &samples).await.expect("kept");
        let start = Instant::now();
        let groups = portal.service.grouped(&manager, By::Probe, View::Last(Window::D30)).await.expect("grouped");
        took.push(start.elapsed().as_secs_f64());
        assert!(groups.len() >= 10 && groups.iter().map(|group| group.series).sum::<usize>() >= 500, "{}", groups.len());
    }
    println!(
        "            30 days of 500 series by probe, after {SERIES} samples each time: p50 {:.1} ms, p99 {:.1} ms ({warm_s:.1} s at the start, for all)",
        percentile(took.clone(), 0.5),
        percentile(took, 0.99)
    );
}

#[tokio::main]
async fn main() {
    let now = Clock::System.now();
    let began = now.secs() - (BATCHES * BATCH / SERIES) as i64;
    println!("{BATCHES} requests of {BATCH} samples, {SERIES} series, beside rows in statements of {ROWS}, a transaction a request");
    let dir = tempfile::tempdir().expect("folder");
    let file = |name: &str| format!("sqlite:{}", dir.path().join(name).display());
    let portal = Portal::start(&file("portal.db"), now).await;
    let mut bare: SqliteConnection = SqliteConnection::connect(&format!("{}?mode=rwc", file("bare.db"))).await.expect("opens");
    for pragma in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"] {
        sqlx::query(pragma).execute(&mut bare).await.expect("set");
    }
    ingestion("SQLite", &portal, &mut Rival::Sqlite(Box::new(bare)), began).await;
    charts(&portal, now).await;
    let Some(cluster) = Cluster::start("-c fsync=on") else {
        println!("PostgreSQL is not installed (Debian: apt-get install postgresql)");
        return;
    };
    let portal = Portal::start(&cluster.url(), now).await;
    let bare = PgConnection::connect(&cluster.url()).await.expect("connects");
    ingestion("PostgreSQL", &portal, &mut Rival::Postgres(Box::new(bare)), began).await;
    charts(&portal, now).await;
}
