//! Every page of console, portal and account, asked by everybody who must not see it. The list is the router's own.

mod claims;
mod forms;

use std::time::Duration;

use http::{Method, StatusCode};
use latchkey_tenants::{AgencyStatus, Role, WorkspaceId, store::NewInvitation};

use crate::{
    people::scene::{CLIENT, HOST, OTHER_HOST, STAFF, Scene, code_in, path_in, post},
    support::browser::{Answer, Browser},
};

/// Pages that are for everybody, or whose address is the key to them: `METHOD path`. A line that is not needed fails, so the
/// list only gets shorter.
const EXCEPTIONS: &str = include_str!("exceptions.txt");

/// Lines of [`EXCEPTIONS`]: whoever adds one says so here, too.
const EXCEPTED: usize = 32;

/// Rooms of the console where all staff work. Every other page there is for those who manage, a new one too.
const OPEN_TO_MEMBERS: [&str; 8] = [
    "/dashboard/assets",
    "/dashboard/connections",
    "/dashboard/requests",
    "/dashboard/workflows",
    "/dashboard/workspaces",
    // Clients are invited by all staff.
    "/dashboard/people/clients",
    "/dashboard/people/invitations",
    "/dashboard/people/invite",
];

/// What stands in those rooms and is not for all staff.
const MANAGED_THERE: [&str; 4] = [
    "/dashboard/workspaces/{workspace}/delete",
    "/dashboard/workspaces/{workspace}/export",
    "/dashboard/workspaces/{workspace}/resume",
    "/dashboard/workspaces/{workspace}/suspend",
];

/// What stands in a path for something of another agency, and of no agency.
const FOREIGN: &str = "00000000000000000000000000";

struct Route {
    method: Method,
    pattern: &'static str,
    path: String,
}

impl Route {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.pattern)
    }

    fn is_of(&self, root: &str) -> bool {
        self.pattern
            .strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn is_in(&self, rooms: &[&str]) -> bool {
        rooms.iter().any(|room| self.is_of(room))
    }

    /// For those who manage, and for nobody else of the staff.
    fn is_managed(&self) -> bool {
        let open = self.pattern == "/dashboard" || self.is_in(&OPEN_TO_MEMBERS);
        self.is_of("/dashboard") && (!open || self.is_in(&MANAGED_THERE))
    }

    async fn ask(&self, browser: &mut Browser) -> Answer {
        match self.method {
            Method::GET => browser.get(&self.path).await,
            Method::HEAD => browser.head(&self.path).await,
            // Whoever is not let in is turned away before the form's token is looked at, or because of it.
            _ => browser.post(&self.path, &[("csrf", "none")]).await,
        }
    }
}

fn routes() -> Vec<Route> {
    let listed = latchkey_app::page_routes();
    assert!(listed.len() > 20, "the table lists {} routes", listed.len());
    let path = |pattern: &str| {
        let parts = pattern.split('/').map(|part| match part.strip_prefix('{') {
            Some(name) => id_of(name.trim_end_matches('}')),
            None => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    };
    listed
        .into_iter()
        .map(|(method, pattern)| Route {
            path: path(pattern),
            method,
            pattern,
        })
        .collect()
}

fn id_of(name: &str) -> String {
    let prefix = match name {
        "request" => "req_",
        "item" => "itm_",
        "workflow" => "wfl_",
        "workspace" => "wsp_",
        "connection" => "con_",
        "domain" => "dom_",
        "theme" => "thm_",
        "key" => "key_",
        "member" => "mbr_",
        _ => "",
    };
    format!("{prefix}{FOREIGN}")
}

fn excepted() -> Vec<&'static str> {
    let lines = EXCEPTIONS.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// Sent to sign in, or refused: never a page.
fn is_shut(answer: &Answer) -> bool {
    match answer.status {
        StatusCode::SEE_OTHER => answer.headers["location"] == "/sign-in",
        status => status == StatusCode::FORBIDDEN,
    }
}

/// To the door of those who are signed in as something else, or refused.
fn is_sent_home(answer: &Answer, home: &str) -> bool {
    match answer.status {
        StatusCode::SEE_OTHER => answer.headers["location"] == home,
        status => status == StatusCode::FORBIDDEN,
    }
}

/// Asks for all that is none of theirs, but for the exceptions; what is theirs may be a stream without an end.
async fn each(
    browser: &mut Browser,
    who: &str,
    is_none_of_theirs: impl Fn(&Route) -> bool,
    is_right: impl Fn(&Answer) -> bool,
) {
    let excepted = excepted();
    let wanted =
        |route: &Route| !excepted.contains(&route.name().as_str()) && is_none_of_theirs(route);
    every(browser, who, wanted, is_right).await;
}

async fn every(
    browser: &mut Browser,
    who: &str,
    is_wanted: impl Fn(&Route) -> bool,
    is_right: impl Fn(&Answer) -> bool,
) {
    let mut wrong = Vec::new();
    for route in routes() {
        if !is_wanted(&route) {
            continue;
        }
        let mut fresh = browser.clone();
        let answer = route.ask(&mut fresh).await;
        if !is_right(&answer) {
            wrong.push(format!("{}: {}", route.name(), answer.status));
        }
    }
    assert!(wrong.is_empty(), "{who}:\n{}", wrong.join("\n"));
}

/// Whoever is signed in there, in a browser on this agency's host.
fn carried_over(scene: &Scene, mut there: Browser) -> Browser {
    let mut here = scene.browser();
    *here.cookies_at(HOST) = there.cookies_at(OTHER_HOST).clone();
    here
}

/// The session of the owner of the other agency.
async fn staff_from_elsewhere(scene: &Scene) -> Browser {
    let mut there = Browser::new(&scene.router, OTHER_HOST);
    let page = there.get("/sign-in").await;
    let fields = [("email", "owner@southpaw.example")];
    post(&mut there, "/sign-in", &page, &fields).await.led_to();
    let page = there.get("/sign-in/code").await;
    let code = code_in(&scene.mail().await);
    post(&mut there, "/sign-in/code", &page, &[("code", &code)])
        .await
        .led_to();
    there.get("/dashboard").await.ok();
    carried_over(scene, there)
}

/// The session of a client of the other agency, who has the same address as one of this agency's.
async fn client_from_elsewhere(scene: &Scene) -> Browser {
    let workspace: WorkspaceId = scene
        .write_foreign(async |tx| {
            let (name, slug) = ("Globex".parse().unwrap(), "globex".parse().unwrap());
            tx.workspace_create(name, slug, "staff").await
        })
        .await
        .id;
    let new = NewInvitation {
        email: CLIENT.parse().unwrap(),
        name: None,
        role: Role::Client,
        workspace_id: Some(workspace),
    };
    scene
        .write_foreign(async |tx| tx.invitation_create(new, Role::Owner, "staff").await)
        .await;
    let join = path_in(&scene.mail().await, "/join/");
    let mut there = Browser::new(&scene.router, OTHER_HOST);
    let page = there.get(&join).await;
    post(&mut there, &join, &page, &[("name", "Jo")])
        .await
        .led_to();
    there.get("/portal/connections").await.ok();
    carried_over(scene, there)
}

#[tokio::test]
async fn t1_nobody_and_strangers_are_sent_to_sign_in() {
    let scene = Scene::start().await;
    each(&mut scene.browser(), "nobody", |_| true, is_shut).await;
    scene.joined(CLIENT, Role::Client).await;
    for (who, mut stranger) in [
        (
            "staff of another agency",
            staff_from_elsewhere(&scene).await,
        ),
        (
            "a client of another agency",
            client_from_elsewhere(&scene).await,
        ),
    ] {
        each(&mut stranger, who, |_| true, is_shut).await;
    }
}

#[tokio::test]
async fn t1_who_is_signed_in_as_something_else_finds_their_own_door() {
    let scene = Scene::start().await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    let of_staff = |route: &Route| route.is_of("/dashboard");
    each(&mut client, "a client", of_staff, |answer| {
        is_sent_home(answer, "/portal")
    })
    .await;
    let mut staff = scene.staff().await;
    let of_clients = |route: &Route| route.is_of("/portal");
    each(&mut staff, "the owner", of_clients, |answer| {
        is_sent_home(answer, "/dashboard")
    })
    .await;
}

#[tokio::test]
async fn t1_a_member_manages_nothing() {
    let scene = Scene::start().await;
    let mut member = scene.joined("max@northwind.example", Role::Member).await;
    each(&mut member, "a member", Route::is_managed, |answer| {
        answer.status == StatusCode::FORBIDDEN
    })
    .await;
}

/// A page in a room for all staff lets a member in, as far as what it asks for is there.
#[tokio::test]
async fn t1_what_is_open_to_members_is_open() {
    let scene = Scene::start().await;
    let mut member = scene.joined("max@northwind.example", Role::Member).await;
    let open = |route: &Route| {
        route.method == Method::GET && route.is_of("/dashboard") && !route.is_managed()
    };
    every(&mut member, "a member", open, |answer| {
        matches!(answer.status, StatusCode::OK | StatusCode::NOT_FOUND)
    })
    .await;
}

#[tokio::test]
async fn t1_an_admin_hands_nothing_over_and_deletes_no_workspace() {
    let scene = Scene::start().await;
    let mut admin = scene.joined("ada@northwind.example", Role::Admin).await;
    let owned = |route: &Route| {
        route.is_of("/dashboard/people/transfer")
            || route.is_of("/dashboard/workspaces/{workspace}/delete")
    };
    assert_eq!(routes().iter().filter(|route| owned(route)).count(), 4);
    each(&mut admin, "an admin", owned, |answer| {
        answer.status == StatusCode::FORBIDDEN
    })
    .await;
}

#[tokio::test]
async fn t8_who_owes_the_second_step_is_sent_to_give_it_and_sees_nothing_else() {
    let scene = Scene::start().await;
    scene.enrol(&mut scene.staff().await).await;
    scene.app.test.clock.advance(Duration::from_mins(2));
    let mut waiting = scene.browser();
    let page = scene.ask(&mut waiting, STAFF).await;
    let code = code_in(&scene.mail().await);
    let answer = post(&mut waiting, "/sign-in/code", &page, &[("code", &code)]).await;
    assert_eq!(answer.led_to(), "/sign-in/totp");
    let not_the_step = |route: &Route| !route.is_of("/sign-in/totp");
    each(
        &mut waiting,
        "without a second step",
        not_the_step,
        |answer| is_sent_home(answer, "/sign-in/totp") || is_shut(answer),
    )
    .await;
}

#[tokio::test]
async fn t1_a_session_that_has_ended_and_an_agency_that_is_suspended_show_nothing() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    scene
        .write(async |tx| tx.agency_set_status(AgencyStatus::Suspended).await)
        .await;
    scene.app.test.clock.advance(Duration::from_secs(2));
    // The console's stylesheet and script are nobody's.
    let of_the_agency = |route: &Route| !route.is_of("/dashboard/assets");
    let paused = |answer: &Answer| answer.status == StatusCode::SERVICE_UNAVAILABLE;
    let mut nobody = scene.browser();
    for browser in [&mut staff, &mut client, &mut nobody] {
        every(browser, "a suspended agency", of_the_agency, paused).await;
    }
    scene
        .write(async |tx| tx.agency_set_status(AgencyStatus::Active).await)
        .await;
    scene.app.test.clock.advance(Duration::from_hours(24 * 400));
    each(&mut staff, "an ended session", |_| true, is_shut).await;
    each(&mut client, "a client's ended session", |_| true, is_shut).await;
}

#[tokio::test]
async fn t1_what_is_of_nobody_here_is_not_found() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let excepted = excepted();
    for route in routes() {
        let asks = route.method == Method::GET && route.pattern.contains('{');
        if !asks || !route.is_of("/dashboard") || excepted.contains(&route.name().as_str()) {
            continue;
        }
        let answer = route.ask(&mut staff).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", route.name());
    }
}

#[test]
fn t1_no_list_of_exceptions_grows_unseen() {
    assert_eq!(excepted().len(), EXCEPTED, "exceptions.txt");
    let routes = routes();
    for room in OPEN_TO_MEMBERS.iter().chain(&MANAGED_THERE) {
        assert!(routes.iter().any(|route| route.is_of(room)), "{room}");
    }
}

#[tokio::test]
async fn t1_no_exception_is_stale() {
    let scene = Scene::start().await;
    let routes = routes();
    let mut stale = Vec::new();
    for line in excepted() {
        let route = routes.iter().find(|route| route.name() == line);
        let route = route.unwrap_or_else(|| panic!("{line}: there is no such route"));
        let answer = route.ask(&mut scene.browser()).await;
        if is_shut(&answer) {
            stale.push(line);
        }
    }
    assert!(
        stale.is_empty(),
        "nobody is let in there, so they are no exceptions:\n{}",
        stale.join("\n")
    );
}
