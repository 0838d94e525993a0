// swift-tools-version: 6.0

import Foundation
import PackageDescription

// On Apple's systems the core comes as an xcframework, which ios/xcframework
// builds; elsewhere, for the tests, from the directory that the linker is told.
let framework = "CrewsealFFI.xcframework"
let isBuilt = FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(framework)")
let core: Target =
    isBuilt
    ? .binaryTarget(name: "CrewsealFFI", path: framework)
    : .systemLibrary(name: "CrewsealFFI")

var targets: [Target] = [
    core,
    .target(
        name: "Crewseal",
        dependencies: ["CrewsealFFI"],
        linkerSettings: [.linkedLibrary("crewseal_ffi", .when(platforms: [.linux]))]
    ),
]

// The tests, and the program that tests/compare measures, bring a vault of
// OpenSSL's; the tests start HQ as a process. Neither is there on a phone.
#if os(Linux)
    targets += [
        .target(
            name: "PaperCrypto",
            path: "Tests/PaperCrypto",
            linkerSettings: [.linkedLibrary("crypto")]
        ),
        .target(
            name: "PaperPhone",
            dependencies: ["Crewseal", "PaperCrypto"],
            path: "Tests/PaperPhone"
        ),
        .testTarget(
            name: "CrewsealTests",
            dependencies: ["Crewseal", "PaperPhone", "LibraryProbe"]
        ),
        .executableTarget(
            name: "LibraryProbe",
            dependencies: ["Crewseal", "PaperPhone"],
            path: "Tests/LibraryProbe"
        ),
        .executableTarget(
            name: "Costs",
            dependencies: ["Crewseal", "PaperPhone"],
            path: "Tests/Costs"
        ),
    ]
#endif

let package = Package(
    name: "Crewseal",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "Crewseal", targets: ["Crewseal"])],
    targets: targets,
    swiftLanguageModes: [.v6]
)
