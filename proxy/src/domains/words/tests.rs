use super::*;
use crate::domains::samples::samples;
use crate::domains::verdict::judge;

#[test]
fn every_cause_in_plain_words() {
    let mut text = String::new();
    for sample in samples() {
        let verdict = judge(&sample.findings, &sample.expected);
        let Some(words) = for_check(&verdict, &sample.findings, &sample.expected) else {
            assert_eq!(sample.cause, None, "{}", sample.name);
            continue;
        };
        let cause = sample.cause.map_or("", DomainCause::as_str);
        let _ = write!(
            text,
            "{} ({cause})\n  {}\n  -> {}\n\n",
            sample.name, words.problem, words.next_step
        );
    }
    for cause in DomainCause::ALL.iter().filter(|cause| cause.is_of_order()) {
        let words = for_order(*cause, Some("CAA record forbids\nissuance")).unwrap();
        let _ = write!(
            text,
            "while ordering ({cause})\n  {}\n  -> {}\n\n",
            words.problem, words.next_step
        );
    }
    insta::assert_snapshot!(text);
}

#[test]
fn t2_values_of_strangers_are_cleaned_and_cut_short() {
    let hostile = format!("latchkey=\u{202e}<script>\n\0{}", "x".repeat(9000));
    let shown = clean(&hostile);
    assert_eq!(shown, format!("latchkey=?<script>??{}...", "x".repeat(60)));
    assert_eq!(list(["a"; 9], "and"), "a, a, a and 6 more");
    assert_eq!(list(["a", "b", "c"], "or"), "a, b or c");
    assert_eq!(list(["a", "b"], "and"), "a and b");
    assert_eq!(list::<&str>([], "and"), "");
}
