/* On the teacher's page: the form that sets a task for the class, and once there is one its link and the board, readable from the last row. */
import {digits, thousands, withError} from '../ui/lib/format.js';
import {button, node, select} from '../ui/lib/nodes.js';

const kinds = JSON.parse(/** @type {HTMLElement} */ (document.querySelector('main')).dataset.kinds);
const field = (words, input) => node('label', '', words, Object.assign(input, {ariaLabel: words}));
const number = (value, most) => Object.assign(document.createElement('input'), {type: 'number', min: 1, max: most, step: 1, value, required: true});

/* What is fixed stands in a field of its own; an empty one, or "free", leaves the setting to the students. */
function control({name, options, low, high}) {
  const input = options.length ? select([['free', ''], ...options]) : Object.assign(document.createElement('input'), {type: 'number', step: 'any', min: low, max: high, placeholder: 'free'});
  input.dataset.name = name;
  return input;
}

/* `act` sends a request and says whether it was done. Returns the element and what draws it anew. */
export function taskOf(act) {
  const model = select(Object.entries(kinds).map(([name, kind]) => [kind.title, name])), data = select([]);
  const steps = number(3000, 200000), tries = number(5, 100), fixed = node('div', 'wall-fixed');
  const set = Object.assign(button('Set the task', '', () => {}), {type: 'submit'});
  const form = node('form', 'wall-limits', field('Model', model), field('Data', data), field('Budget, in steps of the usual settings', steps), field('Tries of each', tries), set,
    node('p', 'wall-soft', 'The budget is counted in additions and multiplications: who takes a larger network has fewer steps. What you fill in here is the same for all, the rest is free:'), fixed);
  const setting = /** @type {HTMLDetailsElement} */ (node('details', '', node('summary', '', 'Set a task'), form));

  function offer() {
    data.replaceChildren(...select(kinds[model.value].data).children);
    fixed.replaceChildren(...kinds[model.value].settings.map(each => field(each.label, control(each))));
  }
  model.addEventListener('change', offer);
  offer();
  form.addEventListener('submit', async event => {
    event.preventDefault();
    const filled = /** @type {HTMLInputElement[]} */ ([...fixed.querySelectorAll('[data-name]')]).filter(input => input.value !== '');
    const values = Object.fromEntries(filled.map(input => [input.dataset.name, input.type === 'number' ? Number(input.value) : input.value]));
    set.disabled = true;
    if (await act({do: 'task', values: {model: model.value, dataset: data.value, fixed: values, steps: Number(steps.value), tries: Number(tries.value)}})) setting.open = false;
    set.disabled = false;
  });

  /* --- the task, its link, its board */
  const title = node('h2'), sentence = node('p', 'wall-task'), address = Object.assign(document.createElement('input'), {readOnly: true, ariaLabel: 'Link for the class'});
  const copy = button('Copy link', '', async () => {
    address.select();
    try { await navigator.clipboard.writeText(address.value); copy.textContent = 'Copied'; } catch { copy.textContent = 'Press Ctrl C'; }
    setTimeout(() => { copy.textContent = 'Copy link'; }, 2000);
  });
  const end = button('End the task', '', () => {
    if (end.textContent === 'End the task') { end.textContent = 'End it, with its board'; setTimeout(() => { end.textContent = 'End the task'; }, 5000); return; }
    end.textContent = 'End the task';
    act({do: 'end_task'});
  });
  const state = node('p', 'wall-soft'), body = document.createElement('tbody'), table = node('table', 'wall-board'), value = node('th');
  table.append(node('thead', '', node('tr', '', node('th', '', 'Place'), node('th', '', 'Name'), value, node('th', '', 'Steps'), node('th', '', 'Of the budget'), node('th', '', 'Not as usual'), node('th'))), body);
  const task = node('section', 'wall-contest', node('div', 'wall-line', title, address, copy, end), sentence, node('div', 'wall-scroll', table), state);
  task.hidden = true;

  function line(row, tab) {
    const open = document.createElement('a'), off = button('×', '', () => act({do: 'remove', number: row.number}), {title: 'Take this entry off the board', ariaLabel: `Remove ${row.name}`});
    Object.assign(open, {href: `./?tab=${tab}&${tab}=${row.run}`, target: '_blank', title: 'Open this run, to watch it', textContent: row.name});
    const cells = [String(row.place), open, withError(row.value, row.sd || null), thousands(row.steps), `${Math.round(100 * row.share)} %`, row.settings.join('; ') || '–', off];
    return node('tr', '', ...cells.map(cell => node('td', '', cell)));
  }
  let drawn = '';
  function show(found) {
    setting.hidden = Boolean(found);
    task.hidden = !found;
    const key = JSON.stringify(found);
    if (!found || key === drawn) return;
    drawn = key;
    title.textContent = found.title;
    sentence.textContent = found.sentence;
    address.value = new URL(`./?${found.query}`, location.href).href;
    value.textContent = found.unit ? found.unit.replace(/^./, letter => letter.toUpperCase()) : 'What counts';
    body.replaceChildren(...found.rows.map(row => line(row, found.tab)));
    if (found.beside) {
      const [label, known, sd] = found.beside;
      body.append(node('tr', 'wall-beside', ...['', label, sd ? withError(known, sd) : digits(known), '', '', '', ''].map(cell => node('td', '', cell))));
    }
    table.hidden = !found.rows.length;
    const people = found.people === 1 ? '1 person takes' : `${thousands(found.people)} people take`;
    state.textContent = [`${people} part`, found.measuring ? `${found.measuring} being measured` : '', found.rows.length ? `± is the ${found.spread.replace('between', 'spread between')}; who cannot be told apart shares a place` : 'the board fills as runs are entered']
      .filter(Boolean).join(' · ');
  }
  return {setting, task, show};
}
