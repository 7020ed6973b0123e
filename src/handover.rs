//! Listening sockets that outlive the process: taken over from systemd or from the version that is being replaced, and
//! handed on to the next one, so that no client is refused in between.

use command_fds::{CommandFdExt, FdMapping};
use listenfd::ListenFd;
use std::ffi::OsString;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The first descriptor after standard input, output and error (`sd_listen_fds(3)`).
const FIRST: i32 = 3;
const READY: &[u8] = b"ready";
/// How many clients may wait to be accepted: of a crowd that finds no room the kernel lets each one try again only after a
/// second.
const WAITING: i32 = 4096;
/// How long the next version may take until it listens: it may have to read a large snapshot first.
const PATIENCE: Duration = Duration::from_secs(60);

/// What this process got from the one before it, and what it could give to the next.
#[derive(Default)]
pub struct Sockets {
    inherited: Mutex<Vec<TcpListener>>,
    /// Where the old version waits for the word that this one is ready.
    old: Option<UnixDatagram>,
    mine: Mutex<Vec<TcpListener>>,
}

impl Sockets {
    /// Reads the environment; call it once, before any thread runs.
    pub fn inherit() -> Self {
        let mut passed = ListenFd::from_env();
        let mut sockets = Self::default();
        let mut inherited = Vec::new();
        for index in 0..passed.len() {
            if let Ok(Some(listener)) = passed.take_tcp_listener(index) {
                inherited.push(listener);
            } else if let Ok(Some(old)) = passed.take_unix_datagram(index) {
                sockets.old = Some(old);
            }
        }
        sockets.inherited = Mutex::new(inherited);
        sockets
    }

    /// The socket that was inherited for this address, or a new one. It does not block.
    pub fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let listener = match self.take_inherited(address) {
            Some(listener) => listener,
            None => listen(address)?,
        };
        listener.set_nonblocking(true)?;
        let copy = listener.try_clone()?;
        self.mine
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(copy);
        Ok(listener)
    }

    /// Port 0 stands for any port, so any socket of the same address will do.
    fn take_inherited(&self, wanted: SocketAddr) -> Option<TcpListener> {
        let mut inherited = self
            .inherited
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let fits = |listener: &TcpListener| {
            listener.local_addr().is_ok_and(|address| {
                address == wanted || (wanted.port() == 0 && address.ip() == wanted.ip())
            })
        };
        let index = inherited.iter().position(fits)?;
        Some(inherited.remove(index))
    }

    /// Tells the old version and systemd that this process serves now. Neither need be there.
    pub fn ready(&self) {
        if let Some(old) = &self.old
            && let Err(error) = old.send(READY)
        {
            tracing::warn!(%error, "the old version does not hear that this one is ready");
        }
        let states = [
            sd_notify::NotifyState::Ready,
            sd_notify::NotifyState::MainPid(std::process::id()),
        ];
        if let Err(error) = sd_notify::notify(&states) {
            tracing::debug!(%error, "systemd is not told");
        }
    }

    /// Starts the program again, as it stands on disk now, with the same arguments and sockets, and returns when the new
    /// process serves. Until then and after an error this one is in charge. Blocks.
    pub fn hand_over(&self) -> io::Result<u32> {
        let (here, there) = UnixDatagram::pair()?;
        here.set_read_timeout(Some(Duration::from_millis(100)))?;
        let mut passed: Vec<OwnedFd> = Vec::new();
        for listener in self
            .mine
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            passed.push(listener.try_clone()?.into());
        }
        passed.push(there.into());
        let count = passed.len();
        let mappings = (FIRST..)
            .zip(passed)
            .map(|(child_fd, parent_fd)| FdMapping {
                parent_fd,
                child_fd,
            })
            .collect();
        let mut arguments = std::env::args_os();
        let mut next = Command::new(program(arguments.next())?);
        next.args(arguments)
            .env("LISTEN_FDS", count.to_string())
            .env_remove("LISTEN_PID")
            .fd_mappings(mappings)
            .map_err(io::Error::other)?;
        let mut child = next.spawn()?;
        wait(&here, &mut child)
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // The second call only makes more room.
    rustix::net::listen(&listener, WAITING)?;
    Ok(listener)
}

/// The file that was started, which an upgrade may have replaced; not `/proc/self/exe`, which still names the old one.
fn program(first_argument: Option<OsString>) -> io::Result<PathBuf> {
    let named = first_argument.map(PathBuf::from).unwrap_or_default();
    if named.components().count() > 1 {
        return Ok(named);
    }
    std::env::current_exe()
}

fn wait(ready: &UnixDatagram, child: &mut Child) -> io::Result<u32> {
    let mut waited = Duration::ZERO;
    let step = ready.read_timeout()?.unwrap_or(PATIENCE);
    let mut word = [0; READY.len()];
    while waited < PATIENCE {
        match ready.recv(&mut word) {
            Ok(length) if word[..length] == *READY => return Ok(child.id()),
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                waited += step;
            }
            Err(error) => return Err(error),
        }
        if let Some(status) = child.try_wait()? {
            return Err(io::Error::other(format!("the new version ended: {status}")));
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(io::Error::new(
        io::ErrorKind::TimedOut,
        "the new version was not ready within 60 seconds",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_crowd_has_room_to_wait() {
        let sockets = Sockets::default();
        let listener = sockets.listen(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let at_once = Duration::from_millis(900);
        let crowd = (0..400).map(|_| TcpStream::connect_timeout(&address, at_once));
        let waiting: Vec<_> = crowd.collect::<Result<_, _>>().unwrap();
        assert_eq!(waiting.len(), 400);
    }
}
