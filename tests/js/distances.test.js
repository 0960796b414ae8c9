/* What is said and copied of two distances: of the arena's schedulers, and of a flow before and after reflow. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MEASURES, best, disagreements, markdown, measuresOf} from '../../playground/features/arena/measures.js';
import {result} from '../../playground/features/reflow/result.js';

const spread = (mean, std) => ({mean, std, n: 3});
const row = (name, target, energy, frechet) => ({name, title: name, target, nfe: target, ...spread(energy, 0.001), frechet: frechet == null ? spread(null, null) : spread(frechet, 1), difference: null});
const entry = name => ({name, title: name, grid: 'its own', ours: null});
const arena = (rows, seen) => ({rows, schedulers: [entry('A'), entry('B')], evaluations: [5, 10], floor: spread(0.0012, 0.0003), floor_seen: seen ? {frechet: 2, frechet_std: 0.3} : null});
const IMAGES = arena([row('A', 5, 0.03, 40), row('B', 5, 0.01, 60), row('A', 10, 0.02, 20), row('B', 10, 0.03, 30)], true);
const POINTS = arena([row('A', 5, 0.03, null), row('B', 5, 0.01, null), row('A', 10, 0.02, null)], false);

test('points have one distance, images two', () => {
  assert.deepEqual(measuresOf(POINTS), [MEASURES.energy]);
  assert.deepEqual(measuresOf(IMAGES), [MEASURES.energy, MEASURES.frechet]);
  assert.equal(MEASURES.frechet.real(IMAGES).mean, 2);
});

test('rows within one spread of the best are as good as it, by either distance', () => {
  const rows = [row('A', 5, 0.0104, 40), row('B', 5, 0.01, 41.5), row('C', 5, null, null)];
  assert.deepEqual(best(rows, MEASURES.energy).map(one => one.name), ['A', 'B']);
  assert.deepEqual(best(rows, MEASURES.frechet).map(one => one.name), ['A']);
  assert.deepEqual(best([], MEASURES.energy), []);
});

test('a copied table of images has a column for each distance', () => {
  assert.deepEqual(markdown(IMAGES).split('\n'), [
    '| scheduler | time grid | 5 NFE, energy distance | 5 NFE, Fréchet distance | 10 NFE, energy distance | 10 NFE, Fréchet distance | difference to our own |',
    '|---|---|---|---|---|---|---|',
    '| A | its own | 0.0300 ± 0.0010 | 40.0 ± 1.0 | 0.0200 ± 0.0010 | 20.0 ± 1.0 | – |',
    '| B | its own | 0.0100 ± 0.0010 | 60.0 ± 1.0 | 0.0300 ± 0.0010 | 30.0 ± 1.0 | – |',
    '| real against real |  | 0.0012 ± 0.0003 | 2.00 ± 0.30 | 0.0012 ± 0.0003 | 2.00 ± 0.30 |  |',
  ]);
});

test('a copied table of points has one column for each number of evaluations', () => {
  const [head, rule, first, second] = markdown(POINTS).split('\n');
  assert.equal(head, '| scheduler | time grid | 5 NFE | 10 NFE | difference to our own |');
  assert.equal(rule, '|---|---|---|---|---|');
  assert.equal(first, '| A | its own | 0.0300 ± 0.0010 | 0.0200 ± 0.0010 | – |');
  assert.equal(second, '| B | its own | 0.0100 ± 0.0010 | – | – |');
});

test('where the two distances have no winner in common it is said', () => {
  assert.equal(disagreements(IMAGES), 'The two disagree at 5 NFE: nearest by the energy distance B, by the Fréchet distance A.');
  assert.equal(disagreements(POINTS), '');
});

test('reflow is told by both distances, and where they disagree', () => {
  const side = (straightness, distance, frechet) => ({straightness: [straightness, 0.01], distance: distance ? {1: [distance, 0.01]} : {}, ...(frechet ? {frechet: {1: [frechet, 1]}} : {})});
  const told = (before, after) => result({before, after});
  assert.equal(told(side(2, 0.5), side(1, 0.2)), 'The paths became 2.0 times straighter. With a single Euler step the distance went from 0.500 ± 0.010 to 0.200 ± 0.010.');
  assert.match(told(side(2, 0.5, 90), side(1, 0.2, 40)), /energy distance went from .* and the Fréchet distance from 90\.0 ± 1\.0 to 40\.0 ± 1\.0: nearer to data by both\.$/);
  assert.match(told(side(2, 0.5, 40), side(1, 0.2, 90)), /nearer to data by the first, further from data by the second; the two disagree\.$/);
  assert.match(told(side(2, 0.5, 40), side(1, 0.2, 41)), /nearer to data by the first, no more than the spread by the second\.$/);
  assert.equal(told(side(2, 0, 0), side(1, 0, 0)), 'The paths became 2.0 times straighter.');
  assert.equal(result({before: side(2, 0.5), after: null}), '');
});
