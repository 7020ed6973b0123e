import assert from 'node:assert/strict';

import { findings, weight } from './looks.mjs';

/** What a page may weigh, gzipped, with its style sheets and scripts. */
const MOST = 60_000;
/** Pages where themes are made: they may weigh more. */
const EDITOR = /^theme-/;

/** Looks at each page that a walk visits; `verdict` fails with everything that was wrong on any. */
export function judge() {
  const wrong = [];
  let seen = 0;
  return {
    async visit(name, page) {
      seen += 1;
      wrong.push(...(await findings(page)).map((finding) => `${name}: ${finding}`));
      const bytes = await weight(page);
      if (bytes > MOST && !EDITOR.test(name)) wrong.push(`${name}: ${bytes} bytes of HTML, CSS and script`);
    },
    verdict({ atLeast }) {
      assert.ok(!wrong.length, wrong.join('\n'));
      assert.ok(seen >= atLeast, `${seen} pages were looked at`);
    },
  };
}
