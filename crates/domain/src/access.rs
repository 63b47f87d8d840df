//! Who may do what: one table, walked by a test.

use serde::{Deserialize, Serialize};

/// What a person is in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Registers connections and their prefixes.
    Customer,
    /// Associates ASNs and requests peerings.
    Partner,
    /// Reviews, approves and provisions; works for the network that runs the portal.
    Operator,
    /// Reads charts and reports.
    Manager,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Customer, Role::Partner, Role::Operator, Role::Manager];

    /// The lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Partner => "partner",
            Role::Operator => "operator",
            Role::Manager => "manager",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Role::ALL
            .into_iter()
            .find(|role| role.word() == text)
            .ok_or_else(|| format!("“{text}” is not a role. Roles are customer, partner, operator and manager."))
    }
}

/// Everything that needs a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See the connections, prefixes and telemetry of one's organisation.
    ReadConnections,
    /// Register a connection, change its prefixes, delete it.
    WriteConnections,
    /// See the ASNs and peerings of one's organisation.
    ReadPeerings,
    /// Associate an ASN, request a peering, report it configured, ask for removal.
    WritePeerings,
    /// See every organisation's requests.
    ReadQueue,
    /// Approve, ask for changes, reject, provision.
    Decide,
    /// Edit the operator's locations and import the directory.
    EditDirectory,
    /// Register routers and see how they do.
    ManageRouters,
    /// Invite people and issue tokens.
    ManageAccounts,
    /// See latency and events across all connections of one's organisation.
    ReadInsights,
    /// Have reports of weeks and months sent.
    SendReports,
    /// See what happens to one's prefixes on the Internet.
    ReadIncidents,
    /// Acknowledge incidents, say what is meant, and who is told.
    WriteIncidents,
    /// See where the Internet's routes are heard of, and replay recordings.
    ManageSources,
    /// See what is measured, and by which probes.
    ReadProbes,
    /// Add probes, name what is measured, ask for paths.
    WriteProbes,
}

impl Action {
    /// Every action.
    pub const ALL: [Action; 16] = [
        Action::ReadConnections,
        Action::WriteConnections,
        Action::ReadPeerings,
        Action::WritePeerings,
        Action::ReadQueue,
        Action::Decide,
        Action::EditDirectory,
        Action::ManageRouters,
        Action::ManageAccounts,
        Action::ReadInsights,
        Action::SendReports,
        Action::ReadIncidents,
        Action::WriteIncidents,
        Action::ManageSources,
        Action::ReadProbes,
        Action::WriteProbes,
    ];

    /// The roles that may do it.
    pub fn roles(self) -> &'static [Role] {
        use Role::{Customer, Manager, Operator, Partner};
        match self {
            Action::ReadConnections => &[Customer, Manager, Operator],
            Action::WriteConnections => &[Customer],
            Action::ReadPeerings => &[Partner, Operator],
            Action::WritePeerings => &[Partner],
            Action::ReadQueue
            | Action::Decide
            | Action::EditDirectory
            | Action::ManageRouters
            | Action::ManageAccounts
            | Action::ManageSources => &[Operator],
            Action::ReadInsights | Action::SendReports => &[Customer, Manager, Operator],
            Action::ReadIncidents | Action::ReadProbes => &[Customer, Manager, Partner, Operator],
            Action::WriteIncidents | Action::WriteProbes => &[Customer, Partner, Operator],
        }
    }

    /// Whether a person with these roles may do it.
    pub fn allowed(self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles().contains(role))
    }
}
