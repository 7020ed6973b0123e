import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { judge } from '../harness/judge.mjs';
import { bringAxe, isOfTests } from '../harness/looks.mjs';
import { walkConsole } from '../harness/tour/console.mjs';
import { startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

test('every page of the console is accessible, light, and fits, however it is looked at', async () => {
  const { visit, verdict } = judge();
  const problems = [];
  await walkConsole(world, { prepare: bringAxe, problems }, visit);
  verdict({ atLeast: 62 });
  assert.deepEqual(problems.filter((problem) => !isOfTests(problem)), []);
});
