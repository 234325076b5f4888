//! The dictionary: what a program can log.

use crate::cli::{args, inputs, pager::Sink, report::Report};
use logbuf_decode::{Reader, Site, SiteKind, escape};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, BufWriter, Write},
};

/// Lists the call sites of all files, each once, by file and line.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &args::Sites, report: &mut Report) -> io::Result<()> {
    let mut reader = Reader::new();
    inputs::add(&args.inputs.paths, &mut reader, report);
    // A call in generic code has an entry for each combination of types.
    let mut sites = BTreeMap::<_, BTreeMap<_, &Site>>::new();
    let all = reader.segments().iter().flat_map(|segment| segment.sites());
    // Contexts and spans are listed as sites are, but log nothing.
    for site in all.filter(|site| site.kind == SiteKind::Event) {
        let place = (&site.file, site.line, site.column, site.hash);
        let known = sites.entry(place).or_default();
        if site.typed {
            // It fired here, whatever other segments and processes know.
            known.retain(|_, known| known.typed);
        }
        if site.typed || known.is_empty() {
            known.insert(types(site), site);
        }
    }
    let mut out = BufWriter::new(Sink::open(args.paging.pager, false));
    for (types, site) in sites.values().flatten() {
        if args.json {
            serde_json::to_writer(&mut out, &Described::new(site, types))?;
            writeln!(out)?;
        } else {
            let line = line(site, types);
            writeln!(out, "{}", escape(&line))?;
        }
    }
    out.into_inner()?.close()?;
    report.findings(reader.findings());
    Ok(())
}

/// The types of the values, of a call in generic code one of several combinations.
fn types(site: &Site) -> Vec<String> {
    site.values
        .iter()
        .map(|slot| if site.typed { slot.ty.to_string() } else { "?".into() })
        .collect()
}

fn line(site: &Site, types: &[String]) -> String {
    let values = site.values.iter().zip(types).map(|(slot, ty)| match slot.name.as_str() {
        "" => ty.clone(),
        name => format!("{name}: {ty}"),
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let Site { level, target, file, line, column, template, .. } = site;
    let fired = if site.typed { "" } else { ", never fired" };
    format!("{level:>5} {file}:{line}:{column} {target}: {template:?} ({values}){fired}")
}

/// A site for programs.
#[derive(Serialize)]
struct Described<'a> {
    hash: String,
    level: &'static str,
    target: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
    template: &'a str,
    values: Vec<Value<'a>>,
    typed: bool,
}

#[derive(Serialize)]
struct Value<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
}

impl<'a> Described<'a> {
    fn new(site: &'a Site, types: &'a [String]) -> Self {
        let values = site.values.iter().zip(types).map(|(slot, ty)| Value { name: &slot.name, ty });
        Self {
            hash: format!("{:016x}", site.hash),
            level: site.level.name(),
            target: &site.target,
            file: &site.file,
            line: site.line,
            column: site.column,
            template: &site.template,
            values: values.collect(),
            typed: site.typed,
        }
    }
}
