use std::sync::LazyLock;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, header};

use crate::http::PageError;

/// A file of the console, under an address that holds its hash.
pub(super) struct File {
    pub path: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

const ROOT: &str = "/dashboard/assets/";

pub(super) static STYLE: LazyLock<File> = LazyLock::new(|| {
    let bytes = include_bytes!("../../templates/console/console.css");
    File::new("css", "text/css; charset=utf-8", bytes)
});
pub(super) static SCRIPT: LazyLock<File> = LazyLock::new(|| {
    let bytes = include_bytes!("../../templates/console/console.js");
    File::new("js", "text/javascript; charset=utf-8", bytes)
});

impl File {
    fn new(ending: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let hash = ring::digest::digest(&ring::digest::SHA256, bytes);
        let name = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..12]);
        Self {
            path: format!("{ROOT}{name}.{ending}"),
            content_type,
            bytes,
        }
    }
}

/// `GET /dashboard/assets/{file}`: nothing in there is anybody's.
pub(super) async fn file(Path(name): Path<String>) -> Result<Response, PageError> {
    let file = [&*STYLE, &*SCRIPT]
        .into_iter()
        .find(|file| file.path.strip_prefix(ROOT) == Some(&name))
        .ok_or_else(PageError::not_found)?;
    let mut response = file.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(file.content_type),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    Ok(response)
}
