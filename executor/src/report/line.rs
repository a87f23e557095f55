//! One line of the run's log, as text or as JSON.

use std::io::{self, Write};

use sequor_plan_format::op::print::Level;

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object in each line.
    Json,
}

/// Which lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Warnings and errors.
    Quiet,
    #[default]
    Normal,
    /// Also debug lines.
    Verbose,
}

impl Verbosity {
    #[must_use]
    pub fn shows(self, level: Level) -> bool {
        match level {
            Level::Debug => self == Self::Verbose,
            Level::Info => self != Self::Quiet,
            Level::Warning | Level::Error => true,
        }
    }
}

/// What is written. Already redacted.
pub(super) struct Line<'a> {
    pub(super) level: Level,
    pub(super) text: &'a str,
}

impl Line<'_> {
    /// Progress. A reader that went away does not stop a run.
    pub(super) fn to_stderr(&self, format: Format) {
        let _ = self.write(&mut io::stderr().lock(), format, true);
    }

    /// What the flow itself says.
    pub(super) fn to_stdout(&self, format: Format) {
        let _ = self.write(&mut io::stdout().lock(), format, false);
    }

    fn write(&self, out: &mut impl Write, format: Format, with_time: bool) -> io::Result<()> {
        let now = jiff::Timestamp::now();
        match format {
            Format::Text => {
                let level = match self.level {
                    Level::Debug => "debug: ",
                    Level::Info => "",
                    Level::Warning => "warning: ",
                    Level::Error => "error: ",
                };
                if with_time {
                    writeln!(out, "{} {level}{}", now.strftime("%H:%M:%SZ"), self.text)
                } else {
                    writeln!(out, "{level}{}", self.text)
                }
            }
            Format::Json => {
                let level = match self.level {
                    Level::Debug => "debug",
                    Level::Info => "info",
                    Level::Warning => "warning",
                    Level::Error => "error",
                };
                let object = serde_json::json!({"time": format!("{now:.3}"), "level": level, "message": self.text});
                writeln!(out, "{object}")
            }
        }
    }
}
