//! The decoder, through its library and its command, over files built for the purpose.

mod choose;
mod command;
mod convert;
mod corpus;
mod damage;
mod example;
mod file;
#[cfg(target_os = "linux")]
mod flags;
mod follow;
mod golden;
mod guide;
mod hints;
mod hostile;
mod kept;
mod order;
#[cfg(unix)]
mod output;
mod parallel;
#[cfg(target_os = "linux")]
mod pipe;
#[cfg(target_os = "linux")]
mod recover;
mod seek;
mod show;
mod spans;
mod stats;
mod subcommands;
#[cfg(target_os = "linux")]
mod terminal;
mod values;
