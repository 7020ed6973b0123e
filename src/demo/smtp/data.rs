/// The message after DATA, byte by byte: takes away the stuffed dots and finds the end (RFC 5321 §4.5.2).
/// Only `CRLF . CRLF` ends it; a bare LF or CR is content, so nothing can be smuggled behind a lone dot.
#[derive(Debug)]
pub struct DataReader {
    state: State,
    message: Vec<u8>,
    limit: usize,
    too_big: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    LineStart,
    Dot,
    DotCr,
    Inside,
    Cr,
    End,
}

/// The message is longer than the limit.
#[derive(Debug, PartialEq, Eq)]
pub struct TooBig;

impl DataReader {
    pub const fn new(limit: usize) -> Self {
        Self {
            state: State::LineStart,
            message: Vec::new(),
            limit,
            too_big: false,
        }
    }

    /// How many of `bytes` belong to the message and its end mark. Less than all of them only at the end.
    pub fn feed(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            self.push(*byte);
            if self.is_complete() {
                return at + 1;
            }
        }
        bytes.len()
    }

    pub fn is_complete(&self) -> bool {
        self.state == State::End
    }

    pub fn finish(self) -> Result<Vec<u8>, TooBig> {
        if self.too_big {
            return Err(TooBig);
        }
        Ok(self.message)
    }

    fn push(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::LineStart, b'.') => State::Dot,
            (State::Dot, b'\r') => State::DotCr,
            (State::DotCr, b'\n') => State::End,
            (State::Cr, b'\n') => self.keep(byte, State::LineStart),
            (State::DotCr, _) => {
                self.keep(b'\r', State::Cr);
                self.keep(byte, after(byte))
            }
            _ => self.keep(byte, after(byte)),
        };
    }

    fn keep(&mut self, byte: u8, next: State) -> State {
        if self.message.len() < self.limit {
            self.message.push(byte);
        } else if !self.too_big {
            self.too_big = true;
            self.message = Vec::new();
            self.limit = 0;
        }
        next
    }
}

const fn after(byte: u8) -> State {
    if byte == b'\r' {
        State::Cr
    } else {
        State::Inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wire: &[u8]) -> (Result<Vec<u8>, TooBig>, usize) {
        let mut reader = DataReader::new(64);
        let used = reader.feed(wire);
        assert!(reader.is_complete(), "no end found");
        (reader.finish(), used)
    }

    #[test]
    fn stuffed_dots_go_and_what_follows_the_end_is_left() {
        let wire = b"..a\r\n...\r\nb.\r\n.\r\nQUIT\r\n";
        let (message, used) = read(wire);
        assert_eq!(message.unwrap(), b".a\r\n..\r\nb.\r\n");
        assert_eq!(&wire[used..], b"QUIT\r\n");
    }

    #[test]
    fn only_a_dot_between_two_crlf_ends_the_message() {
        let wire = b"a\n.\nb\n.\r\nc\r.\r\nd\r\n.\ne\r\n.\rf\r\n.\r\n";
        let (message, used) = read(wire);
        assert_eq!(
            message.unwrap(),
            b"a\n.\nb\n.\r\nc\r.\r\nd\r\n\ne\r\n\rf\r\n"
        );
        assert_eq!(used, wire.len());
    }

    #[test]
    fn the_end_is_found_in_pieces_of_one_byte() {
        let mut reader = DataReader::new(64);
        for byte in b"..\r\n.\r\n" {
            assert!(!reader.is_complete());
            reader.feed(&[*byte]);
        }
        assert!(reader.is_complete());
        assert_eq!(reader.finish().unwrap(), b".\r\n");
    }

    #[test]
    fn the_limit_is_met_exactly_and_exceeded_by_one() {
        let mut wire = vec![b'a'; 62];
        wire.extend(b"\r\n.\r\n");
        assert_eq!(read(&wire).0.unwrap().len(), 64);
        wire.insert(0, b'a');
        assert_eq!(read(&wire).0, Err(TooBig));
    }
}
