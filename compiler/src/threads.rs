//! Work on several processors. Where no thread can be started, the work is done by the one that asks.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Builder, ScopedJoinHandle};

/// Does both at the same time. Where a thread for `one` has not begun by the time that `other` is done, the caller does that too.
pub(crate) fn both<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    let begun = AtomicBool::new(false);
    let first = || (!begun.swap(true, Ordering::Relaxed)).then(&one);
    thread::scope(|scope| {
        let running = started(processors() > 1, || Builder::new().spawn_scoped(scope, first));
        let other = other();
        let here = first();
        let made = here.or_else(|| running.and_then(joined));
        // Whoever was first has made it.
        (made.unwrap_or_else(&one), other)
    })
}

/// What comes of each item, in their order. A thread takes `block` items at a time, as long as there are some: one that begins late, or has
/// the larger items, keeps nobody waiting.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], block: usize, give: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let blocks: Vec<&[T]> = items.chunks(block.max(1)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut made = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(block) = blocks.get(at) else { return made };
            made.push((at, block.iter().map(&give).collect::<Vec<R>>()));
        }
    };
    let mut made = thread::scope(|scope| {
        let others = processors().min(blocks.len()).saturating_sub(1);
        let running: Vec<_> = (0..others).filter_map(|_| started(true, || Builder::new().spawn_scoped(scope, work))).collect();
        let mut made = work();
        made.extend(running.into_iter().flat_map(joined));
        made
    });
    made.sort_unstable_by_key(|(at, _)| *at);
    made.into_iter().flat_map(|(_, block)| block).collect()
}

/// Asked once: the answer is read from files of the system.
fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
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
