/* playground/ui/lib/mine.js: the runs of this browser and their names. */
import assert from 'node:assert/strict';
import {beforeEach, test} from 'node:test';
import {keepOnly, mine, nameOf, remember} from '../../playground/ui/lib/mine.js';

beforeEach(() => {
  const kept = new Map();
  globalThis.localStorage = {getItem: key => kept.get(key) ?? null, setItem: (key, value) => { kept.set(key, value); }};
});

test('a run is named after its model, its number and its data', () => {
  assert.equal(nameOf('VAE, Fashion-MNIST', 3), 'VAE 3 · Fashion-MNIST');
  assert.equal(nameOf('latent diffusion, Digits', 1), 'Latent diffusion 1 · Digits');
  assert.equal(nameOf('autoencoder, Sprites'), 'Autoencoder · Sprites');
});

test('numbers go on, each run has one, and no number is given twice after runs are gone', () => {
  ['a', 'b', 'b', 'c'].forEach(run => remember('vae', run, 'VAE, Digits'));
  assert.deepEqual(mine('vae').map(one => [one.run, one.n]), [['a', 1], ['b', 2], ['c', 3]]);
  keepOnly('vae', ['b']);
  remember('vae', 'd', 'VAE, Digits');
  assert.deepEqual(mine('vae').map(one => [one.run, one.n]), [['b', 2], ['c', 3], ['d', 4]]);
  assert.deepEqual(mine('ae'), []);
});

test('where nothing can be kept nothing is remembered', () => {
  globalThis.localStorage = {getItem() { throw new Error(); }, setItem() { throw new Error(); }};
  remember('vae', 'a', 'VAE, Digits');
  assert.deepEqual(mine('vae'), []);
});
