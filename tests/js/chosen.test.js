/* What a person chose on a map, as the page's address has it. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {checked, layoutOf, wish} from '../../playground/features/latent_map/chosen.js';

const PLANE = {raw: [2], pca: [2], tsne: [2, 3]}, SPACE = {raw: [3], pca: [2, 3], tsne: [2, 3]}, MORE = {pca: [2, 3], tsne: [2, 3]};
const now = (choices, method, dims, more = {}) => ({choices, method, dims, perplexity: 30, seed: 0, ...more});

test('what an address asks for is taken as far as there is such a thing', () => {
  const asked = {layout: 'tsne', dims: 3, perplexity: 10, seed: 4, colour: 'factor:alcohol', drag: 'moves', holes: 'on', ellipses: 'on', prior: 'off'};
  assert.deepEqual(checked(asked, true), {chosen: asked, refused: ''});
  assert.deepEqual(checked({}, false), {chosen: {}, refused: ''});
  for (const wrong of [{layout: 'sphere'}, {layout: 3}, {dims: 4}, {dims: '3-D'}, {perplexity: 101}, {perplexity: 7.5}, {seed: -1}, {colour: 'red'}, {colour: 'factor:'}, {drag: 'on'}, {holes: 1}]) {
    const [[name, value]] = Object.entries(wrong), {chosen, refused} = checked({...wrong, holes: wrong.holes ?? 'on'}, true);
    assert.equal(name in chosen, false);
    assert.ok(refused.startsWith(`The address asks for ${name} = ${value}, which the map has not: it would be `), refused);
  }
  assert.equal(checked({layout: 'sphere'}, true).refused, 'The address asks for layout = sphere, which the map has not: it would be one of raw, pca, tsne, umap.');
  assert.deepEqual(checked({prior: 'off', constructor: 1}, false), {chosen: {}, refused: 'The address asks for prior, constructor, of which the map knows nothing.'});
});

test('a layout is said as far as it is not usual for its run', () => {
  assert.deepEqual(layoutOf(now(PLANE, 'raw', 2)), {});
  assert.deepEqual(layoutOf(now(SPACE, 'pca', 2, {perplexity: 9})), {});
  assert.deepEqual(layoutOf(now(SPACE, 'raw', 3)), {layout: 'raw'});
  assert.deepEqual(layoutOf(now(MORE, 'pca', 3)), {dims: 3});
  assert.deepEqual(layoutOf(now(PLANE, 'pca', 2)), {layout: 'pca'});
  assert.deepEqual(layoutOf(now(MORE, 'tsne', 3, {perplexity: 9, seed: 2})), {layout: 'tsne', dims: 3, perplexity: 9, seed: 2});
});

test('a run is asked for the layout that is chosen, where it has it and is not laid out so', () => {
  const usual = {perplexity: 30, seed: 0};
  assert.equal(wish({}, now(MORE, 'tsne', 2)), null);
  assert.equal(wish({holes: 'on', colour: 'kl'}, now(PLANE, 'pca', 2)), null);
  assert.deepEqual(wish({layout: 'tsne'}, now(MORE, 'pca', 2)), {method: 'tsne', dims: 2, ...usual});
  assert.equal(wish({layout: 'tsne', dims: 3}, now(MORE, 'tsne', 3)), null);
  assert.deepEqual(wish({layout: 'tsne', perplexity: 9}, now(MORE, 'tsne', 2)), {method: 'tsne', dims: 2, perplexity: 9, seed: 0});
  assert.deepEqual(wish({dims: 3}, now(MORE, 'pca', 2)), {method: 'pca', dims: 3, ...usual});
  assert.equal(wish({layout: 'pca'}, now(MORE, 'pca', 2, {perplexity: 9})), null);
  assert.deepEqual(wish({layout: 'pca', dims: 3}, now(PLANE, 'raw', 2)), {method: 'pca', dims: 2, ...usual});
  for (const layout of ['raw', 'umap']) assert.equal(wish({layout}, now(MORE, 'pca', 2)), null);
});

test('what is chosen is what is said of it', () => {
  for (const laid of [now(PLANE, 'tsne', 3, {seed: 1}), now(SPACE, 'raw', 3), now(MORE, 'pca', 3), now(PLANE, 'pca', 2)]) assert.equal(wish(layoutOf(laid), laid), null);
});
