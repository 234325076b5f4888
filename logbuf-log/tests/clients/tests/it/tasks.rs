//! Hundreds of tasks of `tokio`, in spans that they are in wherever they run.

use logbuf_clients::Comparison;
use tracing::{Instrument, debug, info, info_span, instrument};

const TASKS: u64 = 300;

#[instrument]
async fn step(task: u64, number: u32) -> u32 {
    debug!("begins");
    tokio::task::yield_now().await;
    inner(number).await;
    info!(sum = task + u64::from(number), name = "step", "ends");
    number + 1
}

#[instrument(level = "debug", skip_all, fields(later))]
async fn inner(number: u32) {
    debug!("before");
    tracing::Span::current().record("later", number);
    tokio::task::yield_now().await;
    debug!("after");
}

#[test]
fn tasks_log_in_their_spans_whichever_thread_runs_them() {
    let comparison = Comparison::start();
    super::run(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let work = async move {
                    let mut number = 0;
                    while number < 4 {
                        number = step(task, number).await;
                    }
                };
                tokio::spawn(work.instrument(info_span!("task", task, kind = "spawned")))
            })
            .collect();
        for task in tasks {
            task.await.expect("it does not panic");
        }
    });
    let lines = comparison.finish();
    assert_eq!(lines.len() as u64, TASKS * 4 * 4);
    let last = "INFO task{task=299 kind=\"spawned\"}:step{task=299 number=3}:";
    assert_eq!(lines.iter().filter(|line| line.starts_with(last)).count(), 1);
}
