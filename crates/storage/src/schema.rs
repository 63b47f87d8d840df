//! The tables, as a list of steps that is only ever appended to.
//!
//! Columns are BIGINT, TEXT or bytes; times are milliseconds since 1970 in UTC.

use crate::engine::{Error, Store, params};

/// `BYTES` becomes the word of the database.
const STEPS: &[&str] = &["
CREATE TABLE sequence (name TEXT PRIMARY KEY, last BIGINT NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE organisation (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created BIGINT NOT NULL);
CREATE TABLE person (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  password_hash TEXT, created BIGINT NOT NULL);
CREATE TABLE membership (person TEXT NOT NULL REFERENCES person (id), organisation TEXT NOT NULL REFERENCES organisation (id),
  role TEXT NOT NULL, PRIMARY KEY (person, organisation, role));
CREATE TABLE login_link (token_hash TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person (id), expires BIGINT NOT NULL);
CREATE TABLE web_session (id TEXT PRIMARY KEY, body TEXT NOT NULL, expires BIGINT NOT NULL);
CREATE TABLE api_token (token_hash TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id),
  label TEXT NOT NULL, created BIGINT NOT NULL);

CREATE TABLE directory_object (kind TEXT NOT NULL, id BIGINT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE location (id TEXT PRIMARY KEY, origin TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE TABLE draft (id TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id), kind TEXT NOT NULL,
  body TEXT NOT NULL, updated BIGINT NOT NULL);
CREATE TABLE secret (subject TEXT PRIMARY KEY, body TEXT NOT NULL);

CREATE TABLE peer_asn (id TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id), asn BIGINT NOT NULL UNIQUE,
  state TEXT NOT NULL, since BIGINT NOT NULL, version BIGINT NOT NULL, body TEXT NOT NULL);
CREATE TABLE peering (id TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id), asn BIGINT NOT NULL,
  peer_name TEXT NOT NULL, kind TEXT NOT NULL, location TEXT NOT NULL, state TEXT NOT NULL, next TEXT NOT NULL,
  since BIGINT NOT NULL, created BIGINT NOT NULL, version BIGINT NOT NULL, body TEXT NOT NULL);
CREATE INDEX peering_by_organisation ON peering (organisation);
CREATE INDEX peering_by_next ON peering (next, since);
CREATE TABLE session_space (space TEXT NOT NULL, location TEXT NOT NULL, asn BIGINT NOT NULL, peering TEXT NOT NULL REFERENCES peering (id),
  connection BIGINT NOT NULL, PRIMARY KEY (location, space));

CREATE TABLE event (stream TEXT NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL, author TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (stream, version));

CREATE TABLE connection (id TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id), name TEXT NOT NULL,
  provider TEXT NOT NULL, created BIGINT NOT NULL, body TEXT NOT NULL, UNIQUE (organisation, name));
CREATE TABLE prefix (prefix TEXT PRIMARY KEY, connection TEXT NOT NULL REFERENCES connection (id), organisation TEXT NOT NULL,
  provider TEXT NOT NULL, added BIGINT NOT NULL);
CREATE INDEX prefix_by_connection ON prefix (connection);

CREATE TABLE job (id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, run_at BIGINT NOT NULL, attempts BIGINT NOT NULL,
  lease_until BIGINT NOT NULL, body TEXT NOT NULL);
CREATE INDEX job_by_time ON job (run_at);

CREATE TABLE series (id TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id), name TEXT NOT NULL,
  connection TEXT NOT NULL, UNIQUE (organisation, name));
CREATE TABLE latency (series TEXT NOT NULL REFERENCES series (id), step BIGINT NOT NULL, start BIGINT NOT NULL, histogram BYTES NOT NULL,
  PRIMARY KEY (series, step, start));
CREATE TABLE telemetry_batch (id TEXT PRIMARY KEY, received BIGINT NOT NULL);
CREATE TABLE route_event (id TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id), at BIGINT NOT NULL,
  kind TEXT NOT NULL, level TEXT NOT NULL, prefix TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX route_event_by_time ON route_event (organisation, at);
", "
CREATE TABLE router (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, location TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE placement (peering TEXT NOT NULL REFERENCES peering (id), connection BIGINT NOT NULL, router TEXT NOT NULL REFERENCES router (id),
  PRIMARY KEY (peering, connection));
CREATE INDEX placement_by_router ON placement (router);
CREATE TABLE evidence (subject TEXT PRIMARY KEY, at BIGINT NOT NULL, body TEXT NOT NULL);
ALTER TABLE membership ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
", "
CREATE TABLE edge_log (subject TEXT NOT NULL, at BIGINT NOT NULL, line BIGINT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (subject, line));
", "
CREATE TABLE legacy (id TEXT PRIMARY KEY, location TEXT NOT NULL, asn BIGINT NOT NULL, peering TEXT, body TEXT NOT NULL,
  UNIQUE (location, asn));
CREATE TABLE registered_asn (organisation TEXT NOT NULL REFERENCES organisation (id), asn BIGINT NOT NULL, name TEXT NOT NULL,
  added BIGINT NOT NULL, PRIMARY KEY (organisation, asn));
", "
CREATE TABLE registered_prefix (id TEXT PRIMARY KEY, prefix TEXT NOT NULL UNIQUE, organisation TEXT NOT NULL REFERENCES organisation (id),
  peering TEXT NOT NULL REFERENCES peering (id), added BIGINT NOT NULL, body TEXT NOT NULL);
CREATE INDEX registered_prefix_by_organisation ON registered_prefix (organisation);
CREATE TABLE prefix_key (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX prefix_key_by_subject ON prefix_key (subject);
ALTER TABLE prefix ADD COLUMN key TEXT;
CREATE INDEX prefix_by_key ON prefix (key);
ALTER TABLE prefix ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE TABLE verdict (subject TEXT PRIMARY KEY, owner TEXT NOT NULL, prefix TEXT NOT NULL, state TEXT NOT NULL, at BIGINT NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX verdict_by_owner ON verdict (owner);
CREATE TABLE verdict_change (subject TEXT NOT NULL, line BIGINT NOT NULL, at BIGINT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (subject, line));
CREATE TABLE session_change (session TEXT NOT NULL, at BIGINT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (session, at));
", "
CREATE TABLE incident (id TEXT PRIMARY KEY, cause TEXT NOT NULL, family TEXT NOT NULL, level TEXT NOT NULL, opened BIGINT NOT NULL,
  ended BIGINT, closed BIGINT, peak BIGINT NOT NULL, search TEXT NOT NULL, replay TEXT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX incident_open ON incident (cause) WHERE closed IS NULL;
CREATE INDEX incident_by_time ON incident (opened);
CREATE TABLE incident_part (incident TEXT NOT NULL REFERENCES incident (id), prefix TEXT NOT NULL, kind TEXT NOT NULL, by_asn BIGINT NOT NULL,
  until BIGINT, body TEXT NOT NULL, PRIMARY KEY (incident, prefix, kind, by_asn));
CREATE TABLE incident_party (incident TEXT NOT NULL REFERENCES incident (id), organisation TEXT NOT NULL, PRIMARY KEY (incident, organisation));
CREATE INDEX incident_party_by_organisation ON incident_party (organisation);
CREATE TABLE route_change (replay TEXT NOT NULL, prefix TEXT NOT NULL, vantage TEXT NOT NULL, at BIGINT NOT NULL, state TEXT NOT NULL,
  path TEXT NOT NULL, PRIMARY KEY (replay, prefix, vantage, at));
CREATE INDEX route_change_by_time ON route_change (at);
CREATE TABLE lookout_item (id TEXT PRIMARY KEY, kind TEXT NOT NULL, organisation TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX lookout_item_by_organisation ON lookout_item (kind, organisation);
CREATE TABLE delivery (id TEXT PRIMARY KEY, channel TEXT NOT NULL, incident TEXT NOT NULL, phase TEXT NOT NULL, organisation TEXT NOT NULL,
  state TEXT NOT NULL, due BIGINT NOT NULL, attempts BIGINT NOT NULL, lease_until BIGINT NOT NULL, body TEXT NOT NULL,
  UNIQUE (channel, incident, phase));
CREATE INDEX delivery_by_time ON delivery (state, due);
CREATE INDEX delivery_by_organisation ON delivery (organisation);
", "
ALTER TABLE route_change ADD COLUMN shortest BIGINT NOT NULL DEFAULT 0;
", LATENCY_PARTITIONS, "
CREATE TABLE probe (id TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id), name TEXT NOT NULL,
  secret TEXT NOT NULL UNIQUE, expires BIGINT NOT NULL, body TEXT NOT NULL, UNIQUE (organisation, name));
CREATE TABLE probe_target (id TEXT PRIMARY KEY, organisation TEXT NOT NULL REFERENCES organisation (id), subject TEXT NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX probe_target_by_subject ON probe_target (subject);
CREATE TABLE probe_trace (id TEXT PRIMARY KEY, probe TEXT NOT NULL REFERENCES probe (id), organisation TEXT NOT NULL, at BIGINT NOT NULL,
  done BIGINT NOT NULL, body TEXT NOT NULL);
CREATE INDEX probe_trace_by_probe ON probe_trace (probe, done);
CREATE INDEX probe_trace_by_time ON probe_trace (at);
"];

/// Behind this step the one table of latency is split into many.
const LATENCY_PARTITIONS: &str = "
CREATE TABLE latency_partition (name TEXT PRIMARY KEY, step BIGINT NOT NULL, first BIGINT NOT NULL);
";

/// Brings the schema up to date; several processes may do so at once.
pub(crate) async fn migrate(store: &Store) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    tx.run("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)", &[]).await?;
    let rows = tx.fetch("schema_version", "SELECT version FROM schema_version", &[]).await?;
    let found = rows.first().map_or(Ok(0), |row| row.int(0, "version"))?;
    let known = STEPS.len() as i64;
    if found > known {
        return Err(Error::Newer { found, known });
    }
    let bytes = if tx.is_sqlite() { "BLOB" } else { "BYTEA" };
    for step in STEPS.iter().skip(found as usize) {
        for statement in step.replace("BYTES", bytes).split(';').filter(|s| !s.trim().is_empty()) {
            tx.run(statement, &[]).await?;
        }
        if *step == LATENCY_PARTITIONS {
            tx.split_latency().await?;
        }
    }
    tx.run("DELETE FROM schema_version", &[]).await?;
    tx.run("INSERT INTO schema_version (version) VALUES ($1)", params![known]).await?;
    tx.commit().await
}
