/* The list of runs that may be compared: those of the library, and those that came with the project. */
import {thousands} from '../ui/lib/format.js';
import {TABS} from '../ui/lib/going.js';
import {mine, nameOf} from '../ui/lib/mine.js';
import {button, node} from '../ui/lib/nodes.js';

let listed = [];
const here = () => TABS.flatMap(tab => mine(tab));
/* All that may be chosen, as the server told it last. */
export const known = () => listed;
/* What a run is called in this browser: the name that it was given, or "VAE 3 · Fashion-MNIST". */
export function nameHere(run, name) {
  const one = here().find(each => each.run === run);
  return name || (one ? one.name || nameOf(one.about, one.n) : '');
}
export const matching = (runs, typed) => runs.filter(run => typed.toLowerCase().split(/\s+/).every(word => `${run.title} ${run.about} ${run.notes} ${run.status}`.toLowerCase().includes(word)));

/* `kept()` are those that are chosen, `toggle(run)` takes one in or out. */
export function chooser({box, ask, kept, toggle}) {
  const search = /** @type {HTMLInputElement} */ (node('input', 'compare-search')), list = node('div', 'compare-list');
  Object.assign(search, {type: 'search', placeholder: 'Search', ariaLabel: 'Search runs to compare', maxLength: 80});
  box.append(node('div', 'compare-chooser-head', node('b', '', 'Runs to compare'), search, button('Done', 'compare-quiet', () => open(false))), list);

  async function load() {
    const answer = await ask('compare_choices', here().map(one => one.run));
    if (answer.error) { list.replaceChildren(node('p', 'compare-soft', answer.error)); return; }
    listed = answer.runs.map(run => ({...run, title: nameHere(run.run, run.name) || (run.run.startsWith('kept-') ? `Kept ${nameOf(run.about)}` : nameOf(run.about))}));
    draw();
  }
  function draw() {
    const found = matching(listed, search.value.trim()), now = kept();
    list.replaceChildren(...(found.length ? found.map(run => row(run, now.includes(run.run))) : [node('p', 'compare-soft', listed.length ? 'No run has these words.' : 'No run is kept here yet: train one on a tab.')]));
  }
  function row(run, on) {
    const check = /** @type {HTMLInputElement} */ (node('input')), label = node('label', 'compare-choice', check);
    Object.assign(check, {type: 'checkbox', checked: on});
    check.addEventListener('change', () => toggle(run.run));
    const picture = node('span', 'compare-picture');
    if (run.picture) {
      const image = /** @type {HTMLImageElement} */ (node('img'));
      Object.assign(image, {src: new URL(run.picture, document.baseURI).href, alt: '', loading: 'lazy', width: 48, height: 36});
      picture.append(image);
    }
    label.append(picture, node('span', 'compare-choice-words', node('b', '', run.title), node('span', '', `${run.about} · ${run.status} · step ${thousands(run.step)}`)));
    return label;
  }
  function open(on) {
    box.hidden = !on;
    if (on) { load(); draw(); search.focus({preventScroll: true}); }
  }
  search.addEventListener('input', draw);
  box.addEventListener('keydown', event => { if (event.key === 'Escape') { event.preventDefault(); open(false); } });
  return {open, load};
}
