//! The line to the portal.

use crate::buffer::Batch;
use peerage_domain::probe::{Enrol, Enrolled, Orders, Report, Results, Trace};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// How long the portal may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the portal has not what it was sent.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It may pass.
    #[error("{0}")]
    Passing(String),
    /// It does not know the agent: somebody took the probe away.
    #[error("{0}")]
    Unknown(String),
    /// It will never take this.
    #[error("{0}")]
    Refused(String),
}

/// A portal, and the token under which it knows the agent.
#[derive(Clone)]
pub struct Portal {
    agent: ureq::Agent,
    url: String,
    token: String,
}

impl Portal {
    /// A portal by its address.
    pub fn new(url: &str, token: &str) -> Portal {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("peerage-probe/", env!("CARGO_PKG_VERSION")))
            .build();
        Portal { agent: config.into(), url: url.trim_end_matches('/').to_owned(), token: token.to_owned() }
    }

    fn post<T: DeserializeOwned>(&self, path: &str, key: Option<&str>, body: &impl Serialize) -> Result<T, Trouble> {
        let url = format!("{}/api/v1/probe/{path}", self.url);
        let body = serde_json::to_vec(body).map_err(|error| Trouble::Refused(error.to_string()))?;
        let mut request = self.agent.post(&url).header("content-type", "application/json");
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let passing = |why: String| Trouble::Passing(format!("{}: {why}", self.url));
        let mut response = request.send(&body[..]).map_err(|error| passing(error.to_string()))?;
        let status = response.status();
        let text = response.body_mut().read_to_string().map_err(|error| passing(error.to_string()))?;
        if status.is_success() {
            // Something between here and the portal may answer in its place.
            return serde_json::from_str(&text).map_err(|error| passing(format!("the answer is none of a Peerage portal: {error}")));
        }
        let detail = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|it| it["detail"].as_str().map(str::to_owned));
        let is_portal = detail.is_some();
        let words = format!("{}: {status} {}", self.url, detail.unwrap_or_default());
        Err(match status.as_u16() {
            401 if is_portal => Trouble::Unknown(words),
            400 | 413 | 415 | 422 if is_portal => Trouble::Refused(words),
            _ => Trouble::Passing(words),
        })
    }

    /// Shows the code that a person was given, and the token that the agent has made for itself. Done
    /// twice it comes to the same.
    ///
    /// # Errors
    /// When the portal cannot be reached or does not know the code.
    pub fn enrol(&self, ask: &Enrol) -> Result<Enrolled, Trouble> {
        self.post("enrol", None, ask)
    }

    /// Says how the agent does and asks what to measure.
    ///
    /// # Errors
    /// When the portal cannot be reached or does not know the agent.
    pub fn orders(&self, report: &Report) -> Result<Orders, Trouble> {
        self.post("orders", None, report)
    }

    /// Brings a batch. One that the portal has is not kept twice.
    ///
    /// # Errors
    /// When it is not kept.
    pub fn bring(&self, batch: &Batch) -> Result<serde_json::Value, Trouble> {
        self.post("results", Some(&batch.name), &Results { results: batch.results.clone() })
    }

    /// Brings a path.
    ///
    /// # Errors
    /// When it is not kept.
    pub fn bring_trace(&self, id: &str, trace: &Trace) -> Result<serde_json::Value, Trouble> {
        self.post(&format!("traces/{id}"), None, trace)
    }
}
