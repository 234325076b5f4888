//! Runnable examples of logbuf: the files beside `src`. Here is nothing but what makes the tests compile and run the
//! code in the README and the guide.

/// The README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/GUIDE.md")]
struct Guide;
