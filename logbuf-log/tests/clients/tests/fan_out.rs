//! Crates that log by `log`, into our logger and into one that collects, which a third hands each record: apart from the other tests, because a
//! process has one logger.

mod work;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use log::kv::{self, Key, Value, VisitSource};
use logbuf_decode::{Json, Reader, Render};
use logbuf_log::{Builder, log_facade};

/// What is compared of each record: level, target, module, file, line, message, and key/values.
type Logged = (String, String, String, Option<String>, Option<u32>, String, serde_json::Value);

/// What each thread logged, by the kernel's number of the thread.
type Threads = BTreeMap<u64, Vec<Logged>>;

/// What was logged.
static COLLECTED: Mutex<Threads> = Mutex::new(BTreeMap::new());

/// Collects, and hands on.
struct FanOut;

/// Collects key/values as JSON.
#[derive(Default)]
struct Pairs(serde_json::Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let value = match (value.to_u64(), value.to_f64(), value.to_bool()) {
            (Some(number), ..) => number.into(),
            (_, _, Some(is)) => is.into(),
            (_, Some(number), _) => number.into(),
            _ => value.to_string().into(),
        };
        self.0.insert(key.as_str().to_owned(), value);
        Ok(())
    }
}

impl log::Log for FanOut {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        log_facade::logger().enabled(metadata)
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut pairs = Pairs::default();
        record.key_values().visit(&mut pairs).expect("it takes all");
        let logged = (
            record.level().to_string(),
            record.target().to_owned(),
            record.module_path().unwrap_or_default().to_owned(),
            record.file().map(str::to_owned),
            record.line(),
            record.args().to_string(),
            pairs.0.into(),
        );
        let thread = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs().into();
        let mut all = COLLECTED.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(thread).or_default().push(logged);
        drop(all);
        log_facade::logger().log(record);
    }

    fn flush(&self) {
        log_facade::logger().flush();
    }
}

/// What the file says of each thread. It has no modules: these crates say theirs as the target.
fn written(path: &std::path::Path) -> Threads {
    let mut threads = Threads::new();
    let mut reader = Reader::new();
    reader.add_file(path);
    let mut json = Json::new();
    reader.for_each(|record| {
        let thread = record.segment().thread(record.thread_id()).expect("it is described");
        let mut line = String::new();
        json.record(record, &mut line).expect("the record is short");
        let shown: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
        let text = |key: &str| shown[key].as_str().map(str::to_owned);
        let target = text("target").expect("each has a target");
        let logged = (
            text("level").expect("each has a level"),
            target.clone(),
            target,
            text("file"),
            shown["line"].as_u64().and_then(|line| u32::try_from(line).ok()),
            text("message").expect("each has a message"),
            shown.get("fields").cloned().unwrap_or_else(|| serde_json::json!({})),
        );
        threads.entry(thread.os_id).or_default().push(logged);
    });
    assert_eq!(reader.findings().iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(reader.lost().count(), 0, "records were lost");
    threads
}

#[test]
fn our_logger_records_what_another_beside_it_is_given() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let builder = Builder::new(folder.path().join("client")).ring_capacity(16 << 20);
    let guard = builder.ignore_env().level(logbuf_log::Level::Trace).start().expect("it starts");
    log::set_logger(&FanOut).expect("there is no other");
    log::set_max_level(log::LevelFilter::Trace);
    work::web_socket();
    work::walk();
    log::info!(count = 5, ratio = 0.5, is_on = true, name = "of it"; "key/values, {}", "too");
    let path = guard.path();
    drop(guard);
    let collected = COLLECTED.lock().expect("nobody panics while it is locked");
    let written = written(&path);
    assert_eq!(written.keys().collect::<Vec<_>>(), collected.keys().collect::<Vec<_>>());
    for (thread, collected) in &*collected {
        for (place, (written, collected)) in written[thread].iter().zip(collected).enumerate() {
            assert_eq!(written, collected, "record {place} of thread {thread}");
        }
        assert_eq!(written[thread].len(), collected.len(), "records of thread {thread}");
    }
    for of in ["tungstenite", "ignore", "fan_out"] {
        let is_of = |logged: &&Logged| logged.1.split("::").next() == Some(of);
        assert!(collected.values().flatten().any(|logged| is_of(&logged)), "nothing of {of}");
    }
}
