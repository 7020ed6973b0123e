//! Pebble can stand still for ever when many orders are worked on at once: handlers of it wait for each other's locks. What
//! that breaks says nothing about the program, so the test is made again in a new world.

use crate::domains::World;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

/// Of a question that a Pebble under load answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
const TRIES: usize = 3;

/// Makes the test in a new world, and again in another one if it failed while the authority stood still.
pub fn in_a_world(new: impl Fn() -> Option<World>, test: impl Fn(&World)) {
    again_while_wedged(PATIENCE, new, test);
}

fn again_while_wedged(patience: Duration, new: impl Fn() -> Option<World>, test: impl Fn(&World)) {
    for _ in 0..TRIES {
        let Some(world) = new() else { return };
        let Err(failure) = catch_unwind(AssertUnwindSafe(|| test(&world))) else {
            return;
        };
        if world.authority.answers(patience) {
            resume_unwind(failure);
        }
        println!("the authority stands still: once more");
    }
    panic!("the authority stood still {TRIES} times");
}

#[test]
fn a_test_is_made_again_only_where_the_authority_stands_still() {
    let tries = std::cell::Cell::new(0);
    let test = |world: &World| {
        tries.set(tries.get() + 1);
        if tries.get() == 1 {
            world.authority.stop_still();
        }
        panic!("failed");
    };
    let patience = Duration::from_millis(500);
    let failure = catch_unwind(AssertUnwindSafe(|| {
        again_while_wedged(patience, World::new, test);
    }));
    if let Err(failure) = failure {
        assert_eq!(failure.downcast_ref(), Some(&"failed"));
        assert_eq!(tries.get(), 2);
    } else {
        assert_eq!(tries.get(), 0, "only where there is no Pebble");
    }
}
