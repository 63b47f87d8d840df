//! Files in the JSON shape of the PeeringDB API: `{"data": […]}` or a bare array of
//! `net`, `fac`, `ix`, `ixlan`, `ixpfx`, `netfac` or `netixlan` objects.
//!
//! Field names: <https://www.peeringdb.com/apidocs/>. Fields that are not needed are
//! ignored; a row that lacks a needed one is refused with its number, id and field.

use peerage_domain::{Asn, Prefix};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// A network.
    Net,
    /// A facility.
    Fac,
    /// An exchange.
    Ix,
    /// A LAN of an exchange.
    Ixlan,
    /// A prefix of a LAN.
    Ixpfx,
    /// A network's presence at a facility.
    Netfac,
    /// A network's port at an exchange.
    Netixlan,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [ObjectKind; 7] =
        [ObjectKind::Net, ObjectKind::Fac, ObjectKind::Ix, ObjectKind::Ixlan, ObjectKind::Ixpfx, ObjectKind::Netfac, ObjectKind::Netixlan];

    /// The API's word.
    pub fn word(self) -> &'static str {
        match self {
            ObjectKind::Net => "net",
            ObjectKind::Fac => "fac",
            ObjectKind::Ix => "ix",
            ObjectKind::Ixlan => "ixlan",
            ObjectKind::Ixpfx => "ixpfx",
            ObjectKind::Netfac => "netfac",
            ObjectKind::Netixlan => "netixlan",
        }
    }

    /// Recognises a kind by the fields that only it has.
    fn of_fields(row: &Value) -> Option<Self> {
        let has = |name: &str| row.get(name).is_some();
        Some(match () {
            () if has("ipaddr4") || has("ipaddr6") => ObjectKind::Netixlan,
            () if has("prefix") && has("protocol") => ObjectKind::Ixpfx,
            () if has("fac_id") && (has("net_id") || has("local_asn")) => ObjectKind::Netfac,
            () if has("asn") => ObjectKind::Net,
            () if has("name_long") || has("region_continent") => ObjectKind::Ix,
            () if has("latitude") || has("clli") || has("npanxx") => ObjectKind::Fac,
            () if has("ix_id") => ObjectKind::Ixlan,
            () => return None,
        })
    }
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(from)?.unwrap_or_default())
}

fn blank_as_none<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    match Option::<String>::deserialize(from)?.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

/// A network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names are PeeringDB's
pub struct Net {
    pub id: u32,
    pub name: String,
    pub asn: Asn,
    #[serde(default, deserialize_with = "text")]
    pub irr_as_set: String,
    #[serde(default, deserialize_with = "text")]
    pub info_type: String,
    #[serde(default)]
    pub info_prefixes4: Option<u32>,
    #[serde(default)]
    pub info_prefixes6: Option<u32>,
    #[serde(default, deserialize_with = "text")]
    pub info_traffic: String,
    #[serde(default, deserialize_with = "text")]
    pub policy_general: String,
}

/// A facility.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Fac {
    pub id: u32,
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub city: String,
    #[serde(default, deserialize_with = "text")]
    pub country: String,
    #[serde(default)]
    pub latitude: Option<f64>,
    #[serde(default)]
    pub longitude: Option<f64>,
}

/// An exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Ix {
    pub id: u32,
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    pub name_long: String,
    #[serde(default, deserialize_with = "text")]
    pub city: String,
    #[serde(default, deserialize_with = "text")]
    pub country: String,
    #[serde(default, deserialize_with = "text")]
    pub region_continent: String,
}

/// A LAN of an exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Ixlan {
    pub id: u32,
    pub ix_id: u32,
}

/// A prefix of a LAN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Ixpfx {
    pub id: u32,
    pub ixlan_id: u32,
    pub prefix: Prefix,
}

/// A network's presence at a facility.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Netfac {
    pub id: u32,
    pub net_id: u32,
    pub fac_id: u32,
    pub local_asn: Asn,
}

/// A network's port at an exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Netixlan {
    pub id: u32,
    pub net_id: u32,
    pub ix_id: u32,
    pub ixlan_id: u32,
    pub asn: Asn,
    #[serde(default)]
    pub speed: u32,
    #[serde(default, deserialize_with = "blank_as_none")]
    pub ipaddr4: Option<Ipv4Addr>,
    #[serde(default, deserialize_with = "blank_as_none")]
    pub ipaddr6: Option<Ipv6Addr>,
    #[serde(default)]
    pub is_rs_peer: bool,
    #[serde(default = "yes")]
    pub operational: bool,
}

fn yes() -> bool {
    true
}

/// Any object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Object {
    Net(Net),
    Fac(Fac),
    Ix(Ix),
    Ixlan(Ixlan),
    Ixpfx(Ixpfx),
    Netfac(Netfac),
    Netixlan(Netixlan),
}

impl Object {
    /// Its kind.
    pub fn kind(&self) -> ObjectKind {
        match self {
            Object::Net(_) => ObjectKind::Net,
            Object::Fac(_) => ObjectKind::Fac,
            Object::Ix(_) => ObjectKind::Ix,
            Object::Ixlan(_) => ObjectKind::Ixlan,
            Object::Ixpfx(_) => ObjectKind::Ixpfx,
            Object::Netfac(_) => ObjectKind::Netfac,
            Object::Netixlan(_) => ObjectKind::Netixlan,
        }
    }

    /// Its id, unique within the kind.
    pub fn id(&self) -> u32 {
        match self {
            Object::Net(o) => o.id,
            Object::Fac(o) => o.id,
            Object::Ix(o) => o.id,
            Object::Ixlan(o) => o.id,
            Object::Ixpfx(o) => o.id,
            Object::Netfac(o) => o.id,
            Object::Netixlan(o) => o.id,
        }
    }
}

/// Why a file was refused; nothing of it is taken over then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not JSON.
    #[error("{file}: not JSON at line {line}, column {column}: {message}")]
    Json {
        /// The file's name.
        file: String,
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
        /// The parser's words.
        message: String,
    },
    /// JSON of another shape.
    #[error("{file}: expected {{\"data\": […]}} or an array of PeeringDB objects")]
    Shape {
        /// The file's name.
        file: String,
    },
    /// No telling what the rows are.
    #[error("{file}: cannot tell which PeeringDB objects these are; name the file after its kind, such as net.json")]
    Kind {
        /// The file's name.
        file: String,
    },
    /// One row is wrong.
    #[error("{file}: {kind} row {row} (id {id}): {message}")]
    Row {
        /// The file's name.
        file: String,
        /// The kind of object.
        kind: &'static str,
        /// Number of the row from 1.
        row: usize,
        /// The row's id, or `?`.
        id: String,
        /// What is wrong.
        message: String,
    },
    /// Two rows have the same id.
    #[error("{file}: {kind} row {row}: id {id} occurs twice")]
    Twice {
        /// The file's name.
        file: String,
        /// The kind of object.
        kind: &'static str,
        /// Number of the second row from 1.
        row: usize,
        /// The id.
        id: u32,
    },
}

/// A file that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Dump {
    /// What its rows are.
    pub kind: ObjectKind,
    /// The rows whose status is `ok`.
    pub objects: Vec<Object>,
}

/// Reads one file; `file` is its name, for messages and to recognise the kind.
///
/// # Errors
/// The first thing that is wrong, with its row.
pub fn read(file: &str, content: &[u8]) -> Result<Dump, Refusal> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let json: Value = serde_json::from_slice(content).map_err(|error| Refusal::Json {
        file: file.into(),
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })?;
    let rows = match json {
        Value::Array(rows) => rows,
        Value::Object(mut fields) => match fields.remove("data") {
            Some(Value::Array(rows)) => rows,
            _ => return Err(Refusal::Shape { file: file.into() }),
        },
        _ => return Err(Refusal::Shape { file: file.into() }),
    };
    let kind =
        rows.first().and_then(ObjectKind::of_fields).or_else(|| kind_of_name(file)).ok_or_else(|| Refusal::Kind { file: file.into() })?;
    let mut seen = std::collections::HashSet::new();
    let mut objects = Vec::with_capacity(rows.len());
    for (index, row) in rows.into_iter().enumerate() {
        let number = index + 1;
        let id = row.get("id").map_or_else(|| "?".to_owned(), Value::to_string);
        let gone = row.get("status").and_then(Value::as_str).is_some_and(|status| status != "ok");
        let refuse = |message: String| Refusal::Row { file: file.into(), kind: kind.word(), row: number, id: id.clone(), message };
        let object = object(kind, row).map_err(&refuse)?;
        check(&object).map_err(&refuse)?;
        if !seen.insert(object.id()) {
            return Err(Refusal::Twice { file: file.into(), kind: kind.word(), row: number, id: object.id() });
        }
        if !gone {
            objects.push(object);
        }
    }
    Ok(Dump { kind, objects })
}

/// `net.json`, `net-2026-11-20.json` and `/path/net.json` are all of kind net.
fn kind_of_name(file: &str) -> Option<ObjectKind> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let word: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
    ObjectKind::ALL.into_iter().find(|kind| kind.word() == word)
}

fn object(kind: ObjectKind, row: Value) -> Result<Object, String> {
    fn of<T: DeserializeOwned>(row: Value) -> Result<T, String> {
        serde_json::from_value(row).map_err(|error| error.to_string())
    }
    Ok(match kind {
        ObjectKind::Net => Object::Net(of(row)?),
        ObjectKind::Fac => Object::Fac(of(row)?),
        ObjectKind::Ix => Object::Ix(of(row)?),
        ObjectKind::Ixlan => Object::Ixlan(of(row)?),
        ObjectKind::Ixpfx => Object::Ixpfx(of(row)?),
        ObjectKind::Netfac => Object::Netfac(of(row)?),
        ObjectKind::Netixlan => Object::Netixlan(of(row)?),
    })
}

fn check(object: &Object) -> Result<(), String> {
    let Object::Fac(fac) = object else { return Ok(()) };
    match (fac.latitude, fac.longitude) {
        (None, None) => Ok(()),
        (Some(lat), Some(lon)) if peerage_domain::place::Point::new(lat, lon).is_some() => Ok(()),
        (lat, lon) => Err(format!("latitude {lat:?} and longitude {lon:?} are not a place on the Earth")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(file: &str, content: &str, expected: Result<(ObjectKind, usize), &str>) {
        match (read(file, content.as_bytes()), expected) {
            (Ok(dump), Ok(wanted)) => assert_eq!((dump.kind, dump.objects.len()), wanted),
            (Err(refusal), Err(part)) => {
                assert!(refusal.to_string().contains(part), "{refusal} should mention {part}");
            }
            (got, wanted) => panic!("{got:?} is not {wanted:?}"),
        }
    }

    #[test]
    fn both_shapes_and_every_kind_are_read() {
        check("x", r#"{"data":[{"id":1,"name":"A","asn":42,"info_prefixes4":null}]}"#, Ok((ObjectKind::Net, 1)));
        check("x", r#"[{"id":1,"name":"DC","city":"Oslo","country":"NO","latitude":59.9,"longitude":10.7}]"#, Ok((ObjectKind::Fac, 1)));
        check("x", r#"[{"id":1,"name":"NIX","name_long":"Norwegian IX"}]"#, Ok((ObjectKind::Ix, 1)));
        check("x", r#"[{"id":1,"ix_id":1,"mtu":9000}]"#, Ok((ObjectKind::Ixlan, 1)));
        check("x", r#"[{"id":1,"ixlan_id":1,"protocol":"IPv4","prefix":"80.81.192.0/21"}]"#, Ok((ObjectKind::Ixpfx, 1)));
        check("x", r#"[{"id":1,"net_id":1,"fac_id":2,"local_asn":42}]"#, Ok((ObjectKind::Netfac, 1)));
        check(
            "x",
            r#"[{"id":1,"net_id":1,"ix_id":2,"ixlan_id":2,"asn":42,"speed":10000,"ipaddr4":"80.81.192.1","ipaddr6":""}]"#,
            Ok((ObjectKind::Netixlan, 1)),
        );
        check("dir/net-2026.json", "[]", Ok((ObjectKind::Net, 0)));
    }

    #[test]
    fn deleted_rows_are_left_out() {
        check("x", r#"[{"id":1,"name":"A","asn":42},{"id":2,"name":"B","asn":43,"status":"deleted"}]"#, Ok((ObjectKind::Net, 1)));
    }

    #[test]
    fn the_wrong_row_is_named() {
        check("net.json", "{", Err("net.json: not JSON at line 1"));
        check("net.json", r#"{"meta":{}}"#, Err("expected"));
        check("rows.json", r#"[{"id":1}]"#, Err("cannot tell"));
        check("net.json", r#"[{"id":1,"name":"A","asn":42},{"id":7,"asn":43}]"#, Err("net row 2 (id 7): missing field `name`"));
        check("net.json", r#"[{"id":1,"name":"A","asn":-3}]"#, Err("row 1 (id 1)"));
        check("net.json", r#"[{"id":1,"name":"A","asn":42},{"id":1,"name":"B","asn":43}]"#, Err("id 1 occurs twice"));
        check("fac.json", r#"[{"id":9,"name":"DC","latitude":99.0,"longitude":0}]"#, Err("not a place on the Earth"));
        check("x", r#"[{"id":1,"net_id":1,"ix_id":2,"ixlan_id":2,"asn":42,"ipaddr4":"300.1.1.1"}]"#, Err("invalid IPv4"));
        check("x", r#"[{"id":1,"ixlan_id":1,"protocol":"IPv4","prefix":"80.81.192.1/21"}]"#, Err("host bits"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read("net.json", &bytes);
        }
    }
}
