use axum::response::Response;
use http::StatusCode;
use latchkey_themes::{
    Page,
    page::{FormNotice, FormPage, Input, PageForm, Section, Tone},
};

use crate::http::Respond;

pub(crate) fn page(respond: &Respond<'_>, status: StatusCode, page: FormPage) -> Response {
    respond.page(status, &Page::Form(page))
}

pub(crate) fn section(heading: Option<&str>, form: PageForm) -> Section {
    Section {
        heading: heading.map(str::to_owned),
        form: Some(form),
        ..Section::default()
    }
}

pub(crate) fn form(action: &str, csrf: String, inputs: Vec<Input>, button: &str) -> PageForm {
    PageForm {
        action: action.to_owned(),
        csrf,
        inputs,
        button: button.to_owned(),
        ..PageForm::default()
    }
}

/// A field that must be filled in. `kind` is also what it is to be filled in with.
pub(crate) fn input(name: &str, label: &str, kind: &str, autocomplete: &str) -> Input {
    Input {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: kind.to_owned(),
        autocomplete: autocomplete.to_owned(),
        required: true,
        ..Input::default()
    }
}

pub(super) fn warning(text: &str) -> Option<FormNotice> {
    Some(FormNotice {
        tone: Tone::Warn,
        text: text.to_owned(),
    })
}

pub(super) fn to_sign_in(label: &str) -> Vec<(String, String)> {
    vec![("/sign-in".to_owned(), label.to_owned())]
}
