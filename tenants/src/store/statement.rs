//! Statements and their arguments: one SQL text for both databases.

/// A statement that is known at compile time. Only `statements!` makes one, so that each is prepared by a test on both
/// databases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    pub name: &'static str,
    pub sql: &'static str,
}

/// Declares statements and lists them as `STATEMENTS` for the test that prepares them all.
///
/// By convention `$1` is the agency in every statement that an agency's transaction runs.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: $crate::store::statement::Statement =
            $crate::store::statement::Statement { name: stringify!($name), sql: $sql };)*
        #[cfg(test)]
        pub(in crate::store) const STATEMENTS: &[$crate::store::statement::Statement] = &[$($name),*];
    };
}
pub(crate) use statements;

/// One bound value.
#[derive(Clone, Copy)]
pub(crate) enum Arg<'a> {
    Text(Option<&'a str>),
    Int(Option<i64>),
    Bytes(Option<&'a [u8]>),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Arg<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

impl<'a, P> From<&'a crate::Id<P>> for Arg<'a> {
    fn from(value: &'a crate::Id<P>) -> Self {
        Self::Text(Some(value.as_str()))
    }
}

impl<'a, P> From<Option<&'a crate::Id<P>>> for Arg<'a> {
    fn from(value: Option<&'a crate::Id<P>>) -> Self {
        Self::Text(value.map(crate::Id::as_str))
    }
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Arg<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Arg<'_> {
    fn from(value: bool) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<crate::Timestamp> for Arg<'_> {
    fn from(value: crate::Timestamp) -> Self {
        Self::Int(Some(value.micros()))
    }
}

impl From<Option<crate::Timestamp>> for Arg<'_> {
    fn from(value: Option<crate::Timestamp>) -> Self {
        Self::Int(value.map(crate::Timestamp::micros))
    }
}

macro_rules! value_args {
    ($($name:ty),*) => {$(
        impl<'a> From<&'a $name> for Arg<'a> {
            fn from(value: &'a $name) -> Self {
                Self::Text(Some(value.as_str()))
            }
        }

        impl<'a> From<Option<&'a $name>> for Arg<'a> {
            fn from(value: Option<&'a $name>) -> Self {
                Self::Text(value.map(<$name>::as_str))
            }
        }
    )*};
}

value_args!(
    crate::values::Email,
    crate::values::Host,
    crate::values::Name,
    crate::values::Language,
    crate::values::Note,
    crate::values::Opaque,
    crate::values::Slug
);

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(Some(value))
    }
}

impl<'a> From<&'a Vec<u8>> for Arg<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Bytes(Some(value))
    }
}

impl<'a> From<Option<&'a [u8]>> for Arg<'a> {
    fn from(value: Option<&'a [u8]>) -> Self {
        Self::Bytes(value)
    }
}

/// The arguments of a statement, in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::store::statement::Arg::from($value)),*] };
}
pub(crate) use args;

/// Room for [`AMONG`] ids from `$2` on, as in `id in among!()`.
macro_rules! among {
    () => {
        "($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)"
    };
}
pub(crate) use among;

/// As many as a page of a list shows, and one more.
pub(crate) const AMONG: usize = 26;

/// The arguments of a statement with `among!`: at most [`AMONG`] ids, and the agency first.
pub(crate) fn args_among<'a>(
    agency: &'a crate::AgencyId,
    ids: impl Iterator<Item = &'a str>,
) -> Vec<Arg<'a>> {
    let mut args = vec![Arg::from(agency)];
    args.extend(ids.map(Arg::from));
    args.resize(1 + AMONG, Arg::Text(None));
    args
}
