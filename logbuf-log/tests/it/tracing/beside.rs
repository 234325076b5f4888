//! Layers beside ours that log themselves.

use logbuf_log::tracing::Layer;
use tracing::span::Id;
use tracing::{Event, Subscriber, info_span};
use tracing_subscriber::layer::Context;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry;

use crate::support::{Session, is_on_its_own, spanned};

/// What such a layer says; it is silent about that.
const CHATTER: &str = "chatter";

/// A layer that logs, by `tracing` and by `log`, what it is told.
struct Chatty(&'static str);

impl Chatty {
    fn say(&self, what: &str) {
        tracing::info!(target: CHATTER, "{} {what}", self.0);
        let message = format_args!("{} {what}, by log", self.0);
        let record =
            log::Record::builder().target(CHATTER).level(log::Level::Info).args(message).build();
        logbuf_log::log_facade::logger().log(&record);
    }
}

impl<S: Subscriber> tracing_subscriber::Layer<S> for Chatty {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != CHATTER {
            self.say("heard");
        }
    }

    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        self.say("entered");
    }
}

/// Under a subscriber of the process: one of the thread `tracing` itself keeps from being called inside itself.
#[test]
fn layers_that_log_while_logging_are_recorded_once() {
    if !is_on_its_own("tracing::beside::layers_that_log_while_logging_are_recorded_once") {
        return;
    }
    const ROUNDS: usize = 3;
    let session = Session::start();
    let layers = registry().with(Chatty("below")).with(Layer::new()).with(Chatty("above"));
    tracing::subscriber::set_global_default(layers).expect("there is no other");
    let span = info_span!("span");
    for _ in 0..ROUNDS {
        span.in_scope(|| tracing::info!("call"));
    }
    let (lost, lines) = spanned(session);
    assert_eq!(lost, []);
    // Whether the one below is in a span that ours has yet to enter depends on who is told first.
    let told: Vec<_> =
        lines.iter().map(|line| line.strip_prefix("span: ").unwrap_or(line)).collect();
    let both = |what: &str| [what.to_owned(), format!("{what}, by log")];
    let round = [both("below entered"), both("above entered"), both("below heard")].concat();
    let round = [round, vec!["call".to_owned()], both("above heard").to_vec()].concat();
    assert_eq!(told, vec![round; ROUNDS].concat());
    let in_span = lines.iter().filter(|line| line.starts_with("span: ")).count();
    assert!(in_span >= ROUNDS * 7, "{lines:#?}");
}
