//! What programs log, as calls of the macros; and how much of it is in the file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use logbuf_format::end::{self, End};
use logbuf_log::{debug, error, info, trace, warn};

use crate::random::Random;

/// How long a call waits for room: for ever, as benches go.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Strings of 40 bytes that are logged in turn. More than a block holds, so that none is in it twice.
const TEXTS: usize = 4096;

/// "Iteration: {} int: {} double: {}".
pub fn numbers(count: u64) {
    for i in 0..count {
        info!("Iteration: {} int: {} double: {}", i, 2 * i, i as f64 / 2.0);
    }
}

/// Strings of 40 random letters.
pub fn text(count: u64) {
    let mut random = Random(1);
    let texts: Vec<String> = (0..TEXTS).map(|_| random.text(40)).collect();
    for i in 0..count {
        info!("{}", texts[i as usize % TEXTS]);
    }
}

/// FIX messages of about 100 bytes, each with numbers of its own.
pub fn messages(count: u64) {
    let mut random = Random(1);
    let mut number = |limit: u64| random.number() % limit;
    let messages: Vec<String> = (0..TEXTS)
        .map(|i| {
            let (order, price, quantity) = (number(1 << 40), number(1 << 20), number(1000));
            format!(
                "8=FIX.4.4|9=148|35=D|34={i}|49=BUYER|56=SELLER|11={order}|55=BTC-USD|54=1|38={quantity}|44={}.{:02}|40=2|59=0",
                price / 100,
                price % 100,
            )
        })
        .collect();
    for i in 0..count {
        info!("{}", messages[i as usize % TEXTS]);
    }
}

/// Twelve sites in turn: symbols, numbers, prices and constant strings.
pub fn mix(count: u64) {
    let symbols = ["BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD"];
    for i in 0..count {
        let symbol = symbols[(i / 12 % 4) as usize];
        let price = 52_000.0 + (i % 1000) as f64 / 8.0;
        match i % 12 {
            0 => info!("filled {symbol} {i} @ {price:.2}"),
            1 => debug!("quote {symbol} {price}"),
            2 => trace!("tick {i}"),
            3 => info!(order = i, "acknowledged"),
            4 => warn!(rtt_ns = 1000 + i % 100, "slow acknowledgement from {}", "gateway-2"),
            5 => debug!("depth {} {} {}", i % 10, i % 20, price),
            6 => info!("cancelled {i}"),
            7 => trace!("heartbeat"),
            8 => debug!("book {symbol}: {} levels, spread {:.3}", i % 50, price / 1e5),
            9 => info!("position {symbol} {}", (i % 1000) as i64 - 500),
            10 => error!("rejected {i}: {}", "insufficient margin"),
            _ => trace!("timer {} {}", i % 7, i % 11),
        }
    }
}

/// What the END of a closed segment says.
///
/// # Errors
///
/// If the segment cannot be read, or is too short to have one.
pub fn totals(path: &Path) -> io::Result<End> {
    let mut file = File::open(path)?;
    // END is the last block.
    let mut end = [0; end::LEN];
    file.seek(SeekFrom::End(-(end::LEN as i64)))?;
    file.read_exact(&mut end)?;
    End::take(&end).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}
