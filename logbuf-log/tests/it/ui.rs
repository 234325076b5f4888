//! What the compiler says of misuse. `TRYBUILD=overwrite cargo test -p logbuf-log ui` writes it anew.

#[test]
fn misuse_is_answered_with_what_to_do() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
