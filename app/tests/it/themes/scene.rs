use std::collections::BTreeMap;

use axum::body::Body;
use http::{Method, Request};
use latchkey_tenants::{
    ActionError, KeyScope, ThemeKind, ThemeVersion, Tx,
    store::{NewTheme, PublishTheme},
};
use latchkey_themes::{Package, Theme, package::BrandKit};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::world::{Tenant, World};

/// The link page of a theme: its layout, and every slot once.
pub const PAGE: &str = r#"<!doctype html>
<html lang="{{ lang }}" dir="{{ dir }}">
<head>{{ slot.head }}</head>
<body><p class="drawn">template-MARK</p><h1>{{ t("pages.connect.done_heading") }}</h1>
{{ slot.status }}{{ slot.consent }}{{ slot.legal }}</body>
</html>"#;

/// A theme that says `mark` in its template, its texts, its style sheet, its mails and, by `color`, in its palette.
pub fn marked(mark: &str, color: &str) -> BTreeMap<String, Vec<u8>> {
    let manifest = json!({
        "contract": 1, "id": "acme", "name": format!("Acme {mark}"), "version": "1.0.0", "extends": "base@1",
        "brand": {"color": color}, "modes": ["light", "dark"],
        "locales": {"default": "en", "available": ["en"]},
        "css": ["assets/css/theme.css"], "pages": ["connect"], "emails": [],
    });
    let texts = json!({
        "pages": {"connect": {"done_heading": format!("text-{mark}")}},
        "mails": {"request": {"never_here": format!("mail-{mark}")}},
    });
    let css = format!(
        ".drawn {{ font-weight: 600 }}\n/* style-{mark} */\n.m{mark} {{ margin-block: 0 }}\n"
    );
    let files = [
        ("theme.json", manifest.to_string()),
        ("locales/en.json", texts.to_string()),
        ("templates/pages/connect.html", PAGE.replace("MARK", mark)),
        ("assets/css/theme.css", css),
    ];
    files
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text.into_bytes()))
        .collect()
}

pub fn packed(files: &BTreeMap<String, Vec<u8>>) -> Package {
    Package::from_files(files).unwrap_or_else(|report| panic!("{report}"))
}

/// A program of the agency that may do everything.
pub struct Program<'a> {
    world: &'a World,
    tenant: &'a Tenant,
    key: String,
}

impl<'a> Program<'a> {
    pub async fn of(world: &'a World, tenant: &'a Tenant) -> Self {
        let (_, key) = world.test.api_key(&tenant.agency, KeyScope::ALL).await;
        Self {
            world,
            tenant,
            key: key.expose_secret().to_owned(),
        }
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let body = body.to_string().into_bytes();
        self.call(Method::POST, path, "application/json", body)
            .await
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self
            .call(Method::GET, path, "application/json", Vec::new())
            .await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub async fn upload(&self, files: &BTreeMap<String, Vec<u8>>) -> (u16, Value) {
        let zip = packed(files).to_zip();
        self.call(Method::POST, "/themes", "application/zip", zip)
            .await
    }

    /// The bytes of a version's package.
    pub async fn package(&self, id: &str) -> Vec<u8> {
        let request = Request::builder()
            .uri(format!("/api/v1/themes/{id}/package"))
            .header("authorization", format!("Bearer {}", self.key))
            .body(Body::empty())
            .unwrap();
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/zip");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        body.unwrap().to_vec()
    }

    /// A new draft's id. It is put into the store as it is: the check takes longer than all the rest of a test.
    pub async fn draft(&self, mark: &str, color: &str) -> String {
        let (tenant, files) = (self.tenant, marked(mark, color));
        let added = async |tx: &mut Tx| add(tx, &packed(&files)).await;
        self.world.write(tenant, added).await.id.to_string()
    }

    /// A new draft of a brand kit of this colour alone.
    pub async fn kit(&self, color: &str) -> String {
        let kit = BrandKit {
            name: "Kit".to_owned(),
            color: color.to_owned(),
            logo: None,
            icon: None,
            font: None,
        };
        let package = Package::from_brand_kit(&kit).unwrap();
        let added = async |tx: &mut Tx| add_as(tx, ThemeKind::BrandKit, &package).await;
        self.world.write(self.tenant, added).await.id.to_string()
    }

    pub async fn publish(&self, id: &str) -> Value {
        let (status, body) = self.post(&format!("/themes/{id}/publish"), json!({})).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub async fn published(&self, mark: &str, color: &str) -> String {
        let id = self.draft(mark, color).await;
        self.publish(&id).await;
        id
    }
}

/// Publishes a package that the check would never let through, as an older program may have done.
pub async fn slip_in(world: &World, tenant: &Tenant, files: &BTreeMap<String, Vec<u8>>) -> String {
    let package = packed(files);
    let theme = Theme::compile_live(&package).ok();
    let assets = theme.iter().flat_map(|theme| theme.assets());
    let paths: Vec<String> = assets.map(|asset| asset.path.clone()).collect();
    world
        .write(tenant, async |tx| {
            let version = add(tx, &package).await?;
            let wish = PublishTheme {
                to: Some(&version.id),
                expected: None,
                paths: &paths,
            };
            tx.theme_publish(wish, "staff").await?;
            Ok::<_, ActionError>(version.id.to_string())
        })
        .await
}

/// Keeps a package as a draft, whatever the check would say.
pub async fn add(tx: &mut Tx, package: &Package) -> Result<ThemeVersion, ActionError> {
    add_as(tx, ThemeKind::Package, package).await
}

async fn add_as(
    tx: &mut Tx,
    kind: ThemeKind,
    package: &Package,
) -> Result<ThemeVersion, ActionError> {
    let new = NewTheme {
        hash: &package.hash.to_string(),
        name: &package.manifest.name,
        version: "1.0.0",
        kind,
        package: &package.to_zip(),
        report: &json!({"findings": []}),
    };
    Ok(tx.theme_add(new, "staff").await?.0)
}

/// The addresses of the style sheets in a page's head, in order: the theme's own last.
pub fn stylesheets(html: &str) -> Vec<String> {
    let head = html.split("</head>").next().unwrap();
    let links = head.split("rel=\"stylesheet\" href=\"").skip(1);
    links
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}
