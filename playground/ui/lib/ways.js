/* The way out of a dead end: what a refusal says would be right, as a button that sets it and trains. */
import {lastFrame} from './bus.js';
import {rounded} from './format.js';
import {current, form} from './forms.js';
import {shownTab, trainWith} from './going.js';

const config = tab => (lastFrame(tab) || {}).config || {};
/* Part of a sentence; what to set (from the settings of the run that is shown); and on which tab, where that is not the open one. */
export const WAYS = [
  {says: 'whose lines from data to noise are straight', set: () => ({schedule: 'rectified_flow', parametrization: 'velocity', diffuse_in: 'data'})},
  {says: 'choose the noise schedule rectified flow', set: () => ({schedule: 'rectified_flow', parametrization: 'velocity', diffuse_in: 'data'})},
  {says: 'Train on images first', set: () => ({dataset: 'digits', diffuse_in: 'data'})},
  {says: 'works in the latent space of an autoencoder', set: () => ({diffuse_in: 'data'})},
  {says: 'in the space of the data: train one', set: () => ({diffuse_in: 'data'})},
  {says: 'set “Class-conditional” to yes', set: () => ({conditional: 'on'})},
  {says: 'this model was trained without classes', set: () => ({conditional: 'on'})},
  {says: '(label dropout 0)', set: () => ({label_dropout: 0.1})},
  {says: 'train with some label dropout', set: () => ({label_dropout: 0.1})},
  {says: 'integrated on a grid in one or two only', set: () => ({latent_dim: 2})},
  {says: 'data set sprites only', set: () => ({dataset: 'sprites'})},
  {says: 'it needs beta = 1, kl_warmup = 0 and free_bits = 0', set: () => ({beta: 1, kl_warmup: 0, free_bits: 0})},
  {says: 'Try a learning rate ten times smaller', set: now => ({learning_rate: rounded(now.learning_rate / 10, 2)})},
  {says: 'train both on the same data', tab: 'vae', set: () => ({dataset: config('ae').dataset})},
  {says: 'Train both with the same number', tab: 'vae', set: () => ({latent_dim: config('ae').latent_dim})},
  {says: 'There is no autoencoder', tab: 'ae', set: () => ({})},
  {says: 'There is no VAE', tab: 'vae', set: () => ({})},
  {says: 'ress Train first', set: () => ({})},
];
const TITLES = {ae: 'the autoencoder', vae: 'the VAE', diffusion: 'the diffusion model'};

export const wayOut = sentence => WAYS.find(way => sentence.includes(way.says)) || null;

/* The button, or null where neither the refusal carries `right`, settings that would be, nor the sentence names a way. */
export function wayButton(sentence, right = null) {
  const way = right ? {set: () => right} : wayOut(sentence);
  if (!way) return null;
  const button = document.createElement('button'), here = shownTab(), tab = way.tab || here, set = way.set(config(here));
  button.type = 'button';
  button.className = 'pg-small pg-way';
  const other = Object.entries(set).filter(([field, value]) => current(form(tab), field) !== value).map(([field, value]) => `${field.replaceAll('_', ' ')} = ${value}`);
  button.textContent = `${other.length ? `Set ${other.length > 1 ? 'that' : other[0]} and train` : 'Train'}${tab === here ? '' : ` ${TITLES[tab]}`}`;
  button.title = other.join(', ');
  button.addEventListener('click', () => { button.disabled = true; trainWith(tab, set); });
  return button;
}

/* Writes a sentence into `node`, with its way out behind it; the same again changes nothing. */
export function say(node, sentence) {
  if ((node.firstChild ? node.firstChild.nodeValue : '') === sentence) return;
  const button = sentence && wayButton(sentence);
  node.replaceChildren(...(sentence ? [document.createTextNode(sentence)] : []), ...(button ? [document.createTextNode(' '), button] : []));
}
