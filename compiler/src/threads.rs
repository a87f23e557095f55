//! Work on several processors. Where no thread can be started, the work is done by the one that asks.

use std::thread::{self, Builder, ScopedJoinHandle};

/// Does both at the same time.
pub(crate) fn both<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| match started(processors() > 1, || Builder::new().spawn_scoped(scope, &one)) {
        Some(running) => {
            let other = other();
            (joined(running), other)
        }
        None => (one(), other()),
    })
}

/// What comes of each item, in their order. A thread gets at least `fewest` of them: for less it would cost more than it saves.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], fewest: usize, give: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let parts = processors().min(items.len() / fewest.max(1)).max(1);
    let size = items.len().div_ceil(parts).max(1);
    let work = |part: &[T]| part.iter().map(&give).collect::<Vec<R>>();
    let work = &work;
    thread::scope(|scope| {
        let running: Vec<_> = items
            .chunks(size)
            .enumerate()
            // The last part is for this thread.
            .map(|(i, part)| (part, started(i + 1 < parts, || Builder::new().spawn_scoped(scope, move || work(part)))))
            .collect();
        running.into_iter().rev().map(|(part, thread)| thread.map_or_else(|| work(part), joined)).collect::<Vec<_>>()
    })
    .into_iter()
    .rev()
    .flatten()
    .collect()
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn started<'s, R>(wanted: bool, start: impl FnOnce() -> std::io::Result<ScopedJoinHandle<'s, R>>) -> Option<ScopedJoinHandle<'s, R>> {
    if wanted { start().ok() } else { None }
}

fn joined<R>(thread: ScopedJoinHandle<'_, R>) -> R {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[cfg(test)]
mod tests {
    use super::{both, each};

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        for count in [0, 1, 2, 3, 7, 64, 1001] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(each(&items, 2, |i| i * 2), items.iter().map(|i| i * 2).collect::<Vec<_>>());
        }
        assert_eq!(both(|| 1, || "two"), (1, "two"));
    }

    #[test]
    #[should_panic(expected = "a fault of a worker")]
    fn a_panic_is_not_swallowed() {
        both(|| panic!("a fault of a worker"), || ());
    }
}
