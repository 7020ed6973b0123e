//! PNG, JPEG and WebP: decoded with limits and written anew. What an upload's bytes held besides the picture is gone.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngDecoder, PngEncoder},
        webp::{WebPDecoder, WebPEncoder},
    },
    imageops,
};

use super::{AssetKind, Wrong};
use crate::package::limits;

/// What decoding may take in memory: the most pixels of four channels of two bytes each, and some room.
const MEMORY: u64 = 36 << 20;
const JPEG_QUALITY: u8 = 90;
/// Begins a pass over a JPEG.
const SCAN: [u8; 2] = [0xff, 0xda];

/// As its header says; nothing is decoded. What cannot be read is refused when it is to be decoded.
pub fn pixels(kind: AssetKind, bytes: &[u8]) -> u64 {
    let reader = ImageReader::with_format(Cursor::new(bytes), format(kind));
    let (width, height) = reader.into_dimensions().unwrap_or_default();
    u64::from(width) * u64::from(height)
}

fn format(kind: AssetKind) -> ImageFormat {
    match kind {
        AssetKind::Jpeg => ImageFormat::Jpeg,
        AssetKind::Webp => ImageFormat::WebP,
        _ => ImageFormat::Png,
    }
}

pub fn rewritten(kind: AssetKind, bytes: &[u8]) -> Result<Vec<u8>, Wrong> {
    let format = format(kind);
    if image::guess_format(bytes).ok() != Some(format) {
        return Err(Wrong::new(
            "image-format",
            "The content is not what the file's name says.",
            "Name it after what it is: PNG, JPEG or WebP.",
        ));
    }
    let image = decoded(format, bytes)?;
    let written = match format {
        ImageFormat::Jpeg => jpeg(bytes, &image),
        ImageFormat::WebP => encoded(&image, |out| {
            image.write_with_encoder(WebPEncoder::new_lossless(out))
        }),
        _ => png(&image),
    };
    let written = written.map_err(|_| broken())?;
    if written.len() > limits::IMAGE {
        return Err(Wrong::new(
            "image-too-large-rewritten",
            format!(
                "Written anew without loss, the picture is {} large; at most {} are allowed.",
                limits::size(written.len()),
                limits::size(limits::IMAGE)
            ),
            "Make it smaller in pixels, or save a photograph as JPEG.",
        ));
    }
    Ok(written)
}

/// The picture, not larger than the box, as PNG.
pub fn fitted_png(bytes: &[u8], width: u32, height: u32) -> Option<Vec<u8>> {
    let format = image::guess_format(bytes).ok()?;
    let image = decoded(format, bytes).ok()?;
    let image = if image.width() <= width && image.height() <= height {
        image
    } else {
        image.resize(width, height, imageops::FilterType::CatmullRom)
    };
    png(&image).ok()
}

fn decoded(format: ImageFormat, bytes: &[u8]) -> Result<DynamicImage, Wrong> {
    if is_animated(format, bytes) {
        return Err(Wrong::new(
            "image-animated",
            "The picture moves.",
            "Save one frame of it.",
        ));
    }
    if format == ImageFormat::Jpeg && scans(bytes) > limits::JPEG_SCANS {
        return Err(Wrong::new(
            "image-too-many-scans",
            format!(
                "The picture is drawn in more than {} passes.",
                limits::JPEG_SCANS
            ),
            "Save it again from the program that made it, without `progressive`.",
        ));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut most = Limits::default();
    most.max_image_width = Some(limits::IMAGE_SIDE);
    most.max_image_height = Some(limits::IMAGE_SIDE);
    most.max_alloc = Some(MEMORY);
    reader.limits(most);
    let mut decoder = reader.into_decoder().map_err(|error| unreadable(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits::IMAGE_PIXELS {
        return Err(too_many_pixels());
    }
    let orientation = decoder.orientation().map_err(|error| unreadable(&error))?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| unreadable(&error))?;
    let mut image = eight_bit(image);
    image.apply_orientation(orientation);
    Ok(image)
}

fn is_animated(format: ImageFormat, bytes: &[u8]) -> bool {
    match format {
        ImageFormat::Png => {
            PngDecoder::new(Cursor::new(bytes)).is_ok_and(|png| png.is_apng().unwrap_or(true))
        }
        ImageFormat::WebP => {
            WebPDecoder::new(Cursor::new(bytes)).is_ok_and(|webp| webp.has_animation())
        }
        _ => false,
    }
}

/// Within a scan the sign of its beginning never stands.
fn scans(jpeg: &[u8]) -> usize {
    jpeg.windows(2).filter(|pair| *pair == SCAN).count()
}

fn eight_bit(image: DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageLuma16(_) => DynamicImage::ImageLuma8(image.into_luma8()),
        DynamicImage::ImageLumaA16(_) => DynamicImage::ImageLumaA8(image.into_luma_alpha8()),
        DynamicImage::ImageRgb16(_) | DynamicImage::ImageRgb32F(_) => {
            DynamicImage::ImageRgb8(image.into_rgb8())
        }
        DynamicImage::ImageRgba16(_) | DynamicImage::ImageRgba32F(_) => {
            DynamicImage::ImageRgba8(image.into_rgba8())
        }
        eight => eight,
    }
}

fn png(image: &DynamicImage) -> Result<Vec<u8>, ImageError> {
    encoded(image, |out| {
        let encoder =
            PngEncoder::new_with_quality(out, CompressionType::Default, FilterType::Adaptive);
        image.write_with_encoder(encoder)
    })
}

/// A JPEG loses a little each time it is written, so one that was written here before stays as it is: a package packed
/// anew is the same package.
fn jpeg(bytes: &[u8], image: &DynamicImage) -> Result<Vec<u8>, ImageError> {
    let written = encoded(image, |out| {
        image.write_with_encoder(JpegEncoder::new_with_quality(out, JPEG_QUALITY))
    })?;
    if is_ours(bytes, &written) {
        return Ok(bytes.to_vec());
    }
    Ok(written)
}

/// Whether two files have the same bytes up to the picture itself, and the first has nothing behind it.
fn is_ours(bytes: &[u8], written: &[u8]) -> bool {
    const END: [u8; 2] = [0xff, 0xd9];
    let scan = written.windows(2).position(|pair| pair == SCAN);
    let (Some(scan), Some(content)) = (scan, bytes.strip_suffix(&END)) else {
        return false;
    };
    bytes.get(..scan) == written.get(..scan)
        && bytes.len() <= written.len() + written.len() / 8
        && content[scan + 2..]
            .windows(2)
            .all(|pair| pair[0] != 0xff || pair[1] == 0)
}

fn encoded(
    image: &DynamicImage,
    write: impl FnOnce(&mut Cursor<Vec<u8>>) -> Result<(), ImageError>,
) -> Result<Vec<u8>, ImageError> {
    let mut out = Cursor::new(Vec::with_capacity(image.as_bytes().len() / 8));
    write(&mut out)?;
    Ok(out.into_inner())
}

fn unreadable(error: &ImageError) -> Wrong {
    match error {
        ImageError::Limits(_) => too_many_pixels(),
        _ => broken(),
    }
}

fn too_many_pixels() -> Wrong {
    Wrong::new(
        "image-too-many-pixels",
        format!(
            "The picture is wider or higher than {} pixels, or has more than {} million.",
            limits::IMAGE_SIDE,
            limits::IMAGE_PIXELS / 1_000_000
        ),
        "Scale it down: twice the size in which it is shown is enough.",
    )
}

fn broken() -> Wrong {
    Wrong::new(
        "image-broken",
        "The picture cannot be decoded.",
        "Save it again from the program that made it.",
    )
}
