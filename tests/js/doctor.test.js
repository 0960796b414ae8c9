/* When the doctor says that all codes together miss the prior. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {mismatchOf} from '../../playground/features/collapse/mismatch.js';

const limits = {above: 0.3, known: 2, so: 'samples suffer', suggestion: ''}, fashion = {mismatch: 0.515, mismatch_se: 0.032, information: 6.06, most: 9.21};

test('a measured mismatch that is large for certain is told with its error', () => {
  assert.equal(mismatchOf(fashion, limits), 'All codes together do not match the prior: KL(q(z) ‖ p(z)) is 0.515 ± 0.032 nats, so samples suffer.');
});

test('a small one, an uncertain one, and one that nobody measured are not', () => {
  for (const other of [{mismatch: 0.15}, {mismatch_se: 0.15}, {mismatch: null}]) assert.equal(mismatchOf({...fashion, ...other}, limits), '');
  assert.equal(mismatchOf(null, limits), '');
});

test('where the images are too few to measure the information, the rest of the KL is no mismatch', () => {
  assert.equal(mismatchOf({...fashion, information: 9.1, mismatch: 11}, limits), '');
});
