/* A row a latent dimension: how much it tells of each factor, and what it moves. Questions: disentanglement, traversals. */
import {asker, keeper, shared} from '../../ui/lib/asking.js';
import {line} from '../../ui/lib/bars.js';
import {digits, fixed, sub, withError} from '../../ui/lib/format.js';
import {live, visible} from '../../ui/lib/live.js';
import {mark} from '../../ui/lib/origin.js';
import {html} from '../../ui/lib/svg.js';
import {drawTiles} from '../../ui/lib/tiles.js';
import {say} from '../../ui/lib/ways.js';

const NAMES = ['shape', 'size', 'angle', 'x', 'y'], TILES = 7;

/** @typedef {import('../../ui/lib/payloads.d.ts').Factors} Factors */
/** @template T @typedef {import('../../ui/lib/payloads.d.ts').Unpacked<T>} Unpacked */

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const ask = asker(server, props.tab), hint = $('.factors-hint'), score = $('.factors-score'), head = $('thead'), body = $('tbody'), says = $('.factors-says');
  const measured = shared(ask, props.tab, 'disentanglement');
  const note = $('.pg-note'), scroll = $('.factors-scroll'), first = hint.textContent;

  /** @type {(import('../../ui/lib/asking.js').Answer<Factors> & {images: Unpacked<Uint8Array>, order: Unpacked<Int32Array>, kl: Unpacked<Float32Array>, run: string}) | null} */
  let shown = null;
  let frame = null, trouble = '';
  const step = () => (frame && frame.views.map ? frame.views.map.step : null);
  const known = () => Boolean(frame && frame.views.map_static && frame.views.map_static.factors);

  const keep = keeper({
    key: () => (known() && step() !== null && visible(element) ? [frame.run, step()] : null),
    fetch: async () => {
      const run = frame.run, [found, moved] = await Promise.all([measured(), ask('traversals', {n: TILES})]);
      return found.error || moved.error ? {error: found.error || moved.error} : {...found, images: moved.images, order: moved.order, kl: moved.kl, run};
    },
    done: answer => { trouble = answer.error || ''; if (!answer.error) shown = answer; draw(); },
    interval: 4000, patience: 8,
  });

  /* The rows, made once for as many as there are; numbers change in place. */
  function rowAt(k) {
    while (body.children.length <= k) {
      const line = html('tr', '', html('th'), ...NAMES.map(() => html('td', 'factors-cell')), html('td', 'factors-strip', document.createElement('canvas'), html('small')));
      body.append(line);
    }
    return body.children[k];
  }

  function drawHead() {
    if (head.children.length) return;
    head.append(html('tr', '', html('th', '', 'dimension'), ...NAMES.map(name => html('th', '', name)), html('th', 'factors-strip', 'its traversal, −3 to 3')));
  }

  function drawRows() {
    const {order, normalised, floor, moves, images, kl} = shown, f = NAMES.length;
    order.data.forEach((j, k) => {
      const line = rowAt(k), cells = line.children, moved = moves.data[j];
      cells[0].textContent = `z${sub(j + 1)}`;
      NAMES.forEach((name, i) => {
        const value = normalised.data[j * f + i], least = floor ? floor.data[j * f + i] : 0, cell = cells[i + 1];
        cell.textContent = fixed(value);
        cell.style.background = `color-mix(in srgb, var(--role-posterior) ${Math.round(62 * Math.max(0, Math.min(1, value)))}%, transparent)`;
        cell.classList.toggle('factors-most', moved === i);
        cell.title = `z${sub(j + 1)} tells ${fixed(shown.mutual_information.data[j * f + i], 3)} nats of ${name}, ${Math.round(100 * value)} % of its entropy; with the factor shuffled ${fixed(least)}`;
      });
      const canvas = cells[f + 1].firstChild;
      drawTiles(canvas, images, {from: k * TILES, to: (k + 1) * TILES, size: 36, smooth: true});
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', `Traversal of dimension ${j + 1}`);
      cells[f + 1].lastChild.textContent = `${moved >= 0 ? `moves ${NAMES[moved]}` : 'moves no one factor'}; ${props.tab === 'vae' ? 'KL' : 'variance'} ${digits(kl.data[k])}`;
    });
    while (body.children.length > order.data.length) body.lastChild.remove();
  }

  function drawScore() {
    const {mig, mig_se, mig_floor, mig_per_factor} = shown, bars = NAMES.map((name, i) => {
      const value = mig_per_factor.data[i];
      return line(name, {value, colour: 'var(--role-posterior)'}, [0, 1], fixed(value));
    });
    score.replaceChildren(html('div', 'factors-mig', html('b', '', `MIG ${withError(mig, mig_se)}`), html('span', '', `mutual information gap, mean over factors: 0 is a jumble, 1 is one dimension per factor${mig_floor == null ? '' : `; with shuffled factors ${fixed(mig_floor, 3)}`}. ± is the standard error for this one model: models of other seeds differ by far more`)), html('div', 'factors-bars', ...bars));
  }

  function draw() {
    const ready = shown && frame && shown.run === frame.run;
    hint.hidden = Boolean(ready);
    say(hint, trouble || (known() ? 'Measuring mutual information…' : first));
    [score, scroll, says].forEach(node => { node.hidden = !ready; });
    mark(element, ready ? shown.origin : null);
    note.textContent = ready ? 'share of each factor’s entropy that a dimension tells' : '';
    if (!ready) return;
    drawHead();
    drawRows();
    drawScore();
    says.textContent = 'MIG of a factor: how much more the best dimension tells of it than the second best (Chen et al. 2018). The angle is a circle, so one straight dimension can hardly hold it.';
    body.dataset.drawn = (Number(body.dataset.drawn) || 0) + 1;
  }

  live({element, tab: props.tab, views: ['map', 'map_static'], draw: (payload, newest, why) => {
    const other = (newest && newest.run) !== (frame && frame.run);
    frame = newest;
    if (other) { shown = null; trouble = ''; }
    if (why !== 'frame' || other) draw();
    keep();
  }, interval: 500});
}
