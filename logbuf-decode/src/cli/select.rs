//! Which records are shown.

use crate::cli::{
    args::{Choose, Place, Zone},
    report::Report,
    when,
};
use glob::Pattern as Glob;
use jiff::{Timestamp, ZonedDateTime};
use logbuf_decode::{Expression, ExpressionError, Filter, Level, Reader, Record, Site, ThreadName};
use regex::Regex;
use std::ops::Range;

/// The conditions of the command line.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    time: Range<i64>,
    origin: Origin,
    grep: Option<Regex>,
    condition: Option<Expression>,
    /// Whether records around those selected are shown too.
    has_context: bool,
    /// Whether all is wanted that the reader hands out.
    is_all: bool,
    /// The message of the record that is looked at.
    message: String,
}

/// Conditions that hold for all records of a site, or of a thread, or for none.
#[derive(Clone, Debug)]
struct Origin {
    level: Level,
    targets: Vec<Glob>,
    places: Vec<Place>,
    threads: Vec<Glob>,
}

impl Selection {
    /// What the arguments say; `None` if a time in them is none, which is reported.
    pub(crate) fn of(
        choose: &Choose,
        zone: &Zone,
        has_context: bool,
        report: &mut Report,
    ) -> Option<Self> {
        if let Err(name) = zone.check() {
            report.note(format_args!("TZ={name} is no zone that is known here: times are in UTC"));
        }
        let now = Timestamp::now().to_zoned_datetime(zone.get());
        Self::new(choose, has_context, &now).map_err(|error| report.error(error)).ok()
    }

    fn new(choose: &Choose, has_context: bool, now: &ZonedDateTime) -> Result<Self, String> {
        let time = |text: &Option<String>, otherwise| {
            text.as_ref().map_or(Ok(otherwise), |text| when::parse(text, now))
        };
        let condition = choose.condition.as_deref().map(condition).transpose()?;
        Ok(Self {
            time: time(&choose.since, i64::MIN)?..time(&choose.until, i64::MAX)?,
            origin: Origin {
                level: choose.level,
                targets: choose.target.clone(),
                places: choose.site.clone(),
                threads: choose.thread.clone(),
            },
            grep: choose.grep.clone(),
            condition,
            has_context,
            is_all: !has_context && choose.grep.is_none() && choose.condition.is_none(),
            message: String::new(),
        })
    }

    /// A reader that hands out what may be wanted.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new().filter(self.filter())
    }

    /// One that hands out what happens to spans, too.
    pub(crate) fn reader_with_happenings(&self) -> Reader {
        Reader::new().filter(self.filter().with_happenings())
    }

    /// What a reader has to hand out: with context all of the time in question, otherwise what may be shown.
    fn filter(&self) -> Filter {
        let filter = Filter::new().time(self.time.clone());
        if self.has_context {
            return filter;
        }
        let (sites, threads) = (self.origin.clone(), self.origin.clone());
        filter
            .level(self.origin.level)
            .site(move |site| sites.wants_site(site))
            .thread(move |thread| threads.wants_thread(thread))
    }

    /// From when on records are shown: nanoseconds since the Unix epoch, UTC.
    pub(crate) fn since(&self) -> i64 {
        self.time.start
    }

    /// Whether there are any conditions.
    pub(crate) fn is_choice(&self) -> bool {
        let Self { time, origin, .. } = self;
        let Origin { level, targets, places, threads } = origin;
        self.needs_values()
            || *time != (i64::MIN..i64::MAX)
            || *level != Level::Trace
            || !(targets.is_empty() && places.is_empty() && threads.is_empty())
    }

    /// The fields that conditions speak of.
    pub(crate) fn fields(&self) -> Vec<&str> {
        self.condition.as_ref().map_or_else(Vec::new, Expression::fields)
    }

    /// The places that records are to come from.
    pub(crate) fn places(&self) -> &[Place] {
        &self.origin.places
    }

    /// Whether it depends on the values of records.
    pub(crate) fn needs_values(&self) -> bool {
        self.grep.is_some() || self.condition.is_some()
    }

    /// Whether a record that the reader has handed out is shown for its own sake.
    #[inline]
    pub(crate) fn wants(&mut self, record: &Record<'_>) -> bool {
        self.is_all || self.holds(record)
    }

    fn holds(&mut self, record: &Record<'_>) -> bool {
        // Without context the filter has seen to the origin.
        let origin = &self.origin;
        let is_from_there = !self.has_context
            || (origin.wants_site(record.site()) && origin.wants_thread(record.thread()));
        let holds = |condition: &Expression| condition.matches(record);
        is_from_there && self.condition.as_ref().is_none_or(holds) && self.wants_message(record)
    }

    fn wants_message(&mut self, record: &Record<'_>) -> bool {
        let Some(regex) = &self.grep else { return true };
        self.message.clear();
        // One that is too long to be rendered is reported when it is to be shown.
        record.message(&mut self.message).is_err() || regex.is_match(&self.message)
    }
}

/// What `--where` says, or what is wrong with it: at one place, of which no more is shown than fits a line.
fn condition(text: &str) -> Result<Expression, String> {
    text.parse().map_err(|error: ExpressionError| {
        format!("--where: {error}\n{}", error.point_at(text)).replace('\n', "\n  ")
    })
}

impl Origin {
    fn wants_site(&self, site: &Site) -> bool {
        let any = |patterns: &[Glob], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(text))
        };
        let is_place = |place: &Place| place.is_at(&site.file, site.line);
        site.level <= self.level
            && any(&self.targets, &site.target)
            && (self.places.is_empty() || self.places.iter().any(is_place))
    }

    fn wants_thread(&self, thread: ThreadName<'_>) -> bool {
        let name = || thread.to_string();
        self.threads.is_empty() || self.threads.iter().any(|pattern| pattern.matches(&name()))
    }
}
