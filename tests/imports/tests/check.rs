//! The check against small workspaces that have in them what it should find, and
//! what it should not; and against this one, in which it should find nothing.
#![expect(clippy::unwrap_used, reason = "what cannot be written or read fails the test")]

use std::fs;
use std::path::Path;

use imports::{Accepted, Error, Findings, Forbidden, HOUSE, Kind, MayUse, Rules, check};

const NONE: Rules = Rules { order: &[], accepted: &[] };

/// Checks a workspace of these files, of which those right under a directory
/// `NAME/src` belong to a library of this name. Each may depend on all before it.
fn checked(files: &[(&str, &str)], rules: &Rules) -> Result<Findings, Error> {
    let workspace = tempfile::tempdir().unwrap();
    let mut members: Vec<&str> = Vec::new();
    for (path, text) in files {
        let member = path.split('/').next().unwrap();
        if !members.contains(&member) {
            let dependencies: String = members
                .iter()
                .map(|other| format!("{other} = {{ path = \"../{other}\" }}\n"))
                .collect();
            let manifest = format!(
                "[package]\nname = \"{member}\"\nedition = \"2024\"\n[dependencies]\n{dependencies}"
            );
            write(workspace.path(), &format!("{member}/Cargo.toml"), &manifest);
            members.push(member);
        }
        write(workspace.path(), path, text);
    }
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n");
    write(workspace.path(), "Cargo.toml", &manifest);
    check(workspace.path(), rules)
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn found(files: &[(&str, &str)]) -> Findings {
    checked(files, &NONE).unwrap()
}

/// The members of each circle of files.
fn files(findings: &Findings) -> Vec<Vec<&str>> {
    let names = findings.files.iter().map(|circle| &circle.members);
    names.map(|members| members.iter().map(String::as_str).collect()).collect()
}

/// The members of each circle of rooms.
fn rooms(findings: &Findings) -> Vec<Vec<&str>> {
    let names = findings.rooms.iter().map(|circle| &circle.members);
    names.map(|members| members.iter().map(String::as_str).collect()).collect()
}

const A_AND_B: [&str; 2] = ["one/src/a.rs", "one/src/b.rs"];

#[test]
fn two_files_that_use_each_other_are_a_circle() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("one/src/a.rs", "use crate::b::B;\npub struct A(B);\n"),
        ("one/src/b.rs", "\npub struct B(Option<Box<super::a::A>>);\n"),
        ("one/src/c.rs", "use crate::a::A;\nuse crate::b::B;\npub struct C(A, B);\n"),
    ]);
    assert_eq!(files(&findings), [A_AND_B]);
    assert_eq!(rooms(&findings), [["a", "b"]]);
    assert_eq!(findings.rooms[0].kind, Kind::Rooms("one".to_owned()));
    assert_eq!(
        findings.files[0].to_string(),
        "circle of 2 files:\n  \
           one/src/a.rs\n  \
           one/src/b.rs\n  \
           one/src/a.rs -> one/src/b.rs\n    \
             one/src/a.rs:1: use crate::b::B = one::b::B\n  \
           one/src/b.rs -> one/src/a.rs\n    \
             one/src/b.rs:2: super::a::A = one::a::A\n"
    );
}

#[test]
fn files_that_use_each_other_one_way_are_none() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\npub use b::B;\n"),
        ("one/src/a.rs", "pub struct A;\n"),
        ("one/src/b.rs", "use crate::A;\npub struct B(A);\n"),
        ("one/src/c.rs", "use crate::{A, B};\npub struct C(A, B);\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn a_longer_circle_is_one_circle() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("one/src/a.rs", "pub fn a() { crate::b::b() }\n"),
        ("one/src/b.rs", "pub fn b() { crate::c::c() }\n"),
        ("one/src/c.rs", "pub fn c() { if false { crate::a::a() } }\n"),
    ]);
    assert_eq!(files(&findings), [["one/src/a.rs", "one/src/b.rs", "one/src/c.rs"]]);
}

#[test]
fn rooms_can_use_each_other_though_no_files_do() {
    let findings = found(&[
        ("one/src/lib.rs", "mod left;\nmod right;\n"),
        ("one/src/left/mod.rs", "pub mod up;\npub mod down;\n"),
        ("one/src/left/up.rs", "use crate::right::down::Down;\npub struct Up(Down);\n"),
        ("one/src/left/down.rs", "pub struct Down;\n"),
        ("one/src/right.rs", "pub mod up;\npub mod down;\n"),
        ("one/src/right/up.rs", "use crate::left::down::Down;\npub struct Up(Down);\n"),
        ("one/src/right/down.rs", "pub struct Down;\n"),
    ]);
    assert_eq!(files(&findings), [[""; 0]; 0]);
    assert_eq!(rooms(&findings), [["left", "right"]]);
}

#[test]
fn a_re_export_is_followed_to_the_definition() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\npub mod facade;\n"),
        ("one/src/facade.rs", "pub use crate::a::A;\npub(crate) use crate::b::{self, B};\n"),
        ("one/src/a.rs", "use crate::facade::B;\npub struct A(B);\n"),
        ("one/src/b.rs", "use crate::facade::A;\npub struct B(Option<Box<A>>);\n"),
    ]);
    assert_eq!(files(&findings), [A_AND_B]);
}

#[test]
fn a_parent_that_shows_its_children_does_not_use_them() {
    let findings = found(&[
        ("one/src/lib.rs", "pub mod room;\n"),
        (
            "one/src/room/mod.rs",
            "mod a;\nmod b;\npub use self::a::A;\npub(crate) use self::b::B;\npub struct Shared;\n",
        ),
        ("one/src/room/a.rs", "use super::{B, Shared};\npub struct A(B, Shared);\n"),
        ("one/src/room/b.rs", "pub struct B(super::Shared);\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn a_parent_that_uses_what_uses_it_is_part_of_a_circle() {
    let findings = found(&[
        ("one/src/lib.rs", "pub mod room;\n"),
        (
            "one/src/room/mod.rs",
            "mod a;\npub use self::a::A;\npub struct Shared;\npub fn all() -> A { A(Shared) }\n",
        ),
        ("one/src/room/a.rs", "use super::Shared;\npub struct A(pub Shared);\n"),
    ]);
    assert_eq!(files(&findings), [["one/src/room/a.rs", "one/src/room/mod.rs"]]);
    assert_eq!(rooms(&findings), [[""; 0]; 0]);
}

#[test]
fn the_root_is_a_room() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\npub struct Error;\npub fn all() { a::a().ok(); }\n"),
        ("one/src/a.rs", "use crate::Error;\npub fn a() -> Result<(), Error> { Ok(()) }\n"),
    ]);
    assert_eq!(rooms(&findings), [["a", "lib.rs"]]);
}

#[test]
fn a_glob_is_followed_to_the_definition() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\nmod facade;\n"),
        ("one/src/facade.rs", "pub use crate::a::*;\npub use crate::b::*;\n"),
        ("one/src/a.rs", "use crate::facade::*;\npub struct A(B);\n"),
        ("one/src/b.rs", "use crate::facade::*;\npub fn b(_: A) {}\npub struct B;\n"),
    ]);
    assert_eq!(files(&findings), [A_AND_B]);
}

#[test]
fn globs_that_import_each_other_come_to_an_end() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\n"),
        ("one/src/a.rs", "pub use crate::b::*;\npub struct A(Nowhere);\n"),
        ("one/src/b.rs", "pub use crate::a::*;\npub struct B(A);\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn a_glob_alone_uses_nothing() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\n"),
        ("one/src/a.rs", "use crate::b::*;\npub struct A(B);\n"),
        ("one/src/b.rs", "use crate::a::*;\npub struct B;\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn a_rename_is_followed_to_the_definition() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\npub use a::A as Left;\nuse b as other;\n"),
        ("one/src/a.rs", "use super::other as others;\npub struct A(others::B);\n"),
        ("one/src/b.rs", "use crate::Left as Right;\npub struct B(Option<Box<Right>>);\n"),
    ]);
    assert_eq!(files(&findings), [A_AND_B]);
}

#[test]
fn what_only_tests_have_does_not_count() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\n#[cfg(test)]\nmod absent;\n"),
        (
            "one/src/a.rs",
            "use crate::b::B;\npub struct A(B);\n\
             #[cfg(test)]\nmod tests { use crate::b::B; }\n",
        ),
        (
            "one/src/b.rs",
            "#[cfg(test)]\nuse crate::a::A;\n\
             pub struct B;\n\
             #[cfg(all(test, unix))]\nfn c(_: crate::a::A) {}\n\
             impl B {\n    #[cfg(test)]\n    fn a(&self, _: crate::a::A) {}\n}\n\
             fn b() {\n    #[cfg(test)]\n    let a = crate::a::A;\n}\n\
             #[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n",
        ),
        ("one/tests/all.rs", "use one::absent::Absent;\n"),
        ("one/build.rs", "use absent::Absent;\nfn main() {}\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn what_tests_do_not_have_counts() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\n"),
        ("one/src/a.rs", "use crate::b::B;\npub struct A(B);\n"),
        (
            "one/src/b.rs",
            "#[cfg(not(test))]\nuse crate::a::A;\n#[cfg(test)]\ntype A = ();\npub struct B;\n",
        ),
    ]);
    assert_eq!(files(&findings), [A_AND_B]);
}

#[test]
fn an_inline_module_belongs_to_its_file() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\n"),
        (
            "one/src/a.rs",
            "pub mod inner {\n    use super::Outer;\n    pub struct Inner(Outer, crate::b::B);\n}\n\
             pub struct Outer;\npub struct Around(inner::Inner);\n",
        ),
        ("one/src/b.rs", "use crate::a::inner::Inner;\npub struct B;\npub fn b(_: Inner) {}\n"),
    ]);
    assert_eq!(files(&findings), [A_AND_B]);
}

#[test]
fn files_of_modules_are_found_where_rust_finds_them() {
    let findings = found(&[
        (
            "one/src/lib.rs",
            "mod a;\nmod inline { pub mod deep; }\n#[path = \"elsewhere/b.rs\"]\nmod b;\n",
        ),
        ("one/src/a.rs", "pub mod leaf;\n"),
        ("one/src/a/leaf.rs", "pub struct Leaf(crate::inline::deep::Deep);\n"),
        ("one/src/inline/deep.rs", "use crate::b::B;\npub struct Deep(B);\n"),
        ("one/src/elsewhere/b.rs", "use crate::a::leaf::Leaf;\npub struct B(Option<Box<Leaf>>);\n"),
    ]);
    assert_eq!(
        files(&findings),
        [["one/src/a/leaf.rs", "one/src/elsewhere/b.rs", "one/src/inline/deep.rs"]]
    );
    assert_eq!(rooms(&findings), [["a", "b", "inline"]]);
}

#[test]
fn a_type_and_a_value_can_have_the_same_name() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\nmod c;\nuse b::Same;\nuse c::Same;\n"),
        ("one/src/a.rs", "pub fn a() -> u8 { crate::Same }\n"),
        ("one/src/b.rs", "pub type Same = u8;\npub fn b() -> u8 { crate::a::a() }\n"),
        ("one/src/c.rs", "pub const Same: u8 = 1;\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn the_name_of_a_module_is_not_a_use_of_it() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("one/src/a.rs", "use crate::b;\npub struct A(b::C);\n"),
        ("one/src/b.rs", "pub use crate::c::C;\npub fn b(_: crate::a::A) {}\n"),
        ("one/src/c.rs", "pub struct C;\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn a_variable_is_not_the_function_of_its_name() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\nmod b;\n"),
        ("one/src/a.rs", "use crate::b::*;\npub fn a(tally: B) -> B { tally }\n"),
        ("one/src/b.rs", "pub struct B;\npub fn tally() { crate::a::a(B); }\n"),
    ]);
    assert_eq!(findings.files[0].uses.len(), 2);
    let text = findings.to_string();
    assert!(!text.contains("b::tally"), "{text}");
}

#[test]
fn code_of_every_kind_is_read() {
    let uses = [
        "pub fn f() { let _ = crate::a::A; }",
        "pub fn f(a: &dyn crate::a::T) {}",
        "pub fn f<X: crate::a::T>() {}",
        "impl crate::a::T for u8 {}",
        "pub fn f() -> <u8 as crate::a::U>::X { 0 }",
        "pub fn f() -> <crate::a::A as Iterator>::Item { 0 }",
        "pub fn f() { use crate::a as x; { struct S; x::g() } }",
        "pub fn f(a: u8) { if let crate::a::CONST = a {} }",
        "pub fn f(a: E) { match a { crate::a::E::V(_) => (), _ => () } } use crate::a::E;",
        "pub fn f() { use crate::a::{g}; g() }",
        "pub const C: [u8; crate::a::N] = [];",
        "pub fn f() { assert!(crate::a::g(1), \"{}\", 2); }",
        "pub fn f() { matches!(1, crate::a::CONST if true); }",
        "pub fn f() { html! { div { (crate::a::g()) } } }",
        "macro_rules! m { () => { $crate::a::g() } }",
        "pub fn f() { vec![Vec::<crate::a::A>::new()]; }",
        "pub fn f() { crate::m!() }",
        "use crate::a::T as _;",
    ];
    for code in uses {
        let findings = found(&[
            ("one/src/lib.rs", "mod a;\nmod b;\n"),
            (
                "one/src/a.rs",
                "use crate::b::B;\npub struct A(B);\npub trait T {}\npub trait U { type X; }\n\
                 pub enum E { V(u8), W }\npub const CONST: u8 = 1;\npub const N: usize = 0;\n\
                 pub fn g() {}\n#[macro_export]\nmacro_rules! m { () => {} }\n",
            ),
            ("one/src/b.rs", &format!("pub struct B;\n{code}\n")),
        ]);
        assert_eq!(files(&findings), [A_AND_B], "{code}");
    }
}

#[test]
fn a_macro_is_in_sight_of_the_modules_inside() {
    let findings = found(&[
        ("one/src/lib.rs", "macro_rules! m { () => {} }\nmod a;\npub fn all() { a::a() }\n"),
        ("one/src/a.rs", "pub fn a() { m!() }\n"),
    ]);
    assert_eq!(files(&findings), [["one/src/a.rs", "one/src/lib.rs"]]);
}

#[test]
fn what_a_macro_defines_is_in_the_file_that_calls_it() {
    for path in ["crate::B", "crate::b::B"] {
        let findings = found(&[
            ("one/src/lib.rs", "mod a;\nmod b;\npub use b::B;\n"),
            ("one/src/a.rs", &format!("pub struct A({path});\n")),
            (
                "one/src/b.rs",
                "macro_rules! id { ($name:ident) => { pub struct $name(u8); } }\nid! { B }\n\
                 pub fn b(_: crate::a::A) {}\n",
            ),
        ]);
        assert_eq!(files(&findings), [A_AND_B], "{path}");
    }
}

#[test]
fn what_another_crate_shows_is_defined_where_it_is() {
    let findings = found(&[
        ("base/src/lib.rs", "mod inner;\npub use inner::Thing;\n"),
        ("base/src/inner.rs", "pub struct Thing;\n"),
        ("one/src/lib.rs", "mod a;\nmod b;\nmod shown;\n"),
        ("one/src/shown.rs", "pub use base::Thing;\npub use crate::a::A;\npub use std::fmt;\n"),
        ("one/src/a.rs", "use crate::shown::{Thing, fmt};\npub struct A(Thing);\n"),
        ("one/src/b.rs", "use crate::shown::A;\npub struct B(A, ::base::Thing);\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn rooms_of_two_crates_are_not_the_same_for_their_names() {
    let findings = found(&[
        ("base/src/lib.rs", "pub mod a;\n"),
        ("base/src/a.rs", "pub struct A;\n"),
        ("one/src/lib.rs", "mod a;\nmod b;\n"),
        ("one/src/a.rs", "pub struct A(crate::b::B);\n"),
        ("one/src/b.rs", "pub struct B(base::a::A);\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn a_program_knows_its_library() {
    // If it did not, `A` would have to be something that a macro makes in `a`.
    let findings = found(&[
        ("one/src/lib.rs", "pub struct A;\n"),
        ("one/src/main.rs", "mod a;\nmod b;\nfn main() { a::a() }\n"),
        ("one/src/a.rs", "pub use one::*;\npub fn a() { crate::b::b() }\n"),
        ("one/src/b.rs", "pub fn b() { let _ = crate::a::A; }\n"),
    ]);
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn a_program_is_a_crate_of_its_own() {
    let findings = found(&[
        ("one/src/lib.rs", "mod a;\npub use a::A;\n"),
        ("one/src/a.rs", "pub struct A;\n"),
        (
            "one/src/main.rs",
            "mod side;\nuse one::A;\npub struct Mine(A);\nfn main() { side::go() }\n",
        ),
        ("one/src/side.rs", "pub fn go() { let _ = crate::Mine; }\n"),
    ]);
    assert_eq!(files(&findings), [["one/src/main.rs", "one/src/side.rs"]]);
    assert_eq!(findings.rooms[0].kind, Kind::Rooms("one (program one)".to_owned()));
}

/// `a` and `b` use each other, `b` and `c` as well if it is said so.
fn accepted(c: &str) -> Result<Findings, Error> {
    const RULES: Rules = Rules {
        order: &[],
        accepted: &[Accepted { files: &["src/a.rs", "src/b.rs"], reason: "for this test" }],
    };
    let files = [
        ("one/src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("one/src/a.rs", "use crate::b::B;\npub struct A(B);\n"),
        ("one/src/b.rs", "use crate::a::A;\nuse crate::c::C;\npub struct B(Option<Box<A>>, C);\n"),
        ("one/src/c.rs", c),
    ];
    checked(&files, &RULES)
}

#[test]
fn an_accepted_circle_is_not_told() {
    let findings = accepted("pub struct C;\n").unwrap();
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn another_circle_cannot_hide_in_an_accepted_one() {
    let findings = accepted("use crate::a::A;\npub struct C(Option<Box<A>>);\n").unwrap();
    assert_eq!(files(&findings), [["one/src/c.rs", "src/a.rs + src/b.rs"]]);
    assert_eq!(rooms(&findings), [["a", "b", "c"]]);
}

#[test]
fn another_circle_of_rooms_cannot_hide_in_an_accepted_one() {
    const RULES: Rules = Rules {
        order: &[],
        accepted: &[Accepted { files: &["a/one.rs", "b/one.rs"], reason: "for this test" }],
    };
    let both = |of_a: &str, of_b: &str| {
        let files = [
            ("it/src/lib.rs", "mod a;\nmod b;\n"),
            ("it/src/a.rs", "pub mod one;\npub mod two;\n"),
            ("it/src/a/one.rs", "use crate::b::one::One as Other;\npub struct One(Other);\n"),
            ("it/src/a/two.rs", of_a),
            ("it/src/b.rs", "pub mod one;\npub mod two;\n"),
            ("it/src/b/one.rs", "pub struct One;\npub fn b(_: crate::a::one::One) {}\n"),
            ("it/src/b/two.rs", of_b),
        ];
        checked(&files, &RULES).unwrap()
    };
    let one_way = both("pub struct Two(crate::b::one::One);\n", "pub struct Two;\n");
    assert!(one_way.is_empty(), "{one_way}");
    let back =
        both("pub struct Two(crate::b::one::One);\n", "pub struct Two(crate::a::one::One);\n");
    assert_eq!(files(&back), [[""; 0]; 0]);
    assert_eq!(rooms(&back), [["a", "b"]]);
}

#[test]
fn what_is_accepted_without_need_is_told() {
    const NEEDED: Accepted = Accepted { files: &["src/a.rs", "src/b.rs"], reason: "they do" };
    const NEEDLESS: Accepted = Accepted { files: &["src/c.rs", "src/d.rs"], reason: "they did" };
    const TOO_MUCH: Accepted =
        Accepted { files: &["src/a.rs", "src/b.rs", "src/c.rs"], reason: "one does not" };
    let files = [
        ("one/src/lib.rs", "mod a;\nmod b;\nmod c;\nmod d;\n"),
        ("one/src/a.rs", "pub struct A(crate::b::B);\n"),
        ("one/src/b.rs", "pub struct B(Option<Box<crate::a::A>>);\n"),
        ("one/src/c.rs", "pub struct C(crate::b::B);\n"),
        ("one/src/d.rs", "pub struct D(crate::c::C);\n"),
    ];
    let findings = checked(&files, &Rules { order: &[], accepted: &[NEEDED, NEEDLESS] }).unwrap();
    assert_eq!(findings.unneeded, [NEEDLESS]);
    assert_eq!(findings.to_string(), "accepted, but no longer a circle: src/c.rs, src/d.rs\n");
    let findings = checked(&files, &Rules { order: &[], accepted: &[TOO_MUCH] }).unwrap();
    assert_eq!(findings.unneeded, [TOO_MUCH]);
}

#[test]
fn a_dependency_against_the_order_is_told() {
    const ORDER: &[MayUse] = &[
        MayUse { package: "low", others: &[] },
        MayUse { package: "middle", others: &["low"] },
        MayUse { package: "high", others: &["middle"] },
    ];
    // Each depends on all before it, and `free` is in no rule.
    let files = [
        ("low/src/lib.rs", ""),
        ("middle/src/lib.rs", ""),
        ("high/src/lib.rs", ""),
        ("free/src/lib.rs", ""),
    ];
    let findings = checked(&files, &Rules { order: ORDER, accepted: &[] }).unwrap();
    let expected = Forbidden { package: "high".to_owned(), on: "low".to_owned() };
    assert_eq!(findings.forbidden, [expected]);
    assert_eq!(findings.to_string(), "high depends on low, against the order of the crates\n");
}

#[test]
fn tests_may_depend_on_anything() {
    const ORDER: &[MayUse] = &[MayUse { package: "low", others: &[] }];
    let workspace = tempfile::tempdir().unwrap();
    let root = workspace.path();
    write(root, "Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"low\", \"high\"]\n");
    for (name, other) in [("low", "high"), ("high", "low")] {
        let kind = if name == "low" { "dev-dependencies" } else { "dependencies" };
        let manifest = format!(
            "[package]\nname = \"{name}\"\n[{kind}]\n{other} = {{ path = \"../{other}\" }}\n"
        );
        write(root, &format!("{name}/Cargo.toml"), &manifest);
        write(root, &format!("{name}/src/lib.rs"), "");
    }
    let findings = check(root, &Rules { order: ORDER, accepted: &[] }).unwrap();
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn a_renamed_dependency_is_known_by_its_new_name() {
    let workspace = tempfile::tempdir().unwrap();
    let root = workspace.path();
    write(root, "Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"base\", \"one\"]\n");
    write(root, "base/Cargo.toml", "[package]\nname = \"the-base\"\nedition = \"2024\"\n");
    write(root, "base/src/lib.rs", "pub struct Thing;\n");
    write(
        root,
        "one/Cargo.toml",
        "[package]\nname = \"one\"\nedition = \"2024\"\n[dependencies]\n\
         ground-floor = { path = \"../base\", package = \"the-base\" }\n",
    );
    // Of two modules that are imported with all they have, one shows a `Thing`.
    write(root, "one/src/lib.rs", "mod a;\nmod b;\n");
    write(root, "one/src/a.rs", "pub use ground_floor::*;\npub fn a() { crate::b::b() }\n");
    write(root, "one/src/b.rs", "pub fn b() { let _ = crate::a::Thing; }\n");
    let findings = check(root, &NONE).unwrap();
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn what_cannot_be_read_is_told() {
    let missing = checked(&[("one/src/lib.rs", "mod gone;\n")], &NONE);
    assert!(
        matches!(&missing, Err(Error::NoFile { module, .. }) if module == "gone"),
        "{missing:?}"
    );
    let broken = checked(&[("one/src/lib.rs", "\nfn (\n")], &NONE);
    let text = broken.as_ref().unwrap_err().to_string();
    assert!(matches!(broken, Err(Error::Syntax { .. })), "{text}");
    assert!(text.contains("lib.rs:2:"), "{text}");
    let nothing = tempfile::tempdir().unwrap();
    let none = check(nothing.path(), &NONE);
    assert!(matches!(none, Err(Error::Metadata(_))), "{none:?}");
}

#[test]
fn this_workspace_is_in_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let findings = check(&root, &HOUSE).unwrap();
    assert!(findings.is_empty(), "\n{findings}");
}
