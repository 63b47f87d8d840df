//! Countries, their subdivisions and distances on the Earth.

use serde::{Deserialize, Serialize};

/// A point in degrees, north and east positive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

impl Point {
    /// A point, if the degrees are on the Earth.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        on_earth.then_some(Point { latitude, longitude })
    }

    /// Great-circle distance in kilometres (haversine, mean radius 6371 km).
    pub fn distance_km(self, other: Point) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let d_lat = ((b - a) / 2.0).sin();
        let d_lon = ((other.longitude - self.longitude).to_radians() / 2.0).sin();
        let h = d_lat * d_lat + a.cos() * b.cos() * d_lon * d_lon;
        2.0 * 6371.0 * h.clamp(0.0, 1.0).sqrt().asin()
    }
}

/// A country (ISO 3166-1) or a part of one (ISO 3166-2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// ISO 3166-2 code behind the dash; empty for the country itself.
    pub subdivision: String,
    /// English name.
    pub name: String,
    /// Centre of the largest land area.
    pub centre: Point,
}

static TABLE: &str = include_str!("places.tsv");

fn rows() -> impl Iterator<Item = Place> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        let mut text = || cells.next().map(str::to_owned);
        let (country, subdivision, name) = (text()?, text()?, text()?);
        let mut degrees = || cells.next()?.parse::<f64>().ok();
        let centre = Point::new(degrees()?, degrees()?)?;
        Some(Place { country, subdivision, name, centre })
    })
}

/// Every country, by name.
pub fn countries() -> Vec<Place> {
    let mut all: Vec<Place> = rows().filter(|place| place.subdivision.is_empty()).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// States or provinces that have a code of their own here (the United States).
pub fn subdivisions(country: &str) -> Vec<Place> {
    rows().filter(|p| p.country == country && !p.subdivision.is_empty()).collect()
}

/// The country with this ISO 3166-1 alpha-2 code.
pub fn country(code: &str) -> Option<Place> {
    rows().find(|place| place.subdivision.is_empty() && place.country == code)
}

/// The named or coded part of a country, or else the country.
pub fn locate(country_code: &str, subdivision: &str) -> Option<Place> {
    let wanted = subdivision.trim();
    rows()
        .filter(|p| p.country == country_code && !p.subdivision.is_empty())
        .find(|p| p.subdivision.eq_ignore_ascii_case(wanted) || p.name.eq_ignore_ascii_case(wanted))
        .or_else(|| country(country_code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_a_place() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows().count(), lines);
        assert!(countries().len() > 240);
        assert_eq!(subdivisions("US").len(), 54);
    }

    #[test]
    fn distances_are_those_of_an_atlas() {
        let stockholm = Point::new(59.33, 18.07).expect("on Earth");
        let oslo = Point::new(59.91, 10.75).expect("on Earth");
        assert!((stockholm.distance_km(oslo) - 416.0).abs() < 5.0);
        assert_eq!(stockholm.distance_km(stockholm), 0.0);
        assert_eq!(Point::new(91.0, 0.0), None);
        assert_eq!(Point::new(f64::NAN, 0.0), None);
    }

    #[test]
    fn a_state_is_found_by_code_or_name() {
        assert_eq!(locate("US", "wa").map(|p| p.name), Some("Washington".into()));
        assert_eq!(locate("US", "Texas").map(|p| p.subdivision), Some("TX".into()));
        assert_eq!(locate("SE", "Skåne").map(|p| p.name), Some("Sweden".into()));
        assert_eq!(locate("XX", ""), None);
    }
}
