//! The client alone: who waits for whom, and for how long.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use fixtures::hq::{Line, MockHq, Relay};

use super::*;
use crate::vault::{Mark, PublicKeys};

/// Says that it is asked for its keys, and gives none until it is let go on.
struct Waiting {
    asked: tokio::sync::mpsc::UnboundedSender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl KeyVault for Waiting {
    fn public_keys(&self) -> Result<PublicKeys, VaultError> {
        self.asked.send(()).unwrap();
        self.go_on.lock().unwrap().recv().unwrap();
        Err(VaultError::Locked)
    }

    fn sign(&self, _: Protection, _: &[u8]) -> Result<[u8; 64], VaultError> {
        Err(VaultError::Locked)
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, VaultError> {
        Err(VaultError::Locked)
    }

    fn wrap(&self, _: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        Err(VaultError::Locked)
    }

    fn unwrap(&self, _: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        Err(VaultError::Locked)
    }

    fn begin_rotation(&self) -> Result<(), VaultError> {
        Err(VaultError::Locked)
    }

    fn is_rotating(&self) -> Result<bool, VaultError> {
        Err(VaultError::Locked)
    }

    fn finish_rotation(&self) -> Result<(), VaultError> {
        Err(VaultError::Locked)
    }

    fn erase(&self) -> Result<(), VaultError> {
        Err(VaultError::Locked)
    }

    fn mark(&self) -> Result<Mark, VaultError> {
        Err(VaultError::Locked)
    }

    fn raise_mark(&self, _: Mark) -> Result<(), VaultError> {
        Err(VaultError::Locked)
    }
}

fn vault() -> (Arc<dyn KeyVault>, tokio::sync::mpsc::UnboundedReceiver<()>, Sender<()>) {
    let (asked, is_asked) = tokio::sync::mpsc::unbounded_channel();
    let (let_go, go_on) = channel();
    (Arc::new(Waiting { asked, go_on: Mutex::new(go_on) }), is_asked, let_go)
}

/// A client that waits for no time worth mentioning, of an HQ that is not there.
fn impatient() -> Client {
    let authority = rcgen::KeyPair::generate().unwrap();
    let authority = rcgen::CertificateParams::default().self_signed(&authority).unwrap();
    let mut client =
        Client::new("https://hq.example", &[authority.der().to_vec().into()], audience(), clock())
            .unwrap();
    client.patience = Duration::from_millis(1);
    client
}

#[test]
fn who_is_too_old_follows_from_the_versions_that_hq_knows() {
    let judged = |sent, list: &str| {
        judge_versions(sent, format!(r#"{{"type":"x","versions":{list}}}"#).as_bytes())
    };
    assert_eq!(judged(2, "[3]"), SyncError::AppTooOld);
    assert_eq!(judged(2, "[3, 4]"), SyncError::AppTooOld);
    assert_eq!(judged(2, "[1]"), SyncError::HqTooOld);
    for nothing in ["[]", "[x]", "[3,x]x", "3", "", "[300000000000000000000000]"] {
        let judged = judged(2, nothing);
        assert!(
            matches!(judged, SyncError::Refused { status: 415 } | SyncError::AppTooOld),
            "{nothing}: {judged:?}"
        );
    }
    assert_eq!(judge_versions(1, b"\xff"), SyncError::Refused { status: 415 });
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(crate::clock::SystemClock::new(crewseal_custody::BootId([1; 4])))
}

fn audience() -> Audience {
    Audience { hq: HqId([0; 32]), origin: "hq.example/log".to_owned() }
}

/// A client that waits shortly for an HQ that it finds through this network.
async fn through(hq: &MockHq, up: Line, down: Line) -> Client {
    let relay = Relay::to(hq.port(), up, down).await;
    let url = format!("https://localhost:{}", relay.port());
    let mut client =
        Client::new(&url, &[hq.authority().to_vec().into()], audience(), clock()).unwrap();
    client.upload_time = |_| Duration::from_millis(1_500);
    client.stall_time = Duration::from_millis(300);
    *client.token.lock().await = Some(Zeroizing::new("session-0".to_owned()));
    client
}

#[tokio::test]
async fn a_network_that_stops_in_the_middle_is_given_up_in_either_direction() {
    let labels = (0..60_000_u32).map(|number| {
        let mut label = [0; 16];
        label[..4].copy_from_slice(&number.to_be_bytes());
        crewseal_label::Token::from_bytes(label)
    });
    let hq = MockHq::of(Vec::new(), labels.collect()).await;
    let (vault, _is_asked, _let_go) = vault();
    let stops = Line { stalls_after: Some(60_000), ..Line::default() };
    let quick = through(&hq, Line::default(), Line::default()).await;
    assert!(quick.news(&vault, &Cursors::default()).await.is_ok());
    let down = through(&hq, Line::default(), stops).await;
    let asked = down.news(&vault, &Cursors::default()).await;
    assert_eq!(asked, Err(SyncError::TooSlow), "in the middle of the answer");
    let up = through(&hq, stops, Line::default()).await;
    let body = vec![0; 200_000];
    let sent = up.send(Method::POST, "v1/enrol", None, Some(body)).await;
    assert_eq!(sent, Err(SyncError::TooSlow), "in the middle of the request");
    assert_eq!(hq.requests("enrol"), 0);
}

#[tokio::test]
async fn a_vault_that_panics_is_a_fault_and_holds_up_no_other_call() {
    let (client, (vault, is_asked, _let_go)) = (impatient(), vault());
    // Its vault panics, for nobody hears that it is asked.
    drop(is_asked);
    for _ in 0..2 {
        let panicked = client.tick(&vault).await;
        assert_eq!(panicked, Err(SyncError::Pool(PoolError::Panicked)));
        assert!(!client.waits_for_vault.load(Ordering::SeqCst));
    }
}

#[tokio::test]
async fn whoever_waits_for_anothers_vault_gives_up_and_the_other_goes_on() {
    let client = impatient();
    let (vault, mut is_asked, let_go) = vault();
    let (client, first) = (Arc::new(client), Arc::clone(&vault));
    let other = Arc::clone(&client);
    let asking = tokio::spawn(async move { other.tick(&first).await });
    is_asked.recv().await.unwrap();
    assert_eq!(client.tick(&vault).await, Err(SyncError::KeysBusy));
    let_go.send(()).unwrap();
    assert_eq!(asking.await.unwrap(), Err(SyncError::Vault(VaultError::Locked)));
    // Also where the other is given up before the vault has answered it.
    let (other, first) = (Arc::clone(&client), Arc::clone(&vault));
    let asking = tokio::spawn(async move { other.tick(&first).await });
    is_asked.recv().await.unwrap();
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    let_go.send(()).unwrap();
    let_go.send(()).unwrap();
    assert_eq!(client.tick(&vault).await, Err(SyncError::Vault(VaultError::Locked)));
    assert!(!client.waits_for_vault.load(Ordering::SeqCst));
}
