// What Lighthouse says of the link page over a slow phone connection. `benches/pages/run` installs and starts it.
import http from 'node:http';

import lighthouse from 'lighthouse';
import { chromium } from '../../tests/browser/node_modules/playwright-core/index.mjs';

import { CRM, SHEETS, SHOP, startWorld } from '../../tests/browser/harness/world.mjs';

const GOALS = { performance: 95, accessibility: 100, 'best-practices': 100 };
const RUNS = Number(process.argv[2] ?? 3);

const port = await freePort();
const world = await startWorld();
const browser = await chromium.launchPersistentContext('', {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', `--remote-debugging-port=${port}`],
});
try {
  const { link } = await world.ask([CRM, SHEETS, SHOP]);
  const page = await browser.newPage();
  await page.goto(link);
  const url = page.url();
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await judge(url));
  report(runs);
} finally {
  await browser.close();
  await world.stop();
}

/** One run as on a phone over slow 4G, which is Lighthouse's own default; the session's cookie stays. */
async function judge(url) {
  const options = { port, onlyCategories: Object.keys(GOALS), disableStorageReset: true, logLevel: 'error' };
  const { lhr } = await lighthouse(url, options);
  if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
  return lhr;
}

function report(runs) {
  console.log('| | ' + ['median', 'goal'].join(' | ') + ' |\n|---|---|---|');
  for (const [category, goal] of Object.entries(GOALS)) {
    const score = median(runs.map(({ categories }) => categories[category].score * 100));
    console.log(`| ${category} | ${score} | ${goal} |`);
    if (score < goal) process.exitCode = 1;
  }
  for (const [id, goal] of [['largest-contentful-paint', '<= 1500 ms'], ['cumulative-layout-shift', '<= 0.02'], ['total-blocking-time', '<= 50 ms'], ['total-byte-weight', '<= 153600 B']]) {
    console.log(`| ${id} | ${Math.round(median(runs.map(({ audits }) => audits[id].numericValue)) * 1000) / 1000} | ${goal} |`);
  }
  for (const { id, title, score, scoreDisplayMode } of Object.values(runs[0].audits)) {
    if (score !== null && score < 0.9 && scoreDisplayMode !== 'informative') console.log(`\nbelow 0.9: ${id}: ${title}`);
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function freePort() {
  return new Promise((found) => {
    const server = http.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}
