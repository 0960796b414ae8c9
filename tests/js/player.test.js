/* Play, pause and step, on a clock that the tests move. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {playText, player} from '../../playground/ui/lib/player.js';

function rig(options = {}) {
  const shown = [], painted = [], due = [];
  let now = 0, alive = true;
  const way = player({show: at => shown.push(at), paint: on => painted.push(on), seconds: 2, clock: () => now, next: callback => due.push(callback), alive: () => alive, ...options});
  const pass = milliseconds => { now += milliseconds; due.splice(0).forEach(callback => callback(now)); };
  return {way, shown, painted, due, pass, leave: () => { alive = false; }};
}

test('it plays from the beginning, as long as it was told, and once', () => {
  const {way, shown, painted, due, pass} = rig();
  way.play();
  [500, 1000, 800].forEach(pass);
  assert.deepEqual(shown, [0.25, 0.75, 1]);
  assert.deepEqual(painted, [true, false]);
  assert.equal(due.length, 0);
});

test('a pause keeps the place, and playing goes on from it', () => {
  const {way, shown, pass} = rig();
  way.play();
  pass(500);
  way.toggle();
  pass(700);
  way.toggle();
  pass(500);
  assert.deepEqual(shown, [0.25, 0.5]);
});

test('a quick pause and play do not leave two of it running', () => {
  const {way, shown, due, pass} = rig();
  way.play();
  way.pause();
  way.play();
  pass(500);
  assert.deepEqual(shown, [0.25]);
  assert.equal(due.length, 1);
});

test('a step goes to the neighbour of the nearest, within the way, and pauses', () => {
  const {way, shown, painted} = rig({steps: () => 4, at: 0.45});
  way.play();
  [1, 1, 1, -1].forEach(way.step);
  assert.deepEqual(shown, [0.75, 1, 1, 0.75]);
  assert.deepEqual(painted, [true, false]);
});

test('a hand on the slider pauses, and no place lies outside', () => {
  const {way, shown, pass} = rig();
  way.play();
  way.to(1.7);
  pass(500);
  assert.deepEqual(shown, [1]);
  assert.equal(way.playing(), false);
});

test('no more pictures a second than asked for, and none once it is gone', () => {
  const {way, shown, painted, pass, leave} = rig({fps: 10});
  way.play();
  [100, 50, 50].forEach(pass);
  assert.deepEqual(shown, [0.05, 0.1]);
  leave();
  pass(100);
  assert.deepEqual(painted, [true, false]);
  assert.equal(shown.length, 2);
});

test('the button says what it would do', () => {
  assert.deepEqual([playText(false), playText(true), playText(false, 'Film')], ['▶ Play', '‖ Pause', '▶ Film']);
});
