/* The nodes of the panel, made one by one from a lesson's plain text: nothing in a file is ever markup. */
import {digits} from '../ui/lib/format.js';
import {button, node} from '../ui/lib/nodes.js';

const STYLES = {strong: 'strong', em: 'em', code: 'code'};
function span({style, text, href}) {
  if (style !== 'link') return STYLES[style] ? node(STYLES[style], '', text) : document.createTextNode(text);
  const link = /** @type {HTMLAnchorElement} */ (node('a', '', text));
  if (/^https?:\/\//.test(href)) Object.assign(link, {href, target: '_blank', rel: 'noopener noreferrer'});
  return link;
}
/* Paragraphs, and lists where items follow one another. */
export function prose(blocks) {
  const box = node('div', 'lesson-prose');
  let list = null;
  for (const {kind, spans} of blocks) {
    const made = node(kind === 'li' ? 'li' : 'p', '', ...spans.map(span));
    if (kind !== 'li') { list = null; box.append(made); continue; }
    if (!list) box.append(list = node('ul'));
    list.append(made);
  }
  return box;
}

/* A question: its answers are buttons until one is chosen; then the right one is marked, and the reason is told. */
export function question(step, guess, choose) {
  const done = guess != null;
  const answers = step.ask.answers.map((text, i) => {
    const right = done && i === step.ask.right, mine = done && i === guess;
    const made = button(`${right ? '✓ ' : mine ? '✗ ' : ''}${text}`, `lesson-answer${right ? ' lesson-right' : mine ? ' lesson-wrong' : ''}`, () => choose(i), {disabled: done});
    made.setAttribute('aria-pressed', String(mine));
    return made;
  });
  const said = done && node('p', 'lesson-because', `${guess === step.ask.right ? 'Yes. ' : 'Not so. '}${step.because}`);
  return node('div', 'lesson-ask', node('p', 'lesson-question', step.ask.text), node('div', 'lesson-answers', ...answers), said || null);
}

const MARKS = {true: '✓', false: '✗', null: '·'};
/* What the run says to the checks, or why nothing can be said yet. */
export function verdict(step, judged, waiting) {
  const box = node('div', 'lesson-verdict');
  box.setAttribute('role', 'status');
  if (!judged || judged.other) { box.append(node('p', 'lesson-soft', judged ? judged.other : waiting)); return box; }
  if (judged.error) { box.append(node('p', 'lesson-bad', judged.error)); return box; }
  for (const [holds, sentence] of judged.verdicts) box.append(node('p', holds ? 'lesson-good' : holds === false ? 'lesson-bad' : 'lesson-soft', `${MARKS[holds]} ${sentence}`));
  if (judged.verdicts.some(([holds]) => holds === false) && step.otherwise) box.append(node('p', 'lesson-otherwise', step.otherwise));
  return box;
}

const words = name => name.replaceAll('_', ' ');
const written = value => (typeof value === 'number' ? digits(value) : String(value ?? '–'));
/* The reader's own runs: the settings that differ, and what was measured. */
export function runs(step, {rows, settings}, headings) {
  if (!rows.length) return node('p', 'lesson-soft', 'Your runs will stand here: train at least one in the steps before.');
  const head = node('tr', '', ...['Step', ...settings.map(words), ...step.table.map(([, said]) => said)].map(text => node('th', '', text)));
  const lines = rows.map(row => node('tr', '', node('th', '', headings[row.step] ?? ''),
    ...settings.map(name => node('td', '', written(row.settings[name]))), ...step.table.map(([name]) => node('td', '', written(row.numbers[name])))));
  const made = node('table', '', node('thead', '', head), node('tbody', '', ...lines)), box = node('div', 'lesson-table', made);
  box.tabIndex = 0;
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', 'Your runs');
  return box;
}
