import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { judge } from '../harness/judge.mjs';
import { bringAxe } from '../harness/looks.mjs';
import { walkPortal } from '../harness/tour/portal.mjs';
import { walkSignIn } from '../harness/tour/sign-in.mjs';
import { startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

for (const [what, walk, atLeast] of [['the portal and of an account', walkPortal, 26], ['the ways in', walkSignIn, 10]]) {
  test(`every page of ${what} is accessible, light, and fits, however it is looked at`, async () => {
    const { visit, verdict } = judge();
    const problems = [];
    await walk(world, { prepare: bringAxe, problems }, visit);
    verdict({ atLeast });
    assert.deepEqual(problems, []);
  });
}
