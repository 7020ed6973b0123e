//! The roles of a palette, how each is found, and the table of pairs that must be readable.

use std::fmt::Write;

use serde::Serialize;

use super::{
    BrandColor,
    oklch::{Oklch, Rgb},
};

/// Solved a little above the limit, so that a browser's own rounding cannot fall under it.
const MARGIN: f64 = 0.05;
const TEXT: f64 = 7.0;
const BODY: f64 = 4.5;
const SHAPE: f64 = 3.0;

/// Above this lightness a brand colour that cannot carry white text carries black text instead of being darkened.
const CARRIES_BLACK: f64 = 0.72;
/// Below this chroma a brand colour reads as grey.
const GREY: f64 = 0.03;

/// A brand in both colour schemes.
#[derive(Clone, Debug, Serialize)]
pub struct Palette {
    pub light: Scheme,
    pub dark: Scheme,
}

/// What each colour is for; the field names, with `-` for `_`, are the CSS custom properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scheme {
    pub bg: Rgb,
    pub surface: Rgb,
    pub sunken: Rgb,
    pub line: Rgb,
    pub text: Rgb,
    pub muted: Rgb,
    /// Border of an input.
    pub input: Rgb,
    pub accent: Rgb,
    pub accent_hover: Rgb,
    pub on_accent: Rgb,
    /// Outline of a filled button; equals `accent` unless that would vanish on the page.
    pub accent_edge: Rgb,
    /// Links and other accent-coloured words.
    pub accent_text: Rgb,
    pub accent_soft: Rgb,
    /// Focus ring and progress bar.
    pub focus: Rgb,
    pub ok: Rgb,
    pub ok_soft: Rgb,
    pub wait: Rgb,
    pub wait_soft: Rgb,
    pub bad: Rgb,
    pub bad_soft: Rgb,
}

/// Two colours that meet on a page, and the least contrast they need.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// The roles of the two.
    pub name: &'static str,
    pub on: &'static str,
    pub fg: Rgb,
    pub bg: Rgb,
    pub least: f64,
}

impl Pair {
    pub fn contrast(&self) -> f64 {
        self.fg.contrast(self.bg)
    }

    pub fn passes(&self) -> bool {
        self.contrast() >= self.least
    }
}

impl Palette {
    pub fn of(color: BrandColor) -> Palette {
        Palette {
            light: Scheme::derive(color.rgb(), &LIGHT),
            dark: Scheme::derive(color.rgb(), &DARK),
        }
    }

    /// A rule for `:root`: plain light values for browsers that do not know `light-dark()`, then both.
    pub fn css(&self) -> String {
        let mut plain = String::with_capacity(640);
        let mut both = String::with_capacity(1024);
        for ((name, light), (_, dark)) in self.light.roles().into_iter().zip(self.dark.roles()) {
            // Writing to a String cannot fail.
            let _ = write!(plain, "--{name}:{light};");
            let _ = write!(both, "--{name}:light-dark({light},{dark});");
        }
        format!(":root{{{plain}}}@supports(color:light-dark(#000,#fff)){{:root{{{both}}}}}")
    }
}

/// Where a colour scheme starts before anything is solved. All lightnesses are OKLCH.
struct Ground {
    dark: bool,
    bg: f64,
    surface: f64,
    sunken: f64,
    line: f64,
    soft: f64,
    text: f64,
    muted: f64,
    status: f64,
    soft_chroma: f64,
}

const LIGHT: Ground = Ground {
    dark: false,
    bg: 0.984,
    surface: 1.0,
    sunken: 0.964,
    line: 0.912,
    soft: 0.957,
    text: 0.235,
    muted: 0.51,
    status: 0.46,
    soft_chroma: 0.024,
};

const DARK: Ground = Ground {
    dark: true,
    bg: 0.178,
    surface: 0.222,
    sunken: 0.258,
    line: 0.32,
    soft: 0.278,
    text: 0.952,
    muted: 0.73,
    status: 0.82,
    soft_chroma: 0.036,
};

impl Scheme {
    fn derive(brand: Rgb, ground: &Ground) -> Scheme {
        let lch = Oklch::from(brand);
        let neutral = lch.with_c((lch.c * 0.06).min(0.008));
        let [bg, surface, sunken, line] = [ground.bg, ground.surface, ground.sunken, ground.line]
            .map(|l| neutral.with_l(l).to_rgb());
        let accent_soft = lch
            .with_l(ground.soft)
            .with_c(lch.c.min(ground.soft_chroma))
            .to_rgb();
        let [ok, wait, bad] = [(155.0, 0.12), (75.0, 0.11), (27.0, 0.15)]
            .map(|(hue, chroma)| Oklch::degrees(ground.status, chroma, hue));
        let [ok_soft, wait_soft, bad_soft] =
            [ok, wait, bad].map(|c| c.with_l(ground.soft).with_c(ground.soft_chroma).to_rgb());

        let surfaces = [bg, surface, sunken, accent_soft];
        let everything = [
            bg,
            surface,
            sunken,
            accent_soft,
            ok_soft,
            wait_soft,
            bad_soft,
        ];
        let on = |start: Oklch, surfaces: &[Rgb], least| solve(start, surfaces, least, ground.dark);
        let button = Button::derive(brand, ground.dark, surface);

        Scheme {
            bg,
            surface,
            sunken,
            line,
            text: on(neutral.with_l(ground.text), &everything, TEXT),
            muted: on(neutral.with_l(ground.muted), &everything, BODY),
            input: on(
                neutral.with_l(if ground.dark { 0.55 } else { 0.64 }),
                &surfaces,
                SHAPE,
            ),
            accent: button.fill,
            accent_hover: button.hover,
            on_accent: button.text,
            accent_edge: on(Oklch::from(button.fill), &[bg, surface], SHAPE),
            accent_text: on(lch, &surfaces, BODY),
            accent_soft,
            focus: on(lch, &surfaces, SHAPE),
            ok: on(ok, &[bg, surface, ok_soft], BODY),
            ok_soft,
            wait: on(wait, &[bg, surface, wait_soft], BODY),
            wait_soft,
            bad: on(bad, &[bg, surface, bad_soft], BODY),
            bad_soft,
        }
    }

    /// Every role by its CSS name.
    pub fn roles(&self) -> [(&'static str, Rgb); 20] {
        let mut scheme = self.clone();
        let mut colors = scheme.places().into_iter();
        // One place for every name.
        Scheme::ROLES.map(|name| (name, colors.next().map_or(Rgb::BLACK, |color| *color)))
    }

    /// The names of [`Scheme::roles`].
    pub const ROLES: [&'static str; 20] = [
        "bg",
        "surface",
        "sunken",
        "line",
        "text",
        "muted",
        "input",
        "accent",
        "accent-hover",
        "on-accent",
        "accent-edge",
        "accent-text",
        "accent-soft",
        "focus",
        "ok",
        "ok-soft",
        "wait",
        "wait-soft",
        "bad",
        "bad-soft",
    ];

    fn places(&mut self) -> [&mut Rgb; 20] {
        [
            &mut self.bg,
            &mut self.surface,
            &mut self.sunken,
            &mut self.line,
            &mut self.text,
            &mut self.muted,
            &mut self.input,
            &mut self.accent,
            &mut self.accent_hover,
            &mut self.on_accent,
            &mut self.accent_edge,
            &mut self.accent_text,
            &mut self.accent_soft,
            &mut self.focus,
            &mut self.ok,
            &mut self.ok_soft,
            &mut self.wait,
            &mut self.wait_soft,
            &mut self.bad,
            &mut self.bad_soft,
        ]
    }

    /// Puts another colour in the place of a role; a name that is none changes nothing.
    pub(super) fn put(&mut self, role: &str, color: Rgb) {
        let at = Scheme::ROLES.iter().position(|known| *known == role);
        if let Some(at) = at {
            *self.places()[at] = color;
        }
    }

    /// Every pair that pages and mails may show, with the contrast WCAG 2.2 asks (7 for text, by choice).
    pub fn pairs(&self) -> Vec<Pair> {
        let surfaces = [
            ("bg", self.bg),
            ("surface", self.surface),
            ("sunken", self.sunken),
            ("accent-soft", self.accent_soft),
        ];
        let fills = [("accent", self.accent), ("accent-hover", self.accent_hover)];
        let [ok, wait, bad] = [
            ("ok-soft", self.ok_soft),
            ("wait-soft", self.wait_soft),
            ("bad-soft", self.bad_soft),
        ];
        let ground = &surfaces[..2];
        let table: [(_, _, &[(_, _)], _); 12] = [
            ("text", self.text, &surfaces, TEXT),
            ("text", self.text, &[ok, wait, bad], TEXT),
            ("muted", self.muted, &surfaces, BODY),
            ("muted", self.muted, &[ok, wait, bad], BODY),
            ("accent-text", self.accent_text, &surfaces, BODY),
            ("focus", self.focus, &surfaces, SHAPE),
            ("input", self.input, &surfaces, SHAPE),
            ("on-accent", self.on_accent, &fills, BODY),
            ("accent-edge", self.accent_edge, ground, SHAPE),
            ("ok", self.ok, &[surfaces[0], surfaces[1], ok], BODY),
            ("wait", self.wait, &[surfaces[0], surfaces[1], wait], BODY),
            ("bad", self.bad, &[surfaces[0], surfaces[1], bad], BODY),
        ];
        let mut pairs = Vec::with_capacity(48);
        for (name, fg, grounds, least) in table {
            pairs.extend(grounds.iter().map(|&(on, bg)| Pair {
                name,
                on,
                fg,
                bg,
                least,
            }));
        }
        pairs
    }
}

pub(super) struct Button {
    pub fill: Rgb,
    pub hover: Rgb,
    pub text: Rgb,
}

impl Button {
    /// Keeps the brand's own colour where it can be read and seen, and else moves it as little as possible.
    fn derive(brand: Rgb, dark: bool, surface: Rgb) -> Button {
        let lch = Oklch::from(brand);
        let fill = match (dark, lch.c < GREY && lch.l < 0.5) {
            // A black brand on a dark page would become a dull grey; its mirror image is closer to what was meant.
            (true, true) => lch.with_l(1.0 - 0.4 * lch.l).to_rgb(),
            (true, false) => solve(lch, &[surface], SHAPE, true),
            (false, _) => brand,
        };
        let (fill, text) = Button::readable(fill);
        Button {
            fill,
            hover: Button::hover(fill, text),
            text,
        }
    }

    pub fn readable(fill: Rgb) -> (Rgb, Rgb) {
        let enough = BODY + MARGIN;
        let lch = Oklch::from(fill);
        if fill.contrast(Rgb::WHITE) >= enough {
            return (fill, Rgb::WHITE);
        }
        let ink = lch.with_l(0.18).with_c(lch.c.min(0.03)).to_rgb();
        let black = [ink, Rgb::BLACK]
            .into_iter()
            .find(|black| fill.contrast(*black) >= enough);
        match black {
            Some(black) if lch.l >= CARRIES_BLACK => (fill, black),
            _ => (solve(lch, &[Rgb::WHITE], BODY, false), Rgb::WHITE),
        }
    }

    /// A step away from the text, so that hovering never costs contrast; back towards it only at the end of the scale.
    pub fn hover(fill: Rgb, text: Rgb) -> Rgb {
        let lch = Oklch::from(fill);
        let away = if text == Rgb::WHITE { -0.05 } else { 0.04 };
        let l = lch.l + away;
        let l = if (0.12..=0.985).contains(&l) {
            l
        } else {
            lch.l - 2.5 * away
        };
        solve(
            lch.with_l(l.clamp(0.0, 1.0)),
            &[text],
            BODY,
            text != Rgb::WHITE,
        )
    }
}

/// The colour nearest to `start` in lightness, towards light or dark, that has `least` contrast on every one of `surfaces`.
/// Ends at white or black when nothing on the way is enough.
pub(super) fn solve(start: Oklch, surfaces: &[Rgb], least: f64, lighter: bool) -> Rgb {
    let passes = |rgb: Rgb| surfaces.iter().all(|s| rgb.contrast(*s) >= least + MARGIN);
    let first = start.to_rgb();
    if passes(first) {
        return first;
    }
    let (mut failing, mut passing) = (start.l, if lighter { 1.0 } else { 0.0 });
    let mut best = if lighter { Rgb::WHITE } else { Rgb::BLACK };
    for _ in 0..16 {
        let middle = f64::midpoint(failing, passing);
        let rgb = start.with_l(middle).to_rgb();
        if passes(rgb) {
            (passing, best) = (middle, rgb);
        } else {
            failing = middle;
        }
    }
    best
}

#[cfg(test)]
mod tests;
