use std::{fmt::Display, str::FromStr};

use latchkey_tenants::ActionError;
use serde::Serialize;

use crate::{
    failure::sentence,
    http::{PageError, Query},
};

/// A field of a form as it was typed, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Typed {
    pub value: String,
    pub error: Option<String>,
}

impl Typed {
    pub fn of(fields: &Query, name: &str) -> Self {
        Self::holding(fields.typed(name))
    }

    pub fn holding(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            error: None,
        }
    }

    /// The value; none if it is not right, and then `error` says why.
    pub fn read<T>(&mut self) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        match self.value.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(&error.to_string());
                None
            }
        }
    }

    /// As [`Typed::read`]; nothing typed is nothing, and right.
    pub fn read_if_any<T>(&mut self) -> Option<Option<T>>
    where
        T: FromStr,
        T::Err: Display,
    {
        if self.value.is_empty() {
            return Some(None);
        }
        self.read().map(Some)
    }

    pub fn refuse(&mut self, message: &str) {
        self.error = Some(sentence(message));
    }
}

/// What is said to the person who asked for a step that could not be taken; other failures are pages of their own.
pub(crate) fn refusal(error: ActionError) -> Result<String, PageError> {
    match error {
        ActionError::Conflict { message, .. } | ActionError::Invalid { message, .. } => {
            Ok(sentence(&message))
        }
        error => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use latchkey_tenants::values::Slug;

    use super::*;

    #[test]
    fn a_wrong_value_stays_as_it_was_typed_with_a_sentence_beside_it() {
        let mut wrong = Typed::holding("No Slug");
        assert_eq!(wrong.read::<Slug>(), None);
        assert_eq!(wrong.value, "No Slug");
        assert!(wrong.error.unwrap().starts_with("A slug has 2 to 50"));
        let mut right = Typed::holding("a-slug");
        assert!(right.read::<Slug>().is_some() && right.error.is_none());
        assert_eq!(Typed::holding("").read_if_any::<Slug>(), Some(None));
        assert_eq!(Typed::holding("?").read_if_any::<Slug>(), None);
    }
}
