use http::StatusCode;
use latchkey_tenants::{
    DomainState,
    store::{NewIdentityProvider, NewPasskey},
};
use secrecy::SecretString;

use crate::{
    people::scene::{HOST, STAFF, Scene, post},
    support::browser::Browser,
};

const OWN: &str = "connect.northwind.example";

/// The path of the domain that a form led to.
async fn claimed(staff: &mut Browser) -> String {
    let page = staff.get("/dashboard/domains").await;
    page.ok().says("northwind.latch.example");
    post(staff, "/dashboard/domains", &page, &[("host", OWN)])
        .await
        .led_to()
}

#[tokio::test]
async fn a_host_is_added_with_its_records_to_copy_and_a_letter_for_it() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let path = claimed(&mut staff).await;
    let found = staff.get("/dashboard/domains?q=CONNECT.").await;
    found.ok().says(&format!(">{OWN}</a>"));
    let none = staff.get("/dashboard/domains?q=nowhere").await;
    none.ok().says("No such host").does_not_say(OWN);
    let page = staff.get(&path).await;
    page.ok()
        .says("Waiting for its records")
        .says("_latchkey.connect.northwind.example")
        .says("latchkey=")
        .says("CNAME")
        .says("data-copy=\"northwind.latch.example\"")
        .says("mailto:?subject=DNS%20records%20for%20connect.northwind.example")
        .says("Not looked at yet");
    let state = staff.get(&format!("{path}/state")).await;
    state
        .ok()
        .says(&format!("data-live=\"{path}/state\""))
        .does_not_say("<nav");
    let checked = post(&mut staff, &format!("{path}/check"), &page, &[]).await;
    assert_eq!(checked.led_to(), path);
    staff.get(&path).await.ok().says("It is looked at now.");
    let again = staff.get("/dashboard/domains").await;
    let again = post(&mut staff, "/dashboard/domains", &again, &[("host", OWN)]).await;
    assert_eq!(again.led_to(), path);
    staff.get(&path).await.ok().says("You added");
}

#[tokio::test]
async fn a_host_that_cannot_be_ones_own_is_refused_where_it_was_typed() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let page = staff.get("/dashboard/domains").await;
    for (host, words) in [
        ("https://x.example/", "Write the host name alone"),
        ("other.latch.example", "are given out here"),
        ("co.uk", "is a public suffix"),
        ("", "A host is a DNS name"),
    ] {
        let refused = post(&mut staff, "/dashboard/domains", &page, &[("host", host)]).await;
        refused
            .page(StatusCode::UNPROCESSABLE_ENTITY)
            .says(words)
            .says(&format!("value=\"{host}\""));
    }
}

#[tokio::test]
async fn every_state_of_a_domain_is_said_in_words() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let path = claimed(&mut staff).await;
    let (test, agency) = (&scene.app.test, &scene.app.agency);
    for (state, words) in [
        (DomainState::Verified, "Proven, certificate comes next"),
        (DomainState::Issuing, "Certificate is on its way"),
        (DomainState::Failing, "Something is in the way"),
        (DomainState::Drifted, "Its records point elsewhere"),
        (DomainState::Live, "answers with a certificate of its own"),
    ] {
        test.domain(agency, OWN, state).await;
        let page = staff.get(&path).await;
        page.ok().says(words);
        let live = page.body.contains(&format!("data-live=\"{path}/state\""));
        assert_eq!(live, state != DomainState::Live, "{state}");
    }
    staff.get("/dashboard/domains").await.ok().says("Live");
}

/// The owner has a passkey, and the agency its own identity provider.
async fn sign_in_by_more_than_mail(scene: &Scene) {
    let (email, name) = (STAFF.parse().unwrap(), "Laptop".parse().unwrap());
    let owner = scene
        .read(async |tx| tx.member_by_email(&email).await)
        .await;
    let secret = SecretString::from("planted-secret");
    scene
        .write(async |tx| {
            let key = NewPasskey {
                member: owner.as_ref().unwrap(),
                host: HOST,
                credential_id: "one",
                credential: "{}",
                name: &name,
            };
            tx.passkey_add(key).await.unwrap();
            let provider = NewIdentityProvider {
                issuer: "https://idp.example",
                client_id: "8f3a",
                client_secret: &secret,
            };
            tx.identity_provider_put(provider, "staff").await
        })
        .await;
}

#[tokio::test]
async fn pages_move_after_a_warning_and_a_host_in_use_is_not_removed() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let path = claimed(&mut staff).await;
    let primary = format!("{path}/primary");
    let early = staff.get(&primary).await;
    early.ok().says("This host is not live yet");
    let page = staff.get(&path).await;
    let early = post(&mut staff, &primary, &page, &[]).await;
    assert_eq!(early.led_to(), path);
    staff
        .get(&path)
        .await
        .ok()
        .says("Only a domain that is live can become primary.");
    let app = staff.get("/dashboard/apps/slack").await;
    let fields = [("client_id", "abc"), ("client_secret", "def")];
    post(&mut staff, "/dashboard/apps/slack/client", &app, &fields).await;
    let (test, agency) = (&scene.app.test, &scene.app.agency);
    test.domain(agency, OWN, DomainState::Live).await;
    sign_in_by_more_than_mail(&scene).await;
    let warned = staff.get(&primary).await;
    warned
        .ok()
        .says("Everybody signs in once more")
        .says("1 passkey</strong> works on another host")
        .says(&format!("<code>https://{OWN}/sign-in/oidc/callback/"))
        .says("The redirect URI of Slack stays");
    let moved = post(&mut staff, &primary, &warned, &[]).await;
    assert_eq!(moved.led_to(), "/dashboard/apps?show=switch");
    scene
        .app
        .test
        .clock
        .advance(std::time::Duration::from_secs(1));
    let page = staff.get(&path).await;
    page.ok().says("Your links and pages live here.");
    let kept = post(&mut staff, &format!("{path}/release"), &page, &[]).await;
    assert_eq!(kept.led_to(), path);
    staff
        .get(&path)
        .await
        .ok()
        .says("Links and pages live on this domain");
    test.primary(agency, None).await;
    let removed = post(&mut staff, &format!("{path}/release"), &page, &[]).await;
    assert_eq!(removed.led_to(), "/dashboard/domains");
    staff.get(&path).await.ok().says("This host was removed");
}

#[tokio::test]
async fn a_foreign_domain_is_none() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let host = "connect.southpaw.example".parse().unwrap();
    let claim = scene
        .write_foreign(async |tx| tx.domain_claim(&host, "staff").await)
        .await;
    let latchkey_tenants::store::Claim::New(theirs) = claim else {
        panic!("a new claim")
    };
    let page = staff.get("/dashboard/domains").await;
    for path in [
        format!("/dashboard/domains/{}", theirs.id),
        "/dashboard/domains/nonsense".to_owned(),
    ] {
        for more in ["", "/state", "/primary"] {
            let asked = staff.get(&format!("{path}{more}")).await;
            asked.page(StatusCode::NOT_FOUND);
        }
        for more in ["/check", "/primary", "/release"] {
            let asked = post(&mut staff, &format!("{path}{more}"), &page, &[]).await;
            asked.page(StatusCode::NOT_FOUND);
        }
    }
}
