//! The cursor on a chart: the value under the pointer or by the arrow keys, and the span that is chosen by
//! dragging.

use super::windows::at_window;
use crate::rpc::insights::BucketView;
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
};
use peerage_charts::smoke::{Bucket, Frame};
use peerage_domain::Timestamp;

/// The moment that is read on every chart of a page, and the span that is being chosen: the same for
/// all of them, and kept while new samples redraw them. A page provides it.
#[derive(Clone, Copy)]
pub struct ChartTime {
    read: RwSignal<Option<i64>>,
    chosen: RwSignal<Option<(f64, f64)>>,
}

impl ChartTime {
    /// Makes one for the page that calls.
    pub fn provide() {
        provide_context(ChartTime::new());
    }

    fn new() -> ChartTime {
        ChartTime { read: RwSignal::new(None), chosen: RwSignal::new(None) }
    }
}

/// Where things are on a picture, in pixels and on its value axis.
#[derive(Clone, Copy)]
pub(super) struct Plot {
    /// Its axes.
    pub(super) frame: Frame,
    /// Top of the value axis.
    pub(super) top: f64,
    /// Height of the strips below the plot, into which the cursor reaches.
    pub(super) strips: f64,
    /// Height of everything below the plot.
    pub(super) below: f64,
}

/// The picture with a cursor that follows the pointer and the arrow keys.
#[component]
pub(super) fn Cursor(
    /// Where things are on it.
    plot: Plot,
    /// The intervals.
    buckets: Vec<BucketView>,
    /// What is said of one.
    words: fn(&BucketView) -> String,
    children: Children,
) -> impl IntoView {
    let Plot { frame, top, strips, below } = plot;
    let ChartTime { read: time, chosen: brush } = use_context().unwrap_or_else(ChartTime::new);
    let data: Vec<Bucket> = buckets.iter().map(|b| Bucket { time: b.t, quantiles: b.q, count: b.n, lost: b.lost }).collect();
    let count = data.len();
    // What is drawn may be touched while what takes its place is on the way, when these are gone already.
    let values = StoredValue::new(buckets);
    let data = StoredValue::new(data);
    let at = move || time.get().and_then(|time| values.try_with_value(|v| v.iter().rposition(|b| b.t <= time)).flatten());
    let set = move |index: Option<usize>| time.set(index.and_then(|index| values.try_with_value(|v| v.get(index).map(|b| b.t)).flatten()));
    let find = move |event: leptos::ev::MouseEvent| {
        if let Some(share) = crate::browser::share_of_width(&event) {
            set(data.try_with_value(|d| frame.nearest(d, share * frame.width)).flatten());
        }
    };
    let (path, query) = (use_location().pathname, use_query_map());
    let navigate = use_navigate();
    // Shows what lies between two moments.
    let show = move |from: f64, to: f64| {
        let moment = |secs: f64| Timestamp::from_secs(secs as i64).to_string();
        let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
        let window = format!("{}..{}", moment(from.min(to)), moment(from.max(to)));
        navigate(&at_window(&path.read_untracked(), &query.read_untracked(), &window), options);
    };
    // What is drawn anew takes the focus of what it replaces.
    Effect::new(move |_| crate::browser::return_to_place());
    on_cleanup(crate::browser::return_to_place);
    let (length, show_at_key) = ((frame.to - frame.from) as f64, show.clone());
    let moment_at = move |event: &leptos::ev::PointerEvent| {
        crate::browser::share_of_width(event)
            .map(|share| frame.x().back((share * frame.width).clamp(frame.left, frame.width - frame.right)))
    };
    let press = move |event: leptos::ev::PointerEvent| {
        if event.button() == 0 {
            // What is dragged out of the picture and let go there is chosen as well.
            crate::browser::keep_pointer(&event);
            brush.set(moment_at(&event).map(|at| (at, at)));
        }
    };
    let drag = move |event: leptos::ev::PointerEvent| {
        if brush.with_untracked(Option::is_some)
            && let Some(at) = moment_at(&event)
        {
            brush.update(|span| *span = span.map(|(from, _)| (from, at)));
        }
    };
    let release = move |_: leptos::ev::PointerEvent| {
        let span = brush.get_untracked();
        brush.set(None);
        // A tap moves the cursor and nothing else.
        if let Some((from, to)) = span.filter(|(from, to)| (to - from).abs() > length / 60.0) {
            show(from, to);
        }
    };
    let chosen = move || {
        brush.get().map(|(from, to)| {
            let (left, right) = (frame.x().at(from.min(to)), frame.x().at(from.max(to)));
            view! { <rect class="brush" x=left y="8" width=right - left height=frame.height - 8.0></rect> }
        })
    };
    let key = move |event: leptos::ev::KeyboardEvent| {
        let here = untrack(at).unwrap_or(count.saturating_sub(1));
        let middle = values.try_with_value(|v| v.get(here).map(|b| b.t as f64)).flatten().unwrap_or((frame.from + frame.to) as f64 / 2.0);
        let wanted = match event.key().as_str() {
            "+" => return show_at_key(middle - length / 4.0, middle + length / 4.0),
            "-" => return show_at_key(middle - length, middle + length),
            "ArrowLeft" => here.saturating_sub(1),
            "ArrowRight" => here + 1,
            "PageUp" => here + 10,
            "PageDown" => here.saturating_sub(10),
            "Home" => 0,
            "End" => count,
            "Escape" => {
                time.set(None);
                return;
            }
            _ => return,
        };
        event.prevent_default();
        set((count > 0).then(|| wanted.min(count - 1)));
    };
    let text = move || {
        let index = at().or(count.checked_sub(1))?;
        values.try_with_value(|v| v.get(index).map(words)).flatten()
    };
    let mark = move || {
        let bucket = at().and_then(|index| values.try_with_value(|v| v.get(index).copied()).flatten())?;
        let x = frame.x().at(bucket.t as f64 + frame.step_s as f64 / 2.0);
        let y = bucket.q.map(|q| frame.y(top).at(q[2]));
        Some(view! {
            <line class="cursor" x1=x x2=x y1="8" y2=frame.height + strips></line>
            {y.map(|y| view! { <circle class="dot" cx=x cy=y r="4"></circle> })}
        })
    };
    view! {
        <div class="plot">
            <svg
                class="smoke"
                viewBox=format!("0 0 {} {}", frame.width, frame.height + below)
                aria-hidden="true"
                focusable="false"
                on:mousemove=find
                on:mouseleave=move |_| time.set(None)
                on:pointerdown=press
                on:pointermove=drag
                on:pointerup=release
                on:pointercancel=move |_| brush.set(None)
            >
                {children()}
                {chosen}
                {mark}
            </svg>
            <div
                class="reading"
                role="slider"
                tabindex="0"
                aria-label=tr!(chart.cursor)
                aria-valuemin="0"
                aria-valuemax=count.saturating_sub(1).to_string()
                aria-valuenow=move || at().or(count.checked_sub(1)).unwrap_or(0).to_string()
                aria-valuetext=move || text().unwrap_or_else(|| tr!(chart.no_samples))
                on:keydown=key
                on:focus=|event| crate::browser::take_place(&event)
                on:blur=|event| crate::browser::leave_place(&event)
            >
                {move || text().unwrap_or_else(|| tr!(chart.no_samples))}
            </div>
        </div>
    }
}
