//! A server and a client of `hyper` on the loopback, with `tower-http` around what is served, over HTTP/1 and HTTP/2.
//!
//! `hyper` itself logs nothing unless it is built with `--cfg hyper_unstable_tracing`; `hyper-util`, `h2` and `tower-http` do.

use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use logbuf_clients::Comparison;
use tokio::net::{TcpListener, TcpStream};
use tower_http::trace::{DefaultMakeSpan, DefaultOnRequest, DefaultOnResponse, TraceLayer};
use tracing::{Instrument, Level, info_span, trace};

const REQUESTS: u64 = 20;

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    trace!(uri = %request.uri(), "answering");
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Ok(Response::new(Full::new(body)))
}

/// Serves whoever connects, until it is aborted: a client may open another connection while one is not idle yet.
async fn serve(listener: TcpListener, is_http2: bool) {
    loop {
        let (stream, _) = listener.accept().await.expect("somebody connects");
        tokio::spawn(serve_connection(stream, is_http2));
    }
}

async fn serve_connection(stream: TcpStream, is_http2: bool) {
    let traced = TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::TRACE).include_headers(true))
        .on_request(DefaultOnRequest::new().level(Level::TRACE))
        .on_response(DefaultOnResponse::new().level(Level::TRACE).include_headers(true));
    let service = tower::ServiceBuilder::new().layer(traced).service_fn(answer);
    let (stream, service) = (TokioIo::new(stream), TowerToHyperService::new(service));
    let served = if is_http2 {
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        server.serve_connection(stream, service).await
    } else {
        let server = hyper::server::conn::http1::Builder::new();
        server.serve_connection(stream, service).await
    };
    trace!(is_ok = served.is_ok(), "the connection ended");
}

async fn request_all(address: SocketAddr, is_http2: bool) {
    let client: Client<_, Full<Bytes>> =
        Client::builder(TokioExecutor::new()).http2_only(is_http2).build_http();
    for number in 0..REQUESTS {
        let body = Full::new(Bytes::from(vec![b'x'; 100 * number as usize]));
        let request = Request::post(format!("http://{address}/item/{number}")).body(body);
        let request = client.request(request.expect("it is a request"));
        let response = request.instrument(info_span!("asking", number)).await.expect("an answer");
        let body = response.into_body().collect().await.expect("the whole answer").to_bytes();
        assert_eq!(body.len() as u64, 100 * number);
    }
}

fn check(is_http2: bool) -> Vec<String> {
    let comparison = Comparison::start();
    super::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let address = listener.local_addr().expect("it is bound");
        let server = tokio::spawn(serve(listener, is_http2));
        request_all(address, is_http2).await;
        server.abort();
    });
    let lines = comparison.finish();
    for target in ["tower_http::trace::", "hyper_util::client::"] {
        assert!(super::has_target(&lines, target), "{target}: {lines:#?}");
    }
    lines
}

#[test]
fn requests_over_http_1() {
    check(false);
}

#[test]
fn requests_over_http_2() {
    let lines = check(true);
    assert!(super::has_target(&lines, "h2::"), "{lines:#?}");
    assert!(lines.len() > 1000, "{}", lines.len());
}
