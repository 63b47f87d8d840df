//! What pages are made of: data in, markup out. No component asks the server.

pub mod chart;
mod diff;
mod form;
mod frame;
mod icon;
mod incident;
mod load;
mod prefix_editor;
mod status;
mod table;
mod timeline;
mod verdict;

pub use chart::ms as chart_ms;
pub use diff::diffs;
pub use form::{Field, Post, action, no_default, take_off, typed_again, typed_before};
pub use frame::{Breadcrumbs, FlashMessage, Foot, Sidebar, TopBar};
pub use icon::Icon;
pub use incident::{
    IncidentState, LevelMark, PathLine, allow_name, duration, event_words, family_name, kind_name, prefix_in_path, turn_words,
};
pub use load::{failure_view, live, load, load_more};
pub use prefix_editor::{PrefixEditor, owned_elsewhere};
pub use status::{Ago, Copy, NextActor, StateBadge, VerdictMark, next_name, state_name};
pub use table::{Column, Empty, EmptyList, ListSearch, Pager, SortLinks, SortedHead, query_from_url};
pub use timeline::{History, StateTimeline};
pub use verdict::{ValidationMark, VerdictPanels, gist, validation_kinds, validation_name};
