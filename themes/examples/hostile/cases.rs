//! What hostile themes try.

pub struct Case {
    pub name: &'static str,
    pub css: &'static str,
    /// A link page of its own, where styles alone do not do it.
    pub page: Option<&'static str>,
}

const fn css(name: &'static str, css: &'static str) -> Case {
    Case {
        name,
        css,
        page: None,
    }
}

const fn page(name: &'static str, css: &'static str, page: &'static str) -> Case {
    Case {
        name,
        css,
        page: Some(page),
    }
}

pub const CASES: &[Case] = &[
    // hide
    css(
        "hide-display",
        "* { display: none !important } html, body, main, div { display: none !important }",
    ),
    css(
        "hide-visibility",
        "html, body, body * { visibility: hidden !important }",
    ),
    css(
        "hide-opacity",
        "body, main, main * { opacity: 0 !important }",
    ),
    css(
        "hide-transition",
        "main, div { opacity: 0; transition: opacity 100000s 0s } body:hover main { opacity: 1 }",
    ),
    css(
        "hide-animation",
        "@keyframes gone { from, to { opacity: 0; visibility: hidden; transform: scale(0) } } body, main, div { animation: gone 1s infinite forwards !important }",
    ),
    css(
        "hide-contents-by-content",
        "main, div, body { content: linear-gradient(red, red) !important }",
    ),
    css(
        "hide-filter",
        "body, main, div { filter: opacity(0) !important; backdrop-filter: blur(90px) }",
    ),
    css(
        "hide-clip",
        "main, body, div { clip-path: inset(50%) !important }",
    ),
    css(
        "hide-contents",
        "html, body, main, div { display: contents !important; font-size: 0 !important; line-height: 0 }",
    ),
    css(
        "hide-table",
        "main, div { display: table-column !important }",
    ),
    css(
        "hide-scroll",
        "html { overflow: hidden !important; height: 100% !important } body { overflow: hidden !important; height: 10px !important; position: relative } main { max-block-size: 1px !important; overflow: hidden !important }",
    ),
    // cover
    css(
        "cover-pseudo",
        "body::after { content: \"\"; position: absolute !important; inset: 0; min-block-size: 10000px; background: #fff !important; z-index: 10 } html::before { content: \"\"; position: absolute; inset: 0; background: #fff; z-index: 10; min-block-size: 10000px }",
    ),
    css(
        "cover-sibling",
        "header, footer, section { position: absolute !important; inset: 0; inline-size: 100vw; block-size: 10000px; background: #000 !important; z-index: 10 !important }",
    ),
    css(
        "cover-shadow",
        "header, footer, section, h1 { box-shadow: 0 0 0 10000px #000 !important; outline: 9000px solid #000 !important; position: relative; z-index: 10 }",
    ),
    css(
        "cover-stacking",
        "main { isolation: isolate; z-index: -10 !important; position: relative !important; transform: translate(0) } footer { position: relative; z-index: 10; margin-block-start: -5000px !important; padding-block-start: 6000px; background: #fff }",
    ),
    css(
        "cover-host",
        "div::before, div::after { content: \"\" !important; position: absolute !important; inset: 0 !important; background: #fff !important; z-index: 10 !important; display: block !important }",
    ),
    css(
        "cover-blend",
        "footer { position: absolute; inset: 0; block-size: 9000px; z-index: 10; mix-blend-mode: difference; background: #fff; backdrop-filter: invert(1) blur(40px) }",
    ),
    page(
        "cover-element",
        ".veil { position: absolute !important; inset: -2000px; block-size: 20000px; background: #fff; z-index: 10 } .veil span { position: relative; z-index: 10 }",
        "<!doctype html><html lang=\"{{ lang }}\" dir=\"{{ dir }}\"><head>{{ slot.head }}</head><body><div class=\"veil\"><span>Nothing here</span></div><main>{{ slot.status }}{{ slot.consent }}</main><footer>{{ slot.legal }}</footer><div class=\"veil\">Nothing</div></body></html>",
    ),
    // shrink
    css(
        "shrink-size",
        "html, body, main, div { inline-size: 0 !important; max-inline-size: 1px !important; block-size: 0 !important; max-block-size: 0 !important; overflow: hidden !important }",
    ),
    css(
        "shrink-font",
        "html { font-size: 1px !important } body, main, div { font-size: 0 !important; letter-spacing: -1em !important; line-height: 0 !important; text-indent: -9999px !important }",
    ),
    css(
        "grow-font",
        "html { font-size: 4000px !important } * { font-size: 4000px !important }",
    ),
    css(
        "shrink-scale",
        "body, main, div { scale: .01 !important; transform: scale(.01) rotate(180deg) !important; rotate: 90deg }",
    ),
    css(
        "shrink-columns",
        "main, body { columns: 12 1px !important; column-gap: 400px !important }",
    ),
    css(
        "shrink-flex",
        "main, body, div { display: flex !important; flex-direction: row !important } main > *, header, footer { flex: 0 0 4000px !important; min-inline-size: 4000px !important }",
    ),
    css(
        "shrink-grid",
        "body, main, div { display: grid !important; grid-template-columns: 4000px 0 0 !important; grid-auto-columns: 4000px !important; grid-auto-flow: column !important } main > *, header { grid-column: -9 / -2 !important; grid-row: 1 !important; inline-size: 4000px }",
    ),
    css(
        "shrink-float",
        "main > *, header { float: left !important; inline-size: 99% !important; block-size: 3000px } main { display: block !important; column-gap: 1000px }",
    ),
    css(
        "shrink-padding",
        "html, body, main, div { padding-inline: 45vw !important; border-inline: 300px solid !important; margin-inline: 300px !important }",
    ),
    // move
    css(
        "move-margin",
        "html, body, main, div { margin-inline-start: -9999px !important; margin-block-start: -9999px !important }",
    ),
    css(
        "move-sibling-margin",
        "header, h1, section, main > * { margin-block: -9999px !important; margin-inline: -9999px !important }",
    ),
    css(
        "move-position",
        "html, body, main, div { position: absolute !important; inset-inline-start: -9999px !important; inset-block-start: -9999px !important }",
    ),
    css(
        "move-translate",
        "html, body, main, div { translate: -9999px -9999px !important; transform: translate(200vw) !important }",
    ),
    css(
        "move-order",
        "main > * { order: -10 !important; block-size: auto } div { order: 10 !important; place-self: end !important; justify-self: end !important }",
    ),
    css(
        "move-writing",
        "html, body { direction: rtl !important; unicode-bidi: bidi-override !important; text-orientation: upright }",
    ),
    css(
        "move-float",
        "main, div { float: right !important; inline-size: 1px !important; margin-inline-end: -500px !important }",
    ),
    css(
        "move-has",
        ":root:has(div) body:has(div) main:has(div) div:not(#a#b#c#d) { position: absolute !important; inset: -9999px !important; display: none !important }",
    ),
    // repaint
    css(
        "repaint-color",
        "*, *::before, *::after { color: #fff !important; background: #fff !important; -webkit-user-select: none; border-color: #fff !important; text-shadow: 0 0 9px #fff !important }",
    ),
    css(
        "repaint-inherit",
        "html { color: transparent !important; fill: transparent !important; stroke: transparent; word-spacing: 900px !important; text-transform: uppercase !important; text-align: end !important; white-space: nowrap !important; visibility: hidden !important; pointer-events: none !important; cursor: wait !important }",
    ),
    css(
        "repaint-scheme",
        ":root, body, div { color-scheme: only dark !important; accent-color: #fff; forced-color-adjust: none !important } ",
    ),
    css(
        "repaint-vars",
        ":root { --radius: 900px; --font: \"Blank\"; --shadow: 0 0 0 9000px #000; --wide: 1px; --hue: 0 } div { --wide: 1px !important; --radius: 900px !important; --font: \"Blank\" !important }",
    ),
    css(
        "repaint-blend",
        "html, body, main, div { mix-blend-mode: screen !important; background: #fff !important; filter: brightness(9) !important }",
    ),
    css(
        "repaint-tokens",
        ":root { --text: #fff; --bg: #fff; --accent: #fff }",
    ),
    // What the lint has to refuse, because no guard could help.
    css(
        "refused-fixed",
        "footer { position: fixed; inset: 0; z-index: 9 }",
    ),
    css(
        "refused-z-index",
        "footer { position: absolute; z-index: 2147483647 }",
    ),
    css(
        "refused-layer",
        "@layer guard { :has([data-consent]) { display: none !important } }",
    ),
    css("refused-part", "div::part(card) { display: none }"),
    css(
        "refused-transition-layer",
        "main { view-transition-name: x }",
    ),
    page(
        "refused-popover",
        "",
        "<!doctype html><html lang=\"{{ lang }}\"><head>{{ slot.head }}</head><body><div popover=\"manual\">x</div><main>{{ slot.status }}{{ slot.consent }}</main><footer>{{ slot.legal }}</footer></body></html>",
    ),
    page(
        "refused-details",
        "",
        "<!doctype html><html lang=\"{{ lang }}\"><head>{{ slot.head }}</head><body><main>{{ slot.status }}<details><summary>x</summary>{{ slot.consent }}</details></main><footer>{{ slot.legal }}</footer></body></html>",
    ),
    page(
        "refused-twice",
        "",
        "<!doctype html><html lang=\"{{ lang }}\"><head>{{ slot.head }}</head><body><main>{{ slot.status }}{{ slot.consent }}{{ slot.consent }}</main><footer>{{ slot.legal }}</footer></body></html>",
    ),
    page(
        "refused-inert",
        "",
        "<!doctype html><html lang=\"{{ lang }}\"><head>{{ slot.head }}</head><body><main inert>{{ slot.status }}{{ slot.consent }}</main><footer>{{ slot.legal }}</footer></body></html>",
    ),
];
