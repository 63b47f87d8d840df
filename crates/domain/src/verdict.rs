//! What every rule answers: one of four verdicts, with evidence, who must act, and what to do.

use crate::Text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The four verdicts, ordered from good to bad so that `max` is the overall verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The rule holds.
    Pass,
    /// The facts that the rule needs are not known. Neither good nor bad.
    Unknown,
    /// Works, but somebody should look.
    Warn,
    /// The rule is broken; the request cannot go on like this.
    Fail,
}

impl Verdict {
    /// `pass`, `unknown`, `warn` or `fail`.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Unknown => "unknown",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Who has to act next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Next {
    /// Nobody: all is well, or the matter is closed.
    Nobody,
    /// The person or organisation that asked.
    Requester,
    /// The customer's connectivity provider.
    Provider,
    /// The network that runs this portal.
    Operator,
    /// A machine: a job of the portal is at work.
    Portal,
}

impl Next {
    /// `nobody`, `requester`, `provider`, `operator` or `portal`.
    pub fn word(self) -> &'static str {
        match self {
            Next::Nobody => "nobody",
            Next::Requester => "requester",
            Next::Provider => "provider",
            Next::Operator => "operator",
            Next::Portal => "portal",
        }
    }
}

/// A repair that a button can apply: put `replacement` in the place of what was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// The corrected input; empty to remove it.
    pub replacement: String,
}

/// The answer of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable identifier such as `prefix.hostbits`; documented, translated, greppable.
    pub code: String,
    /// The verdict of this rule alone.
    pub verdict: Verdict,
    /// What was found, to which thing, and what to do now.
    pub sentence: Text,
    /// Who has to act.
    pub next: Next,
    /// The repair, where there is one.
    pub fix: Option<Fix>,
}

impl Finding {
    /// A rule that holds: nobody has to act.
    pub fn pass(sentence: impl Into<Text>) -> Self {
        Self::new(Verdict::Pass, sentence, Next::Nobody)
    }

    /// A broken rule that the requester must mend.
    pub fn fail(sentence: impl Into<Text>) -> Self {
        Self::new(Verdict::Fail, sentence, Next::Requester)
    }

    /// Something that the requester should look at.
    pub fn warn(sentence: impl Into<Text>) -> Self {
        Self::new(Verdict::Warn, sentence, Next::Requester)
    }

    /// A finding with everything said; its code is the key of the sentence.
    pub fn new(verdict: Verdict, sentence: impl Into<Text>, next: Next) -> Self {
        let sentence = sentence.into();
        Finding { code: sentence.key().into(), verdict, sentence, next, fix: None }
    }

    /// The same finding with a repair.
    pub fn with_fix(mut self, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { replacement: replacement.into() });
        self
    }

    /// The worst verdict of a list; pass when it is empty.
    pub fn overall(findings: &[Finding]) -> Verdict {
        findings.iter().map(|f| f.verdict).max().unwrap_or(Verdict::Pass)
    }
}
