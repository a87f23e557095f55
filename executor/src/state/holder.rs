//! Who owns a run: a process of a host, so that a successor on the same host can see whether it still lives.

use std::fs;

use serde::{Deserialize, Serialize};

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    host: String,
    /// Changes with each start of the system.
    boot: String,
    /// Process numbers mean something only in their namespace: containers have their own.
    namespace: String,
    pid: u32,
    /// Ticks between the system's start and the process's: a number may be used again.
    started: u64,
}

impl Holder {
    /// This process.
    #[must_use]
    pub fn this() -> Self {
        let pid = std::process::id();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned());
        Self { host, boot: boot(), namespace: namespace(), pid, started: started(pid).unwrap_or_default() }
    }

    /// The process was here and is gone. False where that cannot be known.
    #[must_use]
    pub fn is_dead_here(&self) -> bool {
        let here = !self.boot.is_empty() && self.boot == boot() && !self.namespace.is_empty() && self.namespace == namespace();
        here && started(self.pid) != Some(self.started)
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)
    }
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

fn namespace() -> String {
    fs::read_link("/proc/self/ns/pid").map(|link| link.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Field 22 of /proc/PID/stat, counted behind the command in brackets (proc(5)). A zombie has ended.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_until_it_ends() {
        let this = Holder::this();
        assert!(!this.is_dead_here());
        assert_eq!(Holder::parse(&this.to_text()), Some(this.clone()));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        let other = Holder { pid, started: started(pid).unwrap(), ..this.clone() };
        assert!(!other.is_dead_here());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(other.is_dead_here());
        assert!(Holder { started: this.started + 1, ..this.clone() }.is_dead_here(), "the number was used again");
        assert!(!Holder { boot: "another".to_owned(), ..other }.is_dead_here(), "nobody here can know");
    }
}
