//! Snippets: the Jinja, Python and SQL inside YAML values.
//!
//! Each parser takes a scalar's text with its place in the file, reports faults at their exact file position, and gives an [`Expression`]: a tree
//! of the native subset where the text stays within it, else checked source text with the names it uses. Lowering an [`Expression`] into
//! a plan's arena is `lower`'s part of this module and needs no faults of its own.

pub mod expression;
