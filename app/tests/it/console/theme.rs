use axum::body::Body;
use http::{Method, StatusCode, header};
use latchkey_tenants::{ThemeKind, store::PublishTheme};

use crate::{
    people::scene::{Scene, post},
    support::{
        browser::{Answer, Browser, SAME_ORIGIN},
        raw,
    },
    themes::scene::{add, marked, packed},
};

const PATH: &str = "/dashboard/theme";
/// One pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, b'I', b'D', b'A', b'T',
    0x78, 0xda, 0x63, 0xfc, 0xcf, 0xc0, 0x50, 0x0f, 0, 4, 0x85, 1, 0x80, 0x84, 0xa9, 0x8c, 0x21, 0,
    0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// A form with files, as a browser sends it.
async fn upload(
    browser: &mut Browser,
    path: &str,
    page: &Answer,
    fields: &[(&str, &str)],
    files: &[(&str, &[u8])],
) -> Answer {
    const MARK: &str = "between-parts";
    let mut body = Vec::new();
    let mut part = |head: String, value: &[u8]| {
        body.extend(format!("--{MARK}\r\ncontent-disposition: form-data; {head}\r\n\r\n").bytes());
        body.extend(value);
        body.extend(b"\r\n");
    };
    part("name=\"csrf\"".to_owned(), page.csrf().as_bytes());
    for (name, value) in fields {
        part(format!("name=\"{name}\""), value.as_bytes());
    }
    for (name, bytes) in files {
        let head = format!(
            "name=\"{name}\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream"
        );
        part(head, bytes);
    }
    body.extend(format!("--{MARK}--\r\n").bytes());
    let kind = format!("multipart/form-data; boundary={MARK}");
    let request = browser
        .request(Method::POST, path)
        .header(header::CONTENT_TYPE, kind)
        .header("sec-fetch-site", SAME_ORIGIN);
    browser.send(request.body(Body::from(body)).unwrap()).await
}

#[expect(clippy::too_many_lines, reason = "one journey, told in one go")]
#[tokio::test]
async fn a_colour_becomes_a_draft_that_is_looked_at_and_published() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    page.ok().says("None yet").says("<svg");
    staff
        .get(&format!("{PATH}/palette?color=%23ffff00"))
        .await
        .ok()
        .says("#ffff00")
        .says("passes")
        .does_not_say("<nav");
    let kit = format!("{PATH}/kit");
    let wrong = upload(&mut staff, &kit, &page, &[("color", "red")], &[]).await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A colour is written as #");
    let text: &[u8] = b"no picture";
    let wrong = upload(
        &mut staff,
        &kit,
        &page,
        &[("color", "#635bff")],
        &[("logo", text)],
    )
    .await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Choose a PNG, JPEG, WebP or SVG.");
    let fields = [
        ("color", "#635bff"),
        ("font", "Georgia, Cambria, Times New Roman, serif"),
    ];
    let made = upload(&mut staff, &kit, &page, &fields, &[("icon", PNG)]).await;
    let path = made.led_to();
    let page = staff.get(&path).await;
    page.ok()
        .says("Draft")
        .says("https://preview.latch.example/preview/");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-src 'self' https://preview.latch.example"));
    let at = page.body.find("https://preview.latch.example").unwrap();
    let frame = page.body[at..].split('"').next().unwrap();
    let frame = frame.strip_prefix("https://preview.latch.example").unwrap();
    let shown = raw(&scene.router, "preview.latch.example", frame).await;
    assert!(shown.body.contains("--accent:#635bff"), "{}", shown.body);
    let expected = [("expected", "")];
    let published = post(&mut staff, &format!("{path}/publish"), &page, &expected).await;
    assert_eq!(published.led_to(), path);
    let agency = scene.read(async |tx| tx.agency_itself().await).await;
    assert!(agency.theme.is_some());
    assert_eq!(agency.brand_color, "#635bff", "the console has it too");
    let home = staff.get(PATH).await;
    home.ok().says("Published");
    let current = scene
        .read(async |tx| tx.theme_current().await)
        .await
        .unwrap();
    assert_eq!(current.kind, ThemeKind::BrandKit);
    let stale = post(
        &mut staff,
        &format!("{PATH}/base/publish"),
        &home,
        &[("expected", "")],
    )
    .await;
    assert_eq!(stale.led_to(), PATH);
    staff
        .get(PATH)
        .await
        .ok()
        .says("Another version is published than the one you expected");
    let id = current.id.to_string();
    let back = [("expected", id.as_str())];
    post(&mut staff, &format!("{PATH}/base/publish"), &home, &back).await;
    let agency = scene.read(async |tx| tx.agency_itself().await).await;
    assert!(agency.theme.is_none());
}

#[tokio::test]
async fn a_package_is_refused_with_file_and_line() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    let path = format!("{PATH}/package");
    let none = upload(&mut staff, &path, &page, &[], &[]).await;
    none.page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Choose the zip of your theme.");
    let bytes: &[u8] = b"no zip";
    let wrong = upload(&mut staff, &path, &page, &[], &[("package", bytes)]).await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("The check found")
        .says("Nothing was kept");
}

#[tokio::test]
async fn two_versions_stand_side_by_side_with_what_differs() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let (one, two) = (
        packed(&marked("one", "#635bff")),
        packed(&marked("two", "#2f6f4f")),
    );
    let one = scene.write(async |tx| add(tx, &one).await).await;
    let two = scene.write(async |tx| add(tx, &two).await).await;
    let path = format!("{PATH}/compare?old={}&new={}", one.id, two.id);
    let page = staff.get(&path).await;
    page.ok()
        .says("pages.connect.done_heading")
        .says("text-one")
        .says("text-two")
        .says("assets/css/theme.css");
    assert_eq!(page.body.matches("<iframe").count(), 2);
    let version = format!("{PATH}/versions/{}", one.id);
    for query in [
        "",
        "?show=mails%2Frequest-plain&mode=dark&locale=de&width=320",
        "?show=nonsense",
    ] {
        staff.get(&format!("{version}{query}")).await.ok();
    }
    let package = staff.get(&format!("{version}/package")).await;
    assert_eq!(package.headers["content-type"], "application/zip");
    let page = staff.get(&version).await;
    let gone = post(&mut staff, &format!("{version}/delete"), &page, &[]).await;
    assert_eq!(gone.led_to(), PATH);
    staff.get(&version).await.page(StatusCode::NOT_FOUND);
    staff.get(&path).await.page(StatusCode::NOT_FOUND);
    let theirs = packed(&marked("theirs", "#2f6f4f"));
    let theirs = scene.write_foreign(async |tx| add(tx, &theirs).await).await;
    let foreign = format!("{PATH}/versions/{}", theirs.id);
    staff.get(&foreign).await.page(StatusCode::NOT_FOUND);
    staff
        .get(&format!("{foreign}/package"))
        .await
        .page(StatusCode::NOT_FOUND);
    for step in ["publish", "delete"] {
        let asked = post(&mut staff, &format!("{foreign}/{step}"), &page, &[]).await;
        asked.page(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn steps_of_long_ago_are_reached_by_pages() {
    let scene = Scene::start().await;
    let package = packed(&marked("one", "#635bff"));
    let version = scene.write(async |tx| add(tx, &package).await).await;
    for step in 0..12 {
        let wish = PublishTheme {
            to: (step % 2 == 0).then_some(&version.id),
            expected: None,
            paths: &[],
        };
        scene
            .write(async |tx| tx.theme_publish(wish, "staff").await)
            .await;
    }
    let mut staff = scene.staff().await;
    let home = staff.get(PATH).await;
    home.ok()
        .says("Earlier steps")
        .does_not_say("Latest steps")
        .does_not_say(">Published</a></span>");
    let at = home.body.split("?before=").nth(1).unwrap();
    let at = at.split('"').next().unwrap();
    let earlier = staff.get(&format!("{PATH}?before={at}")).await;
    earlier
        .ok()
        .says("Latest steps")
        .says(">Published</a></span>")
        .does_not_say("Earlier steps");
}
