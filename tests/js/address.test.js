/* Settings in the page's address: read, written, and left alone where they are none. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {hiddenIn, settingsIn, withSettings} from '../../playground/ui/lib/address.js';

test('settings are read as numbers where they are some', () => {
  const found = settingsIn('?tab=vae&vae=run-id&vae.beta=4&vae.learning_rate=1e-3&diffusion.dataset=moons&vae.steps=abc&vae.map.layout=pca&vae.map.dims=3&vae.x.y.z=1&.=2');
  assert.deepEqual(found, {vae: {beta: 4, learning_rate: 0.001, steps: 'abc'}, diffusion: {dataset: 'moons'}, 'vae.map': {layout: 'pca', dims: 3}});
});

test('a form replaces its own settings and nothing else', () => {
  const search = withSettings('?tab=vae&vae=run&vae.beta=4&ae.steps=10', 'vae', {steps: 20});
  assert.deepEqual(Object.fromEntries(new URLSearchParams(search)), {tab: 'vae', vae: 'run', 'ae.steps': '10', 'vae.steps': '20'});
  assert.equal(withSettings('?vae.beta=4', 'vae', {}), '');
  assert.equal(withSettings('?vae.beta=4&vae.map.layout=pca&ae.map.holes=on', 'vae', {}), 'vae.map.layout=pca&ae.map.holes=on');
  assert.equal(withSettings('?vae.beta=4&vae.map.layout=pca&ae.map.holes=on', 'vae.map', {dims: 3}), 'vae.beta=4&ae.map.holes=on&vae.map.dims=3');
});

test('what is written is read again', () => {
  const values = {beta: 0.25, dataset: 'own-images-0123456789abcdef', decay: 'half cosine & more=1', seed: 7};
  assert.deepEqual(settingsIn(`?${withSettings('', 'vae', values)}`), {vae: values});
});

test('a teacher hides fields by their names', () => {
  assert.deepEqual([...hiddenIn('?hide=steps,,beta')], ['steps', 'beta']);
  assert.equal(hiddenIn('').size, 0);
});
