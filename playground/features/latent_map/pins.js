/* Pinned dots, A and B: what other cards are told of them, and how they, their neighbours and the decoded paths between them
   are drawn above the dots. */
import {current, tell} from '../../ui/lib/bus.js';
import {onceShown} from '../../ui/lib/live.js';
import {canvasFont, cssVar, roleColour} from '../../ui/lib/theme.js';
import {RADIUS} from './dots.js';
import {placeFor} from './latents.js';

const TOLD = ['pins', 'near', 'paths', 'latents'];

/* A ring around dot `i`. */
export function ring(context, screen, i, r, colour, thick) {
  if (screen.x[i] !== screen.x[i]) return;
  context.lineWidth = thick;
  context.strokeStyle = colour;
  context.beginPath();
  context.arc(screen.x[i], screen.y[i], r, 0, 6.2832);
  context.stroke();
}

/** @param {import('./state.js').MapState} map */
export function makePins(map, places) {
  /* The ring comes first, and what other cards make of the pins in the next picture frame. */
  function set(next) {
    map.pins = next;
    map.draw.overSoon();
    onceShown(() => {
      const {pins} = map;
      tell(map.topic('pins'), pins.length ? {run: map.run, pins: [...pins]} : null);
      if (!pins.length) { tell(map.topic('near'), null); tell(map.topic('paths'), null); }
      words();
    });
  }
  function toggle(i) {
    const {pins} = map;
    if (pins.includes(i)) set(pins.filter(k => k !== i));
    else set(pins.length < 2 ? [...pins, i] : [pins[0], i]);
  }
  const words = () => map.say('path', map.pins.length === 2 && !map.linear ? `${map.methodName} places no new points, so the path from A to B is not drawn on it.` : '');

  /* A letter beside a pinned dot, on a plate so that it can be read above dots. */
  function plate(context, i, letter) {
    const x = map.screen.x[i], y = map.screen.y[i];
    if (x !== x) return;
    context.fillStyle = cssVar('--body-text-color');
    context.beginPath();
    context.arc(x + 11, y - 11, 8, 0, 6.2832);
    context.fill();
    context.fillStyle = cssVar('--block-background-fill') || '#fff';
    context.font = canvasFont('strong');
    context.textAlign = 'center';
    context.fillText(letter, x + 11, y - 7);
  }

  /* The path as it was asked for, shifted so that it still joins the dots, which have moved on since. */
  function drawPath(context, path, dash) {
    const {basis, screen, pins} = map, [n, d] = path.shape, last = n - 1;
    if (basis.origin.length !== d) return;
    context.setLineDash(dash);
    context.beginPath();
    const stops = Array.from({length: n}, (_, k) => {
      const place = placeFor(path.data.subarray(k * d, (k + 1) * d), basis);
      return places.toScreen(map.source.dims === 1 ? [place[0], 0] : place);
    });
    const [from, to] = [[pins[0], 0], [pins[1], last]].map(([i, k]) => [screen.x[i] - stops[k][0], screen.y[i] - stops[k][1]]);
    stops.forEach((stop, k) => [0, 1].forEach(c => { stop[c] += from[c] + k / last * (to[c] - from[c]); }));
    stops.forEach(([x, y]) => context.lineTo(x, y));
    context.stroke();
    context.setLineDash([]);
    stops.forEach(([x, y]) => { context.beginPath(); context.arc(x, y, 2.4, 0, 6.2832); context.fill(); });
  }

  /* Where an image lands that somebody drew or brought: a diamond, in the colour of samples. */
  function drawGuest(context, guest) {
    if (!guest || guest.run !== map.run || !map.linear || guest.z.length !== map.basis.origin.length) return;
    const place = placeFor(guest.z, map.basis), [x, y] = places.toScreen(map.source.dims === 1 ? [place[0], 0] : place), r = RADIUS + 6;
    context.beginPath();
    [[0, -r], [r, 0], [0, r], [-r, 0]].forEach(([dx, dy]) => context.lineTo(x + dx, y + dy));
    context.closePath();
    context.fillStyle = roleColour('samples');
    context.strokeStyle = cssVar('--body-text-color');
    context.lineWidth = 2;
    context.fill();
    context.stroke();
    context.font = canvasFont('strong');
    context.textAlign = 'left';
    context.fillStyle = cssVar('--body-text-color');
    context.fillText('yours', x + r + 3, y + 4);
  }

  function draw(context) {
    const {pins, run, screen} = map, text = cssVar('--body-text-color'), paths = current(map.topic('paths')), near = current(map.topic('near'));
    if (pins.length && near && near.run === run) near.indices.forEach(i => i < map.points.x.length && ring(context, screen, i, RADIUS + 2, text, 1));
    if (pins.length === 2 && paths && paths.run === run && map.linear) {
      context.strokeStyle = context.fillStyle = text;
      context.lineWidth = 1.6;
      if (paths.linear) drawPath(context, paths.linear, []);
      if (paths.spherical) drawPath(context, paths.spherical, [5, 4]);
    }
    drawGuest(context, current(map.topic('guest')));
    pins.forEach((i, k) => { ring(context, screen, i, RADIUS + 3.5, text, 2.4); plate(context, i, 'AB'[k]); });
  }

  return {
    set, toggle, words, draw,
    forget() {
      map.pins = [];
      TOLD.forEach(name => tell(map.topic(name), null));
    },
  };
}
