/* The numbers of the forward process. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {SHOW, normals, numbers, read} from '../../playground/features/forward_process/numbers.js';

test('noise depends on the seed alone and is standard normal', () => {
  const n = 20000, eps = normals(n, 1), mean = eps.reduce((sum, v) => sum + v, 0) / n, variance = eps.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
  assert.deepEqual(normals(50, 7), normals(50, 7));
  assert.notDeepEqual(normals(50, 7), normals(50, 8));
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(n), String(mean));
  assert.ok(Math.abs(variance - 1) < 5 * Math.sqrt(2 / n), String(variance));
});

test('a table is read between its entries, and at both ends', () => {
  assert.deepEqual([0, 0.25, 0.75, 1].map(t => read([0, 1, 3], t)), [0, 0.5, 2, 3]);
});

test('signal is the share of the variance that is data, and bits are those of a Gaussian channel', () => {
  const found = numbers({alpha: [1, 0.5], sigma: [0, 0.5], log_snr: [20, 0]}, 1, 3);
  assert.equal(found.signal, 0.75);
  assert.equal(found.bits, 1);
  assert.deepEqual([SHOW.signal(found.signal), SHOW.bits(found.bits), SHOW.log_snr(-1.25)], ['75 %', '1.00', '−1.3']);
});
