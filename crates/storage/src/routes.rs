//! What vantage points had of watched prefixes, change by change.

use crate::engine::{Error, Row, Store, Tx, json, params};
use peerage_domain::{
    Asn, Prefix, Timestamp,
    sighting::{Had, Hop, RouteChange, SeenRoute, Vantage},
};

fn vantage_text(vantage: &Vantage) -> Result<String, Error> {
    json(&(&vantage.source, vantage.asn, &vantage.peer, vantage.tells_withdrawals))
}

fn change(row: &Row) -> Result<RouteChange, Error> {
    let (source, asn, peer, tells_withdrawals): (String, Asn, String, bool) = row.json(1, "vantage")?;
    let had = match row.text(3, "state")?.as_str() {
        "nothing" => Had::Nothing,
        "unknown" => Had::Unknown,
        marked => {
            let only_to_customer = marked.strip_prefix(MARKED).and_then(|asn| asn.parse().ok()).map(Asn);
            Had::Route(SeenRoute { path: Hop::path(&row.text(4, "path")?), only_to_customer })
        }
    };
    Ok(RouteChange {
        prefix: row.parsed(0, "prefix")?,
        vantage: Vantage { source, asn, peer, tells_withdrawals },
        at: row.time(2, "at")?,
        had,
        // No path has no ASN.
        shortest: u8::try_from(row.int(5, "shortest")?).ok().filter(|length| *length > 0),
    })
}

const CHANGE: &str = "SELECT prefix, vantage, at, state, path, shortest FROM route_change";
/// Before the ASN that marked a route for customers only (RFC 9234).
const MARKED: &str = "route otc ";
/// So many changes go into one statement.
const ROWS: usize = 100;

impl Tx {
    /// Keeps changes of what is live, or of a recording. Of several of a vantage point at one
    /// moment the last one stays.
    #[allow(missing_docs)]
    pub async fn add_route_changes(&mut self, replay: &str, changes: &[RouteChange]) -> Result<(), Error> {
        let mut last = std::collections::BTreeMap::new();
        for it in changes {
            last.insert((it.prefix, vantage_text(&it.vantage)?, it.at), it);
        }
        let all: Vec<_> = last.into_iter().collect();
        for part in all.chunks(ROWS) {
            let mut values = vec![];
            let mut rows = vec![];
            for ((prefix, vantage, at), it) in part {
                let (state, path) = match &it.had {
                    Had::Route(route) => {
                        let path: Vec<String> = route.path.iter().map(ToString::to_string).collect();
                        let state = route.only_to_customer.map_or("route".to_owned(), |marked| format!("{MARKED}{}", marked.0));
                        (state, path.join(" "))
                    }
                    Had::Nothing => ("nothing".to_owned(), String::new()),
                    Had::Unknown => ("unknown".to_owned(), String::new()),
                };
                let first = values.len() + 1;
                let numbers: Vec<String> = (first..first + 7).map(|number| format!("${number}")).collect();
                rows.push(format!("({})", numbers.join(", ")));
                let shortest = i64::from(it.shortest.unwrap_or_default());
                values.extend_from_slice(params![replay, prefix.to_string(), vantage.as_str(), at.millis(), state, path, shortest]);
            }
            let sql = format!(
                "INSERT INTO route_change (replay, prefix, vantage, at, state, path, shortest) VALUES {} \
                 ON CONFLICT (replay, prefix, vantage, at) DO UPDATE SET state = excluded.state, path = excluded.path, \
                 shortest = excluded.shortest",
                rows.join(", ")
            );
            self.run(&sql, &values).await?;
        }
        Ok(())
    }

    /// Forgets changes from before a moment, but for the last one of each vantage point and prefix.
    pub async fn forget_route_changes(&mut self, before: Timestamp) -> Result<(), Error> {
        let sql = "DELETE FROM route_change WHERE at < $1 AND (replay <> '' OR EXISTS (SELECT 1 FROM route_change later \
                   WHERE later.replay = route_change.replay AND later.prefix = route_change.prefix \
                   AND later.vantage = route_change.vantage AND later.at > route_change.at))";
        self.run(sql, params![before.millis()]).await.map(|_| ())
    }
}

impl Store {
    /// What happened to a prefix in a span, with what each vantage point had at its beginning;
    /// in the order of time, at most `most` changes.
    pub async fn route_changes(
        &self,
        replay: &str,
        prefix: Prefix,
        from: Timestamp,
        to: Timestamp,
        most: u32,
    ) -> Result<Vec<RouteChange>, Error> {
        let sql = format!(
            "{CHANGE} WHERE replay = $1 AND prefix = $2 AND at <= $4 AND (at > $3 OR NOT EXISTS (SELECT 1 FROM route_change later \
             WHERE later.replay = route_change.replay AND later.prefix = route_change.prefix AND later.vantage = route_change.vantage \
             AND later.at > route_change.at AND later.at <= $3)) ORDER BY at, vantage LIMIT $5"
        );
        let values = params![replay, prefix.to_string(), from.millis(), to.millis(), i64::from(most)];
        self.fetch("route_change", &sql, values).await?.iter().map(change).collect()
    }

    /// The last two changes of each vantage point and prefix, of what is live or of a recording;
    /// in the order of time.
    pub async fn last_route_changes(&self, replay: &str) -> Result<Vec<RouteChange>, Error> {
        let sql = "SELECT prefix, vantage, at, state, path, shortest FROM (SELECT prefix, vantage, at, state, path, shortest, \
                   ROW_NUMBER() OVER (PARTITION BY prefix, vantage ORDER BY at DESC) AS turn FROM route_change WHERE replay = $1) ranked \
                   WHERE turn <= 2 ORDER BY at, prefix, vantage";
        self.fetch("route_change", sql, params![replay]).await?.iter().map(change).collect()
    }
}
