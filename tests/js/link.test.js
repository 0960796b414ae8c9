/* playground/lessons/link.js: the text of a lesson in a link, and what a stranger may have put there. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {pack, unpack} from '../../playground/lessons/link.js';

const TEXT = 'title: Größe ∫ p(z) dz\n\n# One\nset: dataset=digits\n'.repeat(40);

test('a text comes back as it was, and is shorter on its way', async () => {
  const link = await pack(TEXT);
  assert.ok(link.length < TEXT.length / 4 && /^#lesson=[\w-]+$/.test(link));
  assert.equal(await unpack(link, 65536), TEXT);
});

test('other marks are none of it, damaged ones and ones that swell are empty', async () => {
  assert.equal(await unpack('#step', 100), null);
  for (const damaged of ['#lesson=', '#lesson=!!!', `#lesson=${'A'.repeat(70000)}`, (await pack(TEXT)).slice(0, -9)]) assert.equal(await unpack(damaged, 65536), '');
  assert.equal(await unpack(await pack('x'.repeat(5_000_000)), 65536), '');
});
