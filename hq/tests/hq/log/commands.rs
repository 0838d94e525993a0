//! `crewseal-hq log`: what is shown, checked and proven with files alone.

use crewseal_custody::EventKind;
use crewseal_custody::envelope::Envelope;

use data_encoding::HEXLOWER;

use super::{checkpoint, hq};
use crate::phone::Site;

/// A site whose log has some tiles, with its key lists in `keys`.
async fn site() -> (Site, String) {
    let site = Site::open();
    let mut phone = site.phone().await;
    let batch: Vec<Envelope> =
        (0..256).map(|_| phone.act(EventKind::Count, site.job, &[site.label(0)])).collect();
    let told = phone.deliver(&batch).await;
    let (status, said) = hq(site.dir.path(), "keys export --data data --out keys");
    assert_eq!(status, Some(0), "{said}");
    (site, HEXLOWER.encode(&told[7].event.0))
}

#[tokio::test]
async fn a_log_is_exported_and_checked_by_anybody() {
    let (site, _) = site().await;
    let directory = site.dir.path();
    let size = checkpoint(&site).checkpoint().head.size;
    let (status, said) = hq(directory, "log export --data data tiles");
    assert_eq!((status, said), (Some(0), format!("{size} leaves in log 1\n")));
    let (status, said) = hq(directory, "log check tiles --keys keys");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains(&format!("{size} leaves")), "{said}");
    assert!(said.contains(&site.hq.fingerprint()), "{said}");
    let (status, said) = hq(directory, "log check tiles");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("who signed it was not checked"), "{said}");

    // Whatever is changed is named.
    assert!((256..512).contains(&size), "{size}");
    for file in ["tile/0/000", "tile/entries/000", "tile/1/000.p/1"] {
        let path = directory.join("tiles").join(file);
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        *bad.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bad).unwrap();
        let (status, said) = hq(directory, "log check tiles");
        assert_eq!(status, Some(2), "{file}: {said}");
        assert!(said.contains("tile"), "{file}: {said}");
        std::fs::write(&path, good).unwrap();
    }

    // It is gone on with, and stands beside the earlier tiles.
    std::fs::copy(directory.join("tiles/checkpoint"), directory.join("earlier")).unwrap();
    for _ in 0..20 {
        site.hq.tick().unwrap();
    }
    let (status, said) = hq(directory, "log export --data data tiles");
    assert_eq!((status, said), (Some(0), format!("{} leaves in log 1\n", size + 20)));
    assert_eq!(hq(directory, "log check tiles --keys keys").0, Some(0));
}

#[tokio::test]
async fn two_checkpoints_agree_or_contradict_each_other() {
    let (site, _) = site().await;
    let directory = site.dir.path();
    std::fs::write(directory.join("one"), site.hq.checkpoint().unwrap()).unwrap();
    site.hq.tick().unwrap();
    std::fs::write(directory.join("two"), site.hq.checkpoint().unwrap()).unwrap();
    assert_eq!(hq(directory, "log export --data data tiles").0, Some(0));
    let agree = |line: &str| hq(directory, &format!("log agree {line}"));
    assert_eq!(agree("one one --keys keys").0, Some(0));
    let (status, said) = agree("one two");
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("--tiles"), "{said}");
    let (status, said) = agree("two one --tiles tiles --keys keys");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("goes on from"), "{said}");

    // Another log of the same name and size, by whomever.
    let text = std::fs::read_to_string(directory.join("two")).unwrap();
    let root = text.lines().nth(2).unwrap();
    let other = data_encoding::BASE64.encode(&[7; 32]);
    std::fs::write(directory.join("three"), text.replace(root, &other)).unwrap();
    let (status, said) = agree("two three");
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("CONTRADICT"), "{said}");
    assert_eq!(agree("two three --keys keys").0, Some(2), "HQ did not sign it");
    let (_, said) = agree("two three --keys keys");
    assert!(said.contains("signature"), "{said}");
    let other = Site::open();
    let name = other.hq.checkpoint().unwrap().replace("hq.test", "hq.other");
    std::fs::write(directory.join("four"), name).unwrap();
    assert_eq!(agree("one four").0, Some(1), "of two logs");
}

#[tokio::test]
async fn an_event_is_proven_with_a_file() {
    let (site, event) = site().await;
    let directory = site.dir.path();
    let (status, said) = hq(directory, &format!("log prove --data data {event} --out proof"));
    assert_eq!(status, Some(0), "{said}");
    let line = format!("log prove --data data {} --out by-digits", &event[..12]);
    assert_eq!(hq(directory, &line).0, Some(0));
    let (status, said) = hq(directory, "log check proof --keys keys");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains(&event) && said.contains("stored"), "{said}");
    let (status, said) = hq(directory, "log show proof");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("receipt for 1 events"), "{said}");
    assert_eq!(hq(directory, "log check proof").0, Some(2), "by no keys");
    let unknown = "00".repeat(32);
    let (status, said) = hq(directory, &format!("log prove --data data {unknown} --out p2"));
    assert_eq!(status, Some(2), "{said}");
    let other = Site::open();
    assert_eq!(hq(other.dir.path(), "keys export --data data --out keys").0, Some(0));
    let theirs = other.dir.path().join("keys");
    let (status, said) = hq(directory, &format!("log check proof --keys {}", theirs.display()));
    assert_eq!(status, Some(2), "{said}");
}

#[tokio::test]
async fn a_record_shows_and_proves_its_places() {
    let (site, event) = site().await;
    let directory = site.dir.path();
    std::fs::write(directory.join("record"), site.hq.export(site.job).unwrap()).unwrap();
    let (status, said) = hq(directory, "log show record");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains(&event), "{said}");
    let (status, said) = hq(directory, "log check record --keys keys");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("256 of 256 events stand in HQ's log"), "{said}");
    std::fs::write(directory.join("checkpoint"), site.hq.checkpoint().unwrap()).unwrap();
    let (status, said) = hq(directory, "log show checkpoint");
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("log 1 of hq.test"), "{said}");
    assert!(said.contains("nobody said that a backup has it"), "{said}");
}
