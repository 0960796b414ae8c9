/* The list of runs: opened from the head, over the page. On a server of one's own all that are kept, elsewhere those of this browser. */
import {tell} from '../ui/lib/bus.js';
import {size, thousands} from '../ui/lib/format.js';
import {TABS, openTab} from '../ui/lib/going.js';
import {button, node} from '../ui/lib/nodes.js';
import {drop, mine, nameOf, putBack, remember, rename} from '../ui/lib/mine.js';
import {send} from '../ui/lib/sending.js';

const NO_ANSWER = 'The server did not answer. Please try again.';
const EMPTY = {
  own: 'No run is kept yet: press Train, and it is here, also after a restart.',
  shared: 'No run of this browser is kept here yet: press Train, and it is in this list. On a server that others use, old runs make room for new ones.',
};
/* "12:30" of today, "26 Nov" of this year, else with the year. */
export function when(seconds, now = new Date()) {
  const date = new Date(1000 * seconds), today = date.toDateString() === now.toDateString();
  if (today) return date.toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'});
  return date.toLocaleDateString('en-GB', {day: 'numeric', month: 'short', ...(date.getFullYear() === now.getFullYear() ? {} : {year: 'numeric'})});
}
/* Whether every word of what was typed is in what is shown of a run. */
export const matches = (run, typed) => typed.toLowerCase().split(/\s+/).every(word => `${run.title} ${run.about} ${run.notes} ${run.status}`.toLowerCase().includes(word));

export function mount({element, server}) {
  const $ = selector => element.querySelector(selector);
  const panel = $('.library-panel'), body = $('.library-body'), note = $('.library-note'), search = $('.library-search'), opener = $('.library-open'), file = /** @type {HTMLInputElement} */ ($('.library-file'));
  let runs = [], own = false, editing = '', loaded = false;

  const ask = async (name, request) => { try { return (await server[name](request)) || {error: NO_ANSWER}; } catch { return {error: NO_ANSWER}; } };
  const known = () => TABS.flatMap(tab => mine(tab));

  async function load() {
    const answer = await ask('runs', known().map(one => one.run));
    loaded = true;
    if (answer.error) { say(answer.error); return; }
    own = answer.own;
    runs = answer.runs.map(titled);
    draw();
  }
  function titled(run) {
    const here = known().find(one => one.run === run.run);
    const name = run.name || (here && here.name) || (run.about ? nameOf(run.about, here && here.n) : 'A run that cannot be read');
    return {...run, title: name};
  }
  function say(text, ...more) { note.replaceChildren(...(text ? [node('span', '', text), ...more] : [])); }

  /* --- what can be done with one ------------------------------------------------------------------------------------ */
  function open(run) {
    const url = new URL(location.href);
    url.searchParams.set(run.tab, run.run);
    history.replaceState(history.state, '', url);
    tell(`show|${run.tab}`, run.run);
    openTab(run.tab);
    show(false);
  }
  async function change(run, labels) {
    if (!own) rename(run.tab, run.run, labels.name ?? run.title);
    const answer = own ? await ask('change_run', [run.run, labels]) : {run: {...run, name: labels.name}};
    if (answer.error) { say(answer.error); return; }
    editing = '';
    runs = runs.map(one => (one.run === run.run ? titled(answer.run) : one));
    tell('renamed', {run: run.run, name: answer.run.name});
    say('');
    draw();
    focusOn(run);
  }
  async function remove(run) {
    const at = runs.indexOf(run), entry = known().find(one => one.run === run.run);
    const answer = own ? await ask('delete_run', run.run) : {};
    if (answer.error) { say(answer.error); return; }
    drop(run.tab, run.run);
    runs = runs.filter(one => one !== run);
    const undo = button('Undo', 'library-quiet', async () => {
      const back = own ? await ask('restore_run', run.run) : {};
      if (back.error) { say(back.error); return; }
      if (entry) putBack(run.tab, entry);
      runs = runs.toSpliced(at, 0, run);
      say('');
      draw();
      focusOn(run);
    });
    draw();
    say(`“${run.title}” is ${own ? 'deleted' : 'off this list'}.`, undo);
    undo.focus();
  }

  /* A file that was saved comes back as a run of its own. */
  async function bring(chosen) {
    if (!chosen) return;
    say(`Sending ${chosen.name} …`);
    const never = new AbortController();
    const answer = (await send(new URL('bring-run', document.baseURI), chosen.slice(0, chosen.size, 'application/octet-stream'), never.signal,
      done => { if (done === 1) say(`Reading ${chosen.name} …`); })) || {error: NO_ANSWER};
    if (answer.error) { say(answer.error); return; }
    remember(answer.tab, answer.run, answer.about);
    await load();
    const run = runs.find(one => one.run === answer.run);
    if (!run) return;
    say(`“${run.title}” is back${answer.left_out ? `; ${answer.left_out} of its moments did not fit it` : ''}.`, button('Open', 'library-main', () => open(run)));
    body.querySelector(`[data-run="${run.run}"]`)?.scrollIntoView({block: 'nearest'});
  }

  /* --- drawing ---------------------------------------------------------------------------------------------------- */
  const focusOn = run => /** @type {HTMLElement} */ (body.querySelector(`[data-run="${run.run}"] button`))?.focus();

  function draw() {
    const shown = runs.filter(run => matches(run, search.value.trim()));
    const empty = !loaded ? 'Loading…' : runs.length ? 'No run has these words.' : own ? EMPTY.own : EMPTY.shared;
    body.replaceChildren(...(shown.length ? [...shown.filter(run => run.pinned), ...shown.filter(run => !run.pinned)].map(card) : [node('p', 'library-soft', empty)]));
  }
  function card(run) {
    const made = node('section', 'library-run', picture(run), editing === run.run ? form(run) : facts(run));
    made.dataset.run = run.run;
    return made;
  }
  function picture(run) {
    const place = node('div', 'library-picture');
    if (run.picture) {
      const image = /** @type {HTMLImageElement} */ (node('img'));
      Object.assign(image, {src: new URL(run.picture, document.baseURI).href, alt: '', loading: 'lazy', width: 96, height: 72});
      place.append(image);
    }
    return place;
  }
  function facts(run) {
    const far = run.goes_on || run.status !== 'finished' ? `${run.status} at step ${thousands(run.step)} of ${thousands(run.steps)}` : `${thousands(run.step)} steps`;
    const doing = node('div', 'library-doing',
      run.trouble ? null : button('Open', 'library-main', () => open(run), {ariaLabel: `Open ${run.title}`}),
      run.trouble ? null : button(own ? 'Edit' : 'Rename', 'library-quiet', () => { editing = run.run; draw(); /** @type {HTMLElement} */ (body.querySelector('.library-form input'))?.focus(); }, {title: own ? 'Its name and notes' : ''}),
      own && !run.trouble ? button(run.pinned ? 'Unpin' : 'Pin', 'library-quiet', () => change(run, {pinned: !run.pinned}), {ariaPressed: String(run.pinned), title: 'A pinned run never makes room for others.'}) : null,
      button(own ? 'Delete' : 'Take off', 'library-quiet', () => remove(run), {disabled: own && run.goes_on, title: run.goes_on ? 'It goes on: stop it first.' : ''}));
    return node('div', 'library-facts',
      node('h2', '', run.title), run.title.includes(' · ') || !run.about ? null : node('p', 'library-soft', nameOf(run.about)),
      node('p', 'library-soft', run.trouble || `${far} · ${when(run.created)} · ${size(run.bytes)}`),
      run.notes ? node('p', 'library-notes', run.notes) : null, doing);
  }
  function form(run) {
    const name = /** @type {HTMLInputElement} */ (node('input')), notes = /** @type {HTMLTextAreaElement} */ (node('textarea'));
    Object.assign(name, {value: run.name || '', placeholder: run.title, maxLength: 80, ariaLabel: 'Name'});
    Object.assign(notes, {value: run.notes, rows: 3, maxLength: 4000, ariaLabel: 'Notes', placeholder: 'Notes'});
    const save = () => change(run, own ? {name: name.value, notes: notes.value} : {name: name.value});
    const stop = () => { editing = ''; draw(); focusOn(run); };
    const made = node('form', 'library-form', name, own ? notes : null, node('div', 'library-doing', button('Save', 'library-main', save), button('Cancel', 'library-quiet', stop)));
    made.addEventListener('submit', event => { event.preventDefault(); save(); });
    made.addEventListener('keydown', event => { if (event.key === 'Escape') { event.stopPropagation(); stop(); } });
    return made;
  }
  function show(on) {
    panel.hidden = !on;
    opener.setAttribute('aria-expanded', String(on));
    say('');
    if (on) { draw(); load(); search.focus({preventScroll: true}); } else { editing = ''; opener.focus(); }
  }

  opener.addEventListener('click', () => show(panel.hidden));
  search.addEventListener('input', draw);
  panel.addEventListener('click', event => {
    if (event.target.closest('[data-go=close]')) show(false);
    if (event.target.closest('[data-go=bring]')) file.click();
  });
  file.addEventListener('change', () => { bring(file.files[0]); file.value = ''; });
  for (const kind of ['dragenter', 'dragover', 'dragleave', 'drop']) {
    panel.addEventListener(kind, event => {
      event.preventDefault();
      panel.classList.toggle('library-over', kind === 'dragenter' || kind === 'dragover');
      if (kind === 'drop') bring(event.dataTransfer.files[0]);
    });
  }
  panel.addEventListener('keydown', event => { if (event.key === 'Escape') { event.preventDefault(); show(false); } });
}
