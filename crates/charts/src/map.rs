//! Places on the world map: the Equal Earth projection (Šavrič, Patterson, Jenny 2018).

const A: [f64; 4] = [1.340_264, -0.081_106, 0.000_893, 0.003_796];
/// Width of the map's view box; `public/world.svg` is drawn for it.
pub const WIDTH: f64 = 2000.0;
/// Height of the map's view box.
pub const HEIGHT: f64 = 973.0;

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
/// name at the left, `Some(false)` at the right, `None` where both sides are occupied.
pub fn labels(points: &[(f64, f64)], names: &[&str]) -> Vec<Option<bool>> {
    let mut boxes: Vec<[f64; 4]> = points.iter().map(|&(x, y)| [x - 14.0, y - 14.0, x + 14.0, y + 14.0]).collect();
    let apart = |a: &[f64; 4], b: &[f64; 4]| a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
    let mut sides = vec![];
    for (n, (&(x, y), name)) in points.iter().zip(names).enumerate() {
        let width = name.chars().count() as f64 * 13.5;
        let right = [x + 14.0, y - 14.0, x + 20.0 + width, y + 14.0];
        let left = [x - 20.0 - width, y - 14.0, x - 14.0, y + 14.0];
        let free = |area: &[f64; 4]| boxes.iter().enumerate().all(|(other, taken)| other == n || apart(area, taken));
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
        let sides = labels(&[(100.0, 100.0), (130.0, 100.0), (160.0, 100.0)], &["Stockholm", "Oslo", "Bergen"]);
        assert_eq!(sides, [Some(true), None, Some(false)]);
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
