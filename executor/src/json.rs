//! JSON text ⇄ values, without loss of numbers.
