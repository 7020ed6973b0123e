//! The files of the base theme and of the platform, embedded.

/// A table of names and file contents.
macro_rules! embed {
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../", $folder, "/", $name)))),*]
    };
}

/// As in a package, under `templates/`.
pub(crate) const BASE: &[(&str, &str)] = embed!("base/templates":
    "emails/all_connected.mjml"
    "emails/all_connected.txt"
    "emails/all_done.mjml"
    "emails/all_done.txt"
    "emails/app_failed.mjml"
    "emails/app_failed.txt"
    "emails/cancelled.mjml"
    "emails/cancelled.txt"
    "emails/domain_drifted.mjml"
    "emails/domain_drifted.txt"
    "emails/domain_live.mjml"
    "emails/domain_live.txt"
    "emails/forwarded.mjml"
    "emails/forwarded.txt"
    "emails/fresh_link.mjml"
    "emails/fresh_link.txt"
    "emails/invitation.mjml"
    "emails/invitation.txt"
    "emails/last_call.mjml"
    "emails/last_call.txt"
    "emails/link_replaced.mjml"
    "emails/link_replaced.txt"
    "emails/mail_undeliverable.mjml"
    "emails/mail_undeliverable.txt"
    "emails/my_connections.mjml"
    "emails/my_connections.txt"
    "emails/new_device.mjml"
    "emails/new_device.txt"
    "emails/reconnect_needed.mjml"
    "emails/reconnect_needed.txt"
    "emails/reminder.mjml"
    "emails/reminder.txt"
    "emails/request.mjml"
    "emails/request.txt"
    "emails/revoked.mjml"
    "emails/revoked.txt"
    "emails/role_changed.mjml"
    "emails/role_changed.txt"
    "emails/sign_in.mjml"
    "emails/sign_in.txt"
    "pages/activity.html"
    "pages/app_unavailable.html"
    "pages/check_mail.html"
    "pages/connect.html"
    "pages/connection.html"
    "pages/confirm_sign_in.html"
    "pages/dead_link.html"
    "pages/join.html"
    "pages/message.html"
    "pages/my_connections.html"
    "pages/my_connections_ask.html"
    "pages/passkey.html"
    "pages/password_sign_in.html"
    "pages/passkeys.html"
    "pages/password.html"
    "pages/portal_home.html"
    "pages/portal_workflow.html"
    "pages/profile.html"
    "pages/revoke.html"
    "pages/second_step.html"
    "pages/sessions.html"
    "pages/sign_in.html"
    "pages/sign_in_over.html"
    "pages/signed_out.html"
    "pages/totp.html"
    "pages/unsubscribe.html"
    "partials/account_mail.mjml"
    "partials/account_mail.txt"
    "partials/agency_mail.mjml"
    "partials/agency_mail.txt"
    "partials/apps.mjml"
    "partials/apps.txt"
    "partials/ask.mjml"
    "partials/ask.txt"
    "partials/button.mjml"
    "partials/copy.mjml"
    "partials/fact.mjml"
    "partials/fact.txt"
    "partials/hello.mjml"
    "partials/hello.txt"
    "partials/mail.mjml"
    "partials/mail.txt"
    "partials/page.html"
    "partials/panel.html"
    "partials/portal.html"
    "partials/reminding.mjml"
    "partials/reminding.txt"
);

/// The texts of the base theme: pages and mails have a file each.
pub(super) const LOCALES: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            include_str!("../../base/locales/en.json"),
            include_str!("../../base/locales/en.mails.json"),
        ],
    ),
    (
        "de",
        &[
            include_str!("../../base/locales/de.json"),
            include_str!("../../base/locales/de.mails.json"),
        ],
    ),
    (
        "fr",
        &[
            include_str!("../../base/locales/fr.json"),
            include_str!("../../base/locales/fr.mails.json"),
        ],
    ),
    (
        "es",
        &[
            include_str!("../../base/locales/es.json"),
            include_str!("../../base/locales/es.mails.json"),
        ],
    ),
    (
        "ar",
        &[
            include_str!("../../base/locales/ar.json"),
            include_str!("../../base/locales/ar.mails.json"),
        ],
    ),
];

/// What fills the slots.
pub(super) const PLATFORM: &[(&str, &str)] = embed!("platform":
    "card.html"
    "connections.html"
    "consent.html"
    "error.html"
    "head.html"
    "legal.html"
    "main/activity.html"
    "main/app_unavailable.html"
    "main/check_mail.html"
    "main/connection.html"
    "main/confirm_sign_in.html"
    "main/dead_link.html"
    "main/join.html"
    "main/message.html"
    "main/my_connections.html"
    "main/my_connections_ask.html"
    "main/passkey.html"
    "main/password_sign_in.html"
    "main/passkeys.html"
    "main/password.html"
    "main/portal_home.html"
    "main/portal_workflow.html"
    "main/profile.html"
    "main/revoke.html"
    "main/second_step.html"
    "main/sessions.html"
    "main/sign_in.html"
    "main/sign_in_over.html"
    "main/signed_out.html"
    "main/totp.html"
    "main/unsubscribe.html"
    "nav.html"
    "notice.html"
    "state.html"
    "status.html"
    "words.html"
);

/// Drawings on a field of 16 by 16.
pub(super) const ICONS: &[(&str, &str)] = embed!("platform/icons":
    "awaiting"
    "connected"
    "declined"
    "held"
    "no-longer-needed"
    "tick"
    "lock"
);

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// The files below a folder, as paths in it.
    fn files(folder: &Path, at: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(folder, &path, found);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }

    #[test]
    fn every_template_file_is_embedded() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (folder, table) in [("base/templates", BASE), ("platform/icons", ICONS)] {
            let mut found = BTreeSet::new();
            files(&root.join(folder), &root.join(folder), &mut found);
            let named: BTreeSet<String> =
                table.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(named, found, "{folder}");
        }
    }
}
