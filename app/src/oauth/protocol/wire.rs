use std::{collections::BTreeMap, future::Future, pin::Pin};

use http::{
    HeaderValue, Request, Response,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use hyper::body::Bytes;
use latchkey_tenants::catalogue::BodyFormat;
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::{answer, error::TokenError};
use crate::egress::Egress;

pub(super) type Reader<'a> = dyn Fn(&Response<Bytes>) -> Result<Vec<u8>, TokenError> + Sync + 'a;

/// Carries the requests of the `oauth2` crate through `Egress`, in the shape that a provider's row asks for.
pub(super) struct Wire<'a> {
    pub egress: &'a Egress,
    /// Where to, whatever the crate thinks: it refuses to revoke over http, which development does.
    pub url: &'a Url,
    pub format: BodyFormat,
    pub client_id_param: &'a str,
    /// Added to the body, behind what the crate put there.
    pub params: Option<&'a BTreeMap<String, String>>,
    /// Makes the standard's answer out of the provider's.
    pub read: &'a Reader<'a>,
}

impl<'c> AsyncHttpClient<'c> for Wire<'_> {
    type Error = TokenError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TokenError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.egress.send(self.outgoing(request)?).await?;
            (self.read)(&answer).map(answer::ok)
        })
    }
}

impl Wire<'_> {
    fn outgoing(&self, request: HttpRequest) -> Result<Request<Bytes>, TokenError> {
        let (mut head, body) = request.into_parts();
        head.uri = self
            .url
            .as_str()
            .parse()
            .map_err(|_| TokenError::malformed(None))?;
        if let Some(basic) = head.headers.get_mut(AUTHORIZATION) {
            basic.set_sensitive(true);
        }
        let fields = self.fields(&body);
        let body = match self.format {
            BodyFormat::Form => form_urlencoded::Serializer::new(String::new())
                .extend_pairs(fields)
                .finish(),
            BodyFormat::Json => {
                let json = HeaderValue::from_static("application/json");
                head.headers.insert(CONTENT_TYPE, json);
                let fields = fields.into_iter();
                let object: Map<_, _> = fields.map(|(name, value)| (name, value.into())).collect();
                Value::Object(object).to_string()
            }
        };
        Ok(Request::from_parts(head, body.into()))
    }

    fn fields(&self, body: &[u8]) -> Vec<(String, String)> {
        let mut fields: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
        for (name, _) in &mut fields {
            if name == "client_id" {
                self.client_id_param.clone_into(name);
            }
        }
        for (name, value) in self.params.into_iter().flatten() {
            if !fields.iter().any(|(taken, _)| taken == name) {
                fields.push((name.clone(), value.clone()));
            }
        }
        fields
    }
}
