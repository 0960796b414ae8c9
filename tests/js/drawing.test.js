/* Scales, ticks, the plane and contour lines. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {contourSegments} from '../../playground/ui/lib/contours.js';
import {lengths, quantile, viewport} from '../../playground/ui/lib/plane.js';
import {niceTicks, scaled} from '../../playground/ui/lib/svg.js';

test('a scale goes there and back', () => {
  const x = scaled(-2, 2, 100, 300);
  assert.deepEqual([x(-2), x(0), x(2), x.back(250)], [100, 200, 300, 1]);
});

test('ticks are round, within the range, and about as many as asked for', () => {
  assert.deepEqual(niceTicks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(niceTicks(-0.31, 0.29, 4), [-0.2, 0, 0.2]);
  assert.deepEqual(niceTicks(3, 3), [3]);
});

test('the viewport has one scale for both axes and shows all of the box', () => {
  const eye = viewport({lo: [-1, -1], hi: [1, 1]}, 400, 200);
  assert.equal(eye.scale, 100);
  assert.deepEqual(eye.extent, [-2, 2, -1, 1]);
  assert.deepEqual([eye.x(0), eye.y(1)], [200, 0]);
});

test('lengths are sorted, and a quantile is one of them', () => {
  const found = lengths(Float32Array.of(3, 4, 0, 1));
  assert.deepEqual([...found], [1, 5]);
  assert.equal(quantile(found, 0.9), 5);
});

test('the contour of a radius is a circle', () => {
  const n = 41, at = k => -2 + 4 * k / (n - 1), field = Float32Array.from({length: n * n}, (_, i) => Math.hypot(at(i % n), at(Math.floor(i / n))));
  const segments = contourSegments(field, n, n, [-2, 2, -2, 2], 1);
  assert.ok(segments.length > 60);
  for (const [x, y] of segments.flat()) assert.ok(Math.abs(Math.hypot(x, y) - 1) < 0.01);
});
