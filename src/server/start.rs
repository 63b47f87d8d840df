//! Puts the parts together and serves until it is told to stop.

use crate::server::{
    assets::Assets,
    config::Config,
    http::{AppState, router},
    voice::say_in,
};
use axum::serve::ListenerExt;
use leptos::config::LeptosOptions;
use peerage_domain::access::Role;
use peerage_service::{
    Clock, Error, Service, Settings, demo,
    irr::IrrSettings,
    lookout::{LookoutSettings, MailSettings},
    rpki::RpkiSettings,
    secrets::Vault,
};
use peerage_storage::Store;
use std::time::Duration;

/// Opens the database and gives the use cases.
///
/// # Errors
/// When the data directory, the key or the database cannot be used.
pub async fn service(config: &Config, demo_world: bool, clock: Clock) -> Result<Service, Error> {
    data_dir(&config.data_dir).map_err(|error| Error::Fault(format!("data directory {}: {error}", config.data_dir.display())))?;
    let store = Store::open(&config.database_url()).await?;
    let vault = Vault::open(&config.data_dir.join("secret.key"))?;
    let settings = Settings {
        operator_asn: if demo_world { demo::OPERATOR } else { config.operator.asn },
        operator_name: if demo_world { demo::OPERATOR_NAME.into() } else { config.operator.name.clone() },
        policy: config.policy.clone(),
        cloud_interconnect: config.operator.cloud_interconnect.clone(),
        step_pause_s: config.edge.step_pause_s,
        settle_s: config.edge.settle_s,
        patience_s: config.edge.patience_s,
        removal_pause_s: config.edge.removal_pause_s,
        rpki: RpkiSettings { files: config.rpki.files.clone(), caches: config.rpki.caches.clone(), slurm: config.rpki.slurm.clone() },
        irr: IrrSettings { servers: config.irr.servers.clone(), sources: config.irr.sources.clone() },
        requirements: config.service.requirements,
        service_community: config.service.community,
        link_pools: if demo_world { demo::link_pools() } else { config.edge.link_pools.clone() },
        lookout: lookout(config, demo_world)?,
        demo: demo_world,
    };
    Ok(Service::new(store, clock, settings, vault).speaking(say_in))
}

/// How the lookout hears and tells. In the demo world webhooks may reach programs on the same machine.
fn lookout(config: &Config, demo_world: bool) -> Result<LookoutSettings, Error> {
    let mail =
        (!config.mail.server.is_empty()).then(|| MailSettings { server: config.mail.server.clone(), from: config.mail.from.clone() });
    if let Some(mail) = &mail {
        mail.check().map_err(|why| Error::Fault(format!("configuration: {why}")))?;
    }
    let mut webhook_allow = config.watch.webhook_allow.clone();
    if demo_world && webhook_allow.is_empty() {
        webhook_allow = ["127.0.0.0/8", "::1/128"].iter().filter_map(|own| own.parse().ok()).collect();
    }
    let ris_live = Some(config.watch.ris_live.clone()).filter(|url| !url.is_empty());
    Ok(LookoutSettings {
        ris_live,
        public_url: config.public_url.clone(),
        webhook_allow,
        mail,
        irr_dumps: config.irr.dumps.clone(),
        linger_s: config.watch.linger_s.max(0),
    })
}

/// Makes the data directory, for its owner alone: the database holds accounts and sessions.
fn data_dir(dir: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// `peerage serve`
///
/// # Errors
/// When the portal cannot start.
pub async fn serve(config: Config, demo_world: bool) -> Result<(), Error> {
    if demo_world {
        build_demo(&config).await?;
    }
    let service = service(&config, demo_world, Clock::System).await?;
    service.follow_rpki();
    service.restore_edge().await?;
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .map_err(|error| Error::Fault(format!("cannot listen on {}: {error}; choose another with --listen ADDRESS:PORT", config.listen)))?;
    let address = listener.local_addr().map_err(|error| Error::Fault(error.to_string()))?;
    welcome(&service, &format!("http://{address}"), demo_world).await?;
    if demo_world {
        service.rehearse_demo().await?;
    }
    tokio::spawn(work(service.clone()));
    tokio::spawn(watch(service.clone()));
    service.resume_lookout().await?;
    service.follow_ris_live()?;
    tokio::spawn(look_out(service.clone()));
    tokio::spawn(deliver(service.clone()));
    tokio::spawn(warm(service.clone()));
    if demo_world {
        tokio::spawn(service.clone().rehearse_incidents());
    }
    if let Some(address) = config.service.bmp_listen {
        peerage_service::bmp::listen(service.clone(), address).await?;
    }
    let assets = Assets::find(&config.site_dir);
    let state = AppState { service, assets, options: LeptosOptions::builder().output_name("peerage").build() };
    // Without this, every answer in several parts waits for a delayed acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router(state, config.secure_cookies))
        .with_graceful_shutdown(stop())
        .await
        .map_err(|error| Error::Fault(error.to_string()))
}

/// Ends on Ctrl-C or SIGTERM, but does not wait for open event streams.
async fn stop() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(_) => return std::future::pending().await,
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    tokio::spawn(async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        std::process::exit(0);
    });
}

async fn build_demo(config: &Config) -> Result<(), Error> {
    let now = Clock::System.now();
    let clock = Clock::held(now);
    let builder = service(config, true, clock.clone()).await?;
    if builder.is_new().await? {
        println!("Building the demo world …");
        builder.build_demo(&clock, now).await?;
    }
    Ok(())
}

async fn welcome(service: &Service, url: &str, demo_world: bool) -> Result<(), Error> {
    println!("Peerage listens on {url} ({})", service.store().engine());
    if demo_world {
        println!("\nDemo world: PeeringDB rows are real, people and requests are invented, telemetry is a replay.");
        println!("Sign in with the password “{}” as", demo::PASSWORD);
        for (role, email, name, organisation) in demo::PEOPLE {
            println!("  {:<9} {email:<30} {name}, {organisation}", role.word());
        }
        println!("\nWithout the demo: peerage serve --data-dir DIR (the first start prints a link for the operator)");
    } else if service.is_new().await? {
        let token = service
            .add_person(&service.settings().operator_name.clone(), "operator@localhost.localdomain", "Operator", Role::Operator)
            .await?;
        println!("\nNobody has an account yet. This link makes you the operator; it works once, for 7 days:");
        println!("  {url}/welcome/{token}");
    }
    Ok(())
}

/// Seconds between two readings of the files of VRPs.
const READ_S: i64 = 5;
/// How long changes that a router tells of by itself are gathered.
const TOGETHER: Duration = Duration::from_millis(200);
/// How long after one look at the routers the next one begins.
const LOOK: Duration = Duration::from_secs(2);

/// Looks at the routers' sessions and judges what changed, apart from the work that drives them:
/// a router that takes its time keeps nobody's verdict waiting.
async fn watch(service: Service) {
    loop {
        if let Err(error) = service.listen_to_routers().await {
            tracing::error!(%error, "the routers could not be asked");
        }
        if let Err(error) = service.watch_prefixes().await {
            tracing::error!(%error, "the prefixes could not be judged");
        }
        // Many changes come together; they are looked at once.
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = service.nudged() => tokio::time::sleep(TOGETHER).await,
        }
    }
}

/// Puts together what a manager's page begins with, before somebody waits for it.
async fn warm(service: Service) {
    if let Err(error) = service.warm_groups().await {
        tracing::error!(%error, "latency could not be put together beforehand");
    }
}

/// How often is looked whether something is due to be told, or over.
const BEAT: Duration = Duration::from_millis(500);

/// Judges by what is expected now, and ends what is over.
async fn look_out(service: Service) {
    loop {
        if let Err(error) = service.tend_lookout().await {
            tracing::error!(%error, "incidents could not be kept up");
        }
        tokio::time::sleep(BEAT).await;
    }
}

/// Tells channels what is due.
async fn deliver(service: Service) {
    loop {
        if let Err(error) = service.deliver_due().await {
            tracing::error!(%error, "what is due could not be told");
        }
        tokio::time::sleep(BEAT).await;
    }
}

/// Does jobs as they become due and, in the demo world, replays telemetry.
async fn work(service: Service) {
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut last_hour, mut next_read) = (0, 0);
    loop {
        tick.tick().await;
        if let Err(error) = service.run_due_jobs().await {
            tracing::error!(%error, "a job failed and will be tried again");
        }
        if service.clock().now().secs() >= next_read {
            next_read = service.clock().now().secs() + READ_S;
            let reader = service.clone();
            if let Err(error) = tokio::task::spawn_blocking(move || reader.read_rpki_files()).await {
                tracing::error!(%error, "the files of VRPs could not be read");
            }
        }
        if service.settings().demo
            && let Err(error) = service.beat_demo().await
        {
            tracing::error!(%error, "the replay failed");
        }
        let hour = service.clock().now().secs() / 3600;
        if hour != last_hour {
            last_hour = hour;
            if let Err(error) = service.forget_old_telemetry().await {
                tracing::error!(%error, "old telemetry could not be removed");
            }
            if let Err(error) = service.forget_old_incidents().await {
                tracing::error!(%error, "old incidents could not be removed");
            }
        }
    }
}
