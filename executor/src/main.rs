//! `sequor-executor`: runs plan files, nothing else.

fn main() {}
