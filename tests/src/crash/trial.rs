//! One trial: a run whose processes are killed one after the other, resumed until it ends.
//!
//! It does what a person would: `run` again where the run was not recorded yet, `resume` where it was, an answer where something is listed as in doubt, after a
//! look at what the service has.

use super::books::Entry;
use super::case::{Answer, Case};
use super::databases::{Contents, StateOfRun};
use super::world::{Ended, Shot, World};

/// Resumes of one run at most.
const PATIENCE: usize = 20;

/// What a run left behind.
#[derive(Clone, Debug)]
pub struct Left {
    pub status: i32,
    pub contents: Contents,
    pub state: StateOfRun,
    pub entries: Vec<Entry>,
    /// What the last process printed.
    pub output: String,
}

/// A request: method and path.
pub type Asked = (String, String);

/// What was answered on the way.
#[derive(Clone, Debug, Default)]
pub struct Story {
    pub crashes: usize,
    /// Requests and statements listed as in doubt.
    pub listed: usize,
    /// Statements that ran again although they may have run: they find less to do.
    pub statements: usize,
    /// Sent again although they had arrived.
    pub sent_again: Vec<Asked>,
    /// Done without their reply.
    pub given_up: Vec<Asked>,
    /// What was wrong about a list.
    pub complaints: Vec<String>,
    /// One line for each process.
    pub steps: Vec<String>,
}

/// Carries a trial out: the n-th process is killed at the n-th shot.
///
/// # Errors
/// The run does not come to an end.
pub fn carry_out(world: &World<'_>, shots: &[Shot]) -> Result<(Left, Story), String> {
    let mut story = Story::default();
    let (first, others) = shots.split_first().map_or((None, shots), |(first, others)| (Some(first), others));
    let ended = world.run(step(&mut story, "run", first), None);
    finish(world, ended, story, others)
}

/// Brings a run to its end whose first process ended so.
///
/// # Errors
/// The run does not come to an end.
pub fn finish(world: &World<'_>, first: Ended, mut story: Story, shots: &[Shot]) -> Result<(Left, Story), String> {
    let mut shots = shots.iter();
    let mut ended = first;
    let mut answer = None;
    for _ in 0..PATIENCE {
        match ended {
            Ended::Stuck => return Err(stopped(world, &story, "a process does not end")),
            Ended::Killed => story.crashes += 1,
            Ended::Status(75) => answer = Some(decide(world, &mut story)?),
            // Nothing to resume: the run was not recorded before the crash, or had ended.
            Ended::Status(2) if story.crashes > 0 => match world.databases().state(world.case, world.folder()).outcome.as_deref() {
                None => {
                    ended = world.run(step(&mut story, "run again", shots.next()), None);
                    continue;
                }
                Some("done") => return Ok((left(world, 0), story)),
                Some(outcome) => return Err(stopped(world, &story, &format!("resume refuses a run that is '{outcome}'"))),
            },
            Ended::Status(status) => return Ok((left(world, status), story)),
        }
        // An answer is for what was listed: what comes to be in doubt later is listed again.
        let answer = answer.take();
        let words = answer.map_or_else(|| "resume".to_owned(), |answer| format!("resume --in-doubt {answer}"));
        ended = world.resume(answer, step(&mut story, &words, shots.next()), None);
    }
    Err(stopped(world, &story, &format!("not at its end after {PATIENCE} resumes")))
}

fn stopped(world: &World<'_>, story: &Story, what: &str) -> String {
    format!("{what}\n  {}\n{}", story.steps.join("\n  "), world.output())
}

/// Everything that is left, read now.
#[must_use]
pub fn left(world: &World<'_>, status: i32) -> Left {
    let mut state = world.databases().state(world.case, world.folder());
    if let Some(report) = world.report() {
        state.report = Some(report);
    }
    let contents = world.databases().contents(world.case, world.folder());
    Left { status, contents, state, entries: world.shop.entries(), output: world.output() }
}

fn step<'s>(story: &mut Story, words: &str, shot: Option<&'s Shot>) -> Option<&'s Shot> {
    let kill = shot.map(|shot| format!(", killed at {shot}")).unwrap_or_default();
    story.steps.push(format!("{words}{kill}"));
    shot
}

/// Looks at what is listed as in doubt, and answers.
fn decide(world: &World<'_>, story: &mut Story) -> Result<&'static str, String> {
    let case = world.case;
    let report = world.report().ok_or_else(|| format!("exit status 75 without a report\n{}", world.output()))?;
    let listed = titles(&report["in_doubt"]);
    if listed.is_empty() {
        return Err(format!("exit status 75, but the report lists nothing\n{report}"));
    }
    story.listed += listed.len();
    if case.doubt == Answer::None {
        story.complaints.push(format!("nothing may be in doubt here, listed: {listed:?}"));
    }
    for title in &listed {
        if !world.output().contains(title.as_str()) {
            story.complaints.push(format!("{title} is in the report but was not printed"));
        }
    }
    let requests: Vec<Asked> = listed.iter().filter_map(|title| asked(title)).collect();
    let entries: Vec<_> = world.shop.entries().into_iter().filter(|e| e.acted() && case.is_unsafe(&e.method, &e.path)).collect();
    story.statements += listed.len() - requests.len();
    story.complaints.extend(unfounded(case, &requests, &entries));
    let (arrived, missing): (Vec<_>, Vec<_>) = requests.into_iter().partition(|asked| entries.iter().any(|e| is(e, asked)));
    if case.doubt == Answer::Done && missing.is_empty() && !arrived.is_empty() {
        story.given_up.extend(arrived);
        return Ok("done");
    }
    story.sent_again.extend(arrived);
    Ok("send")
}

/// Requests that are listed although it is known what became of them: more than can have been under way, or ones that others followed.
fn unfounded(case: &Case, requests: &[Asked], entries: &[Entry]) -> Vec<String> {
    let mut complaints = Vec::new();
    // Beside those that are sent some wait for their turn with an intent, and one whose turn it is may have a reply that is not durable yet.
    let most = match case.concurrency {
        1 => 1,
        places => places + places.div_ceil(4) + 1,
    };
    if requests.len() > most {
        complaints.push(format!("{} requests are in doubt, {most} at most were under way: {requests:?}", requests.len()));
    }
    let settled = entries.len().saturating_sub(most);
    for asked in requests {
        if !case.is_unsafe(&asked.0, &asked.1) {
            complaints.push(format!("{} {} may be repeated, but is listed as in doubt", asked.0, asked.1));
        }
        if case.concurrency == 1
            && entries.iter().take(settled).any(|e| is(e, asked))
            && !entries.iter().skip(settled).any(|e| is(e, asked))
        {
            complaints.push(format!("{} {} is listed as in doubt, but another request followed it", asked.0, asked.1));
        }
    }
    complaints
}

fn is(entry: &Entry, asked: &Asked) -> bool {
    entry.method == asked.0 && entry.path == asked.1
}

/// The titles in a report's list.
#[must_use]
pub fn titles(list: &serde_json::Value) -> Vec<String> {
    let title = |doubt: &serde_json::Value| ["request", "title", "what"].iter().find_map(|key| doubt[key].as_str()).map(str::to_owned);
    list.as_array().into_iter().flatten().filter_map(title).collect()
}

/// Method and path of `METHOD url`; nothing for a statement.
#[must_use]
pub fn asked(title: &str) -> Option<Asked> {
    let (method, url) = title.split_once(' ')?;
    let path = url.split_once("://")?.1.split_once('/')?.1;
    let path = path.split(['?', ' ']).next().unwrap_or_default();
    Some((method.to_owned(), format!("/{path}")))
}
