//! All codes of faults. A number is never given to another fault; each has a page in docs/codes.
