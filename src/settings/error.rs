use crate::settings::parse::Wrong;
use crate::settings::setting::Setting;
use crate::settings::sources::Given;
use std::borrow::Cow;
use std::fmt;

/// Everything that is wrong with the settings, so that one look mends it all.
#[derive(Debug)]
pub struct SettingsErrors(pub Vec<SettingError>);

/// One thing that is wrong. Never shows the value of a secret.
#[derive(Debug, PartialEq, Eq)]
pub struct SettingError {
    key: Option<Setting>,
    /// As the reader can find it: the variable, the key and file, or the file.
    setting: String,
    problem: Cow<'static, str>,
    remedy: Cow<'static, str>,
}

impl SettingError {
    pub(crate) fn new(
        setting: impl Into<String>,
        problem: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            key: None,
            setting: setting.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    pub(crate) fn about(mut self, key: Setting) -> Self {
        self.key = Some(key);
        self
    }

    pub(crate) fn is_about(&self, key: Setting) -> bool {
        self.key == Some(key)
    }

    pub(crate) fn missing(key: Setting) -> Self {
        Self::new(key.variable(), "is not set", remedy_for_missing(key)).about(key)
    }

    pub(crate) fn wrong(key: Setting, given: &Given, wrong: Wrong) -> Self {
        let problem = if key.is_secret() {
            wrong.problem
        } else {
            format!("{} (it is {:?})", wrong.problem, given.text()).into()
        };
        Self::new(given.setting(), problem, wrong.remedy).about(key)
    }
}

fn remedy_for_missing(key: Setting) -> String {
    let name = key.name();
    match key {
        Setting::VaultKey | Setting::EdgeKey => format!(
            "Make one with `latchkey key new`, keep it safe, and give it here, as {}_FILE or as `{name}` in latchkey.toml",
            key.variable()
        ),
        Setting::PlatformHost => {
            "Set it to the host under which every agency gets its own name, such as connect.example.com".to_owned()
        }
        Setting::EdgeSecret => {
            "Set the same long random text for `latchkey app` and `latchkey proxy`; `latchkey key new` makes one"
                .to_owned()
        }
        _ => format!("Set it here or as `{name}` in latchkey.toml"),
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            problem,
            remedy,
            ..
        } = self;
        write!(f, "{setting} {problem}. {remedy}.")
    }
}

impl fmt::Display for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings cannot be used:")?;
        for error in &self.0 {
            write!(f, "\n  - {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsErrors {}
