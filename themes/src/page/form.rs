//! Pages made of forms. Their words are the app's, in English.

use minijinja::context;
use serde::Serialize;

use super::{Tone, context_of};
use crate::language::Phrase;

/// A short page made of forms: signing in, joining, looking after one's own account.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FormPage {
    pub title: String,
    pub lead: Vec<String>,
    pub notice: Option<FormNotice>,
    pub sections: Vec<Section>,
    /// Path and label.
    pub links: Vec<(String, String)>,
}

/// What just went wrong.
#[derive(Clone, Debug, Serialize)]
pub struct FormNotice {
    pub tone: Tone,
    pub text: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Section {
    pub heading: Option<String>,
    pub text: Vec<String>,
    /// A square picture of modules, as the path of an SVG, and how many modules it is wide.
    pub picture: Option<(String, i32)>,
    /// To be copied by hand.
    pub codes: Vec<String>,
    pub rows: Vec<Row>,
    pub form: Option<PageForm>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    pub title: String,
    pub details: Vec<String>,
    pub form: Option<PageForm>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct PageForm {
    pub action: String,
    pub csrf: String,
    pub hidden: Vec<(String, String)>,
    pub inputs: Vec<Input>,
    pub button: String,
    /// Not what most people come for.
    pub quiet: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Input {
    pub name: String,
    pub label: String,
    /// `text`, `email` or `password`.
    pub kind: String,
    pub autocomplete: String,
    pub inputmode: String,
    pub value: String,
    pub hint: Option<String>,
    pub error: Option<String>,
    pub required: bool,
}

context_of!(
    FormPage,
    |page| Phrase::new("pages.form.title").with("title", page.title.as_str()),
    |page| context! { title => &page.title, lead => &page.lead }
);

impl FormPage {
    #[expect(clippy::too_many_lines, reason = "a list of samples")]
    pub(crate) fn samples() -> Vec<(&'static str, FormPage)> {
        let input = |name: &str, kind: &str, error: Option<&str>| Input {
            name: name.to_owned(),
            label: "Your e-mail address".to_owned(),
            kind: kind.to_owned(),
            autocomplete: "username".to_owned(),
            value: "jo@globex.example".to_owned(),
            error: error.map(str::to_owned),
            hint: Some("A link and a code go there.".to_owned()),
            required: true,
            ..Input::default()
        };
        let form = |quiet| PageForm {
            action: "/sign-in".to_owned(),
            csrf: "csrf".to_owned(),
            inputs: vec![input("email", "email", None)],
            button: "Continue".to_owned(),
            quiet,
            ..PageForm::default()
        };
        let simple = FormPage {
            title: "Sign in".to_owned(),
            lead: vec!["Type your e-mail address.".to_owned()],
            sections: vec![
                Section {
                    form: Some(form(false)),
                    ..Section::default()
                },
                Section {
                    heading: Some("Another way".to_owned()),
                    form: Some(form(true)),
                    ..Section::default()
                },
            ],
            ..FormPage::default()
        };
        let mut wrong = simple.clone();
        wrong.sections[0]
            .form
            .as_mut()
            .into_iter()
            .for_each(|form| {
                form.inputs = vec![input("email", "email", Some("This is no address."))];
            });
        let account = FormPage {
            title: "Your sessions".to_owned(),
            sections: vec![Section {
                heading: Some("Backup codes".to_owned()),
                text: vec!["Keep them where you find them.".to_owned()],
                picture: Some(("M0 0h1v1h-1z".to_owned(), 29)),
                codes: vec!["abcd-efgh-ijkl-mnop".to_owned()],
                rows: vec![Row {
                    title: "Firefox on Linux".to_owned(),
                    details: vec!["Last used today".to_owned()],
                    form: Some(PageForm {
                        inputs: Vec::new(),
                        ..form(true)
                    }),
                }],
                form: None,
            }],
            links: vec![("/account".to_owned(), "Your account".to_owned())],
            ..FormPage::default()
        };
        vec![("sign-in", simple), ("wrong", wrong), ("account", account)]
    }
}
