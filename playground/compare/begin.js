/* What is begun from the Compare tab: every kind of model on the same data, or one setting over several values. */
import {whenOwn, offered} from '../ui/lib/own_data.js';
import {button, node, select} from '../ui/lib/nodes.js';

function field(label, control, help = '') {
  const made = node('label', 'compare-field', node('span', '', label), control);
  made.title = help;
  control.setAttribute('aria-label', label);   // else its name has all options in it
  return made;
}
function input(value, more = {}) {
  const made = /** @type {HTMLInputElement} */ (node('input'));
  return Object.assign(made, {type: 'text', autocomplete: 'off', value, ...more});
}
/* A number where it reads as one: what is none is refused by the server, in words. */
const plain = text => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text.trim());
const filled = values => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));

/* `begin(what, values)` starts it. */
export function beginning({place, describe, begin}) {
  async function draw() {
    const told = await describe();
    if (told.error) { place.replaceChildren(node('p', 'compare-soft', told.error)); return; }
    const data = select([], ''), steps = input('', {placeholder: 'usual', inputMode: 'numeric'}), latents = input('', {placeholder: 'usual', inputMode: 'numeric'}), seeds = select([['1', '1'], ['3', '3'], ['5', '5']], '1');
    const fill = () => { const held = data.value || told.datasets[0][1]; data.replaceChildren(...[...told.datasets, ...offered(['images', 'table', 'points', 'drawing'], held)].map(([title, value]) => new Option(title, value, false, value === held))); };
    fill();
    whenOwn(fill);
    const all = button('Train all four', 'compare-main', () => begin('all_four', {dataset: data.value, seeds: Number(seeds.value), ...filled({steps: plain(steps.value), latent_dim: plain(latents.value)})}));
    const called = () => { all.textContent = told.points.includes(data.value) || /^own-(points|drawing)-/.test(data.value) ? 'Train every kind' : 'Train all four'; };
    data.addEventListener('change', called);

    const kind = select(told.kinds.map(each => [each.title, each.kind]), told.kinds[0].kind), setting = select([], ''), values = input('', {placeholder: '1, 4, 16'});
    const known = () => told.kinds.find(each => each.kind === kind.value).settings;
    const may = () => { const one = known().find(each => each.name === setting.value); values.title = values.placeholder = one.may; };
    const settings = () => { const held = setting.value; setting.replaceChildren(...known().map(each => new Option(each.label, each.name, false, each.name === (known().some(one => one.name === held) ? held : 'latent_dim')))); may(); };
    kind.addEventListener('change', settings);
    setting.addEventListener('change', may);
    settings();
    const sweep = button('Sweep', 'compare-quiet', () => begin('sweep', {dataset: data.value, model: kind.value, setting: setting.value, values: values.value.split(',').map(each => each.trim()).filter(Boolean), seeds: Number(seeds.value), ...filled({steps: plain(steps.value)})}));
    place.replaceChildren(
      node('div', 'compare-fields', field('Data', data), field('Steps', steps, 'Of each training; left empty, what is usual for its kind and data.'), field('Latent dimensions', latents, 'Of autoencoder and VAE, and so of the latent diffusion; left empty, what is usual.'), field('Seeds', seeds, 'Each kind is trained once with each, and their column shows mean and spread over them.'), all),
      node('div', 'compare-fields', field('Sweep of', kind), field('Setting', setting), field('Values', values), sweep));
  }
  return {draw};
}
