/// What a status says to people and to programs.
pub(super) struct Text {
    /// For programs.
    pub code: &'static str,
    pub title: &'static str,
    pub advice: &'static str,
}

impl Text {
    pub fn of(status: u16) -> &'static Self {
        let own = TEXTS.iter().find(|(of, _)| *of == status);
        own.map_or(
            match status {
                400..=499 => &BAD_REQUEST,
                _ => &INTERNAL,
            },
            |(_, text)| text,
        )
    }
}

const BAD_REQUEST: Text = Text {
    code: "bad_request",
    title: "This request can't be answered",
    advice: "Please check the address and try again.",
};
const INTERNAL: Text = Text {
    code: "internal",
    title: "Something went wrong",
    advice: "Please try again in a few seconds.",
};

const TEXTS: [(u16, Text); 11] = [
    (
        404,
        Text {
            code: "not_found",
            title: "There is nothing at this address",
            advice: "Check the address, or use the link from your e-mail again.",
        },
    ),
    (
        405,
        Text {
            code: "method_not_allowed",
            title: "This page cannot do that",
            advice: "Use the link from your e-mail again.",
        },
    ),
    (
        408,
        Text {
            code: "request_timeout",
            title: "This took too long to arrive",
            advice: "Your request did not arrive in full. Please check your connection and try again.",
        },
    ),
    (
        413,
        Text {
            code: "too_large",
            title: "This is too large",
            advice: "Please send something smaller.",
        },
    ),
    (
        414,
        Text {
            code: "address_too_long",
            title: "This address is too long",
            advice: "Check the address, or use the link from your e-mail again.",
        },
    ),
    (
        421,
        Text {
            code: "misdirected",
            title: "This went to the wrong place",
            advice: "Please open the page again.",
        },
    ),
    (
        429,
        Text {
            code: "rate_limited",
            title: "That was a bit much",
            advice: "Too many requests in a short time. Please wait a moment and try again.",
        },
    ),
    (
        431,
        Text {
            code: "headers_too_large",
            title: "Your browser sent too much",
            advice: "Deleting the cookies of this site usually helps. Then open the page again.",
        },
    ),
    (
        502,
        Text {
            code: "bad_gateway",
            title: "Something went wrong",
            advice: "The page broke off while it was being prepared. Please try again.",
        },
    ),
    (
        503,
        Text {
            code: "unavailable",
            title: "Back in a moment",
            advice: "This page is not available right now. Please try again in a few seconds.",
        },
    ),
    (
        504,
        Text {
            code: "timeout",
            title: "This is taking too long",
            advice: "The page did not answer in time. Please try again.",
        },
    ),
];
