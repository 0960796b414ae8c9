/* playground/ui/lib/ways.js: refusals that name what would be right. The sentences themselves: tests/test_ways.py. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {WAYS, wayOut} from '../../playground/ui/lib/ways.js';

test('a refusal is found by its part, another sentence is not', () => {
  const said = 'This latent space has 3 dimensions: log p(x) is integrated on a grid in one or two only. The bounds work in any number.';
  assert.deepEqual(wayOut(said).set({}), {latent_dim: 2});
  assert.equal(wayOut('Asking the model…'), null);
});

test('of a run that diverged the next learning rate is a tenth', () => {
  const way = WAYS.find(each => each.says.includes('ten times smaller'));
  assert.deepEqual(way.set({learning_rate: 0.06}), {learning_rate: 0.006});
});
