/* Places of the map and points of the latent space. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {basisOf, latentAt, placeFor} from '../../playground/features/latent_map/latents.js';

const near = (found, wanted) => found.forEach((value, k) => assert.ok(Math.abs(value - wanted[k]) < 1e-12, `${found} is not ${wanted}`));

test('raw axes are a basis of their own', () => {
  const basis = basisOf({dims: 2}, 'raw');
  assert.deepEqual(basis, {origin: [0, 0], axes: [[1, 0], [0, 1]]});
  assert.deepEqual(latentAt([3, -1], basis), [3, -1]);
});

test('a projection that is not linear has none', () => assert.equal(basisOf({dims: 2}, 'umap'), null));

test('a place becomes a latent and a place again, and what the axes miss is lost', () => {
  const basis = basisOf({dims: 2, basis: {origin: [1, 2, 3], axes: [[0.6, 0.8, 0], [-0.8, 0.6, 0]]}}, 'pca');
  near(latentAt([2, 1], basis), [1.4, 4.2, 3]);
  near(placeFor(latentAt([2, 1], basis), basis), [2, 1]);
  near(placeFor([1.4, 4.2, 99], basis), [2, 1]);
});
