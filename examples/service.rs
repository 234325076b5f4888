//! A web service that logs by `tracing`, as its crates do, and by `info!` of `logbuf-log` where each nanosecond counts: into one file.
//!
//! `cargo run --release --example service`, and then
//! `logbuf-decode stats target/service`: how long requests were busy, and how long they waited;
//! `logbuf-decode export --to chrome -o trace.json target/service`: each request as a track in <https://ui.perfetto.dev>.

use std::convert::Infallible;
use std::error::Error;

use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, client, server};
use hyper_util::rt::TokioIo;
use logbuf_decode::{Expression, Reader, Render, Text};
use logbuf_log::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, yield_now};
use tracing::{Instrument, info, info_span, warn};
use tracing_subscriber::prelude::*;

const OUTPUT: &str = "target/service/service";
const CLIENTS: u64 = 4;
const REQUESTS: u64 = 25;

/// What the service is about: it is logged without a subscriber in between, and is in the span of its request all the same.
fn price(symbol: &str) -> Option<f64> {
    let px = match symbol {
        "BTC-USD" => 52_100.5,
        "ETH-USD" => 2_750.25,
        _ => return None,
    };
    logbuf_log::info!(symbol, px, "quoted");
    Some(px)
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let symbol = request.uri().path().trim_start_matches("/quote/");
    // Whatever a service waits for: meanwhile the thread is in other requests, and so in their spans.
    yield_now().await;
    let (status, body) = match price(symbol) {
        Some(px) => (StatusCode::OK, px.to_string()),
        None => (StatusCode::NOT_FOUND, format!("{symbol} is not traded here")),
    };
    if status.is_success() {
        info!(status = status.as_u16(), bytes = body.len(), "answered");
    } else {
        warn!(status = status.as_u16(), symbol, "refused");
    }
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    Ok(response)
}

async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error + Send + Sync>> {
    loop {
        let (stream, peer) = listener.accept().await?;
        let connection = info_span!("connection", port = peer.port());
        let in_connection = connection.clone();
        let service = service_fn(move |request| {
            let span = info_span!(parent: &in_connection, "request", method = %request.method(), path = request.uri().path());
            answer(request).instrument(span)
        });
        let served =
            server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(served.instrument(connection));
    }
}

async fn ask(port: u16, client: u64) -> Result<(), Box<dyn Error + Send + Sync>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    for number in 0..REQUESTS {
        let symbol = ["BTC-USD", "ETH-USD", "DOGE"][((client + number) % 3) as usize];
        let request = Request::get(format!("/quote/{symbol}")).header("host", "localhost");
        sender
            .send_request(request.body(Empty::<Bytes>::new())?)
            .await?
            .into_body()
            .collect()
            .await?;
    }
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    logbuf_examples::clear("target/service")?;
    // All that a program that has `tracing` needs: a file, kept open by its guard, and a layer.
    let guard = Builder::new(OUTPUT).start()?;
    tracing_subscriber::registry().with(logbuf_log::tracing::Layer::new()).init();

    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let server = tokio::spawn(serve(listener));
    let mut clients: JoinSet<_> = (0..CLIENTS).map(|client| ask(port, client)).collect();
    while let Some(asked) = clients.join_next().await {
        asked??;
    }
    server.abort();
    info!(requests = CLIENTS * REQUESTS, "done");
    let file = guard.path();
    drop(guard);

    // As `logbuf-decode --where 'symbol == "DOGE" || requests > 0'` prints it.
    let chosen: Expression = "symbol == \"DOGE\" || requests > 0".parse()?;
    let (mut reader, mut text) = (Reader::new(), Text::new());
    reader.add_file(file);
    reader.try_for_each(|record| {
        let mut line = String::new();
        if chosen.matches(record) {
            text.record(record, &mut line)?;
        }
        print!("{line}");
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })
}
