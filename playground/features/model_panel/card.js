/* Pictures made on demand. Questions (playground/questions): grid, traversals, generate. One at a time, and made again while
   the model learns on: the cheap ones once a second, measured samples every ten. */
import {asker, keeper, shared} from '../../ui/lib/asking.js';
import {line} from '../../ui/lib/bars.js';
import {blindness} from '../../ui/lib/blindness.js';
import {hear} from '../../ui/lib/bus.js';
import {digits, fixed, sub, thousands, withError} from '../../ui/lib/format.js';
import {live, visible} from '../../ui/lib/live.js';
import {mark} from '../../ui/lib/origin.js';
import {roleVar} from '../../ui/lib/theme.js';
import {drawTiles} from '../../ui/lib/tiles.js';
import {say} from '../../ui/lib/ways.js';

const FACTORS = ['shape', 'size', 'angle', 'x', 'y'];   // of sprites, in the order of the answer
const columns = () => 15;


export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const ask = asker(server, props.tab), isVAE = props.tab === 'vae';
  const moving = shared(ask, props.tab, 'disentanglement');
  const card = $('.panel'), buttons = [...element.querySelectorAll('[data-ask]')], hint = $('.panel-hint'), distance = $('.panel-distance'), rows = $('.panel-rows');
  const error = $('.panel-error'), GAP = 2, SHOWN = 32;

  let chosen = null, frame = null, shown = null, pins = [], rules = new Map();   // rules: how -> its newest answer, of this run
  const step = () => (frame && frame.views.map ? frame.views.map.step : null);
  const subject = () => (chosen && step() !== null && frame ? `${frame.run}|${chosen}|${chosen === 'traversals' ? pins[0] ?? '' : ''}` : null);
  const measured = () => !['grid', 'traversals'].includes(chosen);

  const question = () => (chosen === 'grid' ? ['grid', {n: columns()}] : chosen === 'traversals' ? ['traversals', {n: 9, ...(pins.length ? {index: pins[0]} : {})}]
    : ['generate', {how: chosen.split(':')[0], n: SHOWN, seed: 0, ...(isVAE ? {pixels: chosen.includes(':') ? 'mean' : 'draw'} : {})}]);

  const keeps = [1000, 10000].map((interval, slow) => keeper({
    key: () => (subject() && Number(measured()) === slow && visible(element) ? [subject(), step()] : null),
    fetch: async () => {
      const wanted = question(), known = wanted[0] === 'traversals' && frame.views.map_static && frame.views.map_static.factors;
      const [answer, found] = await Promise.all([ask(...wanted), known ? moving() : null]);   // sprites: which factor moves
      return found && !found.error && !answer.error ? {...answer, moves: found.moves} : answer;
    },
    done: (answer, of) => {
      say(error, answer.error || '');
      card.classList.remove('panel-asking');
      if (answer.error || of !== subject()) return;
      shown = {...answer, of, kind: chosen};
      draw();
    },
    interval,
  }));

  const poke = () => keeps.forEach(keep => keep());

  /* --- drawing ------------------------------------------------------------------------------------------------------------- */
  /* The row at place k: a label beside a canvas, made once. */
  function row(k) {
    while (rows.children.length <= k) {
      const node = document.createElement('div');
      node.className = 'panel-row';
      node.innerHTML = '<div class="panel-label"><span></span><small></small></div><canvas role="img"></canvas>';
      rows.append(node);
    }
    rows.children[k].hidden = false;
    rows.children[k].classList.toggle('panel-above', chosen === 'grid');
    return rows.children[k];
  }

  function label(node, title, small) {
    const [first, second] = node.firstChild.children;
    first.textContent = title;
    second.textContent = small;
  }

  /* Tiles from..to of `images` on a canvas, `across` to a line, as wide as there is room, at most `most` pixels each. */
  function tiles(canvas, images, from, to, across, most, name) {
    const beside = canvas.parentElement.firstChild, room = Math.max(120, canvas.parentElement.clientWidth - (innerWidth < 560 || chosen === 'grid' ? 0 : beside.offsetWidth + 10));
    const size = Math.max(8, Math.min(most, Math.floor((room + GAP) / across) - GAP));
    drawTiles(canvas, images, {from, to, across, size, gap: GAP, smooth: size < images.shape[2]});
    canvas.setAttribute('aria-label', name);
  }

  const DRAW = {
    grid(answer) {
      const n = Math.min(columns(), answer.images.shape[0]), lines = answer.images.shape[0] / n, node = row(0), d = answer.z.shape[1];
      const moving = Array.from({length: d}, (_, j) => j).filter(j => answer.z.data[j] !== answer.z.data[(n * lines - 1) * d + j]);
      const names = moving.map(j => `z${sub(j + 1)}`), others = d > 2 ? `; the other ${d === 3 ? 'one stays' : `${d - 2} stay`} at ${isVAE ? '0' : 'the mean'}` : '';
      label(node, lines > 1 ? `${names[0]} → across, ${names[1]} ↑ upwards` : `${names[0] || 'z₁'} → across`,
            `${isVAE ? 'quantiles of the prior N(0, 1), from 3 % to 97 %' : 'quantiles of the codes, from 3 % to 97 %'}${others}`);
      tiles(node.lastChild, answer.images, 0, n * lines, n, 36, 'Decoded grid');
      return 1;
    },
    traversals(answer) {
      const order = answer.order.data, n = answer.images.shape[0] / order.length;
      order.forEach((j, k) => {
        const node = row(k), carried = digits(answer.kl.data[k]), moved = answer.moves ? FACTORS[answer.moves.data[j]] : undefined;
        label(node, `z${sub(j + 1)}${moved ? ` moves ${moved}` : ''}`, isVAE ? `KL ${carried} nats` : `variance ${carried}`);
        tiles(node.lastChild, answer.images, k * n, (k + 1) * n, n, 52, `Traversal of dimension ${j + 1}`);
      });
      const around = pins.length ? 'pin A' : isVAE ? 'z = 0' : 'the mean code';
      hint.textContent = `One row per dimension, from ${isVAE ? '−3 to 3' : '3 standard deviations below its mean to 3 above'}; the others stay at ${around}${pins.length ? '' : ' (pin a dot to start from it)'}. Ordered by ${isVAE ? 'KL: a dimension with a KL near 0 carries nothing' : 'variance'}.`;
      return order.length;
    },
    generate(answer) {
      const wide = innerWidth < 560 ? 8 : 16;
      const titles = [['samples', buttons.find(button => button.dataset.ask === answer.kind).title], ['real images', 'held-out, never trained on']];
      [answer.images, answer.real].forEach((images, k) => {
        label(row(k), ...titles[k]);
        tiles(row(k).lastChild, images, 0, images.shape[0], wide, 44, titles[k][0]);
      });
      drawDistance(answer);
      return 2;
    },
  };

  /* What a classifier sees in the samples that were asked for last, as means, and in real images. */
  function seen(answer) {
    const node = document.createElement('p'), quality = (prefix, words) => `${words}: Fréchet distance ${withError(answer[`${prefix}frechet`], answer[`${prefix}frechet_std`])}, `
      + `precision ${fixed(answer[`${prefix}precision`])}, recall ${fixed(answer[`${prefix}recall`])}`;
    node.className = 'panel-seen';
    node.textContent = `In the features of a small classifier, ${answer.looked_at} ${isVAE ? 'means E[x|z]' : 'samples'} — ${quality('', 'samples')}; ${quality('floor_', 'held-out images')}.`;
    return node;
  }

  /* Bars on one scale: samples by every rule that was asked for, held-out images through the same decoder, real against real. */
  function drawDistance(answer) {
    rules.set(answer.kind, answer);
    const drawn = buttons.filter(button => rules.has(button.dataset.ask)).map(button => [button.textContent, rules.get(button.dataset.ask)]);
    const bars = [...drawn.map(([how, one]) => [`samples ${how}${one.step === answer.step ? '' : `, step ${thousands(one.step)}`}`, ...(one.kind.includes(':') ? [one.distance_of_means, one.distance_of_means_std] : [one.distance, one.distance_std]), 'samples', one !== answer]),
                  [isVAE ? 'real codes, drawn' : 'reconstructions', answer.reconstructed, answer.reconstructed_std, 'reconstruction'],
                  ['real against real', answer.floor, answer.floor_std, 'data']].filter(bar => bar[1] != null);
    const most = Math.max(...bars.map(bar => bar[1] + (bar[2] || 0)), 1e-9), head = document.createElement('p');
    head.textContent = 'Energy distance to held-out images, in pixel values (0: cannot be told apart; 1 is the step from black to white). Mean of five measurements ± spread of one; “real against real”: training images in the place of samples.'
      + (isVAE ? ' “Drawn”: z, then x ~ p(x|z), as log p(x) means it; “real codes”: z ~ q(z|x) of real images, so that what is worse in the samples is the fault of the prior. ' : ' A decoder has no pixel noise: its image of z is D(z). ');
    head.append(blindness());
    const number = (value, spread) => `${fixed(value, 4)} ± ${fixed(spread || 0, 4)}`;
    distance.replaceChildren(head, seen(answer), ...bars.map(([name, value, spread, role, other]) => line(name, {value, colour: roleVar(role)}, [0, most], number(value, spread), other ? 'panel-other' : '')));
  }

  function draw() {
    buttons.forEach(button => button.setAttribute('aria-pressed', String(button.dataset.ask === chosen)));
    const ready = shown && chosen && shown.of === subject();
    distance.hidden = !ready || !measured();
    card.classList.toggle('panel-asking', Boolean(chosen) && !ready && !error.textContent && step() !== null);
    if (!chosen) { [...rows.children].forEach(node => { node.hidden = true; }); hint.textContent = hint.dataset.first; mark(element, null); return; }
    if (step() === null) { say(hint, 'There is no model yet: press Train first.'); return; }
    if (!ready) { if (!error.textContent) hint.textContent = 'Asking the model…'; return; }
    hint.textContent = '';
    const used = (DRAW[chosen] || DRAW.generate)(shown);
    for (let k = used; k < rows.children.length; k++) rows.children[k].hidden = true;
    mark(element, shown.origin);
    card.dataset.drawn = (Number(card.dataset.drawn) || 0) + 1;
  }

  hint.dataset.first = hint.textContent;

  buttons.forEach(button => button.addEventListener('click', () => {
    chosen = chosen === button.dataset.ask ? null : button.dataset.ask;
    error.textContent = '';
    draw();
    poke();
  }));

  live({element, tab: props.tab, views: ['map'], draw: (payload, newest, why) => {
    const other = (newest && newest.run) !== (frame && frame.run);
    frame = newest;
    if (other) { shown = null; rules = new Map(); error.textContent = ''; }
    if (why !== 'frame' || other) draw();
    poke();
  }, interval: 200});

  hear(`${props.tab}/pins`, element, news => { pins = news ? news.pins : []; if (chosen === 'traversals') { draw(); poke(); } });
}
