//! What clients read about an app, in their language.

use std::{collections::HashMap, sync::OnceLock};

use super::{App, Catalogue, HostVar, custom::STANDARD_SCOPES};

/// The language of the catalogue itself.
const ENGLISH: &str = "en";

/// A sentence of the catalogue, or an agency's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub text: String,
    /// The BCP 47 tag of its language. None: an agency wrote it, or it is an id.
    pub lang: Option<&'static str>,
}

/// Sentences of the catalogue in one language.
struct Translation {
    lang: &'static str,
    /// English sentences with what stands for them.
    toml: &'static str,
    read: OnceLock<HashMap<String, String>>,
}

macro_rules! translations {
    ($($lang:literal)*) => {
        [$(Translation {
            lang: $lang,
            toml: include_str!(concat!("../../locales/permissions.", $lang, ".toml")),
            read: OnceLock::new(),
        }),*]
    };
}

static TRANSLATIONS: [Translation; 4] = translations!("ar" "de" "es" "fr");

impl Translation {
    /// For whoever prefers `locale`.
    fn of(locale: &str) -> Option<&'static Self> {
        let wanted = locale.split(['-', '_']).next().unwrap_or_default();
        TRANSLATIONS
            .iter()
            .find(|one| one.lang.eq_ignore_ascii_case(wanted))
    }

    fn sentences(&self) -> &HashMap<String, String> {
        self.read.get_or_init(|| {
            #[expect(
                clippy::expect_used,
                reason = "the files are compiled in, and a test parses every one"
            )]
            toml::from_str(self.toml).expect("sentences parse")
        })
    }
}

impl App {
    /// What the client reads about these scopes, in the language of `locale` or else in English: of an unknown one its id, of
    /// an app without scopes its `access`.
    pub fn permissions(&self, ids: &[String], locale: &str) -> Vec<Words> {
        let voice = self.voice(locale);
        if ids.is_empty() {
            let access = self.access.iter();
            return access.map(|text| voice.say(text, false)).collect();
        }
        let permission = |id: &String| match self.scopes.iter().find(|scope| scope.id == *id) {
            Some(scope) => {
                let standard = STANDARD_SCOPES.contains(&(id.as_str(), &*scope.label));
                voice.say(&scope.label, standard)
            }
            None => Words {
                text: id.clone(),
                lang: None,
            },
        };
        ids.iter().map(permission).collect()
    }

    /// What staff read about these scopes.
    pub fn scope_labels(&self, ids: &[String]) -> Vec<String> {
        let permissions = self.permissions(ids, ENGLISH).into_iter();
        permissions.map(|words| words.text).collect()
    }

    /// What the client is asked for before the consent screen, in the language of `locale` or else in English.
    pub fn question(&self, var: &HostVar, locale: &str) -> Words {
        self.voice(locale).say(&var.label, false)
    }

    fn voice(&self, locale: &str) -> Voice {
        Voice {
            own: Catalogue::builtin().app(&self.slug).is_none(),
            translation: Translation::of(locale),
        }
    }
}

/// How an app's sentences are said to one reader.
struct Voice {
    /// An agency wrote them, and they stay as they are.
    own: bool,
    /// None: English.
    translation: Option<&'static Translation>,
}

impl Voice {
    /// `standard`: the sentence is ours in any app.
    fn say(&self, english: &str, standard: bool) -> Words {
        if self.own && !standard {
            return Words {
                text: english.to_owned(),
                lang: None,
            };
        }
        let translated = self.translation.and_then(|one| {
            one.sentences()
                .get(english)
                .map(|text| (text.as_str(), one.lang))
        });
        let (text, lang) = translated.unwrap_or((english, ENGLISH));
        Words {
            text: text.to_owned(),
            lang: Some(lang),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every sentence of the catalogue that a client may read.
    fn sentences() -> BTreeSet<&'static str> {
        let of = |app: &'static App| {
            let scopes = app.scopes.iter().map(|scope| &scope.label);
            let asked = app.host_vars.iter().map(|var| &var.label);
            scopes.chain(&app.access).chain(asked)
        };
        let all = Catalogue::builtin().apps().flat_map(of);
        all.map(String::as_str)
            .chain(STANDARD_SCOPES.map(|(_, label)| label))
            .collect()
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|&id| id.to_owned()).collect()
    }

    fn texts(words: Vec<Words>) -> Vec<String> {
        words.into_iter().map(|words| words.text).collect()
    }

    #[test]
    fn every_sentence_is_there_in_every_language_and_no_other() {
        let wanted = sentences();
        assert!(wanted.len() > 350, "{}", wanted.len());
        for one in &TRANSLATIONS {
            let known: BTreeSet<&str> = one.sentences().keys().map(String::as_str).collect();
            let missing: Vec<_> = wanted.difference(&known).collect();
            let unused: Vec<_> = known.difference(&wanted).collect();
            assert!(missing.is_empty(), "{} lacks {missing:#?}", one.lang);
            assert!(unused.is_empty(), "{}: nobody says {unused:#?}", one.lang);
        }
    }

    #[test]
    fn a_file_is_sorted_and_holds_sentences_in_plain_words() {
        for one in &TRANSLATIONS {
            let keys = one.toml.lines().map(|line| line.split_once("\" = "));
            assert!(
                keys.is_sorted_by_key(|key| key.map(|(key, _)| key)),
                "{}",
                one.lang
            );
            for (english, text) in one.sentences() {
                let plain = text.trim() == text
                    && text != english
                    && !text.ends_with('.')
                    && !text.contains(['_', '<', '>', '{', '}'])
                    && text.chars().count() <= 110
                    && !text.starts_with(char::is_lowercase);
                assert!(plain, "{}: {text}", one.lang);
            }
        }
    }

    #[test]
    fn what_a_sentence_names_keeps_its_name() {
        let app_names = Catalogue::builtin().apps().map(|app| app.name.as_str());
        let names: Vec<_> = app_names.filter(|name| name.len() > 5).collect();
        for one in &TRANSLATIONS {
            for (english, text) in one.sentences() {
                let plain = text.replace('-', " ");
                for name in names.iter().filter(|name| english.contains(**name)) {
                    assert!(plain.contains(*name), "{}: {text}", one.lang);
                }
            }
        }
    }

    #[test]
    fn a_client_reads_their_language_else_english() {
        let slack = Catalogue::builtin().app("slack").unwrap();
        let said = |locale| {
            slack
                .permissions(&ids(&["chat:write"]), locale)
                .swap_remove(0)
        };
        for (locale, text, lang) in [
            ("de", "Nachrichten als App senden", "de"),
            ("DE-at", "Nachrichten als App senden", "de"),
            ("ar_EG", "إرسال رسائل باسم التطبيق", "ar"),
            ("en", "Send messages as the app", "en"),
            ("pl", "Send messages as the app", "en"),
            ("", "Send messages as the app", "en"),
        ] {
            let lang = Some(lang);
            let text = text.to_owned();
            assert_eq!(said(locale), Words { text, lang }, "{locale}");
        }
    }

    #[test]
    fn what_fixes_the_access_and_what_is_asked_speak_it_too() {
        let mailchimp = Catalogue::builtin().app("mailchimp").unwrap();
        assert_eq!(
            texts(mailchimp.permissions(&[], "es")),
            ["Ver y modificar sus públicos, campañas e informes"]
        );
        let shopify = Catalogue::builtin().app("shopify").unwrap();
        assert_eq!(
            shopify.question(&shopify.host_vars[0], "fr").text,
            "L’adresse de votre boutique Shopify"
        );
    }

    #[test]
    fn an_id_is_of_no_language() {
        let slack = Catalogue::builtin().app("slack").unwrap();
        let said = slack.permissions(&ids(&["new:scope"]), "de").swap_remove(0);
        assert_eq!((said.text.as_str(), said.lang), ("new:scope", None));
    }

    #[test]
    fn an_agencys_own_words_stay_and_ours_beside_them_do_not() {
        let mut own = Catalogue::builtin().app("slack").unwrap().clone();
        own.slug = "acme-crm".to_owned();
        own.scopes[0].id = "contacts.read".to_owned();
        own.scopes[0].label = "See your contacts".to_owned();
        own.scopes[1].id = "openid".to_owned();
        own.scopes[1].label = "Recognise your account".to_owned();
        let said = own.permissions(&ids(&["contacts.read", "openid"]), "de");
        assert_eq!(said[0].lang, None);
        assert_eq!(said[1].lang, Some("de"));
        assert_eq!(texts(said), ["See your contacts", "Ihr Konto erkennen"]);
    }
}
