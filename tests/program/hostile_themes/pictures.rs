//! Pictures, drawings and archives that are made to cost.

use std::io::{Cursor, Write};

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, Rgba};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// The most that one picture may have.
const WIDTH: u32 = 2_000;
const HEIGHT: u32 = 2_000;

pub struct Files {
    pub name: &'static str,
    /// Where the reason is found, by the beginning of its path.
    pub file: &'static str,
    pub files: Vec<(String, Vec<u8>)>,
}

fn one(name: &'static str, file: &'static str, bytes: Vec<u8>) -> Files {
    Files {
        name,
        file,
        files: vec![(file.to_owned(), bytes)],
    }
}

fn many(name: &'static str, count: usize, bytes: &[u8]) -> Files {
    let files = (0..count).map(|at| (format!("assets/img/{at}.png"), bytes.to_vec()));
    Files {
        name,
        file: "assets/img",
        files: files.collect(),
    }
}

/// What is refused, all of it within a second.
pub fn refused() -> Vec<Files> {
    let flat = DynamicImage::ImageLuma8(ImageBuffer::from_pixel(WIDTH, HEIGHT, Luma([7])));
    let (flat, large) = (saved(&flat, ImageFormat::Png), rgba(4_096, 4_096));
    let mut lying = flat.clone();
    lying[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    let mut all = vec![
        many("many flat PNG", 200, &flat),
        many("six PNG", 6, &flat),
        one(
            "a large PNG",
            "assets/img/a.png",
            saved(&large, ImageFormat::Png),
        ),
        one(
            "a large WebP",
            "assets/img/a.webp",
            saved(&large, ImageFormat::WebP),
        ),
        one("a lying PNG", "assets/img/a.png", lying),
        one(
            "a JPEG in thousands of passes",
            "assets/img/a.jpg",
            progressive(5_000),
        ),
    ];
    all.extend(drawings());
    all
}

/// What is taken at the limit, and costs the most memory: the sheet beside it is refused, so that nothing is rendered.
pub fn taken() -> Vec<Files> {
    let deep = ImageBuffer::from_pixel(WIDTH, HEIGHT, Rgba([7_u16, 9, 11, 60_000]));
    let deep = saved(&DynamicImage::ImageRgba16(deep), ImageFormat::Png);
    let plain = saved(&rgba(WIDTH, HEIGHT), ImageFormat::Png);
    let webp = saved(&rgba(WIDTH, HEIGHT), ImageFormat::WebP);
    let mut all = vec![
        one("a rotated PNG", "assets/img/logo.png", rotated(&plain)),
        one("a deep rotated PNG", "assets/img/logo.png", rotated(&deep)),
        one("a progressive JPEG", "assets/img/logo.jpg", progressive(64)),
        one("an RGBA WebP", "assets/img/logo.webp", webp),
        many("five PNG", 5, &plain),
    ];
    for files in &mut all {
        let sheet = b"a { position: fixed }".to_vec();
        files.file = "assets/css/theme.css";
        files.files.push((files.file.to_owned(), sheet));
    }
    all
}

/// Whole archives.
pub fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let (deflated, stored) = (CompressionMethod::Deflated, CompressionMethod::Stored);
    let zeros = vec![b' '; 19 << 20];
    let nested = archive(&[("a".to_owned(), zeros.clone())], deflated);
    let crowd: Vec<_> = (0..5_000)
        .map(|at| (format!("assets/css/{at}.css"), Vec::new()))
        .collect();
    vec![
        (
            "a bomb",
            archive(&[("assets/css/a.css".to_owned(), zeros)], deflated),
        ),
        (
            "an archive in an archive",
            archive(&[("assets/img/a.png".to_owned(), nested)], stored),
        ),
        ("a crowd", archive(&crowd, stored)),
        ("no archive", vec![0x50; 5 << 20]),
        ("more than may be sent", vec![0; 40 << 20]),
    ]
}

pub fn archive(files: &[(String, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, content) in files {
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn drawings() -> Vec<Files> {
    let svg = |inner: &str| {
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{inner}</svg>"#)
    };
    let start = r#"<path id="g0" d="M0 0h9v9z"/>"#;
    let chain = |link: fn(usize) -> String, n: usize| -> String { (1..n).map(link).collect() };
    let doubling = chain(
        |at| {
            let below = at - 1;
            format!(r##"<g id="g{at}"><use href="#g{below}"/><use href="#g{below}"/></g>"##)
        },
        60,
    );
    let masks = chain(
        |at| {
            let below = at - 1;
            format!(
                r##"<mask id="g{at}"><path d="M0 0h9" mask="url(#g{below})"/><path d="M0 0h9" mask="url(#g{below})"/></mask>"##
            )
        },
        60,
    );
    let layers = r#"<g opacity=".5"><path d="M0 0h9v9z"/><path d="M3 0h9v9z"/></g>"#.repeat(900);
    let dashes = r##"<path d="M0 0h99999999" stroke="#000" stroke-dasharray="0.0001"/>"##;
    let drawing = |name, inner: &str| one(name, "assets/img/logo.svg", svg(inner).into_bytes());
    vec![
        drawing("a deep drawing", &"<g>".repeat(40_000)),
        drawing("a drawing of many", &"<g/>".repeat(30_000)),
        drawing("a drawing that doubles", &format!("{start}{doubling}")),
        drawing("masks of masks", &format!("{start}{masks}")),
        drawing("layers", &layers),
        drawing("dashes", dashes),
    ]
}

fn rgba(width: u32, height: u32) -> DynamicImage {
    let pixel = |x: u32, y: u32| Rgba([7, 9, 11, u8::try_from((x + y) / 64 % 256).unwrap()]);
    DynamicImage::ImageRgba8(ImageBuffer::from_fn(width, height, pixel))
}

fn saved(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// With a note that it lies on its side.
fn rotated(png: &[u8]) -> Vec<u8> {
    const SIDE: &[u8] = b"eXIfMM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = u32::try_from(SIDE.len() - 4).unwrap().to_be_bytes();
    let header = 8 + 25;
    [
        &png[..header],
        &length,
        SIDE,
        &crc(SIDE).to_be_bytes(),
        &png[header..],
    ]
    .concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ 0xedb8_8320,
            _ => crc >> 1,
        })
    })
}

/// A grey picture that is drawn in so many passes: each bit says that nothing changes.
fn progressive(scans: usize) -> Vec<u8> {
    let size = |side: u32| u16::try_from(side).unwrap().to_be_bytes();
    let mut jpeg = b"\xff\xd8\xff\xdb\0\x43\0".to_vec();
    jpeg.extend([1; 64]);
    jpeg.extend(b"\xff\xc2\0\x11\x08");
    jpeg.extend(size(HEIGHT));
    jpeg.extend(size(WIDTH));
    jpeg.extend(b"\x03\x01\x11\0\x02\x11\0\x03\x11\0");
    for table in [0x00, 0x10] {
        jpeg.extend(b"\xff\xc4\0\x14");
        jpeg.extend([table, 1]);
        jpeg.extend([0; 16]);
    }
    jpeg.extend(b"\xff\xda\0\x0c\x03\x01\0\x02\0\x03\0\0\0\0");
    let blocks = usize::try_from(WIDTH / 8 * HEIGHT / 8).unwrap();
    jpeg.extend(std::iter::repeat_n(0, blocks * 3 / 8 + 1));
    for _ in 1..scans {
        jpeg.extend(b"\xff\xda\0\x08\x01\x01\0\x01\x3f\0");
        jpeg.extend([0; 16]);
    }
    jpeg.extend(b"\xff\xd9");
    jpeg
}
