//! A week or a month of an organisation's connections: latency beside the time before, loss,
//! service levels, availability, incidents; to be read, printed, and sent when it is over.

use crate::{Actor, Error, Service, lookout::Channel, voice::Voice};
use peerage_domain::{
    Language, Timestamp,
    access::Action,
    incident::{Incident, sentence},
    report::{Period, Span, headline},
    say,
    service::{any_up, availability},
};
use peerage_latency::{
    Histogram, Step,
    compare::Covered,
    objective::{Budget, Objective},
};
use peerage_storage::{
    Page,
    connections::ServiceConnection,
    deliveries::{Delivery, Phase},
    incidents::IncidentFilter,
};
use serde::{Deserialize, Serialize};

/// Under which name it is kept who gets reports.
const REPORT: &str = "report";
/// Most reports that an organisation has sent.
const MOST: usize = 20;
/// Most incidents that a report names.
const INCIDENTS: u32 = 20;
/// How long after its end a week or month is told, in seconds: what comes late is in it.
const LATE_S: i64 = 3 * 3600;

/// A connection in a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Id and name.
    pub connection: (String, String),
    /// What was measured.
    pub packets: Histogram,
    /// What was measured in the week or month before.
    pub before: Histogram,
    /// How much of both was measured.
    pub covered: Covered,
    /// Medians by interval: beginning and ms.
    pub course: Vec<(i64, Option<f64>)>,
    /// What is wanted, and what became of it.
    pub level: Option<(Objective, Budget)>,
    /// Share of the known time in which a session of the provider's was Established.
    pub available: Option<f64>,
}

/// A week or a month.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Which.
    pub period: Period,
    /// Its connections, the worst first.
    pub rows: Vec<Row>,
    /// Everything that was measured.
    pub packets: Histogram,
    /// The same in the week or month before.
    pub before: Histogram,
    /// Incidents, oldest first, and how many there were.
    pub incidents: (Vec<Incident>, u64),
    /// Whether it goes on.
    pub goes_on: bool,
}

/// Who gets a report of each week or month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Such as `RS-1`.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// Of how long it is.
    pub span: Span,
    /// Id of the channel.
    pub channel: String,
    /// The beginning of the last one that was told, or of the one before it began.
    pub told: Timestamp,
}

impl Report {
    /// All of it in one or two sentences.
    pub fn headline(&self, voice: Voice) -> String {
        let slowest = self.rows.first().and_then(|row| Some((row.connection.1.as_str(), row.packets.quantile(0.5)?)));
        let (median, before) = (self.packets.quantile(0.5), self.before_ms());
        voice.all(&headline(self.period.span, median, before, slowest, voice.language))
    }

    /// The median of the time before in ms, where there is enough of it.
    pub fn before_ms(&self) -> Option<f64> {
        self.rows.iter().map(|row| row.covered).sum::<Covered>().median_before(&self.before)
    }

    /// As the text of a mail.
    pub(crate) fn text(&self, public_url: &str, voice: Voice) -> String {
        let width = self.rows.iter().map(|row| row.connection.1.chars().count()).max().unwrap_or(0).clamp(10, 40);
        let heads = [
            say!("report.column_median", "median ms"),
            say!("report.column_before", "before"),
            say!("report.column_p95", "p95"),
            say!("report.column_loss", "loss"),
            say!("report.column_available", "available"),
            say!("report.column_budget", "budget"),
        ];
        let heads = heads.map(|head| voice.say(&head));
        let widths = heads.each_ref().map(|head| head.chars().count().max(9));
        let line = |name: &str, cells: [String; 6]| {
            let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
            format!("{name:width$}  {}", cells.collect::<Vec<_>>().join("  "))
        };
        let mut lines = vec![self.headline(voice), String::new(), line("", heads.clone())];
        for row in &self.rows {
            let name: String = row.connection.1.chars().take(width).collect();
            lines.push(line(&name, row.cells(voice.language)));
        }
        lines.extend([String::new(), voice.say(&say!("report.incidents", "Incidents: {n}", n = self.incidents.1))]);
        lines.extend(self.incidents.0.iter().map(|it| format!("- {} {}: {}", it.opened.minute(), it.id, voice.say(&sentence(&it.worst)))));
        if !public_url.is_empty() {
            lines.extend([String::new(), format!("{}{}", public_url.trim_end_matches('/'), self.path())]);
        }
        lines.join("\n") + "\n"
    }

    /// Its page.
    pub fn path(&self) -> String {
        format!("/reports/{}/{}", self.period.span.word(), self.period.from.iso_date())
    }

    /// What it is about, as a mail's subject says it.
    pub(crate) fn subject(&self, voice: Voice) -> String {
        format!("{}: {}", voice.say(&self.period.name(voice.language)), self.headline(voice))
    }

    /// The body of a webhook.
    pub(crate) fn body(&self, public_url: &str, voice: Voice) -> serde_json::Value {
        let row = |row: &Row| {
            serde_json::json!({
                "connection": row.connection.0,
                "name": row.connection.1,
                "median_ms": row.packets.quantile(0.5),
                "before_ms": row.before_ms(),
                "p95_ms": row.packets.quantile(0.95),
                "loss": row.packets.loss(),
                "available": row.available,
                "objective": row.level.map(|(objective, _)| objective),
                "budget": row.level.map(|(_, budget)| budget),
            })
        };
        serde_json::json!({
            "span": self.period.span.word(),
            "from": self.period.from,
            "to": self.period.to,
            "url": (!public_url.is_empty()).then(|| format!("{}{}", public_url.trim_end_matches('/'), self.path())),
            "sentence": self.headline(voice),
            "connections": self.rows.iter().map(row).collect::<Vec<_>>(),
            "incidents": self.incidents.1,
        })
    }
}

impl Row {
    /// The median of the time before in ms, where there is enough of it.
    pub fn before_ms(&self) -> Option<f64> {
        self.covered.median_before(&self.before)
    }

    /// Median, the one before, 95th percentile, loss, availability, and what is spent of the budget.
    fn cells(&self, language: Language) -> [String; 6] {
        let ms = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), |ms| language.decimal(ms, 1));
        [
            ms(self.packets.quantile(0.5)),
            ms(self.before_ms()),
            ms(self.packets.quantile(0.95)),
            language.percent(self.packets.loss(), 2),
            language.percent(self.available, 2),
            language.percent(self.level.map(|(_, budget)| budget.spent), 0),
        ]
    }
}

impl Service {
    /// The week or month that a moment lies in.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn report(&self, actor: &Actor, span: Span, at: Timestamp) -> Result<Report, Error> {
        let permit = actor.may(Action::ReadInsights)?;
        self.report_of(permit.scope.organisation(), span.holding(at)).await
    }

    /// The report of an organisation, or of everybody.
    pub(crate) async fn report_of(&self, organisation: Option<&str>, period: Period) -> Result<Report, Error> {
        let (mut packets, mut before) = (Histogram::default(), Histogram::default());
        let mut rows = vec![];
        let own = |it: &ServiceConnection| organisation.is_none_or(|own| own == it.organisation);
        for connection in self.store.all_connections().await?.into_iter().filter(own) {
            let row = self.report_row(connection, period).await?;
            packets.merge(&row.packets);
            before.merge(&row.before);
            rows.push(row);
        }
        let slow = |row: &Row| row.packets.quantile(0.5).unwrap_or(-1.0);
        rows.sort_by(|a, b| slow(b).total_cmp(&slow(a)).then_with(|| a.connection.1.cmp(&b.connection.1)));
        let filter =
            IncidentFilter { from: period.from.millis(), to: period.to.millis(), oldest_first: true, ..IncidentFilter::of(organisation) };
        let (incidents, total) = self.store.incidents(&filter, &Page { offset: 0, limit: INCIDENTS }).await?;
        let goes_on = self.clock.now() < period.to;
        Ok(Report { period, rows, packets, before, incidents: (incidents, total.unsigned_abs()), goes_on })
    }

    async fn report_row(&self, connection: ServiceConnection, period: Period) -> Result<Row, Error> {
        let step = if period.span == Span::Week { Step::Hour } else { Step::Day };
        let intervals = self.merged(&connection, step, period.from.secs(), period.to.secs()).await?;
        let before = period.before();
        let sum = |all: std::collections::BTreeMap<i64, Histogram>| {
            let mut whole = Histogram::default();
            all.values().for_each(|it| whole.merge(it));
            whole
        };
        let before = self.merged(&connection, Step::Day, before.from.secs(), before.to.secs()).await?;
        let covered = Covered::of(before.keys().copied(), intervals.keys().copied(), Step::Day);
        let course = (0..(period.to.since(period.from) / step.secs())).map(|n| period.from.secs() + n * step.secs());
        let course = course.map(|at| (at, intervals.get(&at).and_then(|it| it.quantile(0.5)))).collect();
        let packets = sum(intervals);
        let sessions: Vec<_> = self.session_course(&connection).await?.into_values().collect();
        let objective = self.objective_of(&connection).await?;
        Ok(Row {
            level: objective.map(|objective| (objective, objective.budget(&packets))),
            available: availability(&any_up(&sessions), period.from, period.to.min(self.clock.now())),
            connection: (connection.id, connection.name),
            packets,
            before: sum(before),
            covered,
            course,
        })
    }

    /// Who of the actor's organisation gets reports.
    ///
    /// # Errors
    /// When the actor may not or storage fails.
    pub async fn subscriptions(&self, actor: &Actor) -> Result<Vec<Subscription>, Error> {
        actor.may(Action::ReadInsights)?;
        Ok(self.store.items(REPORT, Some(&actor.organisation)).await?)
    }

    /// Has a report of each week or month sent to a channel, from the one that goes on.
    ///
    /// # Errors
    /// When the actor may not, or there is no such channel.
    pub async fn subscribe(&self, actor: &Actor, span: &str, channel: &str) -> Result<(), Error> {
        actor.may(Action::SendReports)?;
        let span = Span::of(span).ok_or_else(|| Error::Refused(say!("report.span", "Choose weeks or months.")))?;
        let channels = self.channels(actor).await?;
        let missing = || Error::Refused(say!("report.channel", "Choose a channel; they are added under Alerts."));
        let channel = channels.into_iter().find(|it| it.id == channel).ok_or_else(missing)?;
        let known = self.subscriptions(actor).await?;
        if known.iter().any(|it| it.span == span && it.channel == channel.id) {
            return Err(Error::Refused(say!("report.twice", "This channel gets it already.")));
        }
        if known.len() >= MOST {
            return Err(Error::Refused(say!("report.many", "{most} reports are sent; take one off first.", most = MOST)));
        }
        let mut tx = self.store.begin().await?;
        let told = span.holding(self.clock.now()).before().from;
        let it = Subscription { id: tx.next_id("RS").await?, organisation: actor.organisation.clone(), span, channel: channel.id, told };
        tx.save_item(REPORT, &it.id, &it.organisation, &it).await?;
        Ok(tx.commit().await?)
    }

    /// Ends that.
    ///
    /// # Errors
    /// When the actor may not, or it is not there.
    pub async fn unsubscribe(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        actor.may(Action::SendReports)?;
        let mut tx = self.store.begin().await?;
        if !tx.delete_item(REPORT, id, &actor.organisation).await? {
            return Err(Error::NotFound("report", id.to_owned()));
        }
        Ok(tx.commit().await?)
    }

    /// Writes down what reports are to be sent: of each week and month that is over, once.
    pub(crate) async fn schedule_reports(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let all: Vec<Subscription> = self.store.items(REPORT, None).await?;
        for it in all {
            let period = it.span.holding(now.plus_secs(-LATE_S)).before();
            if period.from <= it.told {
                continue;
            }
            let mut tx = self.store.begin().await?;
            let channels: Vec<Channel> = tx.items(crate::lookout::CHANNEL, Some(&it.organisation)).await?;
            let Some(channel) = channels.into_iter().find(|channel| channel.id == it.channel) else {
                // Nobody is left to tell.
                tx.delete_item(REPORT, &it.id, &it.organisation).await?;
                tx.commit().await?;
                continue;
            };
            let due = channel.quiet.map_or(now, |hours| hours.shifted(now));
            let new = Delivery::new(tx.next_id("DE").await?, &it.channel, &it.organisation, (&name(period), Phase::Report), now);
            tx.add_delivery(&new.due(due)).await?;
            let told = Subscription { told: period.from, ..it };
            tx.save_item(REPORT, &told.id, &told.organisation, &told).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The report that a delivery names; nothing where it names none.
    pub(crate) async fn report_named(&self, organisation: &str, name: &str) -> Result<Option<Report>, Error> {
        let period = name.split_once(' ').and_then(|(span, day)| {
            let at: Timestamp = format!("{day}T00:00:00Z").parse().ok()?;
            Some(Span::of(span)?.holding(at))
        });
        let Some(period) = period else { return Ok(None) };
        // The operator's own people see everybody's.
        let organisations = self.store.organisations().await?;
        let all = organisations.iter().any(|it| it.id == organisation && it.name == self.settings.operator_name);
        self.report_of((!all).then_some(organisation), period).await.map(Some)
    }
}

/// Under which name a report is delivered.
fn name(period: Period) -> String {
    format!("{} {}", period.span.word(), period.from.iso_date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use peerage_domain::Text;

    fn packets(ms: f64, lost: u64) -> Histogram {
        let mut all = Histogram::default();
        all.record_many(ms, 100 - lost);
        all.record_losses(lost);
        all
    }

    fn report(span: Span) -> Report {
        let objective = Objective { within_ms: 20.0, share: 0.95 };
        let row = |id: &str, name: &str, ms: f64| Row {
            connection: (id.into(), name.into()),
            packets: packets(ms, 2),
            before: packets(ms + 1.1, 0),
            covered: Covered { earlier: 7, later: 7 },
            course: vec![],
            level: Some((objective, objective.budget(&packets(ms, 2)))),
            available: Some(0.9995),
        };
        Report {
            period: span.holding(Timestamp::from_secs(1_795_000_000)),
            rows: vec![row("CN-2", "Seattle", 18.0), row("CN-1", "Zürich, with a name that is as long as names may be", 12.0)],
            packets: packets(12.4, 0),
            before: packets(13.5, 0),
            incidents: (vec![], 0),
            goes_on: false,
        }
    }

    /// As it would be said where nobody says it in another language.
    const ENGLISH: Voice = Voice::ENGLISH;

    #[test]
    fn a_mail_says_all_of_it_in_its_subject_and_has_a_line_a_connection() {
        let subject = report(Span::Week).subject(ENGLISH);
        assert!(subject.starts_with("Week from 16 Nov 2026 to 22 Nov 2026: Median 12."), "{subject}");
        assert!(subject.contains("better than the week before. Slowest: Seattle, 1"), "{subject}");
        assert!(report(Span::Month).subject(ENGLISH).starts_with("November 2026: Median 12."));
        let text = report(Span::Week).text("https://peering.example.net/", ENGLISH);
        let line = text.lines().find(|line| line.starts_with("Seattle")).expect("a line");
        for part in ["17.8", "18.9", "2.00 %", "99.95 %", "40 %"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(text.ends_with("https://peering.example.net/reports/week/2026-11-16\n"), "{text}");
        let widths: Vec<usize> = text.lines().skip(2).take(3).map(|line| line.chars().count()).collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "columns stand below each other: {text}");
    }

    #[test]
    fn a_mail_is_in_the_language_of_its_channel() {
        let say = |language: Language, text: &Text| match text.key() {
            "report.column_available" => "a word that is longer than a column".to_owned(),
            key => format!("<{} {key}>", language.code()),
        };
        let voice = Voice { language: Language::Sv, say };
        assert_eq!(report(Span::Week).subject(voice), "<sv report.week>: <sv report.better_week> <sv report.slowest>");
        let text = report(Span::Week).text("", voice);
        assert!(text.contains("17,8") && text.contains("99,95 %") && text.contains("<sv report.incidents>"), "{text}");
        let widths: Vec<usize> = text.lines().skip(2).take(3).map(|line| line.chars().count()).collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "columns stand below each other: {text}");
    }
}
