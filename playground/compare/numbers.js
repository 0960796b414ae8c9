/* One panel of numbers: a row for each measure, a column for each run; the best is strong, and beside each measure stands what real data have of it. */
import {thousands} from '../ui/lib/format.js';
import {button, node} from '../ui/lib/nodes.js';
import {download} from '../ui/lib/saving.js';
import {best, csv, measures, reading, text} from './panel.js';

const HINT = 'All of them are measured by the same measures on the same held-out data, from the same seeds: reconstruction error, bound and log-likelihood, Fréchet distance, precision and recall, energy distance, memory, cost.';

/* What real data have of a measure, where that is the same for all columns. */
function beside(columns, name) {
  const all = columns.map(column => reading(column, name)?.row.beside).filter(Boolean), [first] = all;
  return first && all.every(each => each.label === first.label && each.value === first.value) ? first : null;
}
const words = (name, one) => (one ? `${one.label} ${text(name, one.value, one.sd)}` : '');

function cell(column, name, isBest, common) {
  const found = reading(column, name), made = node('td');
  if (!found) { made.append(node('span', 'compare-soft', '')); return made; }
  made.classList.toggle('compare-stale', found.stale);
  made.classList.toggle('compare-best', isBest);
  if (found.value == null) { made.append(node('span', 'compare-why', 'not defined')); made.title = found.why; return made; }
  made.append(node('span', 'compare-value', text(name, found.value, found.sd)));
  if (!common && found.row.beside) made.append(node('span', 'compare-soft', ` ${words(name, found.row.beside)}`));
  made.title = [found.spread && `± ${found.spread}`, found.row.note, found.stale && `Of step ${thousands(column.head.evaluation.of_step)}; the run has gone on since.`].filter(Boolean).join('. ');
  return made;
}

/* `sort` is the measure that the columns are sorted by; `act`: {evaluate(runs), sortBy(name)}; `busy` are the runs that are measured now. */
export function numbers(columns, {sort, busy, act}) {
  const rows = measures(columns), open = columns.flatMap(column => column.runs).filter(run => !run.evaluated && !run.goes_on && run.step > 0);
  const going = open.some(run => busy.has(run.run)), n = open.length;
  const title = node('h3', '', 'Numbers',
    n ? button(going ? 'Measuring…' : rows.length ? `Evaluate ${n === 1 ? 'the one that is' : `the ${n} that are`} new` : 'Evaluate', 'compare-main', () => act.evaluate(open.map(run => run.run)), {disabled: going}) : null,
    rows.length ? button('CSV', 'compare-quiet', () => download('comparison.csv', new Blob([csv(columns)], {type: 'text/csv'})), {title: 'All numbers with their spread and their floor'}) : null,
    rows.length ? node('span', 'compare-soft', 'Point at a number for its spread and how it was measured; press a measure to sort by it.') : null);
  if (!rows.length) return [title, node('p', 'compare-soft', HINT)];
  const table = node('table', 'compare-table compare-panel');
  for (const row of rows) {
    const common = beside(columns, row.name), strongest = best(columns, row.name);
    const sorts = button(row.label, 'compare-sort', () => act.sortBy(sort === row.name ? '' : row.name), {ariaPressed: String(sort === row.name), title: `Sort the columns by it; ${row.better ? `${row.better} is better` : 'neither way is better'}`});
    table.append(node('tr', '', node('th', '', sorts, node('span', '', row.unit), common ? node('span', 'compare-floor', words(row.name, common)) : null), ...columns.map((column, k) => cell(column, row.name, k === strongest, common))));
  }
  return [title, table];
}
