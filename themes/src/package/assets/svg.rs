//! SVG: looked over flatly, then counted, then read by usvg and written anew as plain paths.
//!
//! usvg and resvg recurse as deep as a drawing is nested and follow every reference, so both are limited before they see
//! it. What they write has shapes, gradients, clips and masks, and nothing that a browser could run or load.

mod cost;
mod scan;

use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Group, Indent, Node, Options, Tree, WriteOptions, roxmltree},
};

use super::Wrong;
use crate::package::limits;

/// Groups that are drawn on a sheet of their own: each costs a picture's memory.
const LAYERS: usize = 64;
/// usvg's own output, read and written again, is mostly the same at once.
const ROUNDS: usize = 4;

pub fn rewritten(bytes: &[u8]) -> Result<Vec<u8>, Wrong> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Wrong::new(
            "svg-broken",
            "The file is not UTF-8 text.",
            "Save it as plain SVG in UTF-8.",
        )
    })?;
    scan::check(text)?;
    let options = roxmltree::ParsingOptions {
        // Nothing is declared in it: that was looked at.
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    let document = roxmltree::Document::parse_with_options(text, options).map_err(|error| {
        let line = error.pos().row;
        Wrong::new(
            "svg-broken",
            format!("This is not SVG: {error}."),
            "Save it again as plain SVG.",
        )
        .at(line)
    })?;
    cost::check(&document)?;
    drop(document);
    let tree = tree(text)?;
    check_drawing(&tree)?;
    let mut written = write(&tree);
    for _ in 0..ROUNDS {
        let again = write(&self::tree(&written)?);
        if again == written {
            break;
        }
        written = again;
    }
    if written.len() > limits::SVG * 4 {
        return Err(Wrong::new(
            "svg-too-complex",
            "Written as plain paths, the drawing becomes too large.",
            "Simplify it, or save it as PNG.",
        ));
    }
    Ok(written.into_bytes())
}

/// A drawing that [`rewritten`] made, in a box, as PNG.
pub fn fitted_png(svg: &[u8], width: u32, height: u32) -> Option<Vec<u8>> {
    let tree = tree(std::str::from_utf8(svg).ok()?).ok()?;
    let size = tree.size();
    let scale = (width as f32 / size.width()).min(height as f32 / size.height());
    let side = |length: f32, most: u32| ((length * scale).round() as u32).clamp(1, most);
    let mut pixmap = Pixmap::new(side(size.width(), width), side(size.height(), height))?;
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    pixmap.encode_png().ok()
}

fn tree(text: &str) -> Result<Tree, Wrong> {
    let mut options = Options::default();
    // Pictures in pictures are refused before; nothing is ever loaded from anywhere.
    options.image_href_resolver.resolve_string = Box::new(|_, _| None);
    options.image_href_resolver.resolve_data = Box::new(|_, _, _| None);
    Tree::from_str(text, &options).map_err(|error| {
        Wrong::new(
            "svg-broken",
            format!("The drawing cannot be read: {error}."),
            "Save it again as plain SVG, with a viewBox or a width and a height.",
        )
    })
}

fn check_drawing(tree: &Tree) -> Result<(), Wrong> {
    let side = limits::IMAGE_SIDE as f32;
    if tree.size().width() > side || tree.size().height() > side {
        return Err(Wrong::new(
            "image-too-many-pixels",
            format!(
                "The drawing is wider or higher than {} pixels.",
                limits::IMAGE_SIDE
            ),
            "Set a smaller width and height; the viewBox keeps the drawing as it is.",
        ));
    }
    if layers(tree.root()) > LAYERS {
        return Err(Wrong::new(
            "svg-too-complex",
            format!("The drawing has more than {LAYERS} groups with masks, clips or opacity."),
            "Flatten it, or save it as PNG.",
        ));
    }
    if has_dashes(tree.root()) {
        return Err(Wrong::new(
            "svg-dashes",
            "The drawing has dashed lines.",
            "Turn dashed strokes into shapes (\"outline stroke\").",
        ));
    }
    Ok(())
}

fn layers(group: &Group) -> usize {
    let inner = group.children().iter().map(|node| match node {
        Node::Group(group) => layers(group),
        _ => 0,
    });
    let mask = group.mask().map_or(0, |mask| layers(mask.root()));
    let clip = group.clip_path().map_or(0, |clip| 1 + layers(clip.root()));
    usize::from(group.should_isolate()) + mask + clip + inner.sum::<usize>()
}

fn has_dashes(group: &Group) -> bool {
    group.children().iter().any(|node| match node {
        Node::Group(group) => has_dashes(group),
        Node::Path(path) => path
            .stroke()
            .is_some_and(|stroke| stroke.dasharray().is_some()),
        _ => false,
    })
}

/// With a viewBox, so that it scales wherever a page puts it.
fn write(tree: &Tree) -> String {
    let svg = tree.to_string(&WriteOptions {
        indent: Indent::None,
        coordinates_precision: 4,
        transforms_precision: 6,
        ..WriteOptions::default()
    });
    let (width, height) = (tree.size().width(), tree.size().height());
    match svg.strip_prefix("<svg ") {
        Some(rest) => format!("<svg viewBox=\"0 0 {width} {height}\" {rest}"),
        None => svg,
    }
}
