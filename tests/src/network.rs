//! The network between one phone and HQ: a relay on loopback that can be cut,
//! and that can lose an answer. It passes TLS on as it is and sees nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request with an epoch's header in it is larger than this; a handshake and
/// a login are not.
const A_DELIVERY: usize = 1_100;

/// A phone's network.
pub struct Network {
    address: SocketAddr,
    online: watch::Sender<bool>,
    lose_answer: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
}

impl Network {
    /// A network to the server at this address, online.
    pub async fn to(server: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (online, watched) = watch::channel(true);
        let lose_answer = Arc::new(AtomicBool::new(false));
        let lost = Arc::new(AtomicUsize::new(0));
        let (lose, losses) = (Arc::clone(&lose_answer), Arc::clone(&lost));
        tokio::spawn(async move {
            while let Ok((phone, _)) = listener.accept().await {
                if *watched.borrow() {
                    let line = Line {
                        online: watched.clone(),
                        lose_answer: Arc::clone(&lose),
                        lost: Arc::clone(&losses),
                    };
                    tokio::spawn(line.relay(phone, server));
                }
            }
        });
        Ok(Self { address, online, lose_answer, lost })
    }

    /// Where the phone finds HQ.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Cuts all connections and lets no new one through, or lets them again.
    pub fn set_online(&self, online: bool) {
        self.online.send_replace(online);
    }

    /// Loses HQ's answer to the next delivery, once HQ has had it.
    pub fn lose_next_answer(&self) {
        self.lose_answer.store(true, Ordering::SeqCst);
    }

    /// How many answers were lost.
    pub fn lost_answers(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }
}

/// One connection.
struct Line {
    online: watch::Receiver<bool>,
    lose_answer: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
}

impl Line {
    async fn relay(mut self, mut phone: TcpStream, server: SocketAddr) {
        let Ok(mut hq) = TcpStream::connect(server).await else { return };
        let (mut up, mut down) = (vec![0; 16_384], vec![0; 16_384]);
        let mut asked = 0;
        loop {
            tokio::select! {
                () = cut(&mut self.online) => return,
                read = phone.read(&mut up) => match read {
                    Ok(bytes @ 1..) if hq.write_all(&up[..bytes]).await.is_ok() => asked += bytes,
                    _ => return,
                },
                read = hq.read(&mut down) => match read {
                    Ok(bytes @ 1..) => {
                        let delivery = asked > A_DELIVERY;
                        if delivery && self.lose_answer.swap(false, Ordering::SeqCst) {
                            self.lost.fetch_add(1, Ordering::SeqCst);
                            return;
                        }
                        asked = 0;
                        if phone.write_all(&down[..bytes]).await.is_err() {
                            return;
                        }
                    }
                    _ => return,
                },
            }
        }
    }
}

/// Returns when the network goes offline.
async fn cut(online: &mut watch::Receiver<bool>) {
    // An error means that the network itself is gone.
    let _ = online.wait_for(|online| !online).await;
}
