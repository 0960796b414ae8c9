/* What the forms hold: a person's choice comes before Python's, that before a restored run's, that before the default. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import * as forms from '../../playground/ui/lib/forms.js';

function made(name, fields) {
  const f = forms.form(name), changed = [];
  f.all = Object.keys(fields);
  f.defaults = fields;
  f.groups.add({publish: names => changed.push(names)});
  return {f, changed};
}

test('a restore that arrives late changes nothing that a person chose', () => {
  const {f} = made('one', {steps: 3000, beta: 1});
  forms.type('one', 'beta', 4);
  forms.restore('one', {steps: 50, beta: 9});
  assert.deepEqual(forms.values(f), {steps: 50, beta: 4});
});

test('what Python sets, as a consequence, comes before what was typed earlier, and is told as a change', () => {
  const {f, changed} = made('two', {likelihood: 'gaussian'});
  forms.type('two', 'likelihood', 'bernoulli');
  forms.tell('two', {likelihood: 'gaussian'});
  assert.equal(forms.current(f, 'likelihood'), 'gaussian');
  assert.deepEqual(changed.at(-1), ['likelihood']);
});

test('a setting that means nothing with the others is not sent', () => {
  const {f} = made('three', {sampler: 'ddpm', eta: 0});
  f.when.eta = {field: 'sampler', any: ['ddim']};
  assert.deepEqual(forms.values(f), {sampler: 'ddpm'});
  forms.type('three', 'sampler', 'ddim');
  assert.deepEqual(forms.read().three, {sampler: 'ddim', eta: 0});
});

test('a default follows the data, unless a person chose otherwise or a run had something of its own', () => {
  const {f} = made('four', {dataset: 'mixture', batch_size: 256, steps: 3000});
  f.by = {batch_size: {of: 'dataset', values: {fashion_mnist: 32, latents: 128}}, steps: {of: 'dataset', values: {fashion_mnist: 2000}}};
  assert.equal(forms.current(f, 'batch_size'), 256);
  forms.type('four', 'dataset', 'fashion_mnist');
  assert.deepEqual(forms.values(f), {dataset: 'fashion_mnist', batch_size: 32, steps: 2000});
  forms.type('four', 'steps', 50);
  forms.type('four', 'dataset', 'mixture');
  assert.deepEqual(forms.values(f), {dataset: 'mixture', batch_size: 256, steps: 50});
  forms.restore('four', {dataset: 'fashion_mnist', batch_size: 32, steps: 2000});
  assert.equal(forms.current(f, 'batch_size'), 256, 'the run had the default of its data, so that of the data now holds');
});

test('a default may follow any other setting', () => {
  const {f} = made('five', {network: 'mlp', batch_size: 128});
  f.by = {batch_size: {of: 'network', values: {conv: 64}}};
  assert.equal(forms.current(f, 'batch_size'), 128);
  forms.type('five', 'network', 'conv');
  assert.equal(forms.current(f, 'batch_size'), 64);
  forms.restore('five', {network: 'conv', batch_size: 128});
  assert.equal(forms.current(f, 'batch_size'), 128, 'the run had a batch of its own');
});

test('a lesson begins anew with its own values, and a restore that arrives later changes nothing of it', () => {
  const {f, changed} = made('lesson', {steps: 3000, beta: 1, dataset: 'digits'});
  forms.type('lesson', 'beta', 4);
  forms.restore('lesson', {dataset: 'sprites'});
  forms.reset('lesson', {steps: 200});
  assert.deepEqual(forms.values(f), {steps: 200, beta: 1, dataset: 'digits'});
  assert.deepEqual(changed.at(-1), ['steps', 'beta', 'dataset']);
  forms.restore('lesson', {beta: 9});
  assert.equal(forms.current(f, 'beta'), 1);
});
