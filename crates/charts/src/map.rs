//! Places on the world map: the Equal Earth projection (Šavrič, Patterson, Jenny 2018).

const A: [f64; 4] = [1.340_264, -0.081_106, 0.000_893, 0.003_796];
/// Width of the map's view box; `public/world.svg` is drawn for it.
pub const WIDTH: f64 = 2000.0;
/// Height of the map's view box.
pub const HEIGHT: f64 = 973.0;

/// A part of the map with the size at which it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Units of the map in a pixel of the page, for the sizes of dots and names.
    pub unit: f64,
}

/// The inhabited world.
pub const WORLD: Region = Region { x: 130.0, y: 14.0, width: 1740.0, height: 806.0, unit: 2.15 };
/// Europe, where places lie too close to each other on the map of the world.
pub const EUROPE: Region = Region { x: 934.0, y: 52.0, width: 232.0, height: 214.0, unit: 0.57 };

impl Region {
    /// Whether a point lies inside, away from the edges.
    pub fn holds(&self, (x, y): (f64, f64)) -> bool {
        let margin = 6.0 * self.unit;
        (self.x + margin..self.x + self.width - margin).contains(&x) && (self.y + margin..self.y + self.height - margin).contains(&y)
    }

    /// The value of a `viewBox`.
    pub fn view_box(&self) -> String {
        format!("{} {} {} {}", self.x, self.y, self.width, self.height)
    }
}

/// The pixel of a place given in degrees north and east.
pub fn project(latitude: f64, longitude: f64) -> (f64, f64) {
    let m = 3f64.sqrt() / 2.0;
    let raw = |lat: f64, lon: f64| {
        let p = (m * lat.to_radians().sin()).asin();
        let p2 = p * p;
        let p6 = p2 * p2 * p2;
        let slope = A[0] + 3.0 * A[1] * p2 + p6 * (7.0 * A[2] + 9.0 * A[3] * p2);
        let x = lon.to_radians() * p.cos() / (m * slope);
        let y = p * (A[0] + A[1] * p2 + p6 * (A[2] + A[3] * p2));
        (x, y)
    };
    let unit = WIDTH / 2.0 / raw(0.0, 180.0).0;
    let (x, y) = raw(latitude.clamp(-90.0, 90.0), longitude.clamp(-180.0, 180.0));
    (WIDTH / 2.0 + x * unit, 486.0 - y * unit)
}

/// Which points get their name beside them, in order of importance: `Some(true)` for a
/// name at the left, `Some(false)` at the right, `None` where both sides are occupied or
/// end outside of the region.
pub fn labels(region: &Region, points: &[(f64, f64)], names: &[&str]) -> Vec<Option<bool>> {
    let (near, far, letter) = (7.0 * region.unit, 10.0 * region.unit, 6.6 * region.unit);
    let mut boxes: Vec<[f64; 4]> = points.iter().map(|&(x, y)| [x - near, y - near, x + near, y + near]).collect();
    let apart = |a: &[f64; 4], b: &[f64; 4]| a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
    let mut sides = vec![];
    for (n, (&(x, y), name)) in points.iter().zip(names).enumerate() {
        let width = name.chars().count() as f64 * letter;
        let right = [x + near, y - near, x + far + width, y + near];
        let left = [x - far - width, y - near, x - near, y + near];
        let inside = |area: &[f64; 4]| area[0] >= region.x && area[2] <= region.x + region.width;
        let free = |area: &[f64; 4]| inside(area) && boxes.iter().enumerate().all(|(other, taken)| other == n || apart(area, taken));
        let side = if free(&right) {
            Some((false, right))
        } else if free(&left) {
            Some((true, left))
        } else {
            None
        };
        sides.push(side.map(|(is_left, _)| is_left));
        boxes.extend(side.map(|(_, area)| area));
    }
    sides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_cover_each_other() {
        let sides = labels(&WORLD, &[(300.0, 100.0), (330.0, 100.0), (360.0, 100.0)], &["Stockholm", "Oslo", "Bergen"]);
        assert_eq!(sides, [Some(true), None, Some(false)]);
    }

    #[test]
    fn names_end_inside_of_the_region() {
        let edge = EUROPE.x + EUROPE.width - 5.0;
        assert_eq!(labels(&EUROPE, &[(edge, 100.0)], &["Bucharest"]), [Some(true)]);
        assert!(EUROPE.holds(project(59.33, 18.07)) && EUROPE.holds(project(38.72, -9.14)) && EUROPE.holds(project(60.17, 24.94)));
        assert!(!EUROPE.holds(project(40.71, -74.01)));
    }

    #[test]
    fn the_corners_of_the_world_are_at_the_edges() {
        let near = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1.0 && (a.1 - b.1).abs() < 1.0;
        assert!(near(project(0.0, 0.0), (1000.0, 486.0)));
        assert!(near(project(0.0, 180.0), (2000.0, 486.0)));
        assert!(project(90.0, 0.0).1 < 1.0);
        // Stockholm and Sydney, computed by hand from the published polynomial.
        assert!(near(project(59.33, 18.07), (1076.1, 87.3)));
        assert!(project(-33.87, 151.21).0 > 1700.0 && project(-33.87, 151.21).1 > 700.0);
    }
}
