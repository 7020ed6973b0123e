use std::{borrow::Cow, collections::BTreeMap};

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request},
};

use super::{Form, PageError, Query, check_fetch_site, query::Bounds};
use crate::platform::Platform;

/// A form with files (`multipart/form-data`, RFC 7578), each field at most once. Its route says how large it may be:
/// `.post(path, handler.layer(DefaultBodyLimit::max(bytes)))`; 256 KiB if it says nothing.
pub(crate) struct Upload {
    pub form: Form,
    pub files: Files,
}

/// The files of a form by the name of their field. A field in which no file was chosen is not there.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<String, File>);

pub(crate) struct File {
    /// As the sender's machine calls it. Nothing to trust.
    pub name: String,
    pub bytes: Bytes,
}

impl Files {
    pub fn get(&self, field: &str) -> Option<&File> {
        self.0.get(field)
    }
}

impl FromRequest<Platform> for Upload {
    type Rejection = PageError;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, PageError> {
        let same_origin = check_fetch_site(request.headers());
        let mut parts = Multipart::from_request(request, platform)
            .await
            .map_err(|_| PageError::bad_form())?;
        let (mut fields, mut files) = (Vec::new(), BTreeMap::new());
        while let Some(part) = parts
            .next_field()
            .await
            .map_err(|_| PageError::bad_form())?
        {
            let name = part.name().ok_or_else(PageError::bad_form)?.to_owned();
            let file = part.file_name().map(str::to_owned);
            let bytes = part.bytes().await.map_err(|_| PageError::bad_form())?;
            let Some(file) = file else {
                let value = String::from_utf8(bytes.into()).map_err(|_| PageError::bad_form())?;
                fields.push((name, value));
                continue;
            };
            // A browser sends a field without a choice as a file without a name.
            let chosen = !file.is_empty() || !bytes.is_empty();
            let known = chosen && files.insert(name, File { name: file, bytes }).is_some();
            if known || files.len() > MOST_FILES {
                return Err(PageError::bad_form());
            }
        }
        let pairs = fields
            .into_iter()
            .map(|(name, value)| (Cow::Owned(name), Cow::Owned(value)));
        let fields = Query::of_pairs(pairs, Bounds::FORM).ok_or_else(PageError::bad_form)?;
        Ok(Self {
            form: Form::new(fields, same_origin),
            files: Files(files),
        })
    }
}

const MOST_FILES: usize = 16;
