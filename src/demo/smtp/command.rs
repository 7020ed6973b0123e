/// A command line of RFC 5321 §4.1.1.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Ehlo,
    Helo,
    Mail { from: String, size: Option<u64> },
    Rcpt { to: String },
    Data,
    Rset,
    Noop,
    Quit,
}

/// Why a line is no command, as the reply to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    Unknown,
    Syntax,
}

impl Command {
    pub fn parse(line: &str) -> Result<Self, Misuse> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" if !rest.is_empty() => Ok(Self::Ehlo),
            "HELO" if !rest.is_empty() => Ok(Self::Helo),
            "MAIL" => Self::mail(rest),
            "RCPT" => Self::rcpt(rest),
            "DATA" if rest.is_empty() => Ok(Self::Data),
            "RSET" if rest.is_empty() => Ok(Self::Rset),
            "NOOP" => Ok(Self::Noop),
            "QUIT" if rest.is_empty() => Ok(Self::Quit),
            "EHLO" | "HELO" | "DATA" | "RSET" | "QUIT" => Err(Misuse::Syntax),
            _ => Err(Misuse::Unknown),
        }
    }

    /// The empty path is the sender of a bounce.
    fn mail(rest: &str) -> Result<Self, Misuse> {
        let (from, parameters) = path(rest, "FROM:")?;
        let mut size = None;
        for parameter in parameters.split_ascii_whitespace() {
            match parameter.split_once('=') {
                Some((name, value)) if name.eq_ignore_ascii_case("SIZE") => {
                    size = Some(value.parse().map_err(|_| Misuse::Syntax)?);
                }
                Some((name, _)) if name.eq_ignore_ascii_case("BODY") => {}
                None if parameter.eq_ignore_ascii_case("SMTPUTF8") => {}
                _ => return Err(Misuse::Syntax),
            }
        }
        Ok(Self::Mail { from, size })
    }

    fn rcpt(rest: &str) -> Result<Self, Misuse> {
        match path(rest, "TO:")? {
            (to, "") if !to.is_empty() => Ok(Self::Rcpt { to }),
            _ => Err(Misuse::Syntax),
        }
    }
}

/// `FROM:<address> parameters`. No control character gets through, so an address is safe in a header.
fn path<'a>(rest: &'a str, keyword: &str) -> Result<(String, &'a str), Misuse> {
    let (given, after) = rest.split_at_checked(keyword.len()).ok_or(Misuse::Syntax)?;
    let inside = after.trim_start().strip_prefix('<').ok_or(Misuse::Syntax)?;
    let (address, parameters) = inside.split_once('>').ok_or(Misuse::Syntax)?;
    if !given.eq_ignore_ascii_case(keyword) || address.chars().any(char::is_control) {
        return Err(Misuse::Syntax);
    }
    Ok((address.to_owned(), parameters.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_in_any_case_and_with_their_parameters() {
        assert_eq!(
            Command::parse("mail from:<a@x.example> SIZE=12 BODY=8BITMIME"),
            Ok(Command::Mail {
                from: "a@x.example".to_owned(),
                size: Some(12)
            })
        );
        assert_eq!(
            Command::parse("RCPT TO: <b@x.example>"),
            Ok(Command::Rcpt {
                to: "b@x.example".to_owned()
            })
        );
    }

    #[test]
    fn what_is_no_command_is_told_apart() {
        for syntax in [
            "EHLO",
            "MAIL FROM:a@x",
            "MAIL TO:<a@x>",
            "MAIL FROM:<a@x> SIZE=no",
            "MAIL FROM:<a\r@x>",
            "RCPT TO:<>",
            "RCPT TO",
            "DATA now",
        ] {
            assert_eq!(Command::parse(syntax), Err(Misuse::Syntax), "{syntax}");
        }
        for unknown in ["", "AUTH PLAIN", "STARTTLS", "VRFY a", "GET / HTTP/1.1"] {
            assert_eq!(Command::parse(unknown), Err(Misuse::Unknown), "{unknown}");
        }
    }
}
