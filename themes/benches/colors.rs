//! A million random brand colours, both modes: no pair of the palette falls under the contrast it needs.
//!
//! `cargo bench -p latchkey-themes --bench colors`; another number of colours as an argument: `-- 50000`. The colours are the
//! same every time. Exits with 1 when a pair fails.

use std::{process::ExitCode, thread, time::Instant};

use latchkey_themes::color::{BrandColor, Rgb};

const COLORS: u64 = 1_000_000;

#[derive(Default)]
struct Tally {
    pairs: u64,
    kept: u64,
    failing: Vec<String>,
}

fn main() -> ExitCode {
    let wanted = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let colors = wanted.unwrap_or(COLORS);
    #[expect(clippy::disallowed_methods, reason = "a bench measures")]
    let start = Instant::now();
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| scope.spawn(move || check((part..colors).step_by(threads as usize))))
            .collect();
        parts
            .into_iter()
            .filter_map(|part| part.join().ok())
            .collect()
    });
    let took = start.elapsed();
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let (pairs, kept) = (sum(|tally| tally.pairs), sum(|tally| tally.kept));
    let failing: Vec<_> = tallies.iter().flat_map(|tally| &tally.failing).collect();
    print(&format!(
        "colors: {colors} brand colours, light and dark, {pairs} pairs, {} failing; {:.1} % of the colours kept as they are; {:.1} s on {threads} threads, {:.0} us each",
        failing.len(),
        kept as f64 * 100.0 / colors as f64,
        took.as_secs_f64(),
        took.as_secs_f64() * 1e6 * threads as f64 / colors as f64
    ));
    for line in failing.iter().take(20) {
        print(line);
    }
    let whole = tallies.len() as u64 == threads;
    if whole && failing.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[expect(clippy::print_stdout, reason = "a bench tells what it measured")]
fn print(line: &str) {
    println!("{line}");
}

fn check(numbers: impl Iterator<Item = u64>) -> Tally {
    let mut tally = Tally::default();
    for number in numbers {
        let color = BrandColor::new(random(number));
        let palette = color.palette();
        tally.kept += u64::from(palette.light.accent == color.rgb());
        for pair in palette.light.pairs().iter().chain(&palette.dark.pairs()) {
            tally.pairs += 1;
            if !pair.passes() {
                tally.failing.push(format!(
                    "{color}: {} {} on {} {} is {:.2}, needs {}",
                    pair.name,
                    pair.fg,
                    pair.on,
                    pair.bg,
                    pair.contrast(),
                    pair.least
                ));
            }
        }
    }
    tally
}

/// The colour of a number, by the mixing function of SplitMix64.
fn random(number: u64) -> Rgb {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let [r, g, b, ..] = (mixed ^ (mixed >> 31)).to_le_bytes();
    Rgb([r, g, b])
}
