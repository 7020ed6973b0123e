use super::world::{World, slot};
use crate::{FirstStep, StepMark, store::FirstSteps};

contract! {
    what_there_is_counts_as_done_and_what_is_passed_over_as_passed_over,
}

async fn steps(world: &World) -> FirstSteps {
    world.read(async |tx| tx.first_steps().await).await.unwrap()
}

async fn mark(world: &World, step: FirstStep, mark: StepMark) {
    world
        .write(async |tx| tx.first_step_mark(step, mark).await)
        .await
        .unwrap();
}

async fn what_there_is_counts_as_done_and_what_is_passed_over_as_passed_over(world: World) {
    assert_eq!(steps(&world).await, FirstSteps::default());
    mark(&world, FirstStep::Brand, StepMark::Skipped).await;
    mark(&world, FirstStep::Brand, StepMark::Done).await;
    mark(&world, FirstStep::Work, StepMark::Skipped).await;
    let seen = steps(&world).await;
    assert_eq!(seen.mark(FirstStep::Brand), Some(StepMark::Done));
    assert_eq!(seen.mark(FirstStep::Work), Some(StepMark::Skipped));
    assert_eq!(seen.mark(FirstStep::App), None);
    world.sent_for(vec![slot("slack")]).await;
    let seen = steps(&world).await;
    assert_eq!(seen.mark(FirstStep::Work), Some(StepMark::Done));
    assert_eq!(seen.mark(FirstStep::Request), Some(StepMark::Done));
    assert_eq!(seen.mark(FirstStep::App), None, "no OAuth client yet");
    world
        .write(async |tx| tx.first_step_unmark(FirstStep::Brand).await)
        .await
        .unwrap();
    assert_eq!(steps(&world).await.mark(FirstStep::Brand), None);
}
