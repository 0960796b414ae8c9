/* Questions: the newest wins, one at a time, and one answer serves all who ask. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {asker, keeper, newest, shared} from '../../playground/ui/lib/asking.js';
import {publish} from '../../playground/ui/lib/bus.js';

const moment = () => new Promise(done => setTimeout(done, 0));

test('a question goes to the run and the moment that the tab shows, and the answer says whose it is', async () => {
  const asked = [], ask = asker({ask: async question => { asked.push(question); return {step: 7}; }}, 'q');
  assert.match((await ask('grid')).error, /press Train first/);
  publish('q', {run: 'x', about: 'VAE', replay: 4, views: {}});
  publish('q', {run: 'x', about: 'VAE', views: {}});
  publish('q', {run: 'x', replay: 4, views: {}});
  assert.deepEqual((await ask('grid', {n: 3})).origin, [{about: 'VAE', run: 'x', model: 'q', step: 7}]);
  assert.deepEqual(asked, [['x', 'grid', {n: 3, moment: 4}]]);
});

test('a server that is away is told in a sentence', async () => {
  publish('r', {run: 'x', views: {}});
  const ask = asker({ask: async () => { throw new Error('gone'); }}, 'r');
  assert.match((await ask('grid')).error, /did not answer/);
});

test('of many wishes the newest is fulfilled, one at a time', async () => {
  const done = [];
  let release;
  const wish = newest(async what => { done.push(what); await new Promise(go => { release = go; }); });
  wish(1); wish(2); wish(3);
  release(); await moment(); release(); await moment();
  assert.deepEqual(done, [1, 3]);
});

test('an answer of a subject that is no longer wanted is dropped', async () => {
  let subject = 'a', release;
  const taken = [], poke = keeper({key: () => [subject, 1], fetch: () => new Promise(go => { release = go; }), done: answer => taken.push(answer)});
  poke();
  subject = 'b';
  release('of a'); await moment();
  release('of b'); await moment();
  assert.deepEqual(taken, ['of b']);
});

test('an error is not asked for again until the key changes', async () => {
  let asked = 0, version = 1;
  const poke = keeper({key: () => ['a', version], fetch: async () => { asked += 1; return {error: 'no'}; }, done: () => {}, interval: 0});
  await poke(); await poke();
  assert.equal(asked, 1);
  version = 2;
  await moment(); await poke();
  assert.equal(asked, 2);
});

test('two who ask the same at the same step share one answer', async () => {
  let asked = 0;
  publish('s', {run: 'x', views: {map: {step: 10}}});
  const ask = async () => { asked += 1; return {step: 10}; }, one = shared(ask, 's', 'factors'), two = shared(ask, 's', 'factors');
  await Promise.all([one(), two()]);
  await one();
  assert.equal(asked, 1);
});
