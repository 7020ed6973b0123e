use std::{io::ErrorKind, path::Path};

use tokio::sync::watch;

use crate::{
    cli,
    commands::{CommandError, Result, answer, block_on, signals::Signals},
    demo::{Demo, FOLDER},
    logging,
};

pub fn run(options: &cli::Demo) -> Result<()> {
    logging::start_plain("warn");
    let folder = Path::new(FOLDER);
    if options.fresh {
        forget(folder)?;
    }
    block_on(async {
        let mut signals = Signals::watch()?;
        let (stop, stopping) = watch::channel(false);
        let demo = Demo::start(folder, options.port, stopping)
            .await
            .map_err(CommandError::because("cannot start the demo"))?;
        answer(&welcome(&demo, folder))?;
        signals.stop().await;
        eprintln!("stopping; start again with the same command, or with --fresh to start over");
        stop.send_replace(true);
        demo.wait()
            .await
            .map_err(CommandError::because("the demo did not stop in order"))
    })
}

fn forget(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            let context = format!("cannot forget the last demo in {}", folder.display());
            Err(CommandError::because(context)(error))
        }
        _ => Ok(()),
    }
}

fn welcome(demo: &Demo, folder: &Path) -> String {
    let at = &demo.addresses;
    format!(
        "\n  The demo is up. Open this first, in Chromium or Firefox:\n\n      {guide}/\n\n  \
         It leads through the handoff: read the mail, connect two apps, watch the gate open, fetch a token.\n\n  \
         mailbox    {mailbox}/\n  provider   {provider}/\n  API        {agency}/api/v1\n\n  \
         Everything is kept in ./{folder} and is there after a restart; --fresh starts over. Ctrl-C stops.\n",
        guide = at.guide,
        mailbox = at.mailbox,
        provider = at.provider,
        agency = at.agency,
        folder = folder.display(),
    )
}
