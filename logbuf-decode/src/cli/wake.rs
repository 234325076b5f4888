//! Waiting until something is written.

#[cfg(target_os = "linux")]
#[path = "wake/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "wake/other.rs"]
mod platform;

use std::{
    path::{Component, Path, PathBuf},
    time::Duration,
};

/// Wakes when something changes in the folders in which certain paths are, or may come to be.
#[derive(Debug)]
pub(crate) struct Wake(platform::Wake);

impl Wake {
    pub(crate) fn new(paths: &[PathBuf]) -> Self {
        Self(platform::Wake::new(paths.iter().map(|path| folder_of(path))))
    }

    /// Whether it is told of changes. If not, somebody has to look again and again.
    pub(crate) fn is_told(&self) -> bool {
        self.0.is_told()
    }

    /// Waits for a change since the last call, but no longer than this.
    pub(crate) fn wait(&self, longest: Duration) {
        self.0.wait(longest);
    }
}

/// The folder that a path is, or is in; for a pattern the one above its first wildcard.
fn folder_of(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.to_owned();
    }
    let is_fixed = |part: &Component<'_>| {
        !part.as_os_str().as_encoded_bytes().iter().any(|b| b"*?[".contains(b))
    };
    let fixed: PathBuf = path.components().take_while(is_fixed).collect();
    let folder = if fixed == path { path.parent().unwrap_or(path).to_owned() } else { fixed };
    if folder.as_os_str().is_empty() { ".".into() } else { folder }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, thread, time::Instant};

    #[test]
    fn the_folder_is_that_in_which_files_come() {
        let check = |path: &str, folder: &str| {
            assert_eq!(folder_of(Path::new(path)), Path::new(folder), "{path}");
        };
        check("none/app.logbuf", "none");
        check("app.logbuf", ".");
        check("none/*/app.?.logbuf", "none");
        check("*.logbuf", ".");
        check(".", ".");
    }

    #[test]
    fn a_write_wakes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let wake = Wake::new(&[folder.path().to_owned()]);
        let path = folder.path().join("app.logbuf");
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| fs::write(path, "text").expect("write"));
            wake.wait(Duration::from_secs(if wake.is_told() { 60 } else { 0 }));
        });
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
