//! Records for other programs.

use crate::cli::{
    args::{self, Form},
    inputs, lines,
    report::{Report, shown},
    select::Selection,
};
use jiff::Timestamp;
use logbuf_decode::{Chrome, Csv, Json, Reader, Render};
use std::{
    io::{self, BufWriter, Write},
    path::Path,
};
use tempfile::NamedTempFile;

/// Writes the records that are wanted.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &args::Export, report: &mut Report) -> io::Result<()> {
    let now = Timestamp::now().to_zoned_datetime(args.zone.get());
    let selection = match Selection::new(&args.choose, false, &now) {
        Ok(selection) => selection,
        Err(error) => {
            report.error(error);
            return Ok(());
        }
    };
    let mut reader = Reader::new().filter(selection.filter());
    inputs::add(&args.inputs.paths, &mut reader, report);
    let written = match &args.output {
        None => write(args.to, &mut reader, &selection, io::stdout().lock(), report),
        Some(path) => {
            if let Err(error) =
                replace(path, |file| write(args.to, &mut reader, &selection, file, report))
            {
                report.error(format_args!("{}: {error}", shown(path)));
            }
            Ok(())
        }
    };
    report.findings(reader.findings());
    report.lost(&reader);
    written
}

fn write(
    form: Form,
    reader: &mut Reader,
    selection: &Selection,
    writer: impl Write,
    report: &mut Report,
) -> io::Result<()> {
    let start = reader.oldest().unwrap_or(0);
    let render = || -> Box<dyn Render + Send> {
        match form {
            Form::Ndjson => Box::new(Json::new()),
            Form::Csv => Box::new(Csv::new()),
            Form::Chrome => Box::new(Chrome::new(start)),
        }
    };
    lines::print(reader, selection, &args::Part::default(), &render, writer, report)
}

/// Puts what `write` writes in the place of a file, if all of it could be written.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut NamedTempFile>) -> io::Result<()>,
) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new().prefix(".logbuf-").tempfile_in(folder)?;
    let mut writer = BufWriter::new(&mut file);
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    // A name must not lead to a file whose bytes are not on the disk.
    file.as_file().sync_all()?;
    if let Ok(old) = path.metadata() {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.persist(path).map_err(|error| error.error).map(|_| ())
}
