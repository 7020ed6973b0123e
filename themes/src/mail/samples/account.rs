use time::macros::datetime;

use super::{ARABIC, Samples, hostile, page};
use crate::mail::{
    InvitationMail, MyConnectionsMail, NewDeviceMail, Role, RoleChangedMail, SignInMail,
};

impl InvitationMail {
    pub(crate) fn samples() -> Samples<InvitationMail> {
        let client = InvitationMail {
            recipient_name: Some("Jo".into()),
            inviter: "Maria Keller".into(),
            role: Role::Client,
            workspace: "Globex".into(),
            link: page("join/lk_invitation_sample"),
            expires_at: datetime!(2026-11-30 16:20 UTC),
        };
        let admin = InvitationMail {
            recipient_name: None,
            role: Role::Admin,
            workspace: String::new(),
            ..client.clone()
        };
        let member = InvitationMail {
            role: Role::Member,
            ..admin.clone()
        };
        let bidi = InvitationMail {
            inviter: "ليلى حداد".into(),
            workspace: ARABIC.into(),
            ..client.clone()
        };
        let hostile = InvitationMail {
            recipient_name: Some(hostile()),
            inviter: hostile(),
            workspace: hostile(),
            ..client.clone()
        };
        vec![
            ("client", client),
            ("admin", admin),
            ("member", member),
            ("bidi", bidi),
            ("hostile", hostile),
        ]
    }
}

impl SignInMail {
    pub(crate) fn samples() -> Samples<SignInMail> {
        let plain = SignInMail {
            recipient_name: Some("Jo".into()),
            link: page("sign-in/lk_sign_in_sample"),
            code: "482 913".into(),
            minutes: 15,
            device: Some("Firefox on Linux".into()),
        };
        let bare = SignInMail {
            recipient_name: None,
            minutes: 1,
            device: None,
            ..plain.clone()
        };
        let hostile = SignInMail {
            recipient_name: Some(hostile()),
            device: Some(hostile()),
            ..plain.clone()
        };
        vec![("plain", plain), ("bare", bare), ("hostile", hostile)]
    }
}

impl MyConnectionsMail {
    pub(crate) fn samples() -> Samples<MyConnectionsMail> {
        let plain = MyConnectionsMail {
            link: page("my-connections/open/lk_mine_sample"),
            expires_at: datetime!(2026-11-30 16:20 UTC),
        };
        vec![("plain", plain)]
    }
}

impl NewDeviceMail {
    pub(crate) fn samples() -> Samples<NewDeviceMail> {
        let plain = NewDeviceMail {
            recipient_name: Some("Jo".into()),
            device: "Firefox on Linux".into(),
            place: Some("Lyon, France".into()),
            at: datetime!(2026-11-30 16:20 UTC),
            sessions_url: page("portal/sessions"),
        };
        let bare = NewDeviceMail {
            recipient_name: None,
            place: None,
            ..plain.clone()
        };
        let hostile = NewDeviceMail {
            recipient_name: Some(hostile()),
            device: hostile(),
            place: Some(hostile()),
            ..plain.clone()
        };
        vec![("plain", plain), ("bare", bare), ("hostile", hostile)]
    }
}

impl RoleChangedMail {
    pub(crate) fn samples() -> Samples<RoleChangedMail> {
        let up = RoleChangedMail {
            recipient_name: Some("Kim".into()),
            by: "Maria Keller".into(),
            previous: Role::Member,
            role: Role::Admin,
            console_url: page("dashboard"),
        };
        let transfer = RoleChangedMail {
            previous: Role::Admin,
            role: Role::Owner,
            ..up.clone()
        };
        let hostile = RoleChangedMail {
            recipient_name: None,
            by: hostile(),
            previous: Role::Owner,
            role: Role::Client,
            ..up.clone()
        };
        vec![("up", up), ("transfer", transfer), ("hostile", hostile)]
    }
}
