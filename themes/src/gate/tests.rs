use super::*;

fn codes(file: &str, source: &str) -> Vec<String> {
    lint_template(file, source)
        .findings
        .into_iter()
        .map(|finding| finding.code.into_owned())
        .collect()
}

const PAGE: &str = "templates/pages/connect.html";
const MAIL: &str = "templates/emails/request.mjml";

#[test]
fn an_ordinary_page_passes() {
    let page = r##"<!doctype html>
<html lang="{{ lang }}" dir="{{ dir }}">
<head>{{ slot.head }}</head>
<body class="{% if page.workflows %}wide{% else %}{{ page.phase }}{% endif %}">
{# A note for colleagues with a <script> in it. #}
{% set wide = page.total > 3 and not page.note %}
<header{% if wide %} class="wide"{% endif %}>
<picture><source media="(prefers-color-scheme: dark)" srcset="{{ brand.logo_dark }}"><img src="{{ brand.logo }}" alt=""></picture>
<svg viewBox="0 0 8 8" aria-hidden="true"><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient><path d="M0 0h8" fill="url(#g)"/></svg>
</header>
<main>
<h1>{{ t("pages.connect.heading", agency=brand.name, count=page.total) }}</h1>
{% for workflow in page.workflows %}<p>{{ loop.index }} {{ workflow | title | truncate(length=40) }}</p>{% else %}<br>{% endfor %}
{% with name = brand.name | default("x"), open = true %}{{ name }}{% endwith %}
{% set href = page.back_path %}<a href="{{ href }}">x</a>
{% include "partials/note.html" %}
{{ slot.status }}
<div class="box">{{ slot.consent }}</div>
{% raw %}{{ as written }}{% endraw %}
</main>
<footer>{{ slot.legal }} <a href="mailto:{{ brand.support_email }}">{{ date(page.expires_at, style="short") }}</a>
<a href="https://acme.example/privacy" target="_blank">x</a> <a href="{{ page.back_path }}">&lt;</a></footer>
</body>
</html>
"##;
    assert_eq!(codes(PAGE, page), [""; 0]);
}

#[test]
fn an_ordinary_mail_passes() {
    let mail = r#"{% extends "partials/mail.mjml" %}
{% block body %}
<mj-section background-color="{{ color.light.surface }}" padding="0 {{ settings.gutter }}"><mj-column>
<mj-image src="{{ brand.logo }}" alt="" width="120px" />
<mj-text align="{{ "right" if dir == "rtl" else "left" }}">Hello<br><span style="color:{{ light.text }};font-weight:600">{{ mail.name }}</span></mj-text>
<mj-button href="{{ mail.link }}" background-color="{{ light.accent }}">{{ t("mails.request.button") }}</mj-button>
</mj-column></mj-section>
{% endblock %}"#;
    assert_eq!(codes(MAIL, mail), [""; 0]);
    assert_eq!(
        codes(
            "templates/emails/request.txt",
            "{{ mail.link }} <- <script>"
        ),
        [""; 0]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_language_is_an_allow_list() {
    for (source, code) in [
        ("{% macro a() %}{% endmacro %}", "template-tag"),
        ("{% import 'x' as x %}", "template-tag"),
        ("{% from 'x' import y %}", "template-tag"),
        ("{% call x() %}{% endcall %}", "template-tag"),
        ("{% filter upper %}{% endfilter %}", "template-tag"),
        ("{% autoescape false %}{% endautoescape %}", "template-tag"),
        ("{% do x %}", "template-tag"),
        ("{% %}", "template-tag"),
        ("{{ x | safe }}", "template-filter"),
        ("{{ x | map('y') }}", "template-filter"),
        ("{{ x | tojson }}", "template-filter"),
        ("{{ x | attr('y') }}", "template-filter"),
        ("{{ x is divisibleby 3 }}", "template-test"),
        ("{{ range(10) }}", "template-function"),
        ("{{ debug() }}", "template-function"),
        ("{{ namespace() }}", "template-function"),
        ("{{ brand.name.upper() }}", "template-function"),
        ("{{ loop.cycle(1) }}", "template-function"),
        ("{{ (t)('x') }}", "template-function"),
        ("{{ self.body() }}", "template-function"),
        ("{{ page.__class__ }}", "template-name"),
        ("{{ 'ab' * 100000 }}", "template-operator"),
        ("{{ 9 ** 9 }}", "template-operator"),
        ("{{ {'a': 1} }}", "template-sign"),
        ("{{ 'a }} b' }}", "template-tag-in-string"),
        ("{{ \"{% x %}\" }}", "template-tag-in-string"),
        ("{{ ü }}", "template-sign"),
        ("{% set slot = 1 %}", "template-reserved"),
        ("{% set t = 1 %}", "template-reserved"),
        ("{% for page in x %}{% endfor %}", "template-reserved"),
        ("{% with brand = 1 %}{% endwith %}", "template-reserved"),
        ("{% set a.b = 1 %}", "template-set"),
        ("{% set (brand, a) = x %}", "template-reserved"),
        ("{% set x_url = page.note %}", "template-address"),
        (
            "{% set x_url = page.link ~ page.note %}",
            "template-address",
        ),
        (
            "{% set x_url = page.link | default(page.note) %}",
            "template-address",
        ),
        ("{% set href %}javascript:x{% endset %}", "template-address"),
        ("{% set (a, link) = page.note %}", "template-address"),
        (
            "{% with a = 1, x_path = page.note %}{% endwith %}",
            "template-address",
        ),
        (
            "{% for link in page.workflows %}{% endfor %}",
            "template-address",
        ),
        (
            "{% for a in b recursive %}{% endfor %}",
            "template-recursive",
        ),
        ("{% include page.name %}", "template-reference"),
        ("{% include ['a', 'b'] %}", "template-reference"),
        (
            "x{% if a %}{% endif %}{% extends 'a' %}",
            "template-extends",
        ),
        ("{{ slot }}", "slot-use"),
        ("{% set x = slot.main %}", "slot-use"),
        ("{{ slot.main | upper }}", "slot-use"),
        ("{{ slot['main'] }}", "slot-use"),
        ("{{ slot.form }}", "slot-unknown"),
        ("{% if a %}{{ slot.main }}{% endif %}", "slot-conditional"),
        (
            "{% for a in b %}{{ slot.main }}{% endfor %}",
            "slot-conditional",
        ),
        ("{% set x %}{{ slot.main }}{% endset %}", "slot-conditional"),
        ("{% if a %}", "template-unclosed"),
        ("{% endif %}", "template-unopened"),
        ("{% if a %}{% endfor %}", "template-unopened"),
        ("{{ a", "template-unclosed"),
        ("{% raw %}", "template-unclosed"),
        ("{# a", "template-unclosed"),
    ] {
        assert_eq!(
            codes(PAGE, source).first().map(String::as_str),
            Some(code),
            "{source}"
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn markup_is_an_allow_list() {
    for (source, code) in [
        ("<script>x</script>", "markup-script"),
        ("<SCRIPT>x</SCRIPT>", "markup-script"),
        ("<p onclick=\"x\">a</p>", "markup-script"),
        ("<p OnMouseOver='x'>a</p>", "markup-script"),
        ("<p style=\"x\">a</p>", "markup-style"),
        ("<style>a{}</style>", "markup-style"),
        ("<link rel=\"stylesheet\" href=\"/x\">", "markup-style"),
        ("<p hx-get=\"/x\">a</p>", "markup-data"),
        ("<p data-item=\"x\">a</p>", "markup-data"),
        ("<iframe src=\"/x\"></iframe>", "markup-element"),
        ("<iframe srcdoc=\"x\"></iframe>", "markup-element"),
        ("<object data=\"x\"></object>", "markup-element"),
        ("<embed src=\"x\">", "markup-element"),
        ("<template></template>", "markup-element"),
        ("<dialog open></dialog>", "markup-element"),
        ("<foreignObject></foreignObject>", "markup-element"),
        ("<animate></animate>", "markup-element"),
        ("<form action=\"/x\"></form>", "markup-form"),
        ("<button formaction=\"/x\">a</button>", "markup-form"),
        ("<input name=\"csrf\">", "markup-form"),
        ("<meta http-equiv=\"refresh\" content=\"0\">", "markup-head"),
        ("<base href=\"/\">", "markup-head"),
        ("<p hidden>a</p>", "markup-hidden"),
        ("<p inert>a</p>", "markup-hidden"),
        ("<p popover>a</p>", "markup-hidden"),
        ("<p slot=\"x\">a</p>", "markup-attribute"),
        ("<a ping=\"/x\" href=\"/\">a</a>", "markup-attribute"),
        ("<a href=\"javascript:x\">a</a>", "url-target"),
        ("<a href=\" javascript:x\">a</a>", "url-target"),
        ("<a href=\"java&#115;cript:x\">a</a>", "url-target"),
        ("<a href=\"data:text/html,x\">a</a>", "url-target"),
        ("<a href=\"http://x.example\">a</a>", "url-target"),
        ("<a href=\"//x.example\">a</a>", "url-target"),
        ("<a href=\"/\\x.example\">a</a>", "url-target"),
        ("<a href=\"{{ page.note }}\">a</a>", "url-target"),
        ("<a href=\"{{ 'java' ~ 'script:x' }}\">a</a>", "url-target"),
        ("<a href=\"https://{{ page.note }}\">a</a>", "url-target"),
        ("<a href=\"{% if a %}x{% endif %}\">a</a>", "url-target"),
        ("<a href=\"\">a</a>", "url-target"),
        ("<img src=\"https://x.example/a.png\">", "url-source"),
        ("<img src=\"/a.png\">", "url-source"),
        ("<img src=\"{{ page.link }}\">", "url-source"),
        ("<svg><use href=\"/x.svg#a\"/></svg>", "url-target"),
        (
            "<svg><path fill=\"url(https://x)\"/></svg>",
            "markup-drawing",
        ),
        ("<p class=x>a</p>", "markup-unquoted"),
        ("<p class={{ x }}>a</p>", "markup-unquoted"),
        ("<p {{ x }}>a</p>", "markup-place"),
        ("<{{ x }}>a</p>", "markup-sign"),
        ("<p{{ x }}>a</p>", "markup-place"),
        ("<b{% if x %}ase href=\"/\"{% endif %}>a</b>", "markup-tag"),
        ("<b{% if x %}{% endif %}ase>a</b>", "markup-tag"),
        ("<p {# x -#} class=\"x\">a</p>", "markup-place"),
        (
            "<p {%- if x %} class=\"x\"{% endif %}>a</p>",
            "markup-place",
        ),
        ("<p class=\"{% if x %}\"{% endif %}>a</p>", "markup-branch"),
        ("{% if x %}<p>{% endif %}</p>", "markup-branch"),
        ("{% for x in y %}</p>{% endfor %}", "markup-balance"),
        ("<p>{% if x %}</p><p>{% endif %}</p>", "markup-balance"),
        ("<!-- x -->", "markup-sign"),
        ("<![CDATA[x]]>", "markup-sign"),
        ("<?x?>", "markup-sign"),
        ("a < b", "markup-sign"),
        ("</p>", "markup-balance"),
        ("<p>", "markup-balance"),
        ("<p><b></p></b>", "markup-balance"),
        ("<p", "markup-tag"),
        ("<p class=\"", "markup-tag"),
        ("<p class=\"{{ slot.main }}\">a</p>", "markup-place"),
        ("<p{% include 'x' %}>a</p>", "markup-place"),
        ("<p{% block x %}{% endblock %}>a</p>", "markup-place"),
        ("<details>{{ slot.main }}</details>", "slot-around"),
        ("<a href=\"/\">{{ slot.main }}</a>", "slot-around"),
        (
            "<div aria-hidden=\"true\">{{ slot.main }}</div>",
            "slot-around",
        ),
        ("<div role=\"img\">{{ slot.main }}</div>", "slot-around"),
        ("<head>{{ slot.main }}</head>", "slot-place"),
        ("<body>{{ slot.head }}</body>", "slot-place"),
    ] {
        assert_eq!(
            codes(PAGE, source).first().map(String::as_str),
            Some(code),
            "{source}"
        );
    }
}

#[test]
fn mails_have_their_own_list() {
    for (source, code) in [
        ("<mj-raw><p>x</p></mj-raw>", "mjml-element"),
        ("<mj-style>a{}</mj-style>", "mjml-element"),
        ("<mj-include path=\"x\" />", "mjml-element"),
        ("<mj-html-attributes></mj-html-attributes>", "mjml-element"),
        ("<mj-font href=\"https://x\" />", "mjml-element"),
        ("<mj-hero></mj-hero>", "markup-element"),
        ("<mj-social></mj-social>", "markup-element"),
        ("<mj-image src=\"https://x/a.png\" />", "url-source"),
        (
            "<mj-section background-url=\"x\"></mj-section>",
            "markup-attribute",
        ),
        (
            "<mj-section background-color=\"url(x)\"></mj-section>",
            "mjml-style",
        ),
        (
            "<mj-text color=\"{{ mail.note }}\">x</mj-text>",
            "mjml-style",
        ),
        ("<p style=\"background:url(x)\">x</p>", "mjml-style"),
        (
            "<mj-button href=\"javascript:x\">x</mj-button>",
            "url-target",
        ),
        (
            "{% set x_url = mail.reason %}<mj-button href=\"{{ x_url }}\">x</mj-button>",
            "template-address",
        ),
        ("<form></form>", "markup-form"),
        ("{{ slot.main }}", ""),
    ] {
        let found = codes(MAIL, source);
        assert_eq!(found.first().map_or("", String::as_str), code, "{source}");
    }
    assert_eq!(codes("a.txt", "{{ slot.main }}"), ["slot-place"]);
}

#[test]
fn limits_end_the_reading() {
    let n = 2_500;
    for (source, code) in [
        ("{{ a }}".repeat(n), "template-tags"),
        (
            format!("{{{{ {}a }}}}", "a+".repeat(n)),
            "template-tag-long",
        ),
        (format!("{{{{ {}a }}}}", "(".repeat(n)), "template-brackets"),
        ("{% if a %}".repeat(100), "template-depth"),
        (
            format!("{{% if a %}}{}", "{% elif a %}".repeat(20)),
            "template-elif",
        ),
        ("{% for a in b %}".repeat(4), "template-loops"),
        ("<b>".repeat(100), "markup-depth"),
        (" ".repeat(limits::TEMPLATE_BYTES + 1), "template-size"),
    ] {
        assert_eq!(codes(PAGE, &source), [code]);
    }
    assert_eq!(codes(MAIL, &"<mj-section>".repeat(50)), ["markup-depth"]);
}

#[test]
fn findings_know_their_line() {
    let lines = |source| {
        lint_template(PAGE, source)
            .findings
            .iter()
            .map(|finding| finding.line)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        lines("<p>\n{{ x }}\n<i\nclass=\"\n\" onclick=\"\"></i></p>"),
        [Some(5)]
    );
    assert_eq!(lines("<p>\n</p>{{ x |\nsafe }}"), [Some(2)]);
}

/// The files of the base theme whose names end so, with their paths in a package.
fn base_files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("base");
    let entries = std::fs::read_dir(root.join(folder)).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|known| known == ending))
        .map(|path| {
            let name = format!("{folder}/{}", path.file_name().unwrap().display());
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_base_theme_passes_the_lint_of_uploads() {
    let mut found = Report::default();
    for folder in ["templates/pages", "templates/partials"] {
        for (file, source) in base_files(folder, "html") {
            found.append(lint_template(&file, &source));
        }
    }
    for (file, source) in base_files("assets/css", "css") {
        found.append(css::lint(&file, &source, &|_| true));
    }
    assert!(found.findings.is_empty(), "{found}");
}

#[test]
fn the_base_theme_passes_the_lint_of_mails() {
    let mut found = Report::default();
    for (folder, ending) in [
        ("templates/emails", "mjml"),
        ("templates/emails", "txt"),
        ("templates/partials", "txt"),
        ("templates/partials", "mjml"),
    ] {
        for (file, source) in base_files(folder, ending) {
            found.append(lint_template(&file, &source));
        }
    }
    assert!(found.findings.is_empty(), "{found}");
}
