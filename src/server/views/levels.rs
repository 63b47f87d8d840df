//! What pages read of service levels and reports.

use crate::{
    rpc::{
        Failure,
        levels::{BudgetView, KeptView, LevelView, ReportRow, ReportView},
    },
    server::context::asked,
};
use peerage_domain::{access::Action, report::Span};
use peerage_latency::objective::Budget;
use peerage_service::{
    Error,
    objectives::Kept,
    reports::{Report, Row},
};

fn budget(it: Budget) -> BudgetView {
    BudgetView { sent: it.sent, failed: it.failed, kept: it.kept, spent: it.spent }
}

fn kept(it: Kept) -> KeptView {
    KeptView {
        within_ms: it.objective.within_ms,
        share: it.objective.share,
        budget: budget(it.budget),
        last_day: budget(it.last_day),
        course: it.course,
        set: it.set,
    }
}

pub(crate) async fn level(connection: String) -> Result<LevelView, Failure> {
    let (service, actor) = asked().await?;
    let found = service.level(&actor, &connection).await?;
    Ok(LevelView {
        connection,
        kept: found.kept.map(kept),
        sessions: found.sessions.into_iter().map(|it| (it.id, it.shares)).collect(),
        any: found.any,
        writable: Action::WriteConnections.allowed(&actor.roles),
        now: service.clock().now(),
    })
}

fn row(it: Row) -> ReportRow {
    ReportRow {
        ms: (it.packets.quantile(0.5), it.packets.quantile(0.95), it.before_ms()),
        loss: it.packets.loss(),
        sent: it.packets.count() + it.packets.lost(),
        course: it.course.into_iter().map(|(_, ms)| ms).collect(),
        level: it.level.map(|(objective, spent)| (objective.within_ms, objective.share, budget(spent))),
        available: it.available,
        connection: it.connection,
    }
}

pub(crate) async fn report(span: String, day: String) -> Result<ReportView, Failure> {
    let (service, actor) = asked().await?;
    let now = service.clock().now();
    let unknown = || Error::NotFound("report", format!("{span}/{day}"));
    let of = if span.is_empty() { Span::Week } else { Span::of(&span).ok_or_else(unknown)? };
    let at = if day.is_empty() { Some(now) } else { format!("{day}T00:00:00Z").parse().ok() };
    // Nothing can be told of what has not begun.
    let at = at.filter(|at| *at < of.holding(now).to).ok_or_else(unknown)?.min(now);
    let report = service.report(&actor, of, at).await?;
    let before_ms = report.before_ms();
    let Report { period, rows, packets, incidents, goes_on, .. } = report;
    let channels: Vec<(String, String)> = service.channels(&actor).await?.into_iter().map(|it| (it.id, it.name)).collect();
    let name = |id: &str| channels.iter().find(|(known, _)| known == id).map_or_else(|| id.to_owned(), |(_, name)| name.clone());
    let subscriptions = service.subscriptions(&actor).await?;
    Ok(ReportView {
        period,
        organisation: actor.organisation_name.clone(),
        rows: rows.into_iter().map(row).collect(),
        ms: (packets.quantile(0.5), before_ms),
        incidents,
        goes_on,
        subscriptions: subscriptions.into_iter().map(|it| (it.id, it.span, name(&it.channel))).collect(),
        channels,
        replay: service.settings().demo,
        now,
    })
}
