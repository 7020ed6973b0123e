//! The branded link, its dead ends, its session and its forms.
