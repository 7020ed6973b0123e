use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};

use super::*;

fn gradient(width: u32, height: u32) -> DynamicImage {
    let pixel = |x: u32, y: u32| image::Rgb([(x * 3) as u8, (y * 5) as u8, ((x * y) % 251) as u8]);
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel))
}

fn saved(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn code(kind: AssetKind, bytes: &[u8]) -> &'static str {
    match rewritten(kind, bytes) {
        Ok(_) => "fine",
        Err(wrong) => wrong.code,
    }
}

/// A chunk of a PNG, as programs put notes and positions into pictures.
fn with_chunk(png: &[u8], kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let mut chunk = (data.len() as u32).to_be_bytes().to_vec();
    chunk.extend(kind);
    chunk.extend(data);
    chunk.extend(crc.sum().to_be_bytes());
    let header = 8 + 25;
    [&png[..header], &chunk, &png[header..]].concat()
}

#[test]
fn a_picture_is_written_anew_without_what_was_hidden_in_it() {
    let secret = b"GPS 52.5163 13.3777 <script>";
    let png = saved(&gradient(40, 30), ImageFormat::Png);
    let noted = with_chunk(&png, b"tEXt", secret);
    let tailed = [&noted[..], secret].concat();
    let written = rewritten(AssetKind::Png, &tailed).unwrap();
    assert!(!written.windows(8).any(|part| secret.starts_with(part)));
    let again = image::load_from_memory(&written).unwrap();
    assert_eq!(again.into_rgb8(), gradient(40, 30).into_rgb8());

    let jpeg = saved(&gradient(40, 30), ImageFormat::Jpeg);
    let exif = [&jpeg[..2], b"\xff\xe1\0\x1e", secret, &jpeg[2..]].concat();
    let written = rewritten(AssetKind::Jpeg, &exif).unwrap();
    assert!(!written.windows(8).any(|part| secret.starts_with(part)));
}

#[test]
fn a_picture_written_anew_stays_as_it_is() {
    for (kind, format) in [
        (AssetKind::Png, ImageFormat::Png),
        (AssetKind::Jpeg, ImageFormat::Jpeg),
        (AssetKind::Webp, ImageFormat::WebP),
    ] {
        let once = rewritten(kind, &saved(&gradient(120, 90), format)).unwrap();
        assert!(rewritten(kind, &once).unwrap() == once, "{format:?}");
    }
}

#[test]
fn a_picture_that_is_too_much_is_refused() {
    let png = |w, h| {
        saved(
            &DynamicImage::ImageLuma8(image::GrayImage::new(w, h)),
            ImageFormat::Png,
        )
    };
    assert_eq!(code(AssetKind::Png, &png(4096, 2)), "fine");
    assert_eq!(code(AssetKind::Png, &png(4097, 2)), "image-too-many-pixels");
    assert_eq!(
        code(AssetKind::Png, &png(4096, 4096)),
        "image-too-many-pixels"
    );
    let mut lying = png(10, 10);
    lying[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    assert_ne!(code(AssetKind::Png, &lying), "fine");
    assert_eq!(code(AssetKind::Jpeg, &png(10, 10)), "image-format");
    assert_eq!(code(AssetKind::Png, b"GIF89a..."), "image-format");
    assert_eq!(code(AssetKind::Png, &png(100, 100)[..60]), "image-broken");
    assert_eq!(
        code(AssetKind::Webp, b"RIFF\x10\0\0\0WEBPVP8 \0\0\0\0"),
        "image-broken"
    );
    assert_eq!(
        code(AssetKind::Png, &vec![0; limits::IMAGE + 1]),
        "file-too-large"
    );
    let moving = with_chunk(&png(10, 10), b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(code(AssetKind::Png, &moving), "image-animated");
}

#[test]
fn pictures_that_are_too_much_together_are_refused_before_any_is_decoded() {
    let flat = DynamicImage::ImageLuma8(image::GrayImage::new(2_000, 2_000));
    let mut png = saved(&flat, ImageFormat::Png);
    let found = |png: &[u8], count: usize| {
        let files = (0..count).map(|at| (format!("assets/img/{at}.png"), png.to_vec()));
        let mut report = Report::default();
        let assets = read(&files.collect(), &mut report);
        let codes = report.findings.into_iter().map(|finding| finding.code);
        (assets.len(), codes.collect::<Vec<_>>())
    };
    let together = vec!["image-too-many-together".into()];
    assert_eq!(found(&png, 1), (1, Vec::new()));
    assert_eq!(found(&png, 6), (0, together.clone()));
    // Whoever decoded it would say that it is broken.
    let end = png.len() - 20;
    png.truncate(end);
    assert_eq!(found(&png, 6), (0, together));
}

#[test]
fn a_logo_for_mail_is_png_and_fits_its_box() {
    let svg = rewritten(AssetKind::Svg, br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100"><rect width="400" height="100" fill="#635bff"/></svg>"##).unwrap();
    let bytes = saved(
        &DynamicImage::ImageRgba8(RgbaImage::new(1000, 1000)),
        ImageFormat::WebP,
    );
    for (kind, bytes, size) in [
        (AssetKind::Svg, svg, (192, 48)),
        (AssetKind::Webp, bytes, (48, 48)),
    ] {
        let [(one, logo), (two, double)] = draw_mail_logo(&AssetFile { kind, bytes }).unwrap();
        assert_eq!((one.as_str(), two.as_str()), (MAIL_LOGO, MAIL_LOGO_2X));
        let found = MailLogo::of(&logo.bytes).unwrap();
        assert_eq!((found.width, found.height), size);
        let twice = MailLogo::of(&double.bytes).unwrap();
        assert_eq!((twice.width, twice.height), (size.0 * 2, size.1 * 2));
        assert!(image::load_from_memory_with_format(&double.bytes, ImageFormat::Png).is_ok());
    }
}

#[test]
fn only_sound_fonts_are_taken() {
    let mut font = b"wOF2\0\x01\0\0".to_vec();
    font.extend(64_u32.to_be_bytes());
    font.extend([0, 9, 0, 0]);
    font.extend(4_000_u32.to_be_bytes());
    font.extend(16_u32.to_be_bytes());
    font.extend([0; 24]);
    font.extend([7; 16]);
    assert_eq!(code(AssetKind::Woff2, &font), "fine");
    for (at, value) in [
        (0, b'x'),
        (4, b't'),
        (8, 1),
        (13, 0),
        (14, 1),
        (16, 9),
        (20, 1),
        (31, 255),
    ] {
        let mut broken = font.clone();
        broken[at] = value;
        assert_eq!(code(AssetKind::Woff2, &broken), "font-broken", "{at}");
    }
    assert_eq!(code(AssetKind::Woff2, b"wOFF"), "font-broken");
    assert_eq!(
        code(AssetKind::Woff2, &vec![0; limits::FONT + 1]),
        "file-too-large"
    );
}

mod drawings {
    use super::*;

    fn svg(inner: &str) -> String {
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50">{inner}</svg>"##
        )
    }

    #[test]
    fn a_drawing_is_written_anew_as_plain_paths() {
        let drawn = svg(
            r##"<?xml-stylesheet href="a.css"?><!-- note --><title>Acme</title><metadata>secret</metadata>
            <style>.a{fill:#2f6f4f}</style><defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="#000"/></linearGradient>
            <clipPath id="c"><circle cx="20" cy="20" r="9"/></clipPath></defs>
            <g id="x" class="a"><rect width="10" height="10"/><circle cx="20" cy="20" r="9" fill="url(#g)" clip-path="url(#c)"/></g><use xlink:href="#x" x="30"/>"##,
        );
        let written =
            String::from_utf8(rewritten(AssetKind::Svg, drawn.as_bytes()).unwrap()).unwrap();
        assert!(
            written.starts_with("<svg viewBox=\"0 0 100 50\" "),
            "{written}"
        );
        for gone in ["secret", "Acme", "note", "style", "<use", "class", "<rect"] {
            assert!(!written.contains(gone), "{gone}: {written}");
        }
        assert!(
            written.contains("#2f6f4f") && written.contains("linearGradient"),
            "{written}"
        );
        let again = rewritten(AssetKind::Svg, written.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(again).unwrap(), written);
    }

    #[test]
    fn what_other_programs_add_is_passed_over() {
        let inkscape = format!(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n{}",
            svg(
                r##"<sodipodi:namedview xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" id="b"/><path d="M0 0h10v10z"/>"##
            )
        );
        assert_eq!(code(AssetKind::Svg, inkscape.as_bytes()), "fine");
    }

    #[test]
    fn a_hostile_drawing_is_refused_with_its_reason() {
        let entities =
            r#"<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>"#;
        let chain = |link: fn(usize) -> String, n: usize| -> String { (1..n).map(link).collect() };
        let doubling = chain(
            |at| {
                format!(
                    r##"<g id="g{at}"><use href="#g{0}"/><use href="#g{0}"/></g>"##,
                    at - 1
                )
            },
            30,
        );
        let long = chain(
            |at| format!(r##"<g id="g{at}"><use href="#g{}"/></g>"##, at - 1),
            900,
        );
        let masks = chain(
            |at| {
                format!(
                    r##"<mask id="g{at}"><path d="M0 0h9" mask="url(#g{0})"/><path d="M0 0h9" style="mask: url('#g{0}')"/></mask>"##,
                    at - 1
                )
            },
            30,
        );
        let start = r#"<path id="g0" d="M0 0h9v9z"/>"#;
        let attributes: String = (0..99).map(|at| format!("a{at}='' ")).collect();
        for (name, drawn, reason) in [
            ("script", svg("<script>alert(1)</script>"), "svg-script"),
            ("event", svg(r#"<path d="M0 0" onload="alert(1)"/>"#), "svg-event"),
            ("foreign", svg("<foreignObject><b/></foreignObject>"), "svg-element"),
            ("html", svg(r#"<iframe xmlns="http://www.w3.org/1999/xhtml"/>"#), "svg-element"),
            ("image", svg(r#"<image href="https://evil.example/a.png"/>"#), "svg-external"),
            ("file", svg(r#"<use xlink:href="file:///etc/passwd#a"/>"#), "svg-external"),
            ("remote paint", svg(r#"<path d="M0 0h9" fill="url( 'https://evil.example/#a')"/>"#), "svg-external"),
            ("import", svg("<style>@import 'https://evil.example/a.css';</style>"), "svg-external"),
            ("sheet", svg("<style>path{background:URL(https://evil.example)}</style>"), "svg-external"),
            ("masks by sheet", svg("<style>path{mask:url(#a)}</style>"), "svg-style"),
            ("link", svg(r#"<a href="https://evil.example"><path d="M0 0"/></a>"#), "svg-element"),
            ("animation", svg(r##"<set attributeName="href" to="#"/>"##), "svg-element"),
            ("text", svg("<text>Acme</text>"), "svg-text"),
            ("filter", svg(r#"<filter id="f"><feGaussianBlur stdDeviation="9999"/></filter>"#), "svg-element"),
            ("entities", format!("{entities}{}", svg("&b;")), "svg-entities"),
            ("deep", svg(&"<g>".repeat(40_000)), "svg-too-complex"),
            ("many", svg(&"<g/>".repeat(30_000)), "svg-too-complex"),
            ("attributes", svg(&format!("<g {attributes}/>")), "svg-too-complex"),
            ("doubling", svg(&format!("{start}{doubling}")), "svg-too-complex"),
            ("long chain", svg(&format!("{start}{long}")), "svg-too-complex"),
            ("masks", svg(&format!("{start}{masks}")), "svg-too-complex"),
            ("circle", svg(r##"<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>"##), "svg-circle"),
            ("huge", r#"<svg xmlns="http://www.w3.org/2000/svg" width="999999" height="9"><path d="M0 0h9v9z"/></svg>"#.into(), "image-too-many-pixels"),
            ("layers", svg(&r#"<g opacity=".5"><path d="M0 0h9v9z"/><path d="M3 0h9v9z"/></g>"#.repeat(99)), "svg-too-complex"),
            ("dashes", svg(r##"<path d="M0 0h99999999" stroke="#000" stroke-dasharray="0.0001"/>"##), "svg-dashes"),
            ("no drawing", "<svg>".into(), "svg-broken"),
            ("packed", "\x1f\u{8b}".into(), "svg-broken"),
            ("large", " ".repeat(limits::SVG + 1), "file-too-large"),
        ] {
            assert_eq!(code(AssetKind::Svg, drawn.as_bytes()), reason, "{name}");
        }
    }
}
