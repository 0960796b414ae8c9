/* Numbers as people write them. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {digits, duration, fixed, rounded, short, shortNumber, significant, stepText, sub, thousands, withError} from '../../playground/ui/lib/format.js';

test('a duration is rounded before it is divided', () => {
  const expected = {0: '0.0 s', 9.94: '9.9 s', 9.96: '10 s', 59.7: '60 s', 89.4: '89 s', 89.6: '1 min 30 s', 119.6: '2 min 0 s', 3599.7: '60 min 0 s',
                    5399.4: '89 min 59 s', 5399.6: '1 h 30 min', 7199: '2 h 0 min', 7260: '2 h 1 min'};
  for (const [seconds, words] of Object.entries(expected)) assert.equal(duration(Number(seconds)), words);
  assert.equal(duration(null), '–');
  assert.equal(duration(Infinity), '–');
});

test('no duration has sixty seconds or sixty minutes above an hour', () => {
  for (let k = 2; k < 90; k++) assert.ok(!duration(60 * k - 0.3).includes(' 60 s'));
  for (let k = 2; k < 12; k++) assert.ok(!duration(3600 * k - 20).includes(' 60 min'));
});

test('a value has as many decimals as its error shows two digits of', () => {
  assert.equal(withError(-75.3112, 0.4231), '−75.31 ± 0.42');
  assert.equal(withError(3, 12.4), '3 ± 12');
  assert.equal(withError(1, 1e-7), '1.0000 ± <0.0001');
  assert.equal(withError(2.5, null), '2.50');
  assert.equal(withError(NaN, 1), '–');
});

test('minus zero is zero, and minus is a minus sign', () => {
  assert.equal(fixed(-0.001), '0.00');
  assert.equal(fixed(-1.5, 1), '−1.5');
  assert.equal(shortNumber(-0.25), '−0.25');
  assert.equal(digits(-0.012345), '−0.0123');
});

test('digits that mean something, as a number and as text', () => {
  assert.equal(rounded(123456.7, 3), 123000);
  assert.deepEqual([0, -0, -0.00031234, 1.5e-7, 0.996, 1.15, 4.04, 1234.5].map(value => significant(value, 2)), ['0', '0', '−0.00031', '0.00000015', '1', '1.1', '4', '1,200']);
  assert.deepEqual([1, 0.05, 9.96, 1234].map(value => significant(value, 2, 2)), ['1.0', '0.050', '10', '1,200']);
  assert.deepEqual([null, undefined, NaN, Infinity].map(value => significant(value, 2)), ['–', '–', '–', '–']);
});

test('large numbers, steps and indices', () => {
  assert.equal(thousands(1234567), '1,234,567');
  assert.deepEqual([0.03123, 450.3, 1234567, 2e8].map(short), ['0.0312', '450', '1.23 million', '200 million']);
  assert.equal(stepText({step: 12000}), 'step 12,000');
  assert.equal(stepText(null), '');
  assert.equal(sub(12), '₁₂');
});
