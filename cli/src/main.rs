//! The `sequor` command.

fn main() {}
