/* Goes somewhere on the page, and sets and trains there, in the place of a person: opens a tab or a bench by its button. */
import {tell} from './bus.js';
import * as forms from './forms.js';

export const TABS = ['ae', 'vae', 'diffusion'];
/* All buttons of a row of tabs, those in the menu of a narrow window, too; Gradio has each once more, unseen, to measure it. */
const buttons = bar => [...document.querySelectorAll(`${bar} > .tab-wrapper button`)].filter(button => button.textContent.trim() && !button.closest('.visually-hidden'));

export const openTab = tab => /** @type {HTMLElement} */ (buttons('#tabs')[[...TABS, 'compare'].indexOf(tab)])?.click();
export const openBench = (tab, title) => /** @type {HTMLElement} */ (buttons(`#dock-${tab}`).find(button => button.textContent.trim() === title))?.click();

/* A button anywhere that names a bench opens it; on a narrow window the dock stands further down. */
export const offering = () => document.addEventListener('click', event => {
  const button = /** @type {HTMLElement} */ (event.target).closest('[data-bench]');
  if (!(button instanceof HTMLElement)) return;
  const tab = shownTab();
  openBench(tab, button.dataset.bench);
  setTimeout(() => document.getElementById(`dock-${tab}`)?.scrollIntoView({block: 'nearest'}), 100);
});

/* The tab that is open: that of the first run bar in sight. */
export function shownTab() {
  const bars = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.run[data-tab]')]);
  return bars.find(bar => bar.offsetParent !== null)?.dataset.tab || TABS[0];
}

/* Once the form of `tab` is there, `set` sets it, and a training begins in place of what still goes on there. */
export async function train(tab, set = () => {}) {
  while (!forms.form(tab).all.length) await new Promise(done => setTimeout(done, 50));
  set();
  tell(`train|${tab}`, {});
}
/* Sets these fields of the form of `tab` and trains. */
export function trainWith(tab, values) {
  if (tab !== shownTab()) openTab(tab);
  return train(tab, () => Object.entries(values).forEach(([field, value]) => forms.type(tab, field, value)));
}
