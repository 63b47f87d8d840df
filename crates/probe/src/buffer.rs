//! What was measured, on disk until the portal has it.
//!
//! A batch is a file of lines. It is written as `NAME.open`, a line for each measurement at once, and
//! becomes `NAME.batch` when it is full or old enough; names sort by time and are never used twice,
//! so that the portal can tell a batch that comes again. A batch that the portal cannot use becomes
//! `NAME.refused` and stays for somebody to look at.

use peerage_domain::{Timestamp, probe::Measured};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// So many lines fill a batch.
pub const FULL: usize = 2_000;
const OPEN: &str = "open";
const BATCH: &str = "batch";
const REFUSED: &str = "refused";
/// So many refused batches are kept.
const REFUSED_KEPT: usize = 100;

/// The batches of an agent.
#[derive(Debug)]
pub struct Buffer {
    folder: PathBuf,
    most_bytes: u64,
    open: Option<Open>,
    /// The moment in the name of the last batch: names go up, however the clock goes.
    last_ms: i64,
    dropped: u64,
}

#[derive(Debug)]
struct Open {
    name: String,
    file: File,
    lines: usize,
    since: Timestamp,
}

/// A batch that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its name, which it keeps.
    pub name: String,
    /// What is in it, in the order in which it was measured.
    pub results: Vec<Measured>,
}

impl Buffer {
    /// The batches in a folder, which is made when it is missing. What an agent was writing when it
    /// ended becomes a batch.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, most_bytes: u64) -> io::Result<Buffer> {
        fs::create_dir_all(folder)?;
        let mut buffer = Buffer { folder: folder.to_owned(), most_bytes, open: None, last_ms: 0, dropped: 0 };
        for name in buffer.names(OPEN)? {
            fs::rename(buffer.path(&name, OPEN), buffer.path(&name, BATCH))?;
        }
        buffer.settle()?;
        let last = buffer.names(BATCH)?.pop();
        buffer.last_ms = last.and_then(|name| name.split('-').next()?.parse().ok()).unwrap_or(0);
        Ok(buffer)
    }

    fn path(&self, name: &str, kind: &str) -> PathBuf {
        self.folder.join(format!("{name}.{kind}"))
    }

    /// Names of one kind, oldest first.
    fn names(&self, kind: &str) -> io::Result<Vec<String>> {
        let mut names = vec![];
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == kind)
                && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Has the folder's entries on disk, too.
    fn settle(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    /// Keeps a measurement.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn add(&mut self, measured: &Measured, now: Timestamp) -> io::Result<()> {
        let mut line = serde_json::to_string(measured)?;
        line.push('\n');
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                let mut salt = [0; 4];
                getrandom::fill(&mut salt).map_err(io::Error::other)?;
                self.last_ms = now.millis().max(self.last_ms.saturating_add(1));
                let name = format!("{:015}-{:08x}", self.last_ms, u32::from_be_bytes(salt));
                let file = OpenOptions::new().create_new(true).append(true).open(self.path(&name, OPEN))?;
                self.open.insert(Open { name, file, lines: 0, since: now })
            }
        };
        open.file.write_all(line.as_bytes())?;
        open.lines += 1;
        if open.lines >= FULL { self.close() } else { Ok(()) }
    }

    /// Since when the batch that is being written waits.
    pub fn waits_since(&self) -> Option<Timestamp> {
        self.open.as_ref().map(|open| open.since)
    }

    /// Makes what is being written a batch that may be sent. When there is more than fits, the oldest
    /// batches go, and what was in them is counted.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn close(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        open.file.sync_all()?;
        fs::rename(self.path(&open.name, OPEN), self.path(&open.name, BATCH))?;
        self.settle()?;
        let mut sizes = vec![];
        for name in self.names(BATCH)? {
            let bytes = fs::metadata(self.path(&name, BATCH))?.len();
            sizes.push((name, bytes));
        }
        let mut all: u64 = sizes.iter().map(|(_, bytes)| bytes).sum();
        // The newest stays, however large it is.
        for (name, bytes) in sizes.iter().take(sizes.len().saturating_sub(1)).take_while(|_| self.most_bytes > 0) {
            if all <= self.most_bytes {
                break;
            }
            let lines = fs::read(self.path(name, BATCH))?.iter().filter(|octet| **octet == b'\n').count();
            fs::remove_file(self.path(name, BATCH))?;
            self.dropped += lines as u64;
            all -= bytes;
        }
        Ok(())
    }

    /// How many measurements had to go since the agent began.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many batches wait.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn waiting(&self) -> io::Result<usize> {
        Ok(self.names(BATCH)?.len())
    }

    /// The oldest batch that waits. A line that was not written to its end is left out: nobody was
    /// told that it is kept.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn next(&self) -> io::Result<Option<Batch>> {
        for name in self.names(BATCH)? {
            let text = fs::read(self.path(&name, BATCH))?;
            let lines = text.split_inclusive(|octet| *octet == b'\n').filter(|line| line.ends_with(b"\n"));
            let results: Vec<Measured> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
            if !results.is_empty() {
                return Ok(Some(Batch { name, results }));
            }
            fs::remove_file(self.path(&name, BATCH))?;
        }
        Ok(None)
    }

    /// Forgets a batch that the portal has.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn forget(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name, BATCH))
    }

    /// Puts a batch aside that the portal cannot use.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn put_aside(&self, name: &str) -> io::Result<()> {
        fs::rename(self.path(name, BATCH), self.path(name, REFUSED))?;
        let all = self.names(REFUSED)?;
        let many = all.len().saturating_sub(REFUSED_KEPT);
        all.iter().take(many).try_for_each(|name| fs::remove_file(self.path(name, REFUSED)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(n: i64) -> Measured {
        Measured { target: "TG-1".into(), time: Timestamp::from_secs(n), rtt_ms: (n % 7 != 0).then_some(n as f64 / 8.0) }
    }

    fn at(n: i64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + n)
    }

    /// Everything that waits, in order, forgotten as it is read.
    fn drain(buffer: &Buffer) -> Vec<Measured> {
        let mut all = vec![];
        while let Some(batch) = buffer.next().expect("read") {
            buffer.forget(&batch.name).expect("forgotten");
            all.extend(batch.results);
        }
        all
    }

    #[test]
    fn everything_that_was_added_is_there_after_a_sudden_end() {
        let folder = tempfile::tempdir().expect("folder");
        let mut buffer = Buffer::open(folder.path(), 0).expect("buffer");
        for n in 0..5_000 {
            buffer.add(&measured(n), at(n)).expect("kept");
        }
        std::mem::forget(buffer); // as when it is killed: nothing is closed
        let buffer = Buffer::open(folder.path(), 0).expect("buffer");
        assert_eq!(buffer.waiting().expect("count"), 3);
        assert_eq!(drain(&buffer), (0..5_000).map(measured).collect::<Vec<_>>());
        assert_eq!(buffer.waiting().expect("count"), 0);
    }

    #[test]
    fn a_line_that_was_cut_is_left_out_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().expect("folder");
        let mut buffer = Buffer::open(folder.path(), 0).expect("buffer");
        (0..3).for_each(|n| buffer.add(&measured(n), at(n)).expect("kept"));
        let name = buffer.names(OPEN).expect("names").remove(0);
        let path = buffer.path(&name, OPEN);
        drop(buffer);
        let text = fs::read(&path).expect("read");
        fs::write(&path, &text[..text.len() - 4]).expect("cut");
        let buffer = Buffer::open(folder.path(), 0).expect("buffer");
        assert_eq!(drain(&buffer), [measured(0), measured(1)]);
    }

    #[test]
    fn a_batch_keeps_its_name_until_it_is_forgotten() {
        let folder = tempfile::tempdir().expect("folder");
        let mut buffer = Buffer::open(folder.path(), 0).expect("buffer");
        buffer.add(&measured(1), at(1)).expect("kept");
        assert_eq!(buffer.next().expect("read"), None, "what is being written is not sent");
        buffer.close().expect("closed");
        let first = buffer.next().expect("read").expect("a batch");
        buffer.add(&measured(2), at(1)).expect("kept");
        buffer.close().expect("closed");
        assert_eq!(buffer.next().expect("read"), Some(first.clone()));
        buffer.forget(&first.name).expect("forgotten");
        let second = buffer.next().expect("read").expect("a batch");
        assert_ne!(first.name, second.name, "names of the same moment differ");
    }

    #[test]
    fn the_oldest_go_when_the_disk_space_is_used_up_and_are_counted() {
        let folder = tempfile::tempdir().expect("folder");
        let mut buffer = Buffer::open(folder.path(), 300).expect("buffer");
        for n in 0..40 {
            buffer.add(&measured(n), at(n)).expect("kept");
            buffer.close().expect("closed");
        }
        let left = drain(&buffer);
        assert_eq!(left.len() as u64 + buffer.dropped(), 40);
        assert_eq!(left.last(), Some(&measured(39)));
        assert!((2..8).contains(&left.len()), "{}", left.len());
    }

    #[test]
    fn what_the_portal_cannot_use_is_put_aside() {
        let folder = tempfile::tempdir().expect("folder");
        let mut buffer = Buffer::open(folder.path(), 0).expect("buffer");
        for n in 0..110 {
            buffer.add(&measured(n), at(n)).expect("kept");
            buffer.close().expect("closed");
            let name = buffer.next().expect("read").expect("a batch").name;
            buffer.put_aside(&name).expect("put aside");
        }
        assert_eq!((buffer.waiting().expect("count"), buffer.names(REFUSED).expect("names").len()), (0, REFUSED_KEPT));
    }
}
