/* The Save menu of a run: the forms in which it can be taken away, each a line with its size, from the server function `forms`. The file
   comes from `runs/RUN/FILE`, made by the server while one waits. */
import {size} from '../lib/format.js';
import {button, node} from '../lib/nodes.js';
import {download} from '../lib/saving.js';

/* Forms with the same title, together. */
const grouped = forms => [...new Set(forms.map(form => form.title))].map(title => forms.filter(form => form.title === title));
const NO_ANSWER = 'The server did not answer. Please try again.';

export function saveMenu(element, server) {
  const $ = selector => element.querySelector(selector), opener = $('.run-save'), menu = $('.save-menu');
  if (!opener) return {draw() {}};
  const forms = $('.save-forms'), said = $('.save-said');
  let run = null, making = false;

  async function load() {
    const of = run;
    said.textContent = '';
    if (forms.dataset.run !== of) forms.replaceChildren(node('p', 'save-soft', 'Loading…'));
    let answer;
    try { answer = await server.forms(of); } catch { answer = null; }
    if (of !== run) return;
    forms.dataset.run = of;
    forms.replaceChildren(...(answer && answer.forms ? grouped(answer.forms).map(line) : [node('p', 'save-soft', answer ? answer.error : NO_ANSWER)]));
  }
  /* A line: pressed where there is one form, else with a button a format. */
  function line([first, ...others]) {
    const known = first.most ? `${first.exact ? '' : 'up to '}${size(first.most)}` : first.least ? `from ${size(first.least)}` : '';
    const words = [node('b', '', first.title), node('small', '', first.refusal || first.about)];
    if (!others.length) {
      const made = button('', 'save-form', () => save(first), {disabled: Boolean(first.refusal)});
      made.append(words[0], node('span', 'save-size', first.refusal ? '' : known), words[1]);
      return made;
    }
    const formats = [first, ...others].map(form => button(form.file.split('.').pop().toUpperCase(), 'pg-small', () => save(form),
      {disabled: Boolean(form.refusal), ariaLabel: `${form.title}, ${form.file.split('.').pop().toUpperCase()}`}));
    return node('div', `save-form${first.refusal ? ' save-refused' : ''}`, words[0], node('span', 'save-formats', ...formats), words[1]);
  }
  async function save(form) {
    if (making) return;
    const of = run;
    making = true;
    menu.setAttribute('aria-busy', 'true');
    said.textContent = `Making ${form.file} …`;
    let file = null, refusal = NO_ANSWER;
    try {
      const answer = await fetch(`runs/${of}/${form.file}`);
      if (answer.ok) file = await answer.blob(); else refusal = (await answer.json()).error;
    } catch { /* said below */ }
    if (file) download(form.name, file);
    said.textContent = file ? `Saved: ${form.name}, ${size(file.size)}.` : refusal;
    making = false;
    menu.removeAttribute('aria-busy');
  }
  menu.addEventListener('toggle', event => { if (/** @type {ToggleEvent} */ (event).newState === 'open') load(); });

  return {
    /* `shown`: the run that can be saved, or null. */
    draw(shown) {
      if (shown !== run) { run = shown; if (menu.matches(':popover-open')) menu.hidePopover(); }
      opener.disabled = !run;
    },
  };
}
