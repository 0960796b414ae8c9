// The list of runs: when one was made, and what a search finds.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {matches, when} from '../../playground/library/card.js';

test('a time of today is a time of day, any other a date', () => {
  const now = new Date(2026, 10, 26, 18, 0), seconds = (...at) => new Date(...at).getTime() / 1000;
  assert.equal(when(seconds(2026, 10, 26, 9, 5), now), '09:05');
  assert.equal(when(seconds(2026, 10, 25, 9, 5), now), '25 Nov');
  assert.equal(when(seconds(2025, 10, 25, 9, 5), now), '25 Nov 2025');
});

test('every word must be found, in whatever case', () => {
  const run = {title: 'Two numbers', about: 'VAE, Digits', notes: 'β = 4', status: 'finished'};
  assert.ok(matches(run, '') && matches(run, 'vae TWO') && matches(run, 'β'));
  assert.ok(!matches(run, 'vae three'));
});
