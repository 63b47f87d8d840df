//! Matrices of latency, from merged histograms.

use crate::rpc::insights::MatrixView;
use peerage_charts::heat::hour_of_week;
use peerage_latency::Histogram;
use peerage_service::telemetry::Course;
use std::collections::{BTreeMap, BTreeSet};

const HOURS: usize = 24;

/// By weekday and hour.
pub(super) fn hours(courses: &[Course]) -> MatrixView {
    let mut cells = vec![Histogram::default(); 7 * HOURS];
    for interval in courses.iter().flat_map(|course| &course.intervals) {
        let (day, hour) = hour_of_week(interval.start);
        cells[day * HOURS + hour].merge(&interval.histogram);
    }
    let days =
        [tr!(day.monday), tr!(day.tuesday), tr!(day.wednesday), tr!(day.thursday), tr!(day.friday), tr!(day.saturday), tr!(day.sunday)];
    MatrixView {
        rows: days.into(),
        columns: (0..HOURS).map(|hour| format!("{hour:02}")).collect(),
        ms: cells.iter().map(|cell| cell.quantile(0.5)).collect(),
    }
}

/// By probe and connection; nothing where there are fewer than two probes.
pub(super) fn places(courses: &[Course]) -> Option<MatrixView> {
    let mut cells: BTreeMap<(&str, &str), Histogram> = BTreeMap::new();
    for course in courses {
        // Connection, probe, target: what others send has no probe.
        let mut parts = course.series.name.split('/');
        if let (Some(connection), Some(probe), Some(_)) = (parts.next(), parts.next(), parts.next()) {
            cells.entry((probe, connection)).or_default().merge(&course.total);
        }
    }
    let rows: BTreeSet<&str> = cells.keys().map(|(probe, _)| *probe).collect();
    let columns: BTreeSet<&str> = cells.keys().map(|(_, connection)| *connection).collect();
    let cell = |probe: &str, connection: &str| cells.get(&(probe, connection)).and_then(|cell| cell.quantile(0.5));
    (rows.len() > 1).then(|| MatrixView {
        ms: rows.iter().flat_map(|row| columns.iter().map(|column| cell(row, column))).collect(),
        rows: rows.iter().map(ToString::to_string).collect(),
        columns: columns.iter().map(ToString::to_string).collect(),
    })
}
