use crate::text_enum;

text_enum! {
    /// What takes an agency from nothing to a request that was sent. `All`: the list itself, when nobody wants to see it any more.
    FirstStep { Brand = "brand", App = "app", Work = "work", Request = "request", All = "all" }
}

text_enum! {
    StepMark { Done = "done", Skipped = "skipped" }
}
