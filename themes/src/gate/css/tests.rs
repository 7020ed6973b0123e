use super::*;

fn codes(css: &str) -> Vec<String> {
    lint("assets/css/theme.css", css, &|path| path == "img/a.png")
        .findings
        .into_iter()
        .map(|finding| finding.code.into_owned())
        .collect()
}

#[test]
fn plain_css_passes() {
    let css = r#"
      :root { --gutter: 1rem; }
      @font-face { font-family: "Acme"; src: url("asset:img/a.png") format("woff2"); font-display: swap; }
      .page > main, a:hover { color: var(--text); background: url("asset:img/a.png") no-repeat; z-index: 3 }
      .card { &:hover { translate: 0 1px; } .x::before { content: "-"; } grid-template-columns: [full] 1fr; }
      @media (min-width: 40rem) and (prefers-color-scheme: dark) { h1:not(.a, .b) { font: 600 1rem/1.2 "Acme", sans-serif !important } }
      @keyframes in { from { opacity: 0 } 50% { opacity: .5 } to { opacity: 1 } }
      [dir="rtl"] .x { rotate: 180deg }
    "#;
    assert_eq!(codes(css), [""; 0]);
}

#[test]
fn what_is_not_allowed_is_refused_with_its_reason() {
    for (css, code) in [
        ("@import 'x.css';", "css-at-rule"),
        ("@namespace svg url(http://x);", "css-at-rule"),
        ("@layer a { b { color: red } }", "css-at-rule"),
        ("@property --x { syntax: '*' }", "css-at-rule"),
        ("@view-transition { navigation: auto }", "css-at-rule"),
        ("@starting-style { a { color: red } }", "css-at-rule"),
        ("a { background: url(http://evil.example/x) }", "css-url"),
        ("a { background: url(//evil.example/x) }", "css-url"),
        ("a { background: u\\72l(http://evil.example/x) }", "css-url"),
        (
            "a { background: url('data:image/png;base64,AA') }",
            "css-url",
        ),
        (
            "a { cursor: url('asset:img/a.png'), auto }",
            "css-url-place",
        ),
        (
            "a { background: url('asset:img/b.png') }",
            "css-asset-missing",
        ),
        ("a { background: image-set('x.png' 1x) }", "css-function"),
        ("a { content: attr(href) }", "css-function"),
        ("a { color: if(style(--x): red) }", "css-function"),
        ("a { background: element(#x) }", "css-function"),
        ("a { background: src('x') }", "css-function"),
        ("input[value^='a'] { color: red }", "css-attribute-selector"),
        ("a[href] { color: red }", "css-attribute-selector"),
        ("a { position: fixed }", "css-position-fixed"),
        ("a { position: var(--p) }", "css-position-fixed"),
        ("a { posit\\69on: sticky !important }", "css-position-fixed"),
        ("a { z-index: 11 }", "css-z-index"),
        ("a { z-index: calc(99) }", "css-z-index"),
        (":root { --text: red }", "css-platform-color"),
        (":host { color: red }", "css-consent"),
        ("div::part(x) { color: red }", "css-consent"),
        ("a::view-transition { color: red }", "css-selector"),
        ("dialog::backdrop { color: red }", "css-selector"),
        ("a { view-transition-name: x }", "css-property"),
        ("a { behavior: x }", "css-property"),
        ("a { all: unset }", "css-property"),
        ("a { color: red; } }", "css-broken"),
        ("a { content: 'x\n }", "css-broken"),
        ("<!-- a { color: red } -->", "css-broken"),
        ("a { --x: { color: red } }", "css-custom-block"),
        ("color: red;", "css-stray"),
        ("a { @import 'x'; }", "css-at-rule"),
        (
            "@supports selector(a) { a { color: red } }",
            "css-condition",
        ),
    ] {
        assert_eq!(codes(css).first().map(String::as_str), Some(code), "{css}");
    }
}

#[test]
fn limits_end_the_reading() {
    assert_eq!(codes(&"a{".repeat(20_000)), ["css-depth"]);
    assert_eq!(
        codes(&format!("{}{{}}", ":not(".repeat(800))),
        ["css-depth"]
    );
    assert_eq!(codes(&"a,".repeat(40_000)), ["css-tokens"]);
    assert_eq!(codes(&" ".repeat(limits::CSS_BYTES + 1)), ["css-size"]);
}

#[test]
fn findings_know_their_line() {
    let report = lint(
        "a.css",
        "a {\n  color: red;\n  position: fixed;\n}",
        &|_| true,
    );
    assert_eq!(report.findings[0].line, Some(3));
}

#[test]
fn directions_of_the_page_are_a_warning() {
    let report = lint("a.css", "a { margin-left: 1px }", &|_| true);
    assert!(report.passes());
    assert_eq!(report.findings[0].code, "css-physical");
}

#[test]
fn addresses_of_files_are_rewritten() {
    let css = "a{background:url( \"asset:img/a.png\" ) no-repeat}b{background:url(asset:img/a.png),url(asset:gone)}";
    assert_eq!(
        rewrite(css, &|path| (path == "img/a.png")
            .then(|| "/assets/1f.png".into())),
        "a{background:url(\"/assets/1f.png\") no-repeat}b{background:url(\"/assets/1f.png\"),none}"
    );
}
