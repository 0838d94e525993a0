//! Takes the vault's own rows out of a damaged store: the keys, and what they seal.

use rusqlite::Connection;

use super::KeyVault;
use super::error::StoreError;
use super::keyring;
use super::page_carver::{Column, PageCarver, PageVersion, Row};
use super::quarantine::Quarantined;

/// Takes the key's wrap and all sealed rows of a damaged store as they are, if this
/// one has no key yet and the vault still unwraps that one. Says whether the last state
/// of every page is whole: if not, an older value may be among them.
pub(super) fn carry_over(
    connection: &mut Connection,
    damaged: &Quarantined,
    vault: &dyn KeyVault,
) -> Result<bool, StoreError> {
    let mut carver = PageCarver::open(&damaged.database(), &damaged.log())?;
    let before_damage = carver.before_damage();
    let is_newest = before_damage.is_empty();
    if keyring::has_keys(connection)? {
        return Ok(is_newest);
    }
    let versions = [carver.newest(), before_damage].concat();
    let sql = connection.transaction()?;
    carry_keys(&sql, &mut carver, &versions, vault)?;
    if keyring::has_keys(&sql)? {
        carry_values(&sql, &mut carver, &versions)?;
    }
    sql.commit()?;
    Ok(is_newest)
}

fn carry_keys(
    sql: &Connection,
    carver: &mut PageCarver,
    versions: &[PageVersion],
    vault: &dyn KeyVault,
) -> Result<(), StoreError> {
    let columns = columns_of(sql, "vault")?;
    for row in versions.iter().flat_map(|version| carver.rows(*version)) {
        // Others of this number look alike; no vault unwraps what they hold.
        let (1, [_, Column::Blob(storage), rest @ ..]) = (row.number, row.columns.as_slice())
        else {
            continue;
        };
        if row.columns.len() <= columns.len() && keyring::opens(vault, storage, rest)? {
            insert(sql, "vault", &columns, &row)?;
        }
    }
    Ok(())
}

/// They lie sealed, and are not looked into here.
fn carry_values(
    sql: &Connection,
    carver: &mut PageCarver,
    versions: &[PageVersion],
) -> Result<(), StoreError> {
    let of_compartment = columns_of(sql, "compartment")?;
    let of_value = columns_of(sql, "value")?;
    for row in versions.iter().flat_map(|version| carver.rows(*version)) {
        match row.columns.as_slice() {
            // Other rows of two columns have shorter names.
            [Column::Blob(name), Column::Blob(_)] if name.len() == 32 => {
                insert(sql, "compartment", &of_compartment, &row)?;
            }
            [_, Column::Blob(collection), Column::Blob(name), compartment, Column::Blob(_)]
                if collection.len() == 32 && name.len() == 32 && compartment.is_name() =>
            {
                insert(sql, "value", &of_value, &row)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn columns_of(sql: &Connection, table: &str) -> Result<Vec<String>, StoreError> {
    let select = sql.prepare(&format!("SELECT * FROM {table}"))?;
    Ok(select.column_names().into_iter().map(str::to_owned).collect())
}

/// Puts a row in as it was; where there is one, that one stays. A row that was
/// written before a column was added ends before that column.
fn insert(sql: &Connection, table: &str, columns: &[String], row: &Row) -> Result<(), StoreError> {
    let columns: Vec<&str> = columns.iter().take(row.columns.len()).map(String::as_str).collect();
    let insert = format!(
        "INSERT OR IGNORE INTO {table} ({}) VALUES ({})",
        columns.join(", "),
        vec!["?"; columns.len()].join(", ")
    );
    // A column that is the row's number lies in the file as null.
    let number = Column::Integer(row.number);
    let values = row.columns.iter().enumerate().map(|(at, column)| match column {
        Column::Null if at == 0 => &number,
        column => column,
    });
    sql.prepare_cached(&insert)?.execute(rusqlite::params_from_iter(values))?;
    Ok(())
}
