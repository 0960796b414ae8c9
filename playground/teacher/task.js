/* On a page that was opened by a teacher's link: the task in a sentence, what the settings cost of its budget, the way onto the board, and one's place there. */
import {lastFrame, tell} from '../ui/lib/bus.js';
import {rounded, withError} from '../ui/lib/format.js';
import * as forms from '../ui/lib/forms.js';
import {button, node} from '../ui/lib/nodes.js';

const EVERY = 4000, TICK = 700;
const id = new URL(location.href).searchParams.get('task') || '';

/* Who one is: a random word of this browser, for this task alone. */
function person() {
  const key = `playground/task/${id}`;
  let word = null;
  try { word = localStorage.getItem(key); } catch { /* forbidden: somebody new each time */ }
  if (!/^[a-z0-9]{32}$/.test(word || '')) {
    word = [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
    try { localStorage.setItem(key, word); } catch { /* as above */ }
  }
  return word;
}

function mount() {
  const me = {task: id, person: person()};
  const title = node('b'), sentence = node('p', 'task-sentence'), state = node('p', 'task-state'), price = node('p', 'task-price'), share = node('i');
  const name = Object.assign(document.createElement('input'), {type: 'text', maxLength: 24, placeholder: 'Your name on the board', ariaLabel: 'Your name on the board'});
  const enter = button('Enter this run', '', () => ask({do: 'enter', ...me, run: run(), name: name.value}), {disabled: true, title: 'Once a run of yours has taken all its steps'});
  const leave = button('×', 'task-leave', gone, {title: 'Leave the task: train what you like', ariaLabel: 'Leave the task'});
  const bar = node('aside', 'class-task', sentence, node('div', 'task-mine', node('div', 'task-cost', node('span', 'task-meter', share), price), state), node('div', 'task-enter', name, enter), leave);
  bar.setAttribute('aria-label', 'Task of the class');
  document.body.prepend(bar);
  document.documentElement.classList.add('with-task');
  tell('task', me);

  let found = null, over = false, asked = 0, key = '', since = 0, busy = false;
  const run = () => { const frame = found && lastFrame(found.tab); return frame && !frame.kept && frame.run || ''; };
  const settings = () => (found && forms.read()[found.tab]) || {};

  function gone() {
    over = true;
    tell('task', null);
    const url = new URL(location.href);
    url.searchParams.delete('task');
    history.replaceState(history.state, '', url);
    document.documentElement.classList.remove('with-task');
    bar.remove();
  }

  function draw(error) {
    if (error && !found) {
      sentence.replaceChildren(error);
      bar.classList.add('task-over');
      return;
    }
    const {place, cost, refused} = found, left = found.tries - found.used;
    title.textContent = 'Task: ';
    if (sentence.textContent !== `Task: ${found.sentence}`) sentence.replaceChildren(title, found.sentence);
    sentence.title = found.sentence;
    const tries = left > 0 ? `${left} of ${found.tries} tries left` : 'no tries left';
    const stands = place && `place ${place.place} of ${place.of}, with ${withError(place.value, place.sd || null)}`;
    state.textContent = [tries, stands].filter(Boolean).join(' · ');
    state.textContent += error ? ` · ${error}` : found.said ? ` · ${found.said}` : found.may ? ' · your run has finished: enter it' : '';
    bar.classList.toggle('task-too-much', cost > 1 || Boolean(refused));
    share.style.width = `${100 * Math.min(1, cost || 0)}%`;
    price.textContent = refused || (cost == null ? 'Counting what these settings cost …' : cost > 1 ? `These settings: ${percent(cost)} of the budget, too much` : `These settings: ${percent(cost)} of the budget`);
    price.title = price.textContent;
    enter.disabled = !found.may;
    enter.classList.toggle('task-now', found.may);
    if (found.name && !name.value && document.activeElement !== name) name.value = found.name;
  }
  const percent = value => `${value < 0.0995 ? rounded(100 * value, 2) : Math.round(100 * value)} %`;

  async function ask(request) {
    busy = true;
    try {
      const answer = await (await fetch('class-task', {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(request)})).json();
      if (over) return;
      if (answer.error) {
        if (request.do === 'look') { found = null; tell('task', null); }
        draw(answer.error);
      } else {
        if (!found) tell('task', me);
        found = {cost: null, refused: '', ...found, ...answer};
        bar.classList.remove('task-over');
        draw('');
      }
    } catch { /* the page itself says that the server does not answer */ } finally { busy = false; }
    since = Date.now();
  }

  /* Asks soon after something changed, and now and then: others enter runs, too. */
  async function follow() {
    const frame = found && lastFrame(found.tab), now = JSON.stringify([settings(), run(), frame && frame.status]);
    const soon = now !== key || (found && !found.refused && found.cost == null);
    if (!busy && !document.hidden && (soon || Date.now() - since > EVERY * (0.75 + Math.random() / 2))) {
      key = now;
      asked += 1;
      await ask({do: 'look', ...me, run: run(), settings: asked > 1 ? settings() : {}});
    }
    if (!over) setTimeout(follow, TICK);
  }
  follow();
}
if (id) mount();
