//! The server: where HQ listens, over TLS alone, and how it stops.
//!
//! TLS is rustls on ring, handed over explicitly: no provider is installed for
//! the whole process. The database is asked on threads that may wait.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use crewseal_custody::wire::HEAD_TIME;
use hyper_util::rt::TokioTimer;
use tokio::task::JoinHandle;

use crate::error::HqError;
use crate::hq::Hq;
use crate::phones::{AppState, router};

/// How long requests may go on after a shutdown was asked for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Where and how HQ listens.
#[derive(Debug, Clone)]
pub struct Listen {
    /// The address; port 0 takes any free one.
    pub address: SocketAddr,
    /// Names and addresses under which phones reach this server, besides
    /// `localhost`. The first one stands in the URL.
    pub names: Vec<String>,
    /// For how long a session holds.
    pub session: Duration,
}

impl Default for Listen {
    /// On 127.0.0.1, any free port, with sessions of 15 minutes.
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            names: Vec::new(),
            session: Duration::from_secs(15 * 60),
        }
    }
}

/// A server that runs, until it is shut down or its runtime ends.
pub struct Running {
    url: String,
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Where it answers, `https://host:port`, for invitations.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking requests, lets those at work finish for five seconds, and
    /// returns when the server is gone.
    pub async fn shutdown(self) {
        self.handle.graceful_shutdown(Some(SHUTDOWN_GRACE));
        // Nobody is left whom an error of the last connection could interest.
        let _ = self.task.await;
    }
}

/// Serves an HQ. Must be called within a tokio runtime.
///
/// # Errors
/// [`HqError::File`] if the address cannot be had, [`HqError::ServerName`].
pub fn serve(hq: Hq, listen: Listen) -> Result<Running, HqError> {
    let tls = RustlsConfig::from_config(Arc::new(hq.keys.tls(&listen.names, hq.clock.now())?));
    let listener = TcpListener::bind(listen.address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let url = format!("https://{}:{}", host(&listen, address), address.port());
    let state = AppState::new(hq, listen.session)?;
    let handle = Handle::new();
    let mut server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle.clone());
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    let task = tokio::spawn(server.serve(router(state).into_make_service()));
    Ok(Running { url, address, handle, task })
}

/// Under which name phones reach it.
fn host(listen: &Listen, address: SocketAddr) -> String {
    match listen.names.first() {
        Some(name) if name.contains(':') => format!("[{name}]"),
        Some(name) => name.clone(),
        None if address.ip().is_unspecified() => "localhost".to_owned(),
        None if address.is_ipv6() => format!("[{}]", address.ip()),
        None => address.ip().to_string(),
    }
}
