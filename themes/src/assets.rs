//! Files that pages link to. Each is addressed by its content, so it may be cached for ever.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write};

/// A static file of a theme or of the platform.
#[derive(Clone, Debug)]
pub struct Asset {
    /// `/assets/<12 hexadecimal digits>.<extension>`
    pub path: String,
    pub content_type: &'static str,
    pub bytes: Cow<'static, [u8]>,
}

impl Asset {
    /// A file that is addressed by what is in it.
    pub fn new(
        extension: &str,
        content_type: &'static str,
        bytes: impl Into<Cow<'static, [u8]>>,
    ) -> Asset {
        let bytes = bytes.into();
        let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
        let digits = digest.as_ref().iter().take(6);
        let hash = digits.fold(String::new(), |mut hash, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hash, "{byte:02x}");
            hash
        });
        Asset {
            path: format!("/assets/{hash}.{extension}"),
            content_type,
            bytes,
        }
    }
}

/// Where the fixed files stand in the list.
const SLOTS_CSS: usize = 0;
const BASE_CSS: usize = 1;
const SCRIPT: usize = 2;
const ICON: usize = 3;

/// The files of one theme: first the platform's and the base theme's, then a package's.
pub(crate) struct Assets {
    all: Vec<Asset>,
    /// Path in a package to place in the list.
    named: BTreeMap<String, usize>,
}

impl Assets {
    pub fn with(own: BTreeMap<String, Asset>) -> Assets {
        let css = "text/css; charset=utf-8";
        let mut all = vec![
            Asset::new(
                "css",
                css,
                concat!(
                    include_str!("../platform/guard.css"),
                    include_str!("../platform/slots.css")
                )
                .as_bytes(),
            ),
            Asset::new(
                "css",
                css,
                include_bytes!("../base/assets/css/base.css").as_slice(),
            ),
            Asset::new(
                "js",
                "text/javascript; charset=utf-8",
                include_bytes!("../platform/live.js").as_slice(),
            ),
            Asset::new(
                "svg",
                "image/svg+xml",
                include_bytes!("../base/assets/img/icon.svg").as_slice(),
            ),
        ];
        let mut named = BTreeMap::from([
            ("assets/css/base.css".to_owned(), BASE_CSS),
            ("assets/img/icon.svg".to_owned(), ICON),
        ]);
        for (path, asset) in own {
            named.insert(path, all.len());
            all.push(asset);
        }
        Assets { all, named }
    }

    pub fn all(&self) -> &[Asset] {
        &self.all
    }

    /// The address of a file of the package or the base theme.
    pub fn path(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(|&at| self.all[at].path.as_str())
    }

    /// All addresses by path in the package.
    pub fn paths(&self) -> BTreeMap<String, String> {
        let address = |(name, &at): (&String, &usize)| (name.clone(), self.all[at].path.clone());
        self.named.iter().map(address).collect()
    }

    /// What every page links to before a package's own stylesheets.
    pub fn stylesheets(&self) -> impl Iterator<Item = &str> {
        [SLOTS_CSS, BASE_CSS]
            .map(|at| self.all[at].path.as_str())
            .into_iter()
    }

    pub fn script(&self) -> &str {
        &self.all[SCRIPT].path
    }

    pub fn icon(&self) -> &str {
        &self.all[ICON].path
    }
}
