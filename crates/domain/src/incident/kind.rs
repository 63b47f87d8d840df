//! The kinds of things that happen to prefixes on the Internet.

use crate::telemetry::{Level, RouteEventKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An AS that is not expected originates the prefix itself.
    OriginChange,
    /// An AS that is not expected originates a part of it.
    SubPrefix,
    /// The origin is right, the AS next to it is not: the path is made up, or leaked.
    ForgedOrigin,
    /// Somebody passes it on who should not (RFC 7908).
    RouteLeak,
    /// Nobody has a route any more.
    Withdrawal,
    /// Fewer than half of those that had a route have one.
    VisibilityLoss,
    /// The origin is expected, but the RPKI calls the route invalid (RFC 6811).
    RpkiInvalid,
    /// The origin itself announces a part that is longer than expected.
    MoreSpecific,
    /// The path grew, by prepending or a detour.
    PathChange,
    /// Traffic enters at another place, or later, than it could.
    Suboptimal,
    /// More packets are lost than usual.
    PacketLoss,
    /// Packets take longer than usual.
    LatencyRise,
}

/// Kinds that are told together, when the same AS does them: what matters first comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Somebody else has, or pretends to have, the prefix.
    Hijack,
    /// Somebody passes it on who should not.
    Leak,
    /// It cannot be reached, or from fewer places.
    Loss,
    /// The RPKI refuses what is expected.
    Rpki,
    /// Its owner announces more than is expected.
    Announcement,
    /// It can be reached, by a worse way.
    Path,
    /// It can be reached, but packets take longer, or are lost.
    Latency,
}

impl Family {
    /// Every family, in the order in which they matter.
    pub const ALL: [Family; 7] =
        [Family::Hijack, Family::Leak, Family::Loss, Family::Rpki, Family::Announcement, Family::Path, Family::Latency];

    /// The word in addresses and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Family::Hijack => "hijack",
            Family::Leak => "leak",
            Family::Loss => "loss",
            Family::Rpki => "rpki",
            Family::Announcement => "announcement",
            Family::Path => "path",
            Family::Latency => "latency",
        }
    }

    /// The family of a word.
    pub fn of(word: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.word() == word)
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 12] = [
        Kind::OriginChange,
        Kind::SubPrefix,
        Kind::ForgedOrigin,
        Kind::RouteLeak,
        Kind::Withdrawal,
        Kind::VisibilityLoss,
        Kind::RpkiInvalid,
        Kind::MoreSpecific,
        Kind::PathChange,
        Kind::Suboptimal,
        Kind::PacketLoss,
        Kind::LatencyRise,
    ];

    /// The word in the output.
    pub fn word(self) -> &'static str {
        match self {
            Kind::OriginChange => "origin-change",
            Kind::SubPrefix => "sub-prefix",
            Kind::ForgedOrigin => "forged-origin",
            Kind::RouteLeak => "route-leak",
            Kind::Withdrawal => "withdrawal",
            Kind::VisibilityLoss => "visibility-loss",
            Kind::RpkiInvalid => "rpki-invalid",
            Kind::MoreSpecific => "more-specific",
            Kind::PathChange => "path-change",
            Kind::Suboptimal => "suboptimal",
            Kind::PacketLoss => "packet-loss",
            Kind::LatencyRise => "latency-rise",
        }
    }

    /// The kind of a word.
    pub fn of(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// With what it is told together.
    pub fn family(self) -> Family {
        match self {
            Kind::OriginChange | Kind::SubPrefix | Kind::ForgedOrigin => Family::Hijack,
            Kind::RouteLeak => Family::Leak,
            Kind::Withdrawal | Kind::VisibilityLoss => Family::Loss,
            Kind::RpkiInvalid => Family::Rpki,
            Kind::MoreSpecific => Family::Announcement,
            Kind::PathChange | Kind::Suboptimal => Family::Path,
            Kind::PacketLoss | Kind::LatencyRise => Family::Latency,
        }
    }

    /// The route event that tells of it: the reference service's name where it has one.
    pub fn event(self) -> RouteEventKind {
        match self {
            Kind::OriginChange => RouteEventKind::PrefixOriginAsChangeEvent,
            Kind::SubPrefix => RouteEventKind::PrefixPartOriginAsChangeEvent,
            Kind::ForgedOrigin => RouteEventKind::PrefixForgedPathEvent,
            Kind::RouteLeak => RouteEventKind::PrefixRouteLeakEvent,
            Kind::Withdrawal => RouteEventKind::PrefixWithdrawalEvent,
            Kind::VisibilityLoss => RouteEventKind::PrefixVisibilityLossEvent,
            Kind::RpkiInvalid => RouteEventKind::PrefixRpkiInvalidEvent,
            Kind::MoreSpecific => RouteEventKind::PrefixMoreSpecificEvent,
            Kind::PathChange => RouteEventKind::PrefixPathChangeEvent,
            Kind::Suboptimal => RouteEventKind::PrefixSuboptimalEvent,
            Kind::PacketLoss => RouteEventKind::PacketLossEvent,
            Kind::LatencyRise => RouteEventKind::LatencyRiseEvent,
        }
    }

    /// How much it matters.
    pub fn level(self) -> Level {
        self.event().level()
    }

    /// Whether it is about routes that are gone: its evidence is what there was.
    pub fn is_loss(self) -> bool {
        self.family() == Family::Loss
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
