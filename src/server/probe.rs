//! `peerage probe`: the agent that measures, as a command.

use peerage_domain::{Timestamp, probe::Method};
use peerage_probe::{
    agent::{self, Options},
    clock::Clock,
    measure, trace,
};
use peerage_service::Error;
use std::{net::IpAddr, path::PathBuf, time::Duration};

/// How the agent is run.
#[derive(clap::Args)]
pub struct Run {
    /// Where the portal is, such as `https://peering.example.net`; needed with --enrol only.
    #[arg(long, env = "PEERAGE_PORTAL", requires = "enrol")]
    portal: Option<String>,
    /// The code that the portal showed when the probe was added; good once. Nothing happens when the probe is known by it already.
    #[arg(long, env = "PEERAGE_ENROL", requires = "portal")]
    enrol: Option<String>,
    /// Folder for what the agent remembers and for measurements that wait for the portal.
    #[arg(long, env = "PEERAGE_STATE", default_value = "peerage-probe")]
    state: PathBuf,
    /// Most megabytes of measurements that wait while the portal is away; the oldest go then.
    #[arg(long, default_value_t = 256)]
    buffer_mb: u64,
    /// Another clock, for tests: what it shows at which moment of the system's (both in milliseconds since 1970), and its rate.
    #[arg(long, hide = true)]
    clock: Option<Clock>,
    #[command(subcommand)]
    once: Option<Once>,
}

/// What is done once, without a portal.
#[derive(clap::Subcommand)]
enum Once {
    /// Measure an address a few times and print what came.
    Ping {
        /// The address.
        address: IpAddr,
        /// Open connections to this port.
        #[arg(long, default_value_t = peerage_domain::probe::PORT, conflicts_with = "icmp")]
        port: u16,
        /// Send ICMP echo requests instead.
        #[arg(long)]
        icmp: bool,
        /// How often.
        #[arg(long, default_value_t = 5)]
        count: u32,
        /// Milliseconds between two measurements.
        #[arg(long, default_value_t = 200)]
        pause_ms: u64,
    },
    /// Print the path to an address.
    Trace {
        /// The address.
        address: IpAddr,
    },
}

fn fault(error: impl ToString) -> Error {
    Error::Fault(error.to_string())
}

/// `peerage probe`
///
/// # Errors
/// When its folder cannot be used, the portal refuses the code, or this machine cannot ask.
pub async fn run(run: Run) -> Result<(), Error> {
    let blocking = |work: Box<dyn FnOnce() -> Result<(), Error> + Send>| tokio::task::spawn_blocking(work);
    match run.once {
        Some(Once::Ping { address, port, icmp, count, pause_ms }) => {
            let method = if icmp { Method::Icmp } else { Method::Tcp(port) };
            blocking(Box::new(move || ping(address, method, count, pause_ms))).await.map_err(fault)?
        }
        Some(Once::Trace { address }) => blocking(Box::new(move || path(address))).await.map_err(fault)?,
        None => {
            if let (Some(portal), Some(code)) = (run.portal, run.enrol) {
                if !(portal.starts_with("https://") || portal.starts_with("http://")) {
                    return Err(Error::Fault(format!("--portal {portal}: begin it with https://")));
                }
                let state = run.state.clone();
                let name =
                    tokio::task::spawn_blocking(move || agent::enrol(&state, &portal, &code)).await.map_err(fault)?.map_err(fault)?;
                eprintln!("enrolled as {name}");
            }
            let options =
                Options { state: run.state, most_bytes: run.buffer_mb.saturating_mul(1 << 20), clock: run.clock.unwrap_or_default() };
            agent::run(options).await.map_err(fault)
        }
    }
}

fn ping(address: IpAddr, method: Method, count: u32, pause_ms: u64) -> Result<(), Error> {
    for number in 1..=count {
        match measure::once(address, method).map_err(fault)? {
            Some(took) => println!("{number}: {:.3} ms", took.as_secs_f64() * 1000.0),
            None => println!("{number}: no answer within {} ms", measure::PATIENCE.as_millis()),
        }
        if number < count {
            std::thread::sleep(Duration::from_millis(pause_ms));
        }
    }
    Ok(())
}

fn path(address: IpAddr) -> Result<(), Error> {
    let found = trace::trace(address, Timestamp::default());
    for hop in &found.hops {
        let who = hop.address.map_or_else(|| "*".to_owned(), |address| address.to_string());
        let times: Vec<String> = hop.rtt_ms.iter().map(|ms| format!("{ms:.3} ms")).collect();
        println!("{:>2}  {who}  {}", hop.hop, times.join("  "));
    }
    match found.trouble {
        Some(why) => Err(Error::Fault(why)),
        None if !found.reached => {
            println!("{address} itself did not answer");
            Ok(())
        }
        None => Ok(()),
    }
}
