//! The program: `peerage serve` and its helpers.

use clap::{Parser, Subcommand};
use peerage::server::{
    commands::{self, Format},
    config::Config,
    edge, latency, probe, start, watch,
};
use peerage_domain::access::Role;
use peerage_service::Error;
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

/// The self-hosted peering service.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// TOML file with settings.
    #[arg(long, global = true, env = "PEERAGE_CONFIG")]
    config: Option<PathBuf>,
    /// Where the embedded database and the secret key lie.
    #[arg(long, global = true)]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the portal.
    Serve {
        /// Address and port to listen on.
        #[arg(long)]
        listen: Option<SocketAddr>,
        /// Fill an empty database with the demo world and replay telemetry.
        #[arg(long)]
        demo: bool,
    },
    /// The directory of networks, facilities and exchanges.
    #[command(subcommand)]
    Directory(Directory),
    /// Judge input by the portal's rules.
    #[command(subcommand)]
    Check(Check),
    /// Router configuration from an intent, without the portal.
    #[command(subcommand)]
    Edge(Edge),
    /// What happened to prefixes on the Internet, without the portal.
    #[command(subcommand)]
    Watch(WatchCommand),
    /// Round-trip times, without the portal.
    #[command(subcommand)]
    Latency(LatencyCommand),
    /// Measure round-trip times from here for a portal, until it is told to end.
    Probe(probe::Run),
    /// People.
    #[command(subcommand)]
    User(User),
    /// API tokens.
    #[command(subcommand)]
    Token(Token),
    /// Say whether everything that a start needs is there.
    Doctor,
}

#[derive(Subcommand)]
enum Directory {
    /// Take over files in the shape of the PeeringDB API.
    Import {
        /// net, fac, ix, ixlan, ixpfx, netfac or netixlan, as JSON.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Read sessions from before the portal, and keep what is new for its partners to convert.
    Legacy {
        /// A table (CSV), or with --location the member export of that exchange (IX-F JSON).
        file: PathBuf,
        /// Id of the exchange's location, such as LO-3.
        #[arg(long)]
        location: Option<String>,
    },
}

#[derive(Subcommand)]
enum Check {
    /// One prefix a line; exits with 1 when one failed.
    Prefixes {
        /// How to answer.
        #[arg(long, default_value = "text")]
        format: Format,
        /// File to read; standard input when absent.
        file: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Edge {
    /// Print the configuration; keys are hidden unless files are written.
    Render {
        /// Which daemon.
        #[arg(long, default_value = "bird")]
        engine: edge::Daemon,
        /// Write the files into this folder, with keys, for their owner's eyes only.
        #[arg(long)]
        out: Option<PathBuf>,
        /// The intent, as JSON; see docs/edge.md.
        intent: PathBuf,
    },
    /// Have the daemon read the configuration without running it.
    Check {
        /// Which daemon.
        #[arg(long, default_value = "bird")]
        engine: edge::Daemon,
        /// The intent, as JSON; see docs/edge.md.
        intent: PathBuf,
    },
    /// Show how the files on a registered router differ from what it should run.
    Plan {
        /// The router's name; all of them when absent.
        #[arg(long, default_value = "")]
        router: String,
    },
}

#[derive(Subcommand)]
enum WatchCommand {
    /// Replay recordings and print what was found, one finding a line.
    Replay(watch::Replay),
}

#[derive(Subcommand)]
enum LatencyCommand {
    /// Print how many samples, how many losses and which percentiles there are, one group a line.
    Summarize(latency::Summarize),
}

#[derive(Subcommand)]
enum User {
    /// Add a person and print the one-time link to set a password.
    Add {
        /// Name of the organisation; made when it is new.
        #[arg(long)]
        organisation: String,
        /// E-mail address.
        #[arg(long)]
        email: String,
        /// Name.
        #[arg(long)]
        name: String,
        /// customer, partner, operator or manager.
        #[arg(long)]
        role: Role,
    },
}

#[derive(Subcommand)]
enum Token {
    /// Print a new token; it is shown only now.
    Add {
        /// Name of the organisation it speaks for.
        #[arg(long)]
        organisation: String,
        /// What it is for.
        #[arg(long)]
        label: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,bgpkit_parser=error,peerage_probe=info".into());
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("peerage: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Error> {
    if let Command::Check(Check::Prefixes { format, file }) = &cli.command {
        let good = commands::check_prefixes(file.as_ref(), *format)?;
        return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if let Command::Watch(WatchCommand::Replay(ask)) = cli.command {
        watch::replay(ask)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Probe(run) = cli.command {
        probe::run(run).await?;
        return Ok(ExitCode::SUCCESS);
    }
    match &cli.command {
        Command::Latency(LatencyCommand::Summarize(ask)) => {
            latency::summarize(ask)?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Edge(Edge::Render { engine, out, intent }) => {
            edge::render(intent, *engine, out.as_deref())?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Edge(Edge::Check { engine, intent }) => {
            edge::check(intent, *engine)?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let mut config = Config::load(cli.config.as_deref()).map_err(Error::Fault)?;
    config.data_dir = cli.data_dir.unwrap_or(config.data_dir);
    match cli.command {
        Command::Serve { listen, demo } => {
            config.listen = listen.unwrap_or(config.listen);
            start::serve(config, demo).await?;
        }
        Command::Directory(Directory::Import { files }) => commands::import(&config, &files).await?,
        Command::Directory(Directory::Legacy { file, location }) => commands::legacy(&config, &file, location.as_deref()).await?,
        Command::User(User::Add { organisation, email, name, role }) => {
            commands::add_user(&config, &organisation, &email, &name, role).await?;
        }
        Command::Token(Token::Add { organisation, label }) => commands::add_token(&config, &organisation, &label).await?,
        Command::Doctor => commands::doctor(&config).await?,
        Command::Edge(Edge::Plan { router }) => {
            let same = commands::plan(&config, &router).await?;
            return Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Check(_) | Command::Edge(_) | Command::Latency(_) | Command::Probe(_) | Command::Watch(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}
