//! Whatever is sent, the answer is a problem of the caller's, never a failure of ours.

use axum::body::Body;
use http::Uri;
use serde_json::{Value, json};

use super::{
    client::{Api, request},
    description::operations,
    world::World,
};

fn oddities() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!("\u{202e}\u{feff}"),
        json!("x".repeat(10_000)),
        json!("' or 1=1 --"),
        json!([]),
        json!({}),
        json!([[]]),
        json!({"\u{0}": "\u{0}"}),
        deep,
    ]
}

/// Every place in the value, as the value with an oddity in that place.
fn spoiled(value: &Value, oddity: &Value) -> Vec<Value> {
    let mut all = vec![oddity.clone()];
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                for odd in spoiled(field, oddity) {
                    let mut copy = fields.clone();
                    copy.insert(name.clone(), odd);
                    all.push(Value::Object(copy));
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for odd in spoiled(item, oddity) {
                    let mut copy = items.clone();
                    copy[index] = odd;
                    all.push(Value::Array(copy));
                }
            }
        }
        _ => {}
    }
    all
}

#[tokio::test]
async fn odd_values_anywhere_in_a_body_are_never_our_failure() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    for operation in operations() {
        let Some(example) = &operation.example else {
            continue;
        };
        let path = world.fill(&operation.path);
        for oddity in oddities() {
            for body in spoiled(example, &oddity) {
                // `send` checks the form of every answer.
                let answer = world
                    .client
                    .json(operation.method.clone(), &path, &body)
                    .await;
                assert!(answer.status.as_u16() < 500, "{} {body}", operation.name());
            }
        }
    }
}

#[tokio::test]
async fn odd_addresses_are_never_our_failure() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    const ODD: [&str; 8] = [
        "%00",
        "%ff%fe",
        "%f0%9f%a6%80",
        "..%2f..",
        "'",
        "%0d%0a",
        "%",
        "9999999999999999999",
    ];
    for operation in operations() {
        for odd in ODD {
            let path = operation.path.replace("{id}", odd).replace("{app}", odd);
            let query = format!(
                "{}?limit={odd}&cursor={odd}&subject={odd}&{odd}={odd}",
                world.fill(&operation.path)
            );
            for address in [path, query] {
                if format!("/api/v1{address}").parse::<Uri>().is_err() {
                    continue;
                }
                let key = Some(world.client.key.as_str());
                let request = request(operation.method.clone(), &address, key, Body::empty());
                let answer = api.send(request).await;
                assert!(answer.status.as_u16() < 500, "{address}");
            }
        }
    }
}
