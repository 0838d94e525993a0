//! Locks among processes that start processes.

/// Opens what may be in use for a moment: the child of another test, just begun, still
/// has the lock that it inherited.
pub fn once_free<T, E>(
    open: impl Fn() -> Result<T, E>,
    is_in_use: impl Fn(&E) -> bool,
) -> Result<T, E> {
    loop {
        match open() {
            Err(error) if is_in_use(&error) => std::thread::yield_now(),
            opened => return opened,
        }
    }
}
