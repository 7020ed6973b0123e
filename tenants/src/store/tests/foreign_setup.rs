//! The foreign twins of what an agency does when it begins.

use super::{estate::Estate, foreign::ours, world::World};
use crate::{FirstStep, StepMark, StoreError};

contract! {
    t1_nothing_of_our_beginnings_is_theirs,
}

async fn t1_nothing_of_our_beginnings_is_theirs(world: World) {
    Estate::build(&world).await;
    let our = world
        .write(async |tx| tx.redirect_reserve("gmail").await)
        .await
        .unwrap();
    let before = ours(&world).await;
    world
        .write_foreign(async |tx| {
            assert_eq!(tx.redirect_context("slack").await?, None);
            assert_eq!(tx.redirect_context("gmail").await?, None);
            let theirs = tx.redirect_reserve("gmail").await?;
            assert_ne!(theirs, our, "O4: every agency has its own");
            let steps = tx.first_steps().await?;
            assert!(
                FirstStep::ALL
                    .iter()
                    .all(|step| steps.mark(*step).is_none())
            );
            tx.first_step_mark(FirstStep::App, StepMark::Skipped)
                .await?;
            tx.first_step_unmark(FirstStep::Brand).await?;
            assert_eq!(tx.passkeys_elsewhere("nowhere.example").await?, 0);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}
