//! Faults drawn by lot, the same ones for the same seed.

use std::time::Duration;

use super::{End, Fault, Way};

/// How connections are disturbed at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random {
    pub seed: u64,
    /// Of this many connections one meets a fault.
    pub one_in: u64,
    /// A connection is cut before this many bytes have passed.
    pub most_bytes: u64,
    /// Whether connections may be left hanging: only for clients with a timeout of their own.
    pub stalls: bool,
}

/// Random numbers from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `limit - 1`; 0 where the limit is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit.max(1)
    }

    fn way(&mut self) -> Way {
        if self.below(2) == 0 { Way::ToServer } else { Way::ToClient }
    }
}

impl Random {
    pub(super) fn fault(&self, dice: &mut Dice) -> Fault {
        if dice.below(self.one_in) != 0 {
            return Fault::None;
        }
        let kind = dice.below(if self.stalls { 7 } else { 6 });
        let (way, after) = (dice.way(), dice.below(self.most_bytes));
        match kind {
            0 => Fault::Refuse,
            1 => Fault::Delay(Duration::from_millis(1 + dice.below(20))),
            2 => Fault::Cut { way, after, end: End::Half },
            3 => Fault::Cut { way, after, end: End::Close },
            4 | 5 => Fault::Cut { way, after, end: End::Reset },
            _ => Fault::Stall { way, after },
        }
    }
}
