//! What an uploaded theme may measure. Each limit is a rule with a code; the base theme keeps them too.

/// Bytes of one template.
pub const TEMPLATE_BYTES: usize = 64 * 1024;
/// More than every page and mail, both parts of it, and every partial of the base theme.
pub const TEMPLATES: usize = 120;
/// Tags in one template.
pub const TAGS: usize = 2_000;
/// Names, strings, numbers and operators in one tag.
pub const TOKENS_IN_A_TAG: usize = 120;
/// Open brackets in one tag.
pub const BRACKETS: usize = 8;
/// Open blocks, loops and conditions.
pub const BLOCK_DEPTH: usize = 24;
/// Loops in loops: fuel pays for each turn, this keeps one turn small.
pub const LOOP_DEPTH: usize = 3;
/// `elif` in one condition.
pub const ELIF: usize = 16;
/// Elements in elements, in a template and in what comes out of it.
pub const MARKUP_DEPTH: usize = 64;
/// The same for MJML, which is laid out recursively.
pub const MJML_DEPTH: usize = 32;
/// Bytes of a rendered page.
pub const PAGE_BYTES: usize = 512 * 1024;
pub const STYLESHEETS: usize = 4;
/// Bytes of one stylesheet.
pub const CSS_BYTES: usize = 128 * 1024;
/// Open brackets and blocks in a stylesheet.
pub const CSS_DEPTH: usize = 12;
/// Tokens in one stylesheet.
pub const CSS_TOKENS: usize = 60_000;
pub const Z_INDEX: i32 = 10;
