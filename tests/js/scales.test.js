/* playground/ui/lib/scales.js: where sliders stop, and how far a key goes. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {marksOf, nearest, stepped} from '../../playground/ui/lib/scales.js';

const beta = {kind: 'float', scale: 'log', low: 0, high: 100, slider: {low: 0.01, top: 100, step: 1}};
const dims = {kind: 'int', scale: 'octaves', low: 1, high: 64, slider: {low: 1, top: 64, step: 1}};
const steps = {kind: 'int', scale: 'log', low: 1, high: 200000, slider: {low: 1, top: 20000, step: 1}};

test('every decade has as many stops, and 0 stands before them where it is allowed', () => {
  const marks = marksOf(beta), within = (low, high) => marks.filter(mark => mark >= low && mark < high).length;
  assert.equal(marks[0], 0);
  assert.deepEqual([within(0.01, 0.1), within(0.1, 1), within(1, 10), within(10, 100)], [10, 10, 10, 10]);
  assert.equal(marks[nearest(marks, 1)], 1);
  assert.equal(marks[nearest(marks, 0)], 0);
});

test('octaves are powers of two and half way between, whole numbers alone', () => {
  assert.deepEqual(marksOf(dims), [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
  assert.ok(marksOf(steps).every(Number.isInteger));
});

test('what goes evenly has no stops of its own', () => assert.equal(marksOf({kind: 'float', scale: 'linear', slider: {low: 0, top: 1, step: 0.1}}), null));

test('a key goes to the next round number, or one step', () => {
  assert.equal(stepped(beta, 0.3, 1), 0.5);
  assert.equal(stepped(beta, 0.01, -1), 0);
  assert.equal(stepped(beta, 0, 1), 0.01);
  assert.equal(stepped(dims, 4, 1), 5);
});
