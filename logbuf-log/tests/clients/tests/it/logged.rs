//! Crates that log by `log`: each record is there once.

use logbuf_clients::Comparison;

use crate::work;

#[test]
fn a_web_socket_is_opened_and_closed() {
    let comparison = Comparison::start();
    work::web_socket();
    let lines = comparison.finish();
    assert!(lines.len() > 40, "{lines:#?}");
    assert!(super::has_target(&lines, "tungstenite::"), "{lines:#?}");
}

#[test]
fn a_folder_is_walked_by_its_rules() {
    let comparison = Comparison::start();
    work::walk();
    let lines = comparison.finish();
    assert!(lines.len() >= 20 && super::has_target(&lines, "ignore::"), "{lines:#?}");
}
