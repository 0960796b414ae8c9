/* What is kept of lessons in a browser, and which runs stand in a table. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {keep, nameOf, table} from '../../playground/lessons/store.js';

const box = (text = null) => ({text, getItem() { return this.text; }, setItem(_, value) { this.text = value; }});
const full = {getItem: () => null, setItem() { throw new Error('full'); }};

test('progress is there again after a reload, and rubbish in its place is a new beginning', () => {
  const place = box();
  keep(place).change('a', kept => { kept.guess[2] = 1; });
  assert.equal(keep(place).of('a').guess[2], 1);
  for (const rubbish of ['{', '3', 'null', '{"own": 1}']) assert.deepEqual(keep(box(rubbish)).of('a').guess, {});
});

test('a run has one row, and the oldest give way', () => {
  const store = keep(box());
  for (let i = 0; i < 70; i++) store.row('a', {run: `r${i}`, step: 0});
  store.row('a', {run: 'r69', step: 1});
  assert.equal(store.of('a').rows.length, 60);
  assert.equal(store.of('a').rows.at(-1).step, 1);
});

test('an own file is kept, unless there is no room, and goes with what was done in it', () => {
  const store = keep(box());
  assert.equal(store.add('own-x', 'text'), true);
  store.change('own-x', kept => { kept.at = 3; });
  store.remove('own-x');
  assert.deepEqual([store.own(), store.of('own-x').at], [{}, 0]);
  assert.equal(keep(full).add('own-x', 'text'), false);
});

test('own lessons have names that an address can hold', () => {
  assert.equal(nameOf('My <b>first</b> lesson!'), 'own-my-b-first-b-lesson');
  assert.equal(nameOf('课'), 'own-lesson');
});

test('a table has the runs since the last one, and the settings in which they differ', () => {
  const steps = [{table: []}, {table: [['x', 'X']]}, {table: []}, {table: [['x', 'X']]}];
  const rows = [{step: 0, settings: {a: 1, b: 2}}, {step: 2, settings: {a: 1, b: 2}}, {step: 3, settings: {a: 1, b: 3}}];
  assert.deepEqual(table(steps, rows, 3), {rows: rows.slice(1), settings: ['b']});
  assert.deepEqual(table(steps, rows, 1), {rows: rows.slice(0, 1), settings: []});
});
