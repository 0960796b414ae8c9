/* The arena's three cards follow one payload: chart, samples and table. Payload: playground/features/arena/view.py. */
import {live} from '../../ui/lib/live.js';
import {makeChart} from './chart.js';
import {makeLook} from './look.js';
import {markdown} from './measures.js';
import {drawTable, drawWords} from './table.js';

/** @typedef {import('../../ui/lib/payloads.d.ts').Arena} Arena */

export function mount({element, props}) {
  const redraw = () => view.redraw(), chart = makeChart(element, redraw), look = makeLook(element, redraw);
  const table = element.querySelector('.arena-scroll table'), under = element.querySelector('.arena-under'), copy = element.querySelector('.arena-copy');
  const [chartEmpty, lookEmpty, tableEmpty] = element.querySelectorAll('.pg-empty');

  /** @param {Arena | null} payload */
  function draw(payload, frame, why, payloads) {
    const begun = Boolean(payload && payload.schedulers && payload.rows.length), any = begun && payload.rows.some(row => row.mean != null);
    tableEmpty.hidden = begun;
    copy.disabled = !any;
    chart.enable(any);
    if (begun) { drawTable(table, payload); drawWords(under, payload); }
    else { table.replaceChildren(); under.textContent = ''; }
    if (!any) { chart.clear(); look.clear(); }
    lookEmpty.hidden = any && look.draw(payload, payloads[1]);
    chartEmpty.hidden = any && chart.draw(payload);
  }

  const view = live({element, tab: props.tab, views: ['arena', 'particles_static'], draw, interval: 300});
  copy.addEventListener('click', async () => {
    const frame = view.frame(), payload = frame && frame.views.arena;
    if (!payload) return;
    try { await navigator.clipboard.writeText(markdown(payload)); copy.textContent = 'copied'; } catch { copy.textContent = 'not allowed'; }
    setTimeout(() => { copy.textContent = 'copy'; }, 1500);
  });
}
