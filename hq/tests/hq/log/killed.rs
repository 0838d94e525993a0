//! A server that is killed in the middle of its work, again and again: nothing that it
//! receipted is missing, and its log never forks.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crewseal_custody::EventKind;
use crewseal_custody::envelope::Envelope;
use crewseal_custody::log::TreeHead;
use crewseal_custody::logged::ProvenEvent;
use crewseal_hq::Hq;
use crewseal_hq::clock::SystemClock;

use super::{leaves, root_of};
use crate::phone::{Phone, Site, client};

/// How often it is killed.
const ROUNDS: u32 = 12;

/// A server in a process of its own, and where it answers.
fn begin(directory: &Path) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crewseal-hq"));
    command.args(["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
    command.current_dir(directory).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    (child, url.trim().to_owned())
}

/// Delivers batch after batch until the server is gone. What was answered is proven.
async fn deliver(
    mut phone: Phone,
    job: crewseal_custody::JobId,
) -> (Phone, Vec<(ProvenEvent, TreeHead)>) {
    let mut told = Vec::new();
    loop {
        if phone.epoch.left() < 20 {
            phone.begin_epoch();
        }
        let batch: Vec<Envelope> = (0..20).map(|_| phone.act(EventKind::Count, job, &[])).collect();
        let body = crewseal_custody::cbor::to_vec(&phone.batch(&batch).asking_for_salts());
        let request = phone.http.post(format!("{}/v1/outbox", phone.invitation.url));
        let request = request.header("content-type", crewseal_custody::wire::CBOR);
        let Ok(answer) = request.bearer_auth(&phone.token).body(body).send().await else { break };
        let Ok(bytes) = answer.bytes().await else { break };
        let Ok(answer) = crewseal_custody::cbor::from_versioned::<_, 2>(&bytes) else { break };
        let sent: Vec<_> =
            batch.iter().map(|one| crewseal_custody::wire::Sent::of(one.address(), None)).collect();
        for one in phone.told(&answer, &sent) {
            told.push((one.placed(), one.checkpoint.unwrap().checkpoint().head));
        }
    }
    (phone, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_receipted_is_missing_after_a_kill() {
    let site = Site::open();
    let mut phones = vec![site.phone().await, site.phone().await, site.phone().await];
    let (job, directory) = (site.job, site.dir);
    site.running.shutdown().await;
    drop(site.hq);
    let mut told = Vec::new();
    for round in 0..ROUNDS {
        let (mut child, url) = begin(directory.path());
        for phone in &mut phones {
            phone.invitation.url.clone_from(&url);
            phone.http = client(&phone.invitation.authority);
            phone.sign_in().await.unwrap();
        }
        let mut deliveries = tokio::task::JoinSet::new();
        for phone in phones.drain(..) {
            deliveries.spawn(deliver(phone, job));
        }
        tokio::time::sleep(Duration::from_millis(u64::from(40 + 23 * round))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        for (phone, proven) in deliveries.join_all().await {
            phones.push(phone);
            told.extend(proven);
        }
    }
    assert!(told.len() > 100, "it was killed before it did anything: {}", told.len());
    let data = directory.path().join("data");
    let hq = Hq::open(&data, Arc::new(SystemClock::start())).unwrap();
    let log = leaves(&data, 1);
    let mut heads: Vec<TreeHead> = told.iter().map(|(_, head)| *head).collect();
    heads.sort_unstable();
    heads.dedup();
    for head in heads {
        assert_eq!(head.root, root_of(&log, head.size), "the log went on from each of them");
    }
    for (event, _) in told {
        let leaf = crewseal_custody::logged::Leaf::event(event.id, &event.salt, &event.logged);
        assert_eq!(log[usize::try_from(event.place).unwrap()], leaf.to_bytes());
        let receipt = hq.receipt(&event.id).unwrap().verify(&hq.keys()).unwrap();
        assert_eq!(receipt.events, [event]);
    }
}
