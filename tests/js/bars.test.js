/* Bars: where they begin and end, in percent of their track. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {percent, roundUp, span, stacked} from '../../playground/ui/lib/bars.js';

test('a place on a scale stays on the track', () => {
  assert.deepEqual([-3, -2, 0, 1, 2, 9].map(value => percent(value, [-2, 2])), [0, 0, 50, 75, 100, 100]);
  assert.equal(percent(0, [0, 0]), 0);
});

test('a whisker that leaves the scale ends at its end', () => {
  assert.deepEqual(span(1, 3, [0, 4]), {left: 25, width: 50});
  assert.deepEqual(span(-0.5, 0.5, [0, 2]), {left: 0, width: 25});
  assert.deepEqual(span(0, -1, [-2, 2]), {left: 25, width: 25});
});

test('parts lie end to end, negative ones to the left of zero', () => {
  assert.deepEqual(stacked([2, -1, 3, -4]), [[0, 2], [0, -1], [2, 5], [-1, -5]]);
});

test('a scale ends at the next round number', () => {
  assert.deepEqual([0.7, 1, 1.1, 2.4, 260, 51].map(value => roundUp(value)), [1, 1, 2, 2.5, 500, 100]);
  assert.equal(roundUp(1.2, [1, 1.5, 10]), 1.5);
  assert.deepEqual([0, -3, NaN].map(value => roundUp(value)), [0, 0, 0]);
});
