use std::{
    cell::RefCell,
    io::{self, Write},
    sync::{Arc, Mutex, Once},
};

use tracing_subscriber::{
    Layer, filter::dynamic_filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

thread_local! {
    static HERE: RefCell<Option<Logs>> = const { RefCell::new(None) };
}

/// Every line that this thread logs, down to the finest, until the end of the test.
#[derive(Clone, Default)]
pub struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    pub fn capture() -> Self {
        static GLOBAL: Once = Once::new();
        // One for all threads: a subscriber of one thread only misses places that another thread passed before.
        GLOBAL.call_once(|| {
            let wanted = dynamic_filter_fn(|_, _| HERE.with_borrow(Option::is_some));
            let lines = fmt::layer().with_ansi(false).with_writer(|| Here);
            tracing_subscriber::registry()
                .with(lines.with_filter(wanted))
                .init();
        });
        let logs = Self::default();
        HERE.set(Some(logs.clone()));
        logs
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// The statements that were run since this was asked last, in order.
    pub fn statements(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8_lossy(&lines);
        text.lines()
            .filter_map(|line| line.split_once(" statement sql="))
            .map(|(_, sql)| sql.to_owned())
            .collect()
    }
}

struct Here;

impl Write for Here {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HERE.with_borrow(|logs| {
            if let Some(logs) = logs {
                logs.0.lock().unwrap().extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
