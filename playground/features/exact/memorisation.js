/* Samples, what they lie nearest to, and how much nearer to the training set than to unseen images. Question: memorisation. */
import {asker} from '../../ui/lib/asking.js';
import {tile as drawTile} from '../../ui/lib/canvas.js';
import {fixed} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {mark} from '../../ui/lib/origin.js';
import {roleColour} from '../../ui/lib/theme.js';
import {html} from '../../ui/lib/svg.js';
import {say} from '../../ui/lib/ways.js';

const ROWS = [['samples', 'samples of the model', ''], ['nearest', 'nearest training images', ''], ['ideal', 'samples of the ideal denoiser', 'memory-apart'], ['ideal_nearest', 'nearest training images', '']];
const MOST = 1.4, MISSED = ['shifted', 'blurred'];
const percent = share => fixed(100 * share, share > 0 && share < 0.095 ? 1 : 0);

/** @typedef {import('../../ui/lib/payloads.d.ts').Memorisation} Memorisation */

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector), root = $('.memory');
  const button = $('.memory-ask'), hint = $('.memory-hint'), meter = $('.memory-meter'), rows = $('.memory-rows'), error = $('.memory-error');
  const ask = asker(server, props.tab);

  /** @type {import('../../ui/lib/asking.js').Answer<Memorisation> | null} */
  let found = null;
  let frame = null, busy = false, seed = 0;

  /* Who, the name of their arrays, title, role */
  const LINES = [['unseen', 'held_out_', 'unseen images (floor)', 'data'], ['model', '', 'samples of the model', 'samples'], ['ideal', 'ideal_', 'samples of the ideal denoiser', 'error'],
                 ['shifted', 'shifted_', 'copies, shifted by a pixel', 'train'], ['blurred', 'blurred_', 'copies, blurred by a pixel', 'train']];

  const span = interval => (interval ? `${percent(interval.data[0])} to ${percent(interval.data[1])} %` : '');

  function drawMeter() {
    const at = ratio => `${100 * Math.min(1, ratio / MOST)}%`, lines = LINES.map(([who, name, title, role]) => {
      const near = `${name}to_train`, far = `${name}to_held_out`, share = who === 'unseen' ? found.floor_share : found[`${name}share`];
      const line = html('div', 'memory-line'), scale = html('div', 'memory-scale'), limit = document.createElement('em');
      const ratios = Array.from(found[near].data, (d, i) => d / Math.max(1e-9, found[far].data[i])), n = Math.min(ratios.length, 120);
      for (let i = 0; i < n; i++) {
        const dot = document.createElement('u');
        Object.assign(dot.style, {left: at(ratios[i]), background: roleColour(role)});
        dot.title = `${fixed(ratios[i])}: ${fixed(found[near].data[i], 3)} to the nearest training image, ${fixed(found[far].data[i], 3)} to the nearest held-out one`;
        scale.append(dot);
      }
      limit.style.left = at(found.threshold);
      scale.append(limit);
      const value = html('b', '', `${percent(share)} %`);
      value.append(html('small', '', who === 'unseen' ? 'by choice' : span(found[`${name}interval`])));
      line.dataset.who = who;
      line.append(html('span', MISSED.includes(who) ? 'memory-copies' : '', `${title} (${ratios.length})`), scale, value);
      return line;
    });
    meter.replaceChildren(...lines, html('div', 'memory-axis', `Distance to the nearest training image, divided by that to the nearest held-out image (root mean square per pixel), from 0 to ${MOST}. `
      + `Left of the line at ${fixed(found.threshold)} an image counts as memorised: that is where 5 % of unseen images lie, too. At the right, the share of such images with its 95 % interval (Wilson); in brackets, how many there are.`),
    html('div', 'memory-missed', `What it misses: the copies are ${found.shifted_to_train.shape[0]} training images, changed a little, so that all of them ought to count. Of those shifted by one pixel it finds ${percent(found.shifted_share)} %, of the blurred ones ${percent(found.blurred_share)} %. `
      + 'A high share therefore shows memorisation, but a small one does not prove that a model makes something new, least of all one whose samples are blurred.'));
  }

  function drawRows() {
    rows.replaceChildren(...ROWS.map(([name, title, apart]) => {
      const row = html('div', `memory-row ${apart}`), tiles = html('div', 'memory-tiles'), images = found[name];
      for (let i = 0; i < images.shape[0]; i++) {
        const tile = drawTile(document.createElement('canvas'), images, i);
        if (name === 'samples' || name === 'ideal') tile.title = `${fixed(found[name === 'ideal' ? 'ideal_to_train' : 'to_train'].data[i], 3)} from the training image below`;
        tiles.append(tile);
      }
      row.append(html('span', '', title), tiles);
      return row;
    }));
  }

  function draw() {
    const ready = Boolean(frame && frame.views.samples);
    button.disabled = !ready || busy;
    button.textContent = busy ? 'Measuring…' : found ? 'Measure again' : 'Measure';
    root.classList.toggle('memory-asking', busy);
    say(hint, ready || found ? hint.dataset.first : `There is no model yet: press Train first. ${hint.dataset.first}`);
    meter.hidden = !found;
    mark(element, found ? found.origin : null);
    if (!found) { rows.replaceChildren(); return; }
    drawMeter();
    drawRows();
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }

  button.addEventListener('click', async () => {
    const {run} = frame;
    busy = true;
    error.textContent = '';
    draw();
    const answer = await ask('memorisation', {n: 128, seed});
    seed += 1;
    busy = false;
    if (frame && frame.run === run) {
      say(error, typeof answer.error === 'string' ? answer.error : '');
      if (!error.textContent) found = answer;
    }
    draw();
  });

  live({element, tab: props.tab, views: ['samples'], draw: (payload, newest, why) => {
    const other = (newest && newest.run) !== (frame && frame.run), first = Boolean(payload) !== Boolean(frame && frame.views.samples);
    frame = newest;
    if (other) { found = null; error.textContent = ''; }
    if (other || first || why !== 'frame' || button.disabled !== (busy || !payload)) draw();
  }, interval: 300});
}
