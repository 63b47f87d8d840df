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

#[cfg(test)]
mod tests {
    use super::*;

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
