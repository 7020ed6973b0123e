use axum::Router;
use latchkey_tenants::{
    MemberId, Role, StoreError, Tx, WorkspaceId, password, store::NewInvitation,
};
use mail_parser::Message;
use secrecy::SecretString;

use crate::support::{
    TestApp,
    browser::{Answer, Browser},
};

pub const STAFF: &str = "owner@northwind.example";
pub const CLIENT: &str = "jo@globex.example";
pub const HOST: &str = "northwind.latch.example";
pub const OTHER_HOST: &str = "southpaw.latch.example";

/// Two agencies, their people, and a relay that keeps their mails.
pub struct Scene {
    pub app: TestApp,
    pub router: Router,
    pub workspace: WorkspaceId,
}

impl Scene {
    pub async fn start() -> Self {
        let app = TestApp::start().await;
        app.test.agency("southpaw").await;
        let workspace = app.workspace("globex", "Globex").await.id;
        Self {
            router: latchkey_app::router(app.platform.clone()),
            workspace,
            app,
        }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&self.router, HOST)
    }

    pub async fn write<T, E: std::fmt::Debug>(
        &self,
        step: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> T {
        let agency = &self.app.agency.id;
        let mut tx = self.app.test.store.begin(agency).await.unwrap();
        let result = step(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        result
    }

    pub async fn read<T>(&self, step: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>) -> T {
        let agency = &self.app.agency.id;
        let mut tx = self.app.test.store.read(agency).await.unwrap();
        step(&mut tx).await.unwrap()
    }

    /// As the other agency, which is not to be trusted.
    pub async fn write_foreign<T, E: std::fmt::Debug>(
        &self,
        step: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> T {
        let store = &self.app.test.store;
        let slug = "southpaw".parse().unwrap();
        let mut tx = store.read_platform().await.unwrap();
        let theirs = tx.agency_by_slug(&slug).await.unwrap().expect("an agency");
        drop(tx);
        let mut tx = store.begin(&theirs.id).await.unwrap();
        let result = step(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        result
    }

    /// Sends what is due, and answers all mails so far.
    pub async fn mails(&self) -> Vec<Message<'static>> {
        self.app.worker().run_due().await;
        self.app.relay.mails()
    }

    /// The newest mail, as text; news of another device, which may go out beside it, is not meant.
    pub async fn mail(&self) -> String {
        let mails = self.mails().await;
        let texts = mails.iter().map(|mail| mail.body_text(0).unwrap());
        let mut meant = texts.filter(|text| !text.contains("on a device we had not seen before"));
        meant.next_back().expect("a mail").into_owned()
    }

    pub async fn invite(&self, email: &str, role: Role) -> String {
        let new = NewInvitation {
            email: email.parse().unwrap(),
            name: None,
            role,
            workspace_id: (role == Role::Client).then(|| self.workspace.clone()),
        };
        self.write(async |tx| tx.invitation_create(new, Role::Owner, "staff").await)
            .await;
        path_in(&self.mail().await, "/join/")
    }

    /// A browser of somebody who took up an invitation.
    pub async fn joined(&self, email: &str, role: Role) -> Browser {
        let join = self.invite(email, role).await;
        let mut browser = self.browser();
        let page = browser.get(&join).await;
        let fields = [("csrf", page.csrf()), ("name", "Jo Park".to_owned())];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        browser.post(&join, &fields).await.led_to();
        browser
    }

    /// Types the address, as far as the page that asks for the code.
    pub async fn ask(&self, browser: &mut Browser, email: &str) -> Answer {
        let page = browser.get("/sign-in").await;
        let fields = [("csrf", page.csrf()), ("email", email.to_owned())];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let to = browser.post("/sign-in", &fields).await.led_to();
        assert_eq!(to, "/sign-in/code");
        browser.get(&to).await
    }

    /// A browser of the owner, signed in by code.
    pub async fn staff(&self) -> Browser {
        let mut browser = self.browser();
        let page = self.ask(&mut browser, STAFF).await;
        let code = code_in(&self.mail().await);
        let answer = post(&mut browser, "/sign-in/code", &page, &[("code", &code)]).await;
        assert_eq!(answer.led_to(), "/dashboard");
        browser
    }

    pub async fn set_password(&self, email: &str, chosen: &str) {
        let entropy = self.app.test.store.entropy();
        let hash = password::hash(&SecretString::from(chosen), entropy).unwrap();
        let email = email.parse().unwrap();
        self.write(async |tx| {
            let member = tx.member_by_email(&email).await?.expect("a member");
            tx.password_set(&member, Some(&hash)).await
        })
        .await;
    }

    pub async fn member(&self, email: &str) -> MemberId {
        let email = email.parse().unwrap();
        let found = self.read(async |tx| tx.member_by_email(&email).await).await;
        found.expect("a member").id
    }
}

/// A form of this page, with more fields.
pub async fn post(
    browser: &mut Browser,
    path: &str,
    page: &Answer,
    fields: &[(&str, &str)],
) -> Answer {
    let csrf = page.csrf();
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend_from_slice(fields);
    browser.post(path, &all).await
}

/// The path of the first link in a text that begins so.
pub fn path_in(text: &str, start: &str) -> String {
    let at = text
        .find(start)
        .unwrap_or_else(|| panic!("{start} in {text}"));
    let rest = &text[at..];
    let end = rest.find(|c: char| c.is_whitespace() || "\"<>)".contains(c));
    rest[..end.unwrap_or(rest.len())].to_owned()
}

/// The six digits of a mail, as they are typed.
pub fn code_in(text: &str) -> String {
    let digits = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    let words: Vec<&str> = text.split_whitespace().collect();
    let pair = words
        .windows(2)
        .find(|pair| pair.iter().all(|word| digits(word)));
    pair.unwrap_or_else(|| panic!("a code in {text}")).concat()
}
