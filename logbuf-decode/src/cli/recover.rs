//! What dead processes left in their rings.

use crate::cli::{args, report::Report};
use logbuf_decode::{escape, rfc3339};
use logbuf_log::{
    CrashSafe,
    recover::{self, Found, Options, RecoverError, State},
};
use std::io::{self, Write};
use std::time::UNIX_EPOCH;

/// Lists the sessions, or salvages those that are named.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &args::Recover, report: &mut Report) -> io::Result<()> {
    if let Some(folder) = args.from.as_deref().filter(|folder| !folder.is_dir()) {
        report.error(format_args!("there is no folder {}", folder.display()));
        return Ok(());
    }
    let place = args.from.clone().map_or(CrashSafe::Auto, CrashSafe::Dir);
    let found = match recover::sessions(&place) {
        Ok(found) => found,
        Err(error) => {
            report.error(error);
            return Ok(());
        }
    };
    let mut out = io::stdout().lock();
    if args.sessions.is_empty() && !args.all {
        if args.discard {
            report.error("--discard needs the name of a session, or --all");
            return Ok(());
        }
        for session in &found {
            writeln!(out, "{}", escape(&line(session)))?;
        }
        return Ok(());
    }
    let mut options = Options::default();
    options.folder = args.output.clone();
    options.any_user = args.any_user;
    options.discard = args.discard;
    let dead = found.iter().filter(|session| args.all && session.state == State::Dead);
    let names = dead.map(|session| &session.name).chain(&args.sessions);
    for name in names {
        match recover::recover(&place, name, &options) {
            Ok(recovered) => {
                describe(&recovered, &mut out)?;
                if !recovered.damage.is_empty() {
                    report.damage(format_args!(
                        "the session {name:?} is discarded, and what could not be read of it is gone"
                    ));
                }
            }
            Err(RecoverError::Damaged { report: recovered }) => {
                describe(&recovered, &mut out)?;
                report.damage(RecoverError::Damaged { report: recovered });
            }
            Err(error) => report.error(format_args!("{error}{}", advice(&error, args))),
        }
    }
    Ok(())
}

/// What can be done about an error that its own text does not say.
fn advice(error: &RecoverError, args: &args::Recover) -> &'static str {
    let is_gone = |source: &io::Error| source.kind() == io::ErrorKind::NotFound;
    match error {
        RecoverError::ReadLog { source, .. } | RecoverError::WriteSegment { source, .. }
            if is_gone(source) && args.output.is_none() =>
        {
            "; -o DIR writes into another folder"
        }
        _ => "",
    }
}

/// One session in the list.
fn line(session: &Found) -> String {
    let state = match session.state {
        State::Dead => "dead",
        State::Alive => "alive",
        _ => "closed",
    };
    let log = session.log.as_ref().map(|(folder, stem)| folder.join(stem).display().to_string());
    let log = log.unwrap_or_else(|| {
        let problem = session.problem.as_deref().unwrap_or_default();
        let since = session.written.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let since = since.and_then(|since| i64::try_from(since.as_nanos()).ok());
        let since = since.map(|at| format!(", written {}", rfc3339(at))).unwrap_or_default();
        format!("?  ({} bytes{since}: {problem})", session.bytes)
    });
    format!("{state:<6} {}  {log}", session.name)
}

/// What came of one recovery: a line, and one for each thread.
fn describe(recovered: &recover::Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", escape(&recovered.to_string()))?;
    if let Some((first, last)) = recovered.times {
        writeln!(out, "  from {} to {}", rfc3339(first), rfc3339(last))?;
    }
    for thread in &recovered.threads {
        let name = if thread.name.is_empty() { "(unnamed)" } else { &thread.name };
        writeln!(out, "  {:>10} {} [{}]", thread.records, escape(name), thread.id)?;
    }
    Ok(())
}
