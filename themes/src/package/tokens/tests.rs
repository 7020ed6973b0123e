use super::*;

fn read(json: &str) -> (Tokens, Report) {
    let mut report = Report::default();
    let tokens = Tokens::read(json.as_bytes(), &mut report);
    (tokens, report)
}

fn codes(json: &str) -> Vec<String> {
    read(json)
        .1
        .findings
        .iter()
        .map(|f| f.code.to_string())
        .collect()
}

fn fine(json: &str) -> Tokens {
    let (tokens, report) = read(json);
    assert!(report.findings.is_empty(), "{report}");
    tokens
}

#[test]
fn a_type_is_inherited_and_an_alias_is_followed() {
    let tokens = fine(
        r##"{"own":{"$type":"color","blue":{"$value":{"colorSpace":"srgb","components":[0.2,0.2,"none"],"alpha":1}},"deep":{"er":{"$value":"{own.blue}"}}},
            "color":{"$type":"color","$description":"x","light":{"text":{"$value":"{own.deep.er}"},"bg":{"$value":"#FFFFFF","$extensions":{"a.b":{}}}},
                     "dark":{"text":{"$type":"color","$value":{"colorSpace":"lab","components":[1,2,3],"hex":"#eeeeee"}}}},
            "radius":{"$type":"dimension","card":{"$value":{"value":12,"unit":"px"}},"control":{"$value":"0.5rem"}},
            "font":{"body":{"$type":"fontFamily","$value":["Inter","sans-serif"]}}}"##,
    );
    let hex = |color: &crate::color::Rgb| color.to_string();
    assert_eq!(
        tokens.light.get("text").map(hex).as_deref(),
        Some("#333300")
    );
    assert_eq!(tokens.light.get("bg").map(hex).as_deref(), Some("#ffffff"));
    assert_eq!(tokens.dark.get("text").map(hex).as_deref(), Some("#eeeeee"));
    assert_eq!(
        tokens.shape_css(),
        ":root{--font:\"Inter\",sans-serif;--radius:12px;--radius-s:0.5rem;}"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_is_wrong_with_a_token_has_its_code() {
    let token = |value: &str| {
        format!(r#"{{"color":{{"$type":"color","light":{{"text":{{"$value":{value}}}}}}}}}"#)
    };
    let chain = |n: usize| {
        let links: String = (0..n)
            .map(|at| format!(r#""a{at}":{{"$value":"{{own.a{}}}"}},"#, at + 1))
            .collect();
        format!(
            r##"{{"own":{{"$type":"color",{links}"a{n}":{{"$value":"#000000"}}}},"color":{{"$type":"color","light":{{"text":{{"$value":"{{own.a0}}"}}}}}}}}"##
        )
    };
    assert!(codes(&chain(7)).is_empty());
    for (json, code) in [
        (chain(8), "tokens-alias-depth"),
        (token(r#""{color.light.text}""#), "tokens-alias-circle"),
        (token(r#""{color.light.nothing}""#), "tokens-alias-missing"),
        (token(r#""red""#), "tokens-color"),
        (token(r##""#12345""##), "tokens-color"),
        (token("7"), "json-type"),
        (
            token(r#"{"colorSpace":"srgb","components":[1,2]}"#),
            "tokens-color",
        ),
        (
            token(r#"{"colorSpace":"sRGB","components":[1,1,1]}"#),
            "tokens-color-space",
        ),
        (
            token(r#"{"colorSpace":"lab","components":[1,1,1]}"#),
            "tokens-color",
        ),
        (
            token(r#"{"colorSpace":"srgb","components":[1,1,1],"alpha":0.5}"#),
            "tokens-alpha",
        ),
        (
            token(r#"{"colorSpace":"srgb","component":[1,1,1]}"#),
            "unknown-key",
        ),
        (
            r##"{"color":{"light":{"text":{"$value":"#000000"}}}}"##.into(),
            "tokens-type",
        ),
        (
            r##"{"color":{"light":{"text":{"$type":"dimension","$value":"#000000"}}}}"##.into(),
            "tokens-type",
        ),
        (
            r##"{"color":{"$type":"color","light":{"txt":{"$value":"#000000"}}}}"##.into(),
            "unknown-key",
        ),
        (
            r##"{"color":{"$type":"color","night":{"text":{"$value":"#000000"}}}}"##.into(),
            "unknown-key",
        ),
        (
            r#"{"radius":{"$type":"dimension","card":{"$value":"99px"}}}"#.into(),
            "tokens-dimension",
        ),
        (
            r#"{"radius":{"$type":"dimension","card":{"$value":"1em"}}}"#.into(),
            "tokens-dimension",
        ),
        (
            r#"{"radius":{"$type":"dimension","box":{"$value":"1px"}}}"#.into(),
            "unknown-key",
        ),
        (
            r#"{"font":{"$type":"fontFamily","body":{"$value":["Inter"]}}}"#.into(),
            "tokens-font-family",
        ),
        (
            r#"{"font":{"$type":"fontFamily","body":{"$value":["a\";}b{","serif"]}}}"#.into(),
            "tokens-font-family",
        ),
        (
            r##"{"own":{"$extends":"#/x"}}"##.into(),
            "tokens-unsupported",
        ),
        (r#"{"own":{"a.b":{"$value":1}}}"#.into(), "tokens-name"),
        (
            r#"{"own":{"a":{"$value":1,"b":{"$value":1}}}}"#.into(),
            "tokens-name",
        ),
        (r#"{"own":{"a":1}}"#.into(), "json-type"),
        ("{".into(), "json-syntax"),
    ] {
        assert_eq!(
            codes(&json).first().map(String::as_str),
            Some(code),
            "{json}"
        );
    }
    let many: String = (0..301)
        .map(|at| format!(r#""a{at}":{{"$value":1}},"#))
        .collect();
    assert_eq!(
        codes(&format!(r#"{{{many}"z":{{"$value":1}}}}"#)),
        ["tokens-too-many"]
    );
}

#[test]
fn the_palette_of_a_brand_as_tokens_is_the_same_palette() {
    let color = BrandColor::parse("#2f6f4f").unwrap();
    let tokens = fine(&of_brand(color).to_string());
    let (ours, theirs) = (tokens.palette(color.palette()), color.palette());
    assert_eq!((ours.light, ours.dark), (theirs.light, theirs.dark));
}
