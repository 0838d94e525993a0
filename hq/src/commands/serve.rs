//! `serve`: answers phones until it is interrupted.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use crewseal_hq::{Hq, Listen};

use super::answer::{Failure, say};
use super::lookup::{DataDirectory, clock};

#[derive(Args)]
pub struct ServeArgs {
    #[command(flatten)]
    data: DataDirectory,
    /// The address to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// A name or address under which phones reach this server. May be repeated;
    /// the first one stands in invitations.
    #[arg(long = "name", value_name = "HOST")]
    names: Vec<String>,
    /// The name of HQ's log, in every tick and receipt. Chosen once, when the
    /// HQ is founded.
    #[arg(long, value_name = "NAME", default_value = "crewseal-hq")]
    origin: String,
}

pub fn serve(args: &ServeArgs) -> Result<ExitCode, Failure> {
    let hq = if is_founded(&args.data.data)? {
        args.data.open()?
    } else {
        Hq::create(&args.data.data, &args.origin, clock())?
    };
    let fingerprint = hq.fingerprint();
    let lies_beside = args.data.data.join("list.key").try_exists()?;
    let listen = Listen { address: args.listen, names: args.names.clone(), ..Listen::default() };
    tokio::runtime::Runtime::new()?.block_on(async {
        let running = crewseal_hq::serve(hq, listen)?;
        say(running.url())?;
        say(format_args!("HQ {fingerprint}"))?;
        if lies_beside {
            say("The list key lies beside the database, as list.key. Take it to where no network is.")?;
        }
        tokio::signal::ctrl_c().await?;
        running.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// An empty or missing directory is a place to found an HQ in; anything else
/// is opened, or refused with the reason.
fn is_founded(dir: &Path) -> io::Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
