//! Writes the Kotlin and the Swift by which apps call `crewseal-ffi`, into the
//! packages that carry them.
//!
//! A crate of its own, so that the generator's many dependencies stay out of
//! the library that phones carry.

pub mod texts;

use std::fs;
use std::io;
use std::path::Path;

use uniffi::{GenerateOptions, TargetLanguage};

/// Where the generated files lie in the directory `bindings`.
pub const GENERATED: [&str; 4] = [KOTLIN, SWIFT, HEADER, MODULE];
const KOTLIN: &str = "kotlin/src/generated/kotlin/com/crewseal/crewseal.kt";
const SWIFT: &str = "swift/Sources/Crewseal/Generated.swift";
const HEADER: &str = "swift/Sources/CrewsealFFI/CrewsealFFI.h";
const MODULE: &str = "swift/Sources/CrewsealFFI/module.modulemap";

/// Writes both languages into a directory laid out as `bindings` is, from a
/// built library whose symbols were not stripped. The settings are those of the
/// library's `uniffi.toml`, which cargo finds from wherever in the workspace this
/// runs.
///
/// # Errors
/// If the library is none of UniFFI's, the settings cannot be read, or the
/// directory cannot be written.
pub fn generate(library: &Path, bindings: &Path) -> uniffi::Result<()> {
    let fresh = bindings.join("fresh");
    uniffi::generate(GenerateOptions {
        languages: vec![TargetLanguage::Kotlin, TargetLanguage::Swift],
        source: library.to_owned().try_into()?,
        out_dir: fresh.clone().try_into()?,
        metadata_no_deps: true,
        ..GenerateOptions::default()
    })?;
    for (from, to) in [
        ("com/crewseal/crewseal.kt", KOTLIN),
        ("Crewseal.swift", SWIFT),
        ("CrewsealFFI.h", HEADER),
        ("CrewsealFFI.modulemap", MODULE),
    ] {
        let to = bindings.join(to);
        if let Some(directory) = to.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::rename(fresh.join(from), to)?;
    }
    change(&bindings.join(KOTLIN), KEEP_THREADS)?;
    change(&bindings.join(KOTLIN), KEEP_STATUS)?;
    change(&bindings.join(KOTLIN), CALL_BY_NAME)?;
    register_fewer(&bindings.join(KOTLIN))?;
    change(&bindings.join(SWIFT), SAY_OTHER_VERSION)?;
    change(&bindings.join(SWIFT), COUNT_FIRST)?;
    change(&bindings.join(SWIFT), READ_IN_PLACE)?;
    fs::remove_dir_all(fresh)?;
    Ok(())
}

/// JNA asks how a callback's threads are to be kept when the callback is handed over,
/// so the wrapper must have said it before.
const KEEP_THREADS: &[(&str, &str)] = &[(
    "        uniffiCallbackInterfaceClock.register(this)\n",
    "        keepThreads()\n        uniffiCallbackInterfaceClock.register(this)\n",
)];

/// A new status for each call costs more than most calls; the wrapper keeps one for each
/// thread.
const KEEP_STATUS: &[(&str, &str)] = &[(
    "    var status = UniffiRustCallStatus()
    val return_value = callback(status)
    uniffiCheckCallStatus(errorHandler, status)
    return return_value
",
    "    return CallStatus.calling({ callback(it) }) { uniffiCheckCallStatus(errorHandler, it) }
",
)];

/// The functions that are called once, to see whether the library fits, are not registered
/// with JNA, which takes several times as long.
const CALL_BY_NAME: &[(&str, &str)] = &[(
    "        Native.register(IntegrityCheckingUniffiLib::class.java, findLibraryName(componentName = \"crewseal\"))\n",
    "",
)];

/// Swift would end the process if the library is not the one that the code was generated
/// for. What can throw says it.
const SAY_OTHER_VERSION: &[(&str, &str)] = &[
    (
        "    uniffiEnsureCrewsealFfiInitialized()
    var callStatus",
        "    try uniffiEnsureCrewsealFfiInitialized()
    var callStatus",
    ),
    (
        "    uniffiEnsureCrewsealFfiInitialized()
    let rustFuture",
        "    try uniffiEnsureCrewsealFfiInitialized()
    let rustFuture",
    ),
    (
        "public func uniffiEnsureCrewsealFfiInitialized() {",
        "func uniffiEnsureCrewsealFfiInitialized() throws {",
    ),
    (
        "    case .contractVersionMismatch:
        fatalError(\"UniFFI contract version mismatch: try cleaning and rebuilding your project\")
    case .apiChecksumMismatch:
        fatalError(\"UniFFI API checksum mismatch: try cleaning and rebuilding your project\")
",
        "    case .contractVersionMismatch, .apiChecksumMismatch:
        throw LibraryError.otherVersion
",
    ),
];

/// Swift would end the process at more bytes than 32 bits count. What the wrapper gives
/// instead is refused by the core.
const COUNT_FIRST: &[(&str, &str)] = &[
    ("ForeignBytes(bufferPointer: ptr)", "ForeignBytes(bufferPointer: countable(ptr))"),
    (
        "            len: Int32(rawBufferPointer.count),
",
        "            len: Int32(exactly: rawBufferPointer.count) ?? -1,
",
    ),
    ("return value.utf8CString", "return countable(value).utf8CString"),
    (
        "        let len = Int32(value.utf8.count)
",
        "        let value = countable(value)
        let len = Int32(value.utf8.count)
",
    ),
    (
        "        let len = Int32(value.count)
        writeInt(&buf, len)
        writeBytes(&buf, value)
",
        "        let len = countable(value)
        writeInt(&buf, len)
        if len >= 0 { writeBytes(&buf, value) }
",
    ),
];

/// Foundation copies each number of an answer by a function for any collection, which takes
/// a quarter of a millisecond for the twelve codes of a frame. Read where they lie, they take
/// a seventh of that. The guard before has seen that the range is within.
const READ_IN_PLACE: &[(&str, &str)] = &[
    (
        "    var value: T = 0
    let _ = withUnsafeMutableBytes(of: &value, { reader.data.copyBytes(to: $0, from: range)})
",
        "    let value = reader.data.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self)
    }
",
    ),
    (
        "    var value = [UInt8](repeating: 0, count: count)
    value.withUnsafeMutableBufferPointer({ buffer in
        reader.data.copyBytes(to: buffer, from: range)
    })
",
        "    let value = reader.data.withUnsafeBytes { Array($0[range]) }
",
    ),
];

/// What begins and ends the declaration of a function of the library in Kotlin.
const DECLARED: &str = "    external fun ";
const DECLARED_END: &str = "    ): ";

/// JNA takes half a millisecond to register a function, when the app starts: none that is
/// not called, and none that is called once, which the wrapper does by name.
fn register_fewer(file: &Path) -> uniffi::Result<()> {
    let source = fs::read_to_string(file)?;
    let mut fewer = String::with_capacity(source.len());
    let mut lines = source.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let name = line.strip_prefix(DECLARED).and_then(|rest| rest.split('(').next());
        let Some(name) = name else {
            fewer += line;
            continue;
        };
        let mut declaration = line.to_owned();
        while !declaration.lines().any(|line| line.starts_with(DECLARED_END)) {
            let more =
                lines.next().ok_or_else(|| io::Error::other(format!("{name} has no end")))?;
            declaration += more;
        }
        if name.contains("_checksum_") || name.ends_with("_uniffi_contract_version") {
            fewer += &format!("    fun {name}(): Int = calledByName(\"{name}\")\n");
        } else if source.matches(&format!("{name}(")).count() > 1 {
            fewer += &declaration;
        }
    }
    fs::write(file, fewer)?;
    Ok(())
}

/// Changes what the generator leaves no other way to change.
fn change(file: &Path, changes: &[(&str, &str)]) -> uniffi::Result<()> {
    let mut source = fs::read_to_string(file)?;
    for (before, after) in changes {
        if source.matches(before).count() != 1 {
            let message = format!("{} has not one {}", file.display(), before.trim());
            return Err(io::Error::other(message).into());
        }
        source = source.replace(before, after);
    }
    fs::write(file, source)?;
    Ok(())
}
