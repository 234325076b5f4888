//! Why there may be nothing to see: said on standard error, and no part of the exit status.

use crate::cli::{args::Place, report::Report, select::Selection};
use logbuf_decode::{Reader, Segment, Site, escape, rfc3339};
use std::collections::BTreeSet;

/// How alike two names are of which one may be meant by the other: as clap says it of options.
const ALIKE: f64 = 0.7;

/// Lines of a file that are named.
const LINES: usize = 8;

/// Says what was looked for and is nowhere, if conditions were given and no record was found.
pub(crate) fn nothing(reader: &Reader, selection: &Selection, report: &mut Report) {
    if report.matches() > 0 || !selection.is_choice() {
        return;
    }
    let times = reader.segments().iter().filter_map(Segment::time);
    let Some((first, last)) = times.reduce(|(a, b), (c, d)| (a.min(c), b.max(d))) else { return };
    let (first, last) = (rfc3339(first), rfc3339(last));
    report.note(format_args!("no record matches; the files cover {first} to {last}"));
    fields(reader, selection.fields(), report);
    places(reader, selection.places(), report);
}

/// Says which of these names no call site, context or span of the files has.
pub(crate) fn fields<'a>(
    reader: &Reader,
    names: impl IntoIterator<Item = &'a str>,
    report: &mut Report,
) {
    let names: BTreeSet<_> = names.into_iter().collect();
    if names.is_empty() || sites(reader).next().is_none() {
        return;
    }
    let known: BTreeSet<_> =
        sites(reader).flat_map(|site| &site.values).map(|slot| slot.name.as_str()).collect();
    for name in names.difference(&known) {
        let alike = known.iter().map(|known| (strsim::jaro(name, known), known));
        let best = alike.filter(|(alike, _)| *alike > ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
        let meant = best
            .map_or_else(String::new, |(_, best)| format!("; did you mean `{}`?", escape(best)));
        report.note(format_args!("no call site has a field `{}`{meant}", escape(name)));
    }
}

/// Says at which of these places no call stands.
pub(crate) fn places<'a>(
    reader: &Reader,
    places: impl IntoIterator<Item = &'a Place>,
    report: &mut Report,
) {
    if sites(reader).next().is_none() {
        return;
    }
    for place in places {
        if sites(reader).any(|site| place.is_at(&site.file, site.line)) {
            continue;
        }
        let inside = sites(reader).filter(|site| place.is_in(&site.file));
        let lines: BTreeSet<_> = inside.map(|site| site.line).collect();
        let shown: Vec<_> = lines.iter().take(LINES).map(u32::to_string).collect();
        let more = if lines.len() > LINES { ", …" } else { "" };
        let there = match lines.len() {
            0 => String::new(),
            _ => format!("; in this file there are calls at {}{more}", shown.join(", ")),
        };
        report.note(format_args!("no call stands at `{}`{there}", escape(&place.to_string())));
    }
}

fn sites(reader: &Reader) -> impl Iterator<Item = &Site> {
    reader.segments().iter().flat_map(Segment::sites)
}
