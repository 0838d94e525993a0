//! The server: where HQ listens, over TLS alone, its upkeep while it runs, and how it stops.
//!
//! TLS is rustls on ring, handed over explicitly: no provider is installed for
//! the whole process. The database is asked on threads that may wait.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use crewseal_custody::wire::HEAD_TIME;
use hyper_util::rt::TokioTimer;
use tokio::task::JoinHandle;

use crate::error::HqError;
use crate::hq::Hq;
use crate::keys::SERVER_DAYS;
use crate::phones::{AppState, router};

/// How long requests may go on after a shutdown was asked for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// After so many seconds the server gets another certificate: two thirds of its time.
const RENEWED_AFTER: u64 = SERVER_DAYS as u64 * 86_400 * 2 / 3;

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
    /// How often the server runs its upkeep of keys and certificate.
    pub upkeep_every: Duration,
}

impl Default for Listen {
    /// On 127.0.0.1, any free port, with sessions of 15 minutes and upkeep every ten seconds.
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            names: Vec::new(),
            session: Duration::from_secs(15 * 60),
            upkeep_every: Duration::from_secs(10),
        }
    }
}

/// A server that runs, until it is shut down or its runtime ends.
pub struct Running {
    url: String,
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
    upkeep: Arc<Upkeep>,
    upkeep_task: JoinHandle<()>,
}

/// What a running server maintains: its keys and its certificate.
struct Upkeep {
    hq: Hq,
    names: Vec<String>,
    tls: RustlsConfig,
    /// The authority of the server's certificate, and since when that holds.
    certified: Mutex<(Vec<u8>, u64)>,
}

impl Upkeep {
    /// Picks up key lists that were adopted meanwhile, destroys expired keys, and renews the
    /// server's certificate when a third of its lifetime is left or a new authority has begun.
    fn run(&self) -> Result<(), HqError> {
        self.hq.refresh_keys()?;
        let (now, keyring) = (self.hq.clock.now(), self.hq.keyring());
        let authority = keyring.authority(now)?;
        let mut certified = self.certified.lock().unwrap_or_else(PoisonError::into_inner);
        let (by, since) = &*certified;
        if by == authority && now < since.saturating_add(RENEWED_AFTER) {
            return Ok(());
        }
        self.tls.reload_from_config(Arc::new(keyring.tls(&self.names, now)?));
        *certified = (authority.to_vec(), now);
        Ok(())
    }
}

/// Runs the upkeep at this interval until the task is aborted.
async fn keep_up(upkeep: Arc<Upkeep>, every: Duration) {
    let mut every = tokio::time::interval(every);
    loop {
        every.tick().await;
        let upkeep = Arc::clone(&upkeep);
        match tokio::task::spawn_blocking(move || upkeep.run()).await {
            Ok(Ok(())) => {}
            // The next time may be better: a busy database, a full disk.
            Ok(Err(error)) => tracing::error!(%error, "upkeep of keys and certificate failed"),
            Err(_) => tracing::error!("upkeep of keys and certificate failed"),
        }
    }
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

    /// Runs the upkeep of keys and certificate now, as the server does by itself at intervals.
    ///
    /// # Errors
    /// [`HqError`].
    pub fn run_upkeep(&self) -> Result<(), HqError> {
        self.upkeep.run()
    }

    /// Stops taking requests, lets those at work finish for five seconds, and
    /// returns when the server is gone.
    pub async fn shutdown(self) {
        self.upkeep_task.abort();
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
    let (now, keyring) = (hq.clock.now(), hq.keyring());
    let tls = RustlsConfig::from_config(Arc::new(keyring.tls(&listen.names, now)?));
    let certified = Mutex::new((keyring.authority(now)?.to_vec(), now));
    let listener = TcpListener::bind(listen.address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let url = format!("https://{}:{}", host(&listen, address), address.port());
    let names = listen.names.clone();
    let upkeep = Arc::new(Upkeep { hq: hq.clone(), names, tls: tls.clone(), certified });
    upkeep.run()?;
    let state = AppState::new(hq, listen.session)?;
    let handle = Handle::new();
    let mut server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle.clone());
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    let task = tokio::spawn(server.serve(router(state).into_make_service()));
    let upkeep_task = tokio::spawn(keep_up(Arc::clone(&upkeep), listen.upkeep_every));
    Ok(Running { url, address, handle, task, upkeep, upkeep_task })
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
