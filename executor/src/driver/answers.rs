//! What the operator says about what is in doubt: for everything, and for single requests and statements by their ids.

use std::fmt;

use super::doubt::Policy;

/// One `--in-doubt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// For everything that no other answer names.
    General(Policy),
    /// For what has this id.
    Of(String, Policy),
}

impl Answer {
    /// `send`, `skip`, `done`, or one of them for an id: `ID=send`.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (id, word) = text.rsplit_once('=').map_or((None, text), |(id, word)| (Some(id), word));
        let policy = Policy::named(word).ok_or_else(|| format!("'{word}' is none of send, skip and done"))?;
        match id {
            None => Ok(Self::General(policy)),
            Some("") => Err("there is no id before the '='".to_owned()),
            Some(id) => Ok(Self::Of(id.to_owned(), policy)),
        }
    }
}

/// Everything that the operator has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    general: Option<Policy>,
    named: Vec<(String, Policy)>,
}

impl Answers {
    /// # Errors
    /// Two answers contradict each other: the sentence for people.
    pub fn of(answers: Vec<Answer>) -> Result<Self, String> {
        let mut all = Self::default();
        for answer in answers {
            match answer {
                Answer::General(policy) => {
                    if all.general.replace(policy).is_some_and(|before| before != policy) {
                        return Err("--in-doubt has two answers for everything; keep one of them".to_owned());
                    }
                }
                Answer::Of(id, policy) => {
                    if all.named.iter().any(|(other, before)| *other == id && *before != policy) {
                        return Err(format!("--in-doubt has two answers for '{id}'; keep one of them"));
                    }
                    all.named.push((id, policy));
                }
            }
        }
        Ok(all)
    }

    /// Nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.general.is_none() && self.named.is_empty()
    }

    /// What was said about the one with this id.
    #[must_use]
    pub fn about(&self, id: &str) -> Option<Policy> {
        self.named.iter().find(|(named, _)| named == id).map(|(_, policy)| *policy).or(self.general)
    }

    /// The ids that were named.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(id, _)| id.as_str())
    }
}

/// As they are given on a command line.
impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (id, policy) in &self.named {
            write!(f, "{separator}--in-doubt '{id}={}'", policy.name())?;
            separator = " ";
        }
        match self.general {
            Some(policy) => write!(f, "{separator}--in-doubt {}", policy.name()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_hold_what_separates_it_from_its_answer() {
        assert_eq!(Answer::parse("send"), Ok(Answer::General(Policy::Send)));
        assert_eq!(Answer::parse("main/pay#id=3=skip"), Ok(Answer::Of("main/pay#id=3".to_owned(), Policy::Skip)));
        assert!(Answer::parse("main/pay#id=3").is_err());
        assert!(Answer::parse("=done").is_err());
    }

    #[test]
    fn what_is_named_comes_before_what_is_said_of_all() {
        let answers =
            Answers::of(vec![Answer::General(Policy::Done), Answer::Of("a#1".to_owned(), Policy::Send)]).expect("no contradiction");
        assert_eq!((answers.about("a#1"), answers.about("a#2")), (Some(Policy::Send), Some(Policy::Done)));
        assert!(Answers::of(vec![Answer::General(Policy::Done), Answer::General(Policy::Send)]).is_err());
    }
}
