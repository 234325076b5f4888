//! Runnable examples of logbuf; see the files beside `src`.
