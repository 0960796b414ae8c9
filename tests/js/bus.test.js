/* Frames of a tab, moments of the past over them, and topics. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {current, hear, lastFrame, publish, subscribe, tell, whileEmpty} from '../../playground/ui/lib/bus.js';

test('views of one run accumulate, and another run begins anew', () => {
  publish('a', {run: 'x', step: 1, views: {map: 1, curves: 1}});
  publish('a', {run: 'x', step: 2, views: {map: 2}});
  assert.deepEqual(lastFrame('a').views, {map: 2, curves: 1});
  publish('a', {run: 'y', step: 0});
  assert.deepEqual(lastFrame('a').views, {});
});

test('a moment of the past is shown until it is over, and keeps what is the same throughout', () => {
  publish('b', {run: 'x', status: 'running', views: {map: 9, map_static: 'labels', curves: 9}});
  publish('b', {run: 'x', replay: 3, views: {map: 3}});
  assert.deepEqual(lastFrame('b').views, {map: 3, map_static: 'labels'});
  publish('b', {run: 'x', status: 'finished', views: {map: 10}});
  assert.deepEqual([lastFrame('b').views.map, lastFrame('b').status, lastFrame('b').replay], [3, 'finished', 3]);
  publish('b', {run: 'x', replay: null, views: {}});
  assert.equal(lastFrame('b').views.map, 10);
});

test('whoever subscribes hears the last frame at once, and nothing after leaving; a broken listener harms no other', t => {
  t.mock.method(console, 'error', () => {});
  const seen = [];
  publish('c', {run: 'x', views: {}});
  subscribe('c', frame => { if (frame.step) throw new Error('broken'); });
  const leave = subscribe('c', frame => seen.push(frame.step));
  publish('c', {run: 'x', step: 5});
  leave();
  publish('c', {run: 'x', step: 6});
  assert.deepEqual(seen, [undefined, 5]);
});

test('a topic is heard at once, at every change, and until its element has left the page', () => {
  const element = {isConnected: true}, heard = [];
  tell('pins', 1);
  hear('pins', element, value => heard.push(value));
  tell('pins', 2);
  element.isConnected = false;
  tell('pins', 3);
  assert.deepEqual([heard, current('pins')], [[1, 2], 3]);
});

test('an empty view says what it waits for', () => {
  assert.equal(whileEmpty('d', 'Press Train: a map.'), 'Press Train: a map.');
  publish('d', {run: 'x', status: 'running', views: {}});
  assert.match(whileEmpty('d', 'Press Train: a map.'), /in a moment/);
  publish('d', {run: 'x', status: 'finished'});
  assert.equal(whileEmpty('d', 'Press Train: a map.'), 'Loading…');
});
