//! The commands that messages tell people to type: those of this program, with what it was told about where things are.

use std::path::Path;
use std::sync::OnceLock;

/// Options whose value decides where the state is. They are repeated as they were given.
const PLACES: [&str; 3] = ["-p", "--project-dir", "--state"];

/// What goes on with the run, where that is no `resume`.
static INSTEAD: OnceLock<String> = OnceLock::new();

/// From here on messages tell people to type this to go on with the run of this process.
pub(super) fn say_instead(line: String) {
    // The first one stays: a process has one run.
    let _ = INSTEAD.set(line);
}

/// `sequor resume RUN`, ready to be pasted.
pub(crate) fn resume(run: &str) -> String {
    INSTEAD.get().cloned().unwrap_or_else(|| of(std::env::args(), run))
}

/// How the three answers to what is in doubt are given, ready to be pasted.
pub(crate) fn decide(run: &str) -> String {
    format!("{} --in-doubt send (or skip, or done)", resume(run))
}

fn of(mut arguments: impl Iterator<Item = String>, run: &str) -> String {
    let program = arguments.next();
    let program = program.as_deref().map(Path::new).and_then(Path::file_name).map_or("sequor".into(), |name| name.to_string_lossy());
    let mut line = format!("{} resume {run}", quoted(&program));
    while let Some(argument) = arguments.next() {
        let name = argument.split_once('=').map_or(argument.as_str(), |(name, _)| name);
        if !PLACES.contains(&name) {
            continue;
        }
        line.push(' ');
        line.push_str(&quoted(&argument));
        if name == argument
            && let Some(value) = arguments.next()
        {
            line.push(' ');
            line.push_str(&quoted(&value));
        }
    }
    line
}

/// As a shell takes it for one word.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_repeats_where_things_are() {
        let line = |arguments: &[&str]| of(arguments.iter().map(|word| (*word).to_owned()), "r1");
        assert_eq!(line(&["/usr/bin/sequor", "run", "flow"]), "sequor resume r1");
        assert_eq!(line(&["sequor", "-p", "my demo", "run", "f", "--state=a/b.db"]), "sequor resume r1 -p 'my demo' --state=a/b.db");
        assert_eq!(line(&["sequor-executor", "run", "--state", "it's"]), r"sequor-executor resume r1 --state 'it'\''s'");
    }
}
