// Where one number stands among others: in words, and in the bins of a histogram.
import assert from 'node:assert/strict';
import test from 'node:test';
import {counted, ranked, shareBelow} from '../../playground/features/own_image/ranks.js';

const WORDS = ['larger', 'smaller'];

test('a share is that of those below', () => {
  assert.equal(shareBelow(3, [1, 2, 3, 4]), 0.5);
  assert.equal(shareBelow(0, []), 0);
});

test('the words are about the larger part, and never say 0 or 100 % of some', () => {
  const others = Array.from({length: 1000}, (_, i) => i);
  assert.equal(ranked(870, others, WORDS), 'larger than those of 87 % of 1,000 held-out images');
  assert.equal(ranked(100, others, WORDS), 'smaller than those of 90 % of 1,000 held-out images');
  assert.equal(ranked(999.5, others, WORDS), 'larger than those of all 1,000 held-out images');
  assert.equal(ranked(-1, others, WORDS), 'smaller than those of all 1,000 held-out images');
  assert.equal(ranked(998.5, others, WORDS), 'larger than those of 99 % of 1,000 held-out images');
});

test('each value is in one bin, the ends too', () => {
  assert.deepEqual(counted([0, 1, 2, 3, 4], 0, 4, 4), [1, 1, 1, 2]);
  assert.deepEqual(counted([5, 5], 5, 5, 2), [2, 0]);
});
