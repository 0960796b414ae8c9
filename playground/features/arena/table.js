/* Every number: a row a scheduler, a column a number of evaluations. */
import {blindness} from '../../ui/lib/blindness.js';
import {withError} from '../../ui/lib/format.js';
import {nameTag, seconds, small} from './common.js';
import {MEASURES, best, disagreements, gapsOf, rowsOf, withSpread} from './measures.js';

/** @typedef {import('../../ui/lib/payloads.d.ts').Arena} Arena */
/** @typedef {import('../../ui/lib/payloads.d.ts').ArenaRow} ArenaRow */
/** @typedef {import('../../ui/lib/payloads.d.ts').ArenaScheduler} ArenaScheduler */

function cell(tag, text, note) {
  const node = document.createElement(tag), more = document.createElement('small');
  node.append(text);
  if (note != null) { more.textContent = note; node.append(more); }
  return node;
}

/** Beside a distance in pixels, that in the features of a classifier. @param {ArenaRow} row */
const seen = row => (row.frechet && row.frechet.mean != null ? `Fréchet ${withError(row.frechet.mean, row.frechet.std)}, ` : '');

/** @param {ArenaRow | undefined} row */
function reading(row) {
  if (!row || (row.mean == null && !row.reason)) return cell('td', row && row.n ? 'not finite' : '…');
  if (row.reason) return cell('td', '–', row.steps == null ? 'costs more' : 'fails');
  return cell('td', withSpread(row.mean, row.std), `${seen(row)}${row.nfe === row.target ? '' : `${row.nfe} NFE, `}${seconds(row.seconds_mean)}`);
}

/** @param {Arena} payload @param {ArenaScheduler} entry @param {Set<ArenaRow>} winners */
function schedulerRow(payload, entry, winners) {
  const tr = document.createElement('tr'), rows = rowsOf(payload, entry), first = document.createElement('td'), gaps = gapsOf(rows);
  tr.dataset.name = entry.name;
  first.append(nameTag(payload, entry, entry.noise ? '…' : ''));
  tr.append(first, cell('td', entry.grid));
  for (const row of rows) {
    const td = reading(row);
    if (row && row.reason) td.title = row.reason;
    td.classList.toggle('arena-best', Boolean(row && winners.has(row)));
    tr.append(td);
  }
  tr.append(entry.ours ? cell('td', gaps.length ? small(Math.max(...gaps)) : '…', entry.ours) : cell('td', '–', 'no own version'));
  return tr;
}

/** @param {Arena} payload */
const floorSeen = ({floor_seen: floor}) => (floor ? `Fréchet ${withError(floor.frechet, floor.frechet_std)}` : null);

/** @param {HTMLElement} table @param {Arena} payload */
export function drawTable(table, payload) {
  const targets = payload.evaluations, head = document.createElement('thead'), body = document.createElement('tbody'), line = document.createElement('tr');
  line.append(cell('th', 'Scheduler'), cell('th', 'Time grid'), ...targets.map(n => cell('th', `${n} NFE`)), cell('th', 'Difference to our own', 'largest, any number of any sample'));
  head.append(line);
  const winners = new Set(targets.flatMap(n => best(payload.rows.filter(row => row.target === n), MEASURES.energy)));
  const floor = document.createElement('tr');
  floor.className = 'arena-floor';
  floor.append(cell('td', 'real against real'), cell('td', ''), ...targets.map(() => cell('td', withSpread(payload.floor.mean, payload.floor.std), floorSeen(payload))), cell('td', ''));
  body.append(...payload.schedulers.map(entry => schedulerRow(payload, entry, winners)), floor);
  table.replaceChildren(head, body);
}

/** The sentences below the table. @param {HTMLElement} under @param {Arena} payload */
export function drawWords(under, payload) {
  const left = payload.left_out.map(entry => `${entry.title} is left out: ${entry.reason}`);
  under.textContent = [
    `${payload.unit}, to ${payload.reference}: mean ± standard deviation over ${payload.seeds} seeds of ${payload.n_samples} samples each; seconds are for one seed.`,
    'The estimate is unbiased: where nothing differs it scatters around zero. Bold: within one spread of the best of its column.',
    'NFE is counted at the network: Heun and KDPM2 ask twice a step; multistep methods (DPM-Solver++, UniPC) ask once, remember, and are of second order too. Real against real: other real examples in the place of samples. Differences to our own are round-off; Heun\'s method in σ / α multiplies it by the largest σ / α.', ...left,
  ].join(' ');
  if (payload.looked_at) under.append(` Fréchet: to training images, in the features of ${payload.network}, of ${payload.looked_at} samples of each seed; real: of as many held-out images. ${disagreements(payload)}`);
  if (payload.image) under.append(' ', blindness());
}
