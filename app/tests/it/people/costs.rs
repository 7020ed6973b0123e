//! W7: neither what an answer says nor what is done for it tells who has an address here. The work is counted, not timed:
//! every statement in its order, and every password that is held against a hash.

use latchkey_tenants::{InvitationId, PageOf, Role, store};

use super::scene::{CLIENT, STAFF, Scene, path_in, post};
use crate::support::{
    alike::Told,
    browser::{Answer, Browser},
    logs::Logs,
};

const NOBODY: &str = "nobody@northwind.example";
const WITHOUT_PASSWORD: &str = "max@northwind.example";
const OF_ANOTHER_AGENCY: &str = "owner@southpaw.example";

/// What was done for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    pub statements: Vec<String>,
    pub hashes: u64,
}

/// Counts while the steps of one thread are taken.
pub struct Counting<'a> {
    scene: &'a Scene,
    logs: Logs,
}

impl<'a> Counting<'a> {
    /// What is read once and remembered is read before: whose host it is, and the agency's key.
    pub async fn at(scene: &'a Scene) -> Self {
        scene
            .ask(&mut scene.browser(), "first@northwind.example")
            .await;
        Self {
            scene,
            logs: Logs::capture(),
        }
    }

    pub async fn of(&self, asked: &str, step: impl Future<Output = Answer>) -> (Told, Work) {
        let before = self.hashes().await;
        self.logs.statements();
        let answer = step.await;
        let statements = self.logs.statements();
        let hashes = self.hashes().await - before;
        (answer.told(&[asked]), Work { statements, hashes })
    }

    async fn hashes(&self) -> u64 {
        let text = self.scene.app.platform.metrics_text().await;
        let count = text
            .lines()
            .find_map(|line| line.strip_prefix("latchkey_password_checks_total "));
        count.unwrap().parse().unwrap()
    }
}

/// Everything that a stranger can try with an address, in one browser.
async fn tried(counting: &Counting<'_>, email: &str) -> Vec<(Told, Work)> {
    let scene = counting.scene;
    let mut browser = scene.browser();
    let page = browser.get("/sign-in").await;
    let address = [("email", email)];
    let mut tried = Vec::new();
    let mut step = async |browser: &mut Browser, path: &str, fields: &[(&str, &str)]| {
        tried.push(counting.of(email, post(browser, path, &page, fields)).await);
    };
    step(&mut browser, "/sign-in", &address).await;
    step(&mut browser, "/sign-in/code", &[("code", "12")]).await;
    step(&mut browser, "/sign-in/again", &[]).await;
    let wrong = [("email", email), ("password", "correct horse batterz")];
    step(&mut browser, "/sign-in/password", &wrong).await;
    step(&mut browser, "/my-connections", &address).await;
    for path in ["/sign-in/code", "/sign-in/again"] {
        tried.push(counting.of(email, browser.get(path)).await);
    }
    tried
}

#[tokio::test]
async fn w7_no_answer_and_no_work_tells_who_has_an_address_here() {
    let scene = Scene::start().await;
    scene.joined(WITHOUT_PASSWORD, Role::Member).await;
    scene.set_password(STAFF, "correct horse battery").await;
    let counting = Counting::at(&scene).await;
    let unknown = tried(&counting, NOBODY).await;
    let hashes: Vec<_> = unknown.iter().map(|(_, work)| work.hashes).collect();
    assert_eq!(hashes, [0, 0, 0, 1, 0, 0, 0], "one for the password");
    assert!(unknown.iter().all(|(_, work)| !work.statements.is_empty()));
    for email in [STAFF, WITHOUT_PASSWORD, OF_ANOTHER_AGENCY] {
        let known = tried(&counting, email).await;
        for (unknown, known) in unknown.iter().zip(&known) {
            assert_eq!(unknown, known, "{email}");
        }
    }
}

#[tokio::test]
async fn w7_every_dead_invitation_gets_the_same_answer_for_the_same_work() {
    let scene = Scene::start().await;
    let withdrawn = scene.invite("a@globex.example", Role::Client).await;
    let id = scene
        .read(async |tx| tx.invitation_rows(None, "", &first()).await)
        .await
        .remove(0)
        .invitation
        .id;
    scene
        .write(async |tx| tx.invitation_withdraw(&id, Role::Owner, "staff").await)
        .await;
    let joined = scene.invite(CLIENT, Role::Client).await;
    let mut browser = scene.browser();
    let page = browser.get(&joined).await;
    post(&mut browser, &joined, &page, &[("name", "Jo")])
        .await
        .led_to();
    let over = scene.invite("b@globex.example", Role::Client).await;
    scene.app.test.clock.advance(store::INVITATION_LIFETIME);
    let never = format!("/join/lk_join_{}", "A".repeat(43));
    let counting = Counting::at(&scene).await;
    let mut told = Vec::new();
    for path in [never, withdrawn, joined, over] {
        let mut browser = scene.browser();
        let page = browser.get("/sign-in").await;
        let looked = counting.of(&path, browser.get(&path)).await;
        let posted = post(&mut browser, &path, &page, &[("name", "Jo")]);
        told.push([looked, counting.of(&path, posted).await]);
    }
    assert_eq!(told[0][0].1.statements.len(), 1);
    for other in &told[1..] {
        assert_eq!(&told[0], other);
    }
}

#[tokio::test]
async fn w7_every_dead_sign_in_link_gets_the_same_answer_for_the_same_work() {
    let scene = Scene::start().await;
    let link = async || {
        scene.ask(&mut scene.browser(), STAFF).await;
        path_in(&scene.mail().await, "/sign-in/link/")
    };
    let used = link().await;
    let mut browser = scene.browser();
    let page = browser.get(&used).await;
    post(&mut browser, &used, &page, &[]).await.led_to();
    let over = link().await;
    scene.app.test.clock.advance(store::SIGN_IN_LIFETIME);
    let start = used.rsplit_once('_').unwrap().0;
    let never = format!("{start}_{}", "A".repeat(43));
    let counting = Counting::at(&scene).await;
    let mut told = Vec::new();
    for path in [never, used, over] {
        let mut browser = scene.browser();
        let page = browser.get("/sign-in").await;
        let looked = counting.of(&path, browser.get(&path)).await;
        let posted = post(&mut browser, &path, &page, &[]);
        told.push([looked, counting.of(&path, posted).await]);
    }
    for other in &told[1..] {
        assert_eq!(&told[0], other);
    }
}

/// What begins without an address has nothing to tell: the same for everybody, byte for byte.
#[tokio::test]
async fn w7_a_passkey_is_asked_for_before_anybody_is_named() {
    let scene = Scene::start().await;
    let counting = Counting::at(&scene).await;
    let mut seen = Vec::new();
    for known in [true, false] {
        let mut browser = scene.browser();
        if known {
            // A browser that somebody was signed in with.
            browser = scene.staff().await;
            browser.drop_cookies("__Host-session");
            browser.drop_cookies("__Host-device");
        }
        let (told, work) = counting.of("", browser.get("/sign-in/passkey")).await;
        // What the authenticator is to sign differs every time.
        let (start, rest) = told.body.split_once("data-passkey=\"").unwrap();
        let end = rest.split_once('"').unwrap().1;
        seen.push((told.status, format!("{start}{end}"), work));
    }
    assert_eq!(seen[0], seen[1]);
}

fn first() -> PageOf<InvitationId> {
    PageOf {
        after: None,
        limit: 10,
    }
}
