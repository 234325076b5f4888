//! What a thousand log calls cost the build: code, data, and the compiler's time; ours and `tracing`'s.
//!
//! `cargo run --release -p logbuf-benches --bin code_size [-- SITES [TURNS]]`
//!
//! Generates a crate of `SITES` calls (1000 unless given) with three arguments each, and one of a single call, for each subject, and
//! builds them in a folder beside the program, by the versions of this workspace and without a network. What one call costs is the
//! difference between the two programs by the calls between them. Only the crate with the calls is timed: its dependencies are there
//! by then, and it is not linked.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

use object::{Object, ObjectSection, SectionKind};

const SITES: usize = 1000;
const TURNS: usize = 5;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Whose macros are called.
struct Subject {
    name: &'static str,
    /// The path of the macro.
    info: &'static str,
    /// What the manifest says of the crate that has it.
    dependency: &'static str,
}

const SUBJECTS: [Subject; 2] = [
    Subject {
        name: "logbuf-log",
        info: "logbuf_log::info",
        dependency: concat!("logbuf-log.path = '", env!("CARGO_MANIFEST_DIR"), "/../logbuf-log'"),
    },
    Subject { name: "tracing", info: "tracing::info", dependency: "tracing = '0.1'" },
];

/// A generated crate: a library of log calls, and a program that makes each of them.
struct Generated {
    folder: PathBuf,
    target: PathBuf,
    program: PathBuf,
}

/// Bytes of a program.
#[derive(Clone, Copy, Default)]
struct Size {
    text: u64,
    read_only: u64,
    data: u64,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse());
    let (sites, turns) = (number(SITES)?, number(TURNS)?);
    if sites < 2 || turns == 0 {
        return Err("usage: code_size [SITES [TURNS]], of at least two sites and one turn".into());
    }
    let root = std::env::current_exe()?.with_file_name("code_size.generated");
    let crates = SUBJECTS
        .iter()
        .map(|subject| {
            let one = Generated::new(&root, subject, 1)?;
            Ok((one, Generated::new(&root, subject, sites)?))
        })
        .collect::<Result<Vec<_>>>()?;
    let sizes = crates
        .iter()
        .map(|(one, many)| Ok((one.size()?, many.size()?)))
        .collect::<Result<Vec<_>>>()?;

    // In turns, because the machine may be busy with other things at some time or other.
    let mut times = vec![(Vec::new(), Vec::new()); crates.len()];
    for _ in 0..turns {
        for ((one, many), (of_one, of_many)) in crates.iter().zip(&mut times) {
            of_one.push(one.time()?);
            of_many.push(many.time()?);
        }
    }

    println!(
        "| {sites} calls with three arguments | text, B per call | read-only data, B per call | data, B per call | compile time, s | with one call, s | compile time ÷ tracing's |"
    );
    println!("|---|---|---|---|---|---|---|");
    let medians: Vec<_> =
        times.into_iter().map(|(one, many)| (median(one), median(many))).collect();
    let (_, tracing) = medians[medians.len() - 1];
    for ((subject, (one, many)), (of_one, of_many)) in SUBJECTS.iter().zip(sizes).zip(medians) {
        let per_call =
            |of: fn(Size) -> u64| of(many).saturating_sub(of(one)) as f64 / (sites - 1) as f64;
        println!(
            "| {} | **{:.1}** | {:.1} | {:.1} | **{of_many:.2}** | {of_one:.2} | **{:.2}** |",
            subject.name,
            per_call(|size| size.text),
            per_call(|size| size.read_only),
            per_call(|size| size.data),
            of_many / tracing,
        );
    }
    Ok(())
}

impl Generated {
    /// Writes the crate, and builds all of it.
    fn new(root: &Path, subject: &Subject, sites: usize) -> Result<Self> {
        let name = format!("{}-{sites}", subject.name);
        let folder = root.join(&name);
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("Cargo.toml"), manifest(subject, &name))?;
        fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"), folder.join("Cargo.lock"))?;
        fs::write(folder.join("src/lib.rs"), library(subject, sites)?)?;
        fs::write(folder.join("src/main.rs"), program(sites)?)?;
        let target = root.join("target").join(subject.name);
        let program =
            target.join("release").join(name).with_extension(std::env::consts::EXE_EXTENSION);
        let generated = Self { folder, target, program };
        generated.cargo(["build"])?;
        Ok(generated)
    }

    /// What the program consists of.
    fn size(&self) -> Result<Size> {
        let bytes = fs::read(&self.program)?;
        let mut size = Size::default();
        for section in object::File::parse(&*bytes)?.sections() {
            match section.kind() {
                SectionKind::Text => size.text += section.size(),
                SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => {
                    size.read_only += section.size();
                }
                SectionKind::Data
                | SectionKind::ReadOnlyDataWithRel
                | SectionKind::UninitializedData => {
                    size.data += section.size();
                }
                _ => {}
            }
        }
        Ok(size)
    }

    /// Compiles the library once more, and says how many seconds that took.
    fn time(&self) -> Result<f64> {
        let file = File::options().write(true).open(self.folder.join("src/lib.rs"))?;
        file.set_modified(SystemTime::now())?;
        let start = Instant::now();
        self.cargo(["build", "--lib"])?;
        Ok(start.elapsed().as_secs_f64())
    }

    fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Result<()> {
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(arguments)
            .args(["--release", "--quiet", "--offline", "--manifest-path"])
            .arg(self.folder.join("Cargo.toml"))
            .args([OsStr::new("--target-dir"), self.target.as_os_str()])
            // What is measured is what a user gets who sets nothing.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET")
            .status()?;
        let folder = self.folder.display();
        if status.success() {
            Ok(())
        } else {
            Err(format!("{folder}: cargo ended with {status}").into())
        }
    }
}

/// Both crates of a subject have the same name, so that nothing but the number of their calls tells them apart; their programs
/// stand side by side.
fn manifest(subject: &Subject, program: &str) -> String {
    format!(
        "[package]\nname = 'calls'\nversion = '0.0.0'\nedition = '2024'\n\n[[bin]]\nname = '{program}'\npath = 'src/main.rs'\n\n[dependencies]\n{}\n\n[workspace]\n",
        subject.dependency
    )
}

/// A function for each call. The arguments are each three of four, in turn.
fn library(subject: &Subject, sites: usize) -> Result<String> {
    const ARGUMENTS: [&str; 4] = [
        "order {id} of {qty} at {price}",
        "book {symbol}: {price} for {qty}",
        "{symbol} is {id} at {price}",
        "sent {qty} of {symbol} as {id}",
    ];
    let mut text = String::new();
    for i in 0..sites {
        let (info, message) = (subject.info, ARGUMENTS[i % ARGUMENTS.len()]);
        writeln!(
            text,
            "#[inline(never)]\npub fn call{i}(id: u64, qty: i32, price: f64, symbol: &str) {{\n    let _ = (id, qty, price, symbol);\n    {info}!(\"{i}: {message}\");\n}}\n"
        )?;
    }
    Ok(text)
}

/// A program that makes each call once.
fn program(sites: usize) -> Result<String> {
    let mut text = "use std::hint::black_box;\n\nfn main() {\n    let calls: &[fn(u64, i32, f64, &str)] = &[\n".to_owned();
    for i in 0..sites {
        writeln!(text, "        calls::call{i},")?;
    }
    text.push_str("    ];\n    for call in black_box(calls) {\n        call(1, 2, 3.5, \"BTC-USD\");\n    }\n}\n");
    Ok(text)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
