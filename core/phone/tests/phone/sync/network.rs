//! Slow networks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fixtures::hq::{Line, MockHq, Relay};

use super::morning::{Watched, count, open};

#[tokio::test]
async fn at_24_kbit_a_second_acts_arrive() {
    let home = tempfile::tempdir().unwrap();
    let (vault, hq) = (Arc::<Watched>::default(), MockHq::start().await);
    let slow = Line { bytes_a_second: Some(3_000), ..Line::default() };
    let relay = Relay::to(hq.port(), slow, slow).await;
    let crew = open(home.path(), &vault);
    crew.enrol(&hq.invitation_by(&relay)).await.unwrap();
    crew.fetch().await.unwrap();
    for _ in 0..30 {
        count(&crew).unwrap();
    }
    let began = Instant::now();
    // The terms, and the acts.
    assert_eq!(crew.sync().await.unwrap().receipted, 31);
    let took = began.elapsed();
    assert!(took > Duration::from_secs(3), "it was slow: {took:?}");
    assert_eq!(hq.batches(), [31]);
}
