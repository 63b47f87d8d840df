//! What the operator configures: defaults, then a TOML file, then `PEERAGE_…` in the
//! environment, then flags.

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use peerage_domain::{
    Asn, Prefix,
    incident::LINGER_S,
    policy::Policy,
    rpki::RtrCache,
    service::{Community, requirements::Requirements},
};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

/// Settings of `peerage serve`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Where the embedded database and the secret key lie.
    pub data_dir: PathBuf,
    /// `sqlite:PATH` or `postgres://…`; empty for SQLite in the data directory.
    pub database_url: String,
    /// Folder with the browser's files; found beside the program when empty.
    pub site_dir: PathBuf,
    /// Whether cookies are sent over HTTPS only; set it behind TLS.
    pub secure_cookies: bool,
    /// Where people reach the portal, such as `https://peering.example.net`, for links in what they are told.
    pub public_url: String,
    /// The network that runs the portal.
    pub operator: Operator,
    /// What it wants of peers.
    pub policy: Policy,
    /// How the edge is driven.
    pub edge: EdgeConfig,
    /// What partners and routes of Peering Service need.
    pub service: ServiceConfig,
    /// Where the RPKI is heard of.
    pub rpki: RpkiConfig,
    /// Where the Internet Routing Registry is asked.
    pub irr: IrrConfig,
    /// Where the Internet's routes are heard of, and whom webhooks may reach.
    pub watch: WatchConfig,
    /// How mail is sent.
    pub mail: MailConfig,
}

/// Where the Internet's routes are heard of, and whom webhooks may reach.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WatchConfig {
    /// RIS Live, such as `wss://ris-live.ripe.net/v1/ws/?client=NAME`; not used when empty.
    pub ris_live: String,
    /// Own networks that webhooks may reach, although they are not public.
    pub webhook_allow: Vec<Prefix>,
    /// How long nothing has to be found until an incident is over, in seconds: what comes and goes
    /// within it is one incident.
    pub linger_s: i64,
}

impl Default for WatchConfig {
    fn default() -> Self {
        WatchConfig { ris_live: String::new(), webhook_allow: vec![], linger_s: LINGER_S }
    }
}

/// How mail is sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// `smtps://USER:PASSWORD@HOST` or `smtp://HOST:PORT`; no mail is sent when empty.
    pub server: String,
    /// From whom, such as `Peerage <noc@example.net>`.
    pub from: String,
}

/// What partners and routes of Peering Service need.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceConfig {
    /// The community on routes for the service; `ASN:8007` of the operator without one.
    pub community: Option<Community>,
    /// How much redundancy partners need.
    pub requirements: Requirements,
    /// Where routers may connect to for BMP (RFC 7854), so that changes are seen at once.
    pub bmp_listen: Option<SocketAddr>,
}

/// Where the Internet Routing Registry is asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IrrConfig {
    /// Servers that speak IRRd's protocol, such as `rr.ntt.net:43`, in order of preference.
    pub servers: Vec<String>,
    /// The registries to look in, such as `RIPE,ARIN,RADB`; empty for the server's own choice.
    pub sources: String,
    /// Dumps of registries (RPSL, plain or gzip), by which changes of origin are judged.
    pub dumps: Vec<PathBuf>,
}

/// Where the RPKI is heard of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RpkiConfig {
    /// Files of VRPs, as rpki-client, Routinator or StayRTR write them.
    pub files: Vec<PathBuf>,
    /// Caches, such as `127.0.0.1:3323`, for the portal and for its routers.
    pub caches: Vec<RtrCache>,
    /// Own exceptions (RFC 8416).
    pub slurm: Option<PathBuf>,
}

/// The network that runs the portal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Operator {
    /// Its ASN.
    pub asn: Asn,
    /// Its name on every page.
    pub name: String,
    /// ASNs of cloud-interconnect providers.
    pub cloud_interconnect: Vec<Asn>,
}

/// How the edge is driven.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EdgeConfig {
    /// Seconds between two provisioning steps.
    pub step_pause_s: i64,
    /// Seconds that a session has to be up without a break before routes are let in.
    pub settle_s: i64,
    /// Seconds that the peer has to mend what is wrong with its session before it fails.
    pub patience_s: i64,
    /// Seconds between a request for removal and the removal.
    pub removal_pause_s: i64,
    /// The operator's address space for the links of Direct peerings.
    pub link_pools: Vec<Prefix>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data_dir: "peerage-data".into(),
            database_url: String::new(),
            site_dir: PathBuf::new(),
            secure_cookies: false,
            public_url: String::new(),
            operator: Operator::default(),
            policy: Policy::default(),
            edge: EdgeConfig::default(),
            service: ServiceConfig::default(),
            rpki: RpkiConfig::default(),
            irr: IrrConfig::default(),
            watch: WatchConfig::default(),
            mail: MailConfig::default(),
        }
    }
}

impl Default for Operator {
    fn default() -> Self {
        Operator { asn: Asn(64500), name: "Example network".into(), cloud_interconnect: vec![] }
    }
}

impl Default for EdgeConfig {
    fn default() -> Self {
        EdgeConfig { step_pause_s: 2, settle_s: 60, patience_s: 900, removal_pause_s: 600, link_pools: vec![] }
    }
}

impl Config {
    /// Reads file and environment; `PEERAGE_OPERATOR__ASN` is `operator.asn`.
    /// `DATABASE_URL` is honoured, too.
    ///
    /// # Errors
    /// When the file is missing or a value cannot be used; the text names it.
    pub fn load(file: Option<&std::path::Path>) -> Result<Self, String> {
        let mut figment = Figment::from(Serialized::defaults(Config::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(format!("configuration file {} does not exist", file.display()));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        figment
            .merge(Env::raw().only(&["DATABASE_URL"]))
            .merge(Env::prefixed("PEERAGE_").split("__"))
            .extract()
            .map_err(|error| format!("configuration: {error}"))
            .and_then(Config::checked)
    }

    /// Refuses what would only show when it is used.
    fn checked(self) -> Result<Self, String> {
        let has_port =
            |server: &&String| server.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        match self.irr.servers.iter().find(|server| !has_port(server)) {
            Some(server) => Err(format!("configuration: irr.servers: “{server}” has no port. Write it like rr.ntt.net:43.")),
            None => Ok(self),
        }
    }

    /// The database's URL.
    pub fn database_url(&self) -> String {
        if self.database_url.is_empty() {
            format!("sqlite:{}", self.data_dir.join("peerage.db").display())
        } else {
            self.database_url.clone()
        }
    }
}
