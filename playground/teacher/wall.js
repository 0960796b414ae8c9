/* The teacher's wall: a tile for each run of the class, asked for by one request every two seconds, and above them what steers all. */
import {digits, duration, thousands} from '../ui/lib/format.js';
import {button, node} from '../ui/lib/nodes.js';
import {taskOf} from './board.js';

const EVERY = 2000;
const wall = /** @type {HTMLElement} */ (document.querySelector('main'));
const bounds = JSON.parse(wall.dataset.bounds);
const tiles = new Map();
const note = node('p', 'wall-note');
note.setAttribute('role', 'status');

/* --- what is sent: the answer to a refusal is a sentence, which stands until the next thing is done */
async function act(request) {
  try {
    const answer = await fetch('teacher/do', {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(request)});
    const {error} = answer.status === 404 ? {error: 'The server has forgotten you: open the address with the token again.'} : await answer.json();
    note.textContent = error || '';
    await look();
    return !error;
  } catch {
    note.textContent = 'The server does not answer.';
    return false;
  }
}

/* --- the head: numbers, all at once, a line to all, limits */
const counts = node('p', 'wall-counts'), theme = button('', '', () => dark(!document.body.classList.contains('dark')));
const pauseAll = button('Pause all', '', () => act({do: 'pause_all'}), {title: 'Every run stands still, and none begins, until Resume all.'});
const resumeAll = button('Resume all', '', () => act({do: 'resume_all'}), {title: 'What was paused from here goes on; what a student paused still stands.'});
const text = Object.assign(document.createElement('input'), {type: 'text', maxLength: Number(wall.dataset.line), placeholder: 'A line that every open page shows', ariaLabel: 'Message to all'});
const clear = button('Clear', '', async () => { if (await act({do: 'say', text: ''})) text.value = ''; });
const line = node('form', 'wall-line', text, Object.assign(button('Show to all', '', () => {}), {type: 'submit'}), clear);
line.addEventListener('submit', event => { event.preventDefault(); act({do: 'say', text: text.value}); });

const fields = {};
const limits = node('form', 'wall-limits');
for (const [name, [words, least, most, free]] of Object.entries(bounds)) {
  fields[name] = Object.assign(document.createElement('input'), {type: 'number', min: least, max: most, step: 1, placeholder: free ? 'no limit' : '', required: !free});
  limits.append(node('label', '', words, fields[name]));
}
limits.append(Object.assign(button('Set', '', () => {}), {type: 'submit'}));
limits.addEventListener('submit', event => {
  event.preventDefault();
  const value = field => (field.value === '' ? null : Number(field.value));
  act({do: 'limits', values: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, value(field)]))});
});
const contest = taskOf(act);
const grid = node('div', 'wall-runs'), empty = node('p', 'wall-empty', 'No run goes on. What the class trains appears here by itself.');
wall.append(
  node('header', 'wall-head', node('h1', '', 'The class'), counts, node('div', 'wall-all', pauseAll, resumeAll, theme)),
  node('div', 'wall-tools', line, node('details', '', node('summary', '', 'Limits'), limits), contest.setting), note, contest.task, empty, grid);

function dark(on) {
  document.body.classList.toggle('dark', on);
  theme.textContent = on ? 'Light' : 'Dark';
}
dark(matchMedia('(prefers-color-scheme: dark)').matches);

/* --- a tile: made once for a run and changed in place, so that the focus stays where it is */
function tile(run) {
  const image = document.createElement('img'), parts = Object.fromEntries(['title', 'what', 'state', 'loss', 'visitor', 'word'].map(name => [name, node('span', `wall-${name}`)]));
  image.alt = '';
  const open = document.createElement('a'), bar = document.createElement('progress');
  open.className = 'wall-open';
  open.target = '_blank';
  open.append(node('span', 'wall-picture', image), parts.title);
  const hold = button('Pause', '', () => act({do: hold.textContent.toLowerCase(), run})), stop = button('Stop', '', () => act({do: 'stop', run}));
  const element = node('article', 'wall-run', open, parts.visitor, parts.what, node('p', 'wall-facts', parts.state, parts.loss), bar, parts.word, node('p', 'wall-do', hold, stop));
  element.dataset.run = run;
  return {element, parts, image, open, bar, hold, stop};
}

const WORDS = {waiting: 'in line', starting: 'starts', running: 'running', paused: 'paused', finished: 'finished', stopped: 'stopped', failed: 'failed'};
function state(run) {
  if (run.status === 'waiting') return run.place ? `in line, place ${run.place}${run.wait == null ? '' : ` · about ${duration(run.wait)}`}` : 'in line';
  return run.steps ? `${WORDS[run.status]} · ${thousands(run.step)} of ${thousands(run.steps)}` : WORDS[run.status];
}

function fill({element, parts, image, open, bar, hold, stop}, run) {
  const name = run.name || run.about, active = ['starting', 'running', 'paused'].includes(run.status);
  element.dataset.status = run.status;
  parts.title.textContent = name;
  parts.what.textContent = run.name ? run.about : run.of;
  parts.visitor.textContent = run.visitor ? `visitor ${run.visitor}` : '';
  parts.visitor.style.setProperty('--visitor', `var(--class-${(run.visitor - 1) % 10})`);
  parts.state.textContent = state(run);
  parts.loss.textContent = run.loss == null ? '' : `${run.loss_words} ${digits(run.loss)}${run.loss_unit && ` ${run.loss_unit}`}`;
  parts.word.textContent = ['paused', 'stopped', 'failed'].includes(run.status) ? run.message : '';
  if (image.getAttribute('src') !== run.picture) {
    if (run.picture) image.src = run.picture; else image.removeAttribute('src');
  }
  image.hidden = !run.picture;
  if (run.tab) open.href = `./?tab=${run.tab}&${run.tab}=${run.run}`; else open.removeAttribute('href');
  open.title = run.tab ? 'Open this run, to watch it' : '';
  bar.max = Math.max(1, run.steps);
  bar.value = run.step;
  bar.setAttribute('aria-label', `Steps of ${name}`);
  hold.textContent = run.status === 'paused' ? 'Resume' : 'Pause';
  hold.hidden = !active;
  stop.hidden = !active && run.status !== 'waiting';
  for (const each of [hold, stop]) each.setAttribute('aria-label', `${each.textContent} ${name}`);
}

function show(found) {
  const {running, paused, waiting} = found.counts;
  counts.textContent = `${running} running, ${paused} paused, ${waiting} in line${found.held ? ' · nobody is let in' : ''}${found.more ? ` · ${found.more} more than fit here` : ''}`;
  pauseAll.disabled = found.held;
  resumeAll.disabled = !found.held;
  clear.disabled = !found.text;
  line.classList.toggle('wall-said', Boolean(found.text));
  if (found.text && !text.value && document.activeElement !== text) text.value = found.text;
  if (!limits.contains(document.activeElement)) for (const [name, field] of Object.entries(fields)) field.value = found.limits[name] ?? '';
  contest.show(found.task);
  empty.hidden = found.runs.length > 0 || Boolean(found.task);
  for (const run of found.runs) {
    if (!tiles.has(run.run)) tiles.set(run.run, tile(run.run));
    fill(tiles.get(run.run), run);
  }
  const order = found.runs.map(run => tiles.get(run.run).element), focus = /** @type {HTMLElement} */ (document.activeElement);
  if (order.length !== grid.children.length || order.some((element, i) => grid.children[i] !== element)) {
    grid.replaceChildren(...order);
    if (grid.contains(focus)) focus.focus({preventScroll: true});
  }
  for (const run of tiles.keys()) if (!found.runs.some(each => each.run === run)) tiles.delete(run);
}

async function look() {
  const answer = await fetch('teacher/runs', {cache: 'no-store'});
  if (!answer.ok) throw new Error(String(answer.status));
  show(await answer.json());
}

let lost = false;
async function follow() {
  try {
    if (!document.hidden) await look();
    if (lost) note.textContent = '';
    lost = false;
  } catch (error) {
    lost = true;
    note.textContent = error.message === '404' ? 'The server has started again: open the address with the token once more.' : 'The server does not answer, trying again…';
  }
  setTimeout(follow, EVERY);
}
follow();
