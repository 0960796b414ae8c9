/* The panel of the Compare tab: seeds together, what is best, and the table for other programs. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {best, csv, measures, reading, sorted, text} from '../../playground/compare/panel.js';
import {outcome, timeLeft} from '../../playground/compare/plan_bar.js';

const row = (name, value, sd, more = {}) => ({name, label: name, unit: 'u', better: 'lower', value, sd, spread: 's', beside: null, note: '', why: value == null ? 'because' : '', ...more});
const run = (id, rows, more = {}) => ({run: id, seed: 0, dataset: 'digits', kind: 'VAE', data: 'Digits', evaluated: true, evaluation: rows && {rows, of_step: 3}, ...more});
const column = (title, ...runs) => ({title, runs, head: runs[0]});

test('one run has its own spread, seeds have the standard deviation between them', () => {
  assert.deepEqual([reading(column('a', run('1', [row('f', 2, 0.5)])), 'f')].map(({value, sd, n}) => [value, sd, n]), [[2, 0.5, 1]]);
  const three = reading(column('a', run('1', [row('f', 1, 9)]), run('2', [row('f', 2, 9)]), run('3', [row('f', 3, 9)])), 'f');
  assert.deepEqual([three.value, three.sd, three.spread], [2, 1, 'over 3 seeds']);
  assert.equal(reading(column('a', run('1', null)), 'f'), null);
  assert.equal(reading(column('a', run('1', [row('f', null)])), 'f').why, 'because');
  assert.ok(reading(column('a', run('1', [row('f', 1)], {evaluated: false})), 'f').stale);
});

test('the best is one beyond the spread, of one unit and one data set', () => {
  const a = column('a', run('1', [row('f', 1, 0.1)])), b = column('b', run('2', [row('f', 2, 0.1)])), near = column('c', run('3', [row('f', 1.1, 0.1)]));
  assert.equal(best([b, a], 'f'), 1);
  assert.equal(best([a, near], 'f'), -1);
  assert.equal(best([a], 'f'), -1);
  assert.equal(best([a, column('d', run('4', [row('f', 2, 0)], {dataset: 'moons'}))], 'f'), -1);
  assert.equal(best([a, column('d', run('4', [row('f', 2, 0, {unit: 'v'})]))], 'f'), -1);
  assert.equal(best([column('e', run('5', [row('p', 0.2, 0, {better: 'higher'})])), column('g', run('6', [row('p', 0.9, 0, {better: 'higher'})]))], 'p'), 1);
});

test('columns are sorted with the best first and those without a value last', () => {
  const a = column('a', run('1', [row('f', 3)])), b = column('b', run('2', [row('f', null)])), c = column('c', run('3', [row('f', 1)]));
  assert.deepEqual(sorted([b, a, c], 'f').map(each => each.title), ['c', 'a', 'b']);
  assert.deepEqual(sorted([b, a, c], '').map(each => each.title), ['b', 'a', 'c']);
  assert.deepEqual(measures([a, c]).map(each => each.name), ['f']);
});

test('numbers are as people write them, and a table quotes what has a comma', () => {
  assert.deepEqual([text('parameters', 12345), text('train_seconds', 0.0123), text('train_seconds', 95), text('f', 1.2345, 0.12), text('f', null)], ['12,345', '0.012 s', '1 min 35 s', '1.23 ± 0.12', '–']);
  const lines = csv([column('a, "b"', run('1', [row('f', 2, 0.5)]))]).split('\n');
  assert.equal(lines.length, 2);
  assert.ok(lines[1].startsWith('"a, ""b""",VAE,Digits,1,0,3,f,u,2,0.5,s'));
});

test('time left says when it is not all, and what failed says why', () => {
  assert.equal(timeLeft({left: 65, unknown: 0, state: 'going on', place: 0}), 'about 65 s left');
  assert.equal(timeLeft({left: 65, unknown: 2, state: 'going on', place: 0}), 'more than 65 s left');
  assert.equal(timeLeft({left: 5, unknown: 0, state: 'in line', place: 2}), '2 comparisons are before it');
  assert.equal(outcome({jobs: [{state: 'finished'}, {state: 'failed', title: 'VAE', message: 'No.'}]}), '1 of 2 failed. VAE: No.');
});
