// swift-tools-version: 6.0

import PackageDescription

var products: [Product] = [.library(name: "CrewsealPhone", targets: ["CrewsealPhone"])]

// What decides: no framework of Apple's, so it is tested wherever Swift runs.
var targets: [Target] = [
    .target(name: "CrewsealPhone", dependencies: [.product(name: "Crewseal", package: "swift")]),
    .testTarget(name: "CrewsealPhoneTests", dependencies: ["CrewsealPhone"]),
]

// What only Apple's systems have. Elsewhere ios/check type-checks it against stubs.
#if !os(Linux)
    products += [
        .library(name: "CrewsealIOS", targets: ["CrewsealIOS"]),
        .library(name: "CrewApp", targets: ["CrewApp"]),
    ]
    targets += [
        .target(name: "CrewsealIOS", dependencies: ["CrewsealPhone"], resources: [.process("Resources")]),
        .target(name: "CrewApp", dependencies: ["CrewsealIOS"], resources: [.process("Resources")]),
    ]
#endif

let package = Package(
    name: "CrewsealIOS",
    defaultLocalization: "en",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: products,
    dependencies: [.package(path: "../bindings/swift")],
    targets: targets,
    swiftLanguageModes: [.v6]
)
