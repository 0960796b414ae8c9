/* The dot under the pointer: its image, and what the model makes of it. */
import {keeper} from '../../ui/lib/asking.js';
import {thumbnail, tile} from '../../ui/lib/canvas.js';
import {digits} from '../../ui/lib/format.js';
import {html} from '../../ui/lib/svg.js';
import {cssVar} from '../../ui/lib/theme.js';
import {SKIP} from './colour.js';
import {RADIUS} from './dots.js';
import {ring} from './pins.js';
import {placeText} from './state.js';

const REST = 60;                                            // milliseconds that the pointer stays before the model is asked

const MOST = 16;                                            // columns of a table that are listed
const AWAY = 24;                                            // pixels from a decoded place at which dots are shown again

/* Puts a box next to a pixel, within the card and never over the pixel: at its right, else its left, else above or below it. */
/** @param {import('./state.js').MapState} map */
export function beside(map, node, x, y, gap) {
  const w = node.offsetWidth, h = node.offsetHeight, within = (v, size, most) => Math.max(0, Math.min(most - size, v));
  const right = x + gap + w <= map.width, left = x - gap - w >= 0, above = y - gap - h >= 0;
  node.style.left = `${right ? x + gap : left ? x - gap - w : within(x - w / 2, w, map.width)}px`;
  node.style.top = `${right || left ? within(y - h / 2, h, map.height) : above ? y - gap - h : y + gap}px`;
}

/** @param {import('./state.js').MapState} map */
export function makeHover(map, places, colours) {
  const tip = map.find('.map-tip'), [tipImage, tipMade, tipText] = tip.children;
  let hovered = -1, made = null;

  /* The dot nearest to a pixel, or -1 if none is within `reach`. */
  function nearest(at, reach = 14) {
    const {x, y} = map.screen, {codes} = colours.paint;
    let best = -1, least = reach * reach;
    for (let i = 0; i < x.length; i++) {
      if (codes[i] === SKIP) continue;
      const dx = x[i] - at.x, dy = y[i] - at.y, d = dx * dx + dy * dy;
      if (d < least) { least = d; best = i; }
    }
    return best;
  }

  /* Asked for when the pointer rests, and again while it does and the model learns on. */
  const keepMade = keeper({
    key: () => (hovered >= 0 && map.source ? [`${map.run}|${hovered}`, map.source.step] : null),
    fetch: async () => {
      const i = hovered;
      await new Promise(done => setTimeout(done, REST));
      return i === hovered ? {...await map.ask('point', {index: i}), index: i} : {skipped: true};
    },
    done: answer => {
      if (answer.error || answer.skipped) return;
      made = {...answer, run: map.run};
      fill();
    },
  });

  function lines(known) {
    const {paint, factor} = colours, parts = [`at ${placeText(map.placeOf(hovered).slice(0, map.source.dims))}`];
    if (paint.kind === 'scale' && factor) parts.push(`${paint.label} ${digits(factor.values[hovered])} ${paint.unit}`);
    if (known) parts.push(`squared error ${digits(made.mse)} per ${map.isTable ? 'column' : 'pixel'}`);
    if (known && made.kl != null) parts.push(`KL ${digits(made.kl)} nats`);
    return parts;
  }

  /* The row itself, in the units of its table, and what the model makes of it. */
  function columns(i, made) {
    const {factors} = map.still, node = html('span', 'map-columns');
    factors.slice(0, MOST).forEach((factor, j) => node.append(html('small', '', factor.name), html('b', '', digits(factor.values[i])), html('b', '', made ? `→ ${digits(made.data[j])}` : '')));
    if (factors.length > MOST) node.append(html('small', '', `and ${factors.length - MOST} more`));
    return node;
  }

  function fill() {
    if (hovered < 0) return;
    const i = hovered, known = made && made.index === i && made.run === map.run, {still, screen} = map;
    const small = lines(known).map(line => { const node = document.createElement('small'); node.textContent = line; return node; });
    tipText.replaceChildren(document.createTextNode(map.nameOf(i)), ...small, ...(map.isTable ? [columns(i, known && made.made)] : []));
    tipImage.style.display = thumbnail(tipImage, map.sheet, still, i) ? 'block' : 'none';
    tipMade.style.visibility = known ? 'visible' : 'hidden';
    tipMade.style.display = tipImage.style.display;
    if (known) tile(tipMade, made.reconstruction);
    const [w, h] = still && still.tile ? still.tile : [28, 28], scale = Math.max(1, Math.round(56 / w));
    [tipImage, tipMade].forEach(node => { node.style.width = `${w * scale}px`; node.style.height = `${h * scale}px`; });
    beside(map, tip, screen.x[i], screen.y[i], 14);
  }

  /* A decoded place stays to be looked at until the pointer leaves it. */
  function probed() {
    if (!map.probe) return false;
    const [x, y] = places.toScreen(map.probe.place);
    return Math.hypot(x - map.pointer.x, y - map.pointer.y) < AWAY;
  }

  function draw(context) {
    hovered = map.pointer && map.points && !map.pressed && !probed() ? nearest(map.pointer) : -1;
    tip.hidden = hovered < 0;
    if (hovered < 0) return;
    ring(context, map.screen, hovered, RADIUS + 2.5, cssVar('--body-text-color'), 2);
    fill();
    keepMade();
  }

  return {
    nearest, draw,
    get index() { return hovered; },
    forget() { made = null; tip.hidden = true; },
  };
}
