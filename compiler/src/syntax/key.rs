//! Key tables: which keys a mapping may have, as data.
//!
//! Everything that knows keys reads these tables: the parser ([`super::fields`]), did-you-mean, the JSON Schema and the reference pages.

/// The keys of one mapping.
#[derive(Debug)]
pub struct Table {
    /// What the mapping is, as messages name it: `op 'transform'`, `'request'`.
    pub what: &'static str,
    pub keys: &'static [Key],
    /// One line for the reference.
    pub doc: &'static str,
    /// The code of a missing key.
    pub missing: &'static str,
}

impl Table {
    #[must_use]
    pub const fn new(what: &'static str, doc: &'static str, keys: &'static [Key]) -> Self {
        Self { what, keys, doc, missing: "S104" }
    }

    /// The table of a source or an authentication, where a missing key has its own code.
    #[must_use]
    pub const fn of_source(what: &'static str, doc: &'static str, keys: &'static [Key]) -> Self {
        Self { what, keys, doc, missing: "R206" }
    }

    /// The key of that name or alias.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|k| k.name == name || k.aliases.contains(&name))
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: &'static [&'static str],
    /// Names that people write by mistake, for the hint.
    pub mistaken: &'static [&'static str],
    /// Names of what is written as a part of this key's value.
    pub parts: &'static [&'static str],
    pub kind: Kind,
    pub form: Form,
    pub presence: Presence,
    /// Values of the language that this version does not have, of a [`Kind::Choice`].
    pub later_values: &'static [&'static str],
    /// One line for the reference.
    pub doc: &'static str,
}

/// What a key's value is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    Bool,
    Integer,
    /// `30s`, `500ms`, `2m`, or a number of seconds.
    Duration,
    Any,
    /// What is true or false.
    Condition,
    Choice(&'static [&'static str]),
    /// A text, or a list of texts.
    Names,
    /// Name → value; each entry may be written `NAME_expression`.
    Entries,
    /// Name → value, as it stands.
    Constants,
    /// Name → value, or name → `{value, scope}`.
    Assigns,
    Section(&'static Table),
    /// A list of mappings; one mapping alone is taken as a list of one.
    Sections(&'static Table),
    Steps,
    /// Name → list of steps.
    Branches,
    /// A flow's parameters: names, name → default, or name → `{default, required, description}`.
    Parameters,
    Columns,
    /// A status, a class like `4xx`, or a list of both.
    Statuses,
    /// Levels of checks (`lint`).
    Levels,
}

/// How a key's value may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it stands: no Jinja.
    Literal,
    /// Jinja in its texts, or Python as `KEY_expression`.
    Dynamic,
    /// Python only, as `KEY_expression`.
    Python,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
    /// What an absent key means.
    Default(&'static str),
    /// Part of the language, but not of this version.
    Later,
}

impl Key {
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            mistaken: &[],
            parts: &[],
            kind,
            form: Form::Literal,
            presence: Presence::Optional,
            later_values: &[],
            doc,
        }
    }

    /// A key whose value may be computed.
    #[must_use]
    pub const fn dynamic(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { form: Form::Dynamic, ..Self::new(name, kind, doc) }
    }

    /// A key that is written `NAME_expression` only.
    #[must_use]
    pub const fn python(name: &'static str, doc: &'static str) -> Self {
        Self { form: Form::Python, ..Self::new(name, Kind::Any, doc) }
    }

    /// A key of the language that this version does not have.
    #[must_use]
    pub const fn later(name: &'static str, doc: &'static str) -> Self {
        Self { presence: Presence::Later, form: Form::Dynamic, ..Self::new(name, Kind::Any, doc) }
    }

    #[must_use]
    pub const fn required(self) -> Self {
        Self { presence: Presence::Required, ..self }
    }

    #[must_use]
    pub const fn default(self, value: &'static str) -> Self {
        Self { presence: Presence::Default(value), ..self }
    }

    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    #[must_use]
    pub const fn mistaken(self, mistaken: &'static [&'static str]) -> Self {
        Self { mistaken, ..self }
    }

    #[must_use]
    pub const fn parts(self, parts: &'static [&'static str]) -> Self {
        Self { parts, ..self }
    }

    /// Values that are refused because this version does not have them.
    #[must_use]
    pub const fn later_values(self, later_values: &'static [&'static str]) -> Self {
        Self { later_values, ..self }
    }

    /// The spellings that a message about a missing key names.
    #[must_use]
    pub fn spellings(&self) -> String {
        match self.form {
            Form::Literal => format!("'{}'", self.name),
            Form::Dynamic => format!("'{0}' or '{0}_expression'", self.name),
            Form::Python => format!("'{}_expression'", self.name),
        }
    }
}
