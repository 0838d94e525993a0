//! Records the same acts as ours in a database that SQLCipher encrypts whole.
//!
//! `sqlcipher-peer DATABASE ROWS`: ROWS holds signed acts, each after its length
//! as four bytes, big-endian. Each line on the standard input, a number, records
//! so many of them, one commit each; the answer is one line with the nanoseconds
//! of each. So the two take turns, and what passes between them is on no clock.
//!
//! An act here is what it is there: a signature over the act's bytes, its
//! verification, and one durable commit of the act and the chain's new head.
//! As the file is encrypted, the act lies in it as it is: without the envelope
//! around it that ours has, and without being sealed to anybody.

use std::error::Error;
use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use rusqlite::{Connection, TransactionBehavior, params};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(database), Some(rows)) = (arguments.next(), arguments.next()) else {
        return Err("sqlcipher-peer DATABASE ROWS".into());
    };
    let rows = read(&std::fs::read(rows)?)?;
    let mut connection = Connection::open(database)?;
    let version = prepare(&connection)?;
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
        .map_err(|_| "no random bytes")?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
        .map_err(|_| "no key")?;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());

    let mut output = std::io::stdout();
    writeln!(output, "SQLCipher {version}")?;
    let device = [0x2e_u8; 16];
    let mut sequence = 0_i64;
    let mut rows = rows.iter().cycle();
    for line in std::io::stdin().lock().lines() {
        let mut times = Vec::new();
        for _ in 0..line?.parse::<usize>()? {
            let act = rows.next().ok_or("no rows")?;
            let start = Instant::now();
            let signature = pair.sign(&random, act).map_err(|_| "no signature")?;
            public.verify(act, signature.as_ref()).map_err(|_| "a wrong signature")?;
            let id = digest(&SHA256, act);
            sequence += 1;
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction
                .prepare_cached(
                    "INSERT INTO outbox (device, generation, sequence, event, act)
                     VALUES (?1, 1, ?2, ?3, ?4)",
                )?
                .execute(params![device, sequence, id.as_ref(), act])?;
            transaction
                .prepare_cached(
                    "INSERT INTO chain (one, generation, sequence, previous) VALUES (1, 1, ?1, ?2)
                     ON CONFLICT (one) DO UPDATE SET sequence = ?1, previous = ?2",
                )?
                .execute(params![sequence, id.as_ref()])?;
            transaction.commit()?;
            times.push(start.elapsed().as_nanos().to_string());
        }
        writeln!(output, "{}", times.join(" "))?;
        output.flush()?;
    }
    Ok(())
}

/// Sets the key and the durability, and makes the tables. SQLCipher's version.
fn prepare(connection: &Connection) -> rusqlite::Result<String> {
    // A key as it is: nothing is stretched from a passphrase on the clock.
    connection.execute_batch(
        "PRAGMA key = \"x'2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e'\"",
    )?;
    let version = connection.query_row("PRAGMA cipher_version", [], |row| row.get(0))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
         PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;
         CREATE TABLE outbox (
             position INTEGER PRIMARY KEY, device BLOB NOT NULL, generation INTEGER NOT NULL,
             sequence INTEGER NOT NULL, event BLOB NOT NULL, act BLOB NOT NULL
         ) STRICT;
         CREATE TABLE chain (
             one INTEGER PRIMARY KEY, generation INTEGER NOT NULL, sequence INTEGER NOT NULL,
             previous BLOB NOT NULL
         ) STRICT;",
    )?;
    Ok(version)
}

fn read(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut rows = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        let (row, rest) = rest.split_at_checked(length).ok_or("rows that end too early")?;
        rows.push(row.to_vec());
        bytes = rest;
    }
    if rows.is_empty() { Err("no rows".into()) } else { Ok(rows) }
}
