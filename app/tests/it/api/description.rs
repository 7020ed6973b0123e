//! The description of the API: it is complete, and the other tests read from it what to try.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Method;
use latchkey_tenants::KeyScope;
use serde_json::Value;

use super::client::{Api, request};

pub struct Operation {
    pub method: Method,
    /// With its placeholders.
    pub path: String,
    pub scope: KeyScope,
    /// A body that is right in form.
    pub example: Option<Value>,
    pub has_body: bool,
    about: Value,
}

fn document() -> Value {
    serde_json::to_value(latchkey_app::openapi()).unwrap()
}

pub fn operations() -> Vec<Operation> {
    let document = document();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, about) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                scope: scope(about),
                example: example(&document, about),
                has_body: about["requestBody"].is_object(),
                about: about.clone(),
            });
        }
    }
    // What is removed is asked for by nobody after.
    operations.sort_by_key(|operation| operation.method == Method::DELETE);
    operations
}

fn scope(about: &Value) -> KeyScope {
    let security = about["security"].as_array().unwrap();
    assert_eq!(security.len(), 1, "{about}");
    let scopes = security[0]["api_key"].as_array().unwrap();
    assert_eq!(scopes.len(), 1, "{about}");
    scopes[0].as_str().unwrap().parse().unwrap()
}

fn example(document: &Value, about: &Value) -> Option<Value> {
    let schema = about.pointer("/requestBody/content/application~1json/schema")?;
    let name = schema["$ref"].as_str()?.strip_prefix('#')?;
    document.pointer(name)?["examples"].get(0).cloned()
}

impl Operation {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn body(&self) -> Body {
        self.example
            .as_ref()
            .map_or(Body::empty(), |example| Body::from(example.to_string()))
    }
}

#[test]
fn every_operation_says_what_it_does_who_may_and_what_can_go_wrong() {
    let mut ids = BTreeSet::new();
    for operation in operations() {
        let (name, about) = (operation.name(), &operation.about);
        assert!(
            about["summary"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{name}"
        );
        assert!(about["tags"].is_array(), "{name}");
        assert!(ids.insert(about["operationId"].to_string()), "{name}");
        let mut expected = vec!["401", "403", "500"];
        if operation.path.contains('{') {
            expected.push("404");
        }
        if operation.has_body {
            expected.extend(["400", "413", "415", "422"]);
        }
        if operation.method == Method::POST {
            let parameters = about["parameters"].to_string();
            assert!(parameters.contains("Idempotency-Key"), "{name}");
        }
        for status in expected {
            let response = &about["responses"][status];
            let schema = "/content/application~1problem+json/schema/$ref";
            let schema = response.pointer(schema).and_then(Value::as_str);
            assert_eq!(
                schema,
                Some("#/components/schemas/Problem"),
                "{name} {status}"
            );
            assert!(
                response["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty())
            );
        }
        let good = about["responses"].as_object().unwrap();
        assert!(good.keys().any(|status| status.starts_with('2')), "{name}");
    }
}

#[test]
fn every_body_has_an_example_and_every_reference_a_target() {
    let document = document();
    for operation in operations() {
        let said = !operation.has_body || operation.example.is_some();
        assert!(said, "{} has no example", operation.name());
    }
    let mut open = vec![&document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref") {
                    assert!(
                        document.pointer(&target[1..]).is_some(),
                        "{target} is nowhere"
                    );
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_description_is_public_and_names_no_product() {
    let api = Api::start().await;
    let answer = api
        .send(request(Method::GET, "/openapi.json", None, Body::empty()))
        .await;
    assert_eq!(answer.headers["content-type"], "application/json");
    let served = answer.expect(200);
    assert_eq!(served, document());
    assert_eq!(served["info"]["title"], "Agency API");
    assert!(!served.to_string().to_lowercase().contains("latchkey"));
}

#[test]
fn the_description_changes_only_on_purpose() {
    let text = serde_json::to_string_pretty(&document()).unwrap();
    insta::assert_snapshot!("openapi", text);
}
